"""What devices said they are: one small file a target, written when a device was asked, read when its platform is wanted.

The key is the target's place, `user`-less (`host:port` as the inventory or the operator names it), with the way there where ssh does not go straight
to it (`way_beyond`): 192.168.1.1 behind two bastions is two devices. Each such way has a file of its own in a folder beside that of the plain place.
A file that is damaged, too large, or of another place says nothing; the next answer of the device replaces it. Nobody but its owner can read it.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tshoot.errors import TshootError
from tshoot.model.stamp import utc
from tshoot.model.text import clean_line
from tshoot.platforms.loader import platform_names
from tshoot.transports.address import Address
from tshoot.whole_file import put_whole

_MOST = 8192  # bytes
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Remembered:
    """`platforms` is never empty, the most specific first; `said` is the line of the answer to `command` that decided; `at` is Unix time."""

    name: str
    platforms: tuple[str, ...]
    command: str
    said: str
    at: float

    @property
    def told(self) -> str:
        """How the platform is known, in words."""
        return f"the device said `{self.said}` to `{self.command}` on {utc(self.at)}"


@dataclass(frozen=True)
class Memory:
    """The files below `folder`, which need not be there yet."""

    folder: Path

    def holds(self, place: Address) -> bool:
        """Whether anything is kept of `place`, whichever way leads there: who finds nothing need not look for the way."""
        file = self._file(place, "")
        return os.path.lexists(file) or os.path.lexists(file.with_suffix(""))

    def recall(self, name: str, place: Address, way: str = "") -> Remembered | None:
        """What the device at `place` said, None where it was never asked, or the file is no use."""
        with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            with self._file(place, way).open("rb") as opened:
                held = json.loads(opened.read(_MOST + 1)[:_MOST])
            platforms = tuple(found for found in held["platforms"] if found in platform_names())
            if held["place"] == _key(place) and held.get("way", "") == _way_key(way) and platforms:
                return Remembered(
                    name, platforms, clean_line(str(held["command"]))[:_LONGEST], clean_line(str(held["said"]))[:_LONGEST], float(held["at"])
                )
        return None

    def remember(self, seen: Remembered, place: Address, way: str = "") -> None:
        """Keep what was seen instead of what was kept; TshootError where it cannot be written."""
        document = {
            "schema": 1,
            "name": clean_line(seen.name)[:_LONGEST],
            "place": _key(place),
            "way": _way_key(way),
            "platforms": list(seen.platforms),
            "command": clean_line(seen.command)[:_LONGEST],
            "said": clean_line(seen.said)[:_LONGEST],
            "at": seen.at,
        }
        file = self._file(place, way)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.parent.mkdir(exist_ok=True, mode=0o700)
            put_whole(file, json.dumps(document).encode())
        except OSError as error:
            raise TshootError(f"{file}: what the device is, is not remembered: {error.strerror}", "free some space, or set XDG_DATA_HOME") from error

    def forget(self, place: Address, way: str = "") -> bool:
        """Remove what is kept of the device; False where nothing was."""
        file = self._file(place, way)
        try:
            file.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise TshootError(f"{file}: cannot be removed: {error.strerror}", "check its permissions") from error
        return True

    def _file(self, place: Address, way: str) -> Path:
        own = _hash(_key(place))
        return self.folder / own / f"{_way_key(way)}.json" if way else self.folder / f"{own}.json"


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _way_key(way: str) -> str:
    """Not the way itself: its ProxyCommand may be long, or hold what is nobody's business."""
    return _hash(way) if way else ""


def _key(place: Address) -> str:
    return f"{place.host.lower()} {place.port or 22}"


def default_memory(state: Path | None = None) -> Memory:
    """The user's own memory: `platforms` beside the sessions, or below `state`."""
    from tshoot.session.store import default_root

    return Memory((state or default_root().parent) / "platforms")
