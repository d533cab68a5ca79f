"""A path as it is typed or pasted: is it one, what can follow, and what lies there. Reads folders and first bytes only; never on the screen's thread.

What is pasted comes quoted, with escaped blanks, or as `file://`; a terminal's drag and drop gives any of these.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from itertools import islice
from os.path import commonprefix, expanduser
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from tshoot.errors import CaptureFileError

_STARTS = ("/", "~", "./", "../", "file:///", "'/", '"/', "'~", '"~')
_ABSOLUTE = ("/", "~/", "file:///", "'/", '"/', "'~/", '"~/')
_ENDS = (".pcap", ".pcapng", ".cap", ".snoop", ".erf", ".log", ".txt")
_COMPRESSED = (".gz", ".zst", ".zstd")
_MOST_ENTRIES, MOST_SHOWN = 20_000, 300
Kind = Literal["capture", "text", "session", "folder", "wrong"]


@dataclass(frozen=True, slots=True)
class Place:
    """What lies at `path`; `said` says it in words: what it is, or (wrong) why it cannot be opened. `there`: whether anything lies there at all."""

    path: Path
    kind: Kind
    said: str
    there: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry that can follow what was typed; `text` is what the field would hold."""

    text: str
    name: str
    folder: bool
    bytes: int


def looks_like_path(typed: str) -> bool:
    """Whether somebody means a file: a path from its beginning, or the name of a capture or a log."""
    text = typed.strip()
    bare = text.strip("'\"").lower()
    for ending in _COMPRESSED:
        bare = bare.removesuffix(ending)
    return text.startswith(_STARTS) or text in (".", "..") or (" " not in bare and bare.endswith(_ENDS))


def may_be_words(typed: str) -> bool:
    """Whether what looks like a path may be a line of an error message that begins with one: it has blanks that nothing quotes."""
    text = typed.strip()
    if text.lower().endswith(_ENDS) and ": " not in text:
        return False
    return not text.startswith(("'", '"', "file://")) and " " in text.replace("\\ ", "")


def meant(typed: str) -> str:
    """Without the `./` that was there already when an absolute path was typed or pasted behind it."""
    rest = typed.lstrip().removeprefix("./")
    return rest if rest != typed.lstrip() and rest.startswith(_ABSOLUTE) else typed


def path_of(typed: str) -> Path:
    """The path that was typed or pasted."""
    text = meant(typed).strip()
    if text.startswith("file://"):
        text = unquote(text.removeprefix("file://"))
    elif len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    elif "\\ " in text:
        text = text.replace("\\ ", " ")
    return Path(expanduser(text.lstrip("'\"")))  # noqa: PTH111 - a home that is unknown is left as it was typed


def folded(path: Path) -> str:
    """As short as it can be said: below the user's own folder from `~` on."""
    home, text = expanduser("~"), str(path)  # noqa: PTH111 - a home that is unknown is left out
    return f"~{text.removeprefix(home)}" if home != "~" and len(home) > 1 and text.startswith(f"{home}/") else text


def choices(typed: str) -> list[Choice]:
    """Folders first, then files, whose names begin as what was typed ends; at most 300, none where the folder cannot be read."""
    before, slash, begun = typed.strip().rpartition("/")
    folder = path_of(before + slash) if slash else Path()
    try:
        with os.scandir(folder) as entries:
            fitting = (entry for entry in entries if entry.name.startswith(begun) and (begun.startswith(".") or not entry.name.startswith(".")))
            found = [_choice(before + slash, entry) for entry in islice(fitting, _MOST_ENTRIES)]
    except (OSError, ValueError):
        return []
    return sorted(found, key=lambda choice: (not choice.folder, choice.name))[:MOST_SHOWN]


def _choice(start: str, entry: os.DirEntry[str]) -> Choice:
    try:
        folder = entry.is_dir()
        size = 0 if folder else entry.stat(follow_symlinks=True).st_size
    except OSError:
        folder, size = False, 0
    return Choice(f"{start}{entry.name}{'/' if folder else ''}", entry.name, folder, size)


def completed(typed: str, found: list[Choice]) -> str:
    """What was typed, as far as all choices agree."""
    common = commonprefix([choice.text for choice in found])  # noqa: RUF071 - letter by letter, as a shell completes
    return common if len(common) > len(typed.strip()) else typed


def what_lies_at(typed: str) -> Place:
    """What is there, by its first bytes; never raises."""
    path = path_of(typed)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return _folder(path)
        if not stat.S_ISREG(mode):
            return Place(path, "wrong", "is neither a file nor a folder: captures are read from files")
        return _file(path)
    except (FileNotFoundError, NotADirectoryError):
        return Place(path, "wrong", f"there is no such file{_nearest(path)}", there=False)
    except OSError as error:
        too_long = error.errno == errno.ENAMETOOLONG
        return Place(path, "wrong", f"cannot be read: {error.strerror}{'' if too_long else '; check its permissions'}", there=not too_long)
    except (ValueError, CaptureFileError) as error:
        return Place(path, "wrong", f"cannot be read: {error}")


def _nearest(path: Path) -> str:
    """Where the path still leads, as a help to find the misspelt part."""
    there = next((parent for parent in path.parents if parent.is_dir()), None)
    return "" if there is None else f"; {there if str(there) != '.' else 'this folder'} is there"


def _folder(path: Path) -> Place:
    from tshoot.session.read import LOG

    if (path / LOG).is_file():
        return Place(path, "session", "a recorded session")
    return Place(path, "folder", "a folder: choose a file of it")


def _file(path: Path) -> Place:
    """Raises OSError, CaptureFileError."""
    from tshoot.packets.foreign import foreign_format
    from tshoot.packets.inflate import beginning, compression_of
    from tshoot.packets.pcap import is_pcap
    from tshoot.packets.pcapng import is_pcapng
    from tshoot.session.packed.unpack import is_session_file
    from tshoot.transcripts.text import HEAD, begins_as_text

    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        return Place(path, "wrong", "is empty")
    if is_session_file(path):
        return Place(path, "wrong", f"is an exported session: `tshoot sessions import {path}` takes it in, then it is in the list below")
    compression = compression_of(head[:64])
    if compression:
        head = beginning(path, compression)
    text = begins_as_text(head)
    if is_pcap(head) or is_pcapng(head) or (foreign_format(head[:64]) and not text):  # formats without a mark are guessed: text is none of them
        return Place(path, "capture", "a capture")
    if text:
        return Place(path, "text", "text: a transcript of commands and answers, or a log")
    return Place(path, "wrong", "is neither a capture (pcap, pcapng, snoop, ERF; also gzip or zstd) nor text")
