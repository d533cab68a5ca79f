"""The detectors: one file a family, found by scanning this folder for its module attribute `DETECTOR`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from tshoot.errors import UsageError
from tshoot.packets.frames import Detector


def detectors(families: Sequence[str] = ()) -> tuple[Detector, ...]:
    """The detectors of `families` (empty: all), by family name; UsageError for a family that there is not."""
    known = _found()
    unknown = sorted(set(families) - set(known))
    if unknown:
        raise UsageError(f"no such family of detectors: {', '.join(unknown)}", f"known families: {', '.join(known)}")
    return tuple(detector for family, detector in known.items() if not families or family in families)


@cache
def _found() -> dict[str, Detector]:
    modules = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
    found = [module.DETECTOR for module in modules if hasattr(module, "DETECTOR")]
    return {detector.family: detector for detector in sorted(found, key=lambda detector: str(detector.family))}
