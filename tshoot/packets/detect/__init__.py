"""The detectors: one file a family, named as it, with the module attribute `DETECTOR`. Only those that are asked for are imported."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from tshoot.errors import UsageError
from tshoot.packets.frames import Detector


def detectors(families: Sequence[str] = ()) -> tuple[Detector, ...]:
    """The detectors of `families` (empty: all), by family name; UsageError for a family that there is not."""
    known = _families()
    unknown = sorted(set(families) - set(known))
    if unknown:
        raise UsageError(f"no such family of detectors: {', '.join(unknown)}", f"known families: {', '.join(known)}")
    return tuple(_detector(family) for family in known if not families or family in families)


@cache
def _families() -> tuple[str, ...]:
    return tuple(sorted(info.name for info in iter_modules(__path__)))


@cache
def _detector(family: str) -> Detector:
    detector: Detector = import_module(f"{__name__}.{family}").DETECTOR
    return detector
