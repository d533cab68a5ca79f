"""The judges of pasted text: one file a family, found by scanning this folder for its module attribute `JUDGE`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from tshoot.transcripts.judgement import Judge


def judges(families: Sequence[str] = ()) -> tuple[Judge, ...]:
    """The judges of `families` (empty: all), by family name; a family without a judge is passed over."""
    return tuple(judge for family, judge in _found().items() if not families or family in families)


@cache
def _found() -> dict[str, Judge]:
    modules = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
    found: list[Judge] = [module.JUDGE for module in modules if hasattr(module, "JUDGE")]
    return {judge.family: judge for judge in sorted(found, key=lambda judge: judge.family)}
