"""Frozen dataclasses to plain JSON values and back, exactly, driven by the types of their fields.

A dataclass is an object of its fields; where a field may hold several classes, `type` names the one.
Raw bytes are {"sha256", "size"} of a file in evidence, or "" where there are none. An infinite number is a string.
A field that is not known is ignored; one that is missing takes its default. A field that came later than its class
says `omit_empty` in its metadata: it is written only where it holds something, so that older readers see what they know.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

Keep = Callable[[bytes], tuple[str, int]]  # raw bytes -> sha256, size
Load = Callable[[str, int], bytes]  # sha256, size -> raw bytes


class UnfamiliarClass(Exception):
    """A `type` that this version does not know."""


_PLAIN = frozenset((str, int, bool, NoneType))
_SCALARS = (str, int, float, bool, NoneType)


def pack(value: Any, hint: Any, keep: Keep) -> Any:
    """What `json.dumps` takes; ValueError, TypeError or LookupError where `value` is not of the type `hint`."""
    if hint is object:
        return value
    if type(value) in _PLAIN:
        return scalar(value, hint)
    if isinstance(value, bytes):
        return dict(zip(("sha256", "size"), keep(value), strict=True)) if value else ""
    cls: type = type(value)
    if _is_record(cls):
        names: dict[str, Any] = {"type": cls.__name__} if len(_classes(hint)) > 1 else {}
        for name, kind, plain, omitted in _plan(cls):
            field = getattr(value, name)
            if type(field) in plain:  # nearly all of a log
                if field or not omitted:
                    names[name] = field
            elif field or not omitted:
                names[name] = pack(field, kind, keep)
        return names
    if isinstance(value, tuple):
        return [pack(item, _get_args(hint)[0], keep) for item in value]
    if isinstance(value, Mapping):
        return {scalar(key, str): pack(item, _get_args(hint)[1], keep) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return scalar(value, hint)


def unpack(value: Any, hint: Any, load: Load) -> Any:
    """The inverse of `pack`; ValueError or KeyError where `value` cannot be of the type `hint`."""
    if hint is object:
        return value
    if isinstance(value, dict):
        return _unpack_object(value, hint, load)
    if isinstance(value, list) and get_origin(hint) is tuple:
        return tuple(unpack(item, _get_args(hint)[0], load) for item in value)
    if hint is bytes and value == "":
        return b""
    if hint is float and value in ("inf", "-inf", "nan"):
        return float(value)
    return scalar(value, hint)


def _unpack_object(value: dict[str, Any], hint: Any, load: Load) -> Any:
    if hint is bytes:
        return load(scalar(value["sha256"], str), scalar(value["size"], int))
    if get_origin(hint) is Mapping:
        return {key: unpack(item, _get_args(hint)[1], load) for key, item in value.items()}
    classes = _classes(hint)
    if not classes:
        raise ValueError(f"{_name(hint)} expected, an object found")
    name = scalar(value["type"], str) if len(classes) > 1 else next(iter(classes))
    if name not in classes:
        raise UnfamiliarClass
    return build(classes[name], value, load)


def scalar(value: Any, hint: Any) -> Any:
    """`value` if it is a plain value that `hint` allows. Choices may grow (Literal): any text is one."""
    plain = _plain(hint)
    if hint is float and type(value) is int:
        return float(value)
    if isinstance(value, plain) and (bool in plain or not isinstance(value, bool)):
        return value
    raise ValueError(f"{_name(hint)} expected, {type(value).__name__} found")


def build(cls: type, body: Mapping[str, Any], load: Load) -> Any:
    """The dataclass `cls` from an object of its fields; fails as `unpack` does."""
    known = {name: unpack(body[name], hint, load) for name, hint in _hints(cls).items() if name in body}
    missing = [item.name for item in fields(cls) if item.name not in known and _required(item)]
    if missing:
        raise ValueError(f"{cls.__name__} lacks {', '.join(missing)}")
    return cls(**known)


def _required(item: Field[Any]) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


_get_args = cache(get_args)  # a log is written as fast as its fields are told apart


@cache
def _plain(hint: Any) -> tuple[type, ...]:
    """The plain values that a field of this type may hold."""
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return tuple(dict.fromkeys(str if get_origin(kind) is Literal else kind for kind in kinds if kind in _SCALARS or get_origin(kind) is Literal))


@cache
def _is_record(cls: type) -> bool:
    return is_dataclass(cls)


@cache
def _plan(cls: type) -> tuple[tuple[str, Any, frozenset[Any], bool], ...]:
    """Of each field: name, type, the classes of values that are written as they are, whether it is left out where it is empty."""
    omitted = {item.name for item in fields(cls) if item.metadata.get("omit_empty")}
    return tuple((name, hint, _PLAIN.intersection(_plain(hint)), name in omitted) for name, hint in _hints(cls).items())


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


@cache
def _classes(hint: Any) -> dict[str, type]:
    """The dataclasses that a field of this type may hold, by name."""
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return {kind.__name__: kind for kind in kinds if is_dataclass(kind) and isinstance(kind, type)}


def _name(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)
