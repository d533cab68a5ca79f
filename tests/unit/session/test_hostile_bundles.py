"""Session files by somebody who means harm, or a bad disk: each is refused with its reason, leaves nothing, and costs little.

What an import costs is counted, not timed: how many bytes it inflates before it refuses. `test_session_files.py` has the tricks of tar headers.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.recorded_sessions import FIXTURES
from tshoot.cancel import CancelToken
from tshoot.errors import SessionError
from tshoot.session.codec_v1 import encode_seal
from tshoot.session.packed import unpack
from tshoot.session.packed.manifest import Manifest, PackedFile
from tshoot.session.packed.unpack import import_session
from tshoot.session.packed.ustar import END, header, padding
from tshoot.session.read import line_hash
from tshoot.session.store import open_session

GOLDEN = next(iter(FIXTURES.values()))
SESSION = open_session(GOLDEN, str(GOLDEN)).header.session
FILES = [("session.jsonl", (GOLDEN / "session.jsonl").read_bytes())] + [
    (f"evidence/{path.name}", path.read_bytes()) for path in sorted((GOLDEN / "evidence").iterdir())
]
Files = list[tuple[str, bytes]]


def manifest(files: Files = FILES, **changes: Any) -> bytes:
    raw = Manifest(SESSION, tuple(PackedFile(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files)).encoded()
    return json.dumps({**json.loads(raw), **changes}).encode() if changes else raw


def member(name: str, data: bytes) -> bytes:
    return header(name, len(data)) + data + bytes(padding(len(data)))


def tar(files: Files = FILES, told: bytes | None = None) -> bytes:
    return b"".join(member(*one) for one in [("manifest.json", told if told is not None else manifest(files)), *files]) + END


def packed(raw: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(raw)


def with_log(*lines: bytes) -> bytes:
    return packed(tar([("session.jsonl", b"".join(lines)), *FILES[1:]]))


def chained(*bodies: dict[str, Any]) -> list[bytes]:
    """The golden log, gone on with by well-chained lines of these bodies, and sealed."""
    lines = FILES[0][1].splitlines(keepends=True)
    for body in bodies:
        lines.append(json.dumps({"n": len(lines), "at": "2026-11-21T05:00:00.000000Z", **body, "prev": line_hash(lines[-1])}).encode() + b"\n")
    return [*lines, encode_seal(len(lines), line_hash(lines[-1]))]


def frame(head: bytes, *blocks: bytes) -> bytes:
    """A frame of zstd by hand (RFC 8878): its header, and blocks, the last of them marked so."""
    *first, last = blocks
    return b"\x28\xb5\x2f\xfd" + head + b"".join(first) + bytes([last[0] | 1]) + last[1:]


def raw_block(data: bytes) -> bytes:
    return (len(data) << 3).to_bytes(3, "little") + data


def zeros_block() -> bytes:
    """128 kB of zeros in four bytes (type RLE)."""
    return (1 << 1 | 128 * 1024 << 3).to_bytes(3, "little") + b"\0"


PLAIN = b"\x00\x50"  # no size, no checksum, a window of 1 MB
SMALL = tar()[:100_000]
SKIPPABLE = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
GOOD = packed(tar())


def one(change: Callable[[dict[str, Any]], object], number: int = 1) -> bytes:
    """A manifest in which one file was changed."""
    body = json.loads(manifest())
    change(body["files"][number])
    return packed(tar(told=json.dumps(body).encode()))


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    # names
    "traversal": (lambda: one(lambda file: file.update(name="../../etc/cron.d/x")), "manifest cannot be read"),
    "absolute": (lambda: one(lambda file: file.update(name="/etc/passwd")), "manifest cannot be read"),
    "home": (lambda: one(lambda file: file.update(name="~/.ssh/authorized_keys")), "manifest cannot be read"),
    "backslashes": (lambda: one(lambda file: file.update(name="evidence\\..\\x")), "manifest cannot be read"),
    "newline behind a name": (lambda: one(lambda file: file.update(name=file["name"] + "\n")), "manifest cannot be read"),
    "NUL in a name": (lambda: one(lambda file: file.update(name=file["name"][:40] + "\0" + file["name"][41:])), "manifest cannot be read"),
    "capitals": (lambda: one(lambda file: file.update(name=file["name"].upper(), sha256=file["sha256"].upper())), "valid size or sha256"),
    "digits of another script": (lambda: one(lambda file: file.update(sha256="٣" * 64, name="evidence/" + "٣" * 64)), "valid size or sha256"),
    "name of a folder": (lambda: one(lambda file: file.update(name="evidence/")), "manifest cannot be read"),
    "log twice": (lambda: one(lambda file: file.update(name="session.jsonl")), "log is not its first file"),
    "no log": (lambda: packed(tar(FILES[1:])), "log is not its first file"),
    "same evidence twice": (lambda: packed(tar([FILES[0], FILES[1], FILES[1]])), "named twice, or out of order"),
    "out of order": (lambda: packed(tar([FILES[0], *reversed(FILES[1:])])), "named twice, or out of order"),
    # what the manifest says
    "wrong hash": (lambda: one(lambda file: file.update(sha256="0" * 64, name="evidence/" + "0" * 64)), "out of order|something else follows"),
    "wrong hash of the log": (lambda: one(lambda file: file.update(sha256="0" * 64), 0), "does not have the sha256"),
    "smaller than it is": (lambda: one(lambda file: file.update(size=file["size"] - 1)), "something else follows"),
    "larger than it is": (lambda: one(lambda file: file.update(size=file["size"] + 1)), "something else follows"),
    "endless": (lambda: one(lambda file: file.update(size=1 << 62)), "more than 4 GiB"),
    "size that is no number": (lambda: one(lambda file: file.update(size=True)), "valid size"),
    "size in exponents": (lambda: packed(tar(told=manifest().replace(b'"size": ', b'"size": 1e400, "x": ', 1))), "lacks name, size or sha256"),
    "size of a million digits": (lambda: packed(tar(told=manifest().replace(b'"size": ', b'"size": 1' + b"0" * 10**6, 1))), "manifest cannot be read"),
    "keys that stand twice": (lambda: packed(tar(told=manifest().replace(b'"format": 1', b'"format": 1, "format": 1'))), "stands twice"),
    "more keys": (lambda: packed(tar(told=manifest(run="rm -rf /"))), "does not hold format"),
    "future version": (lambda: packed(tar(told=manifest(format=2))), "of format 2"),
    "version that is no number": (lambda: packed(tar(told=manifest(format="1"))), "does not hold format"),
    "no files": (lambda: packed(tar(told=manifest(files=[]))), "log is not its first file"),
    "ten thousand files and one": (
        lambda: packed(tar(told=manifest([FILES[0]] + [(f"evidence/{hashlib.sha256(b'%d' % n).hexdigest()}", b"%d" % n) for n in range(10_001)]))),
        "out of order|more than 10000",
    ),
    "session outside": (lambda: packed(tar(told=manifest(session="../outside"))), "no valid id"),
    "another session": (lambda: packed(tar(told=manifest(session="20260101T000000Z-other-abcdef"))), "of another session"),
    "manifest in UTF-16": (lambda: packed(tar(told=manifest().decode().encode("utf-16"))), "manifest cannot be read"),
    "manifest of brackets": (lambda: packed(tar(told=b"[" * 1_000_000)), "manifest cannot be read"),
    "huge manifest": (lambda: packed(tar(told=b" " * (4 << 20) + manifest())), "more than 4 MiB"),
    "manifest that is a list": (lambda: packed(tar(told=b"[]")), "does not hold format"),
    "manifest last": (lambda: packed(tar()[: -len(END)][-512:] + tar()), "no plain manifest.json"),
    # the log
    "log of another format": (lambda: with_log(FILES[0][1].replace(b'"format": 1', b'"format": 99')), "format 99"),
    "no header": (lambda: with_log(b"{}\n"), "header cannot be read"),
    "empty log": (lambda: with_log(b""), "has no header"),
    "a line that was changed": (lambda: with_log(FILES[0][1].replace(b"192.0.2.50", b"192.0.2.51", 1)), "playbook's text|was changed"),
    "a line that was left out": (lambda: with_log(*FILES[0][1].splitlines(keepends=True)[:5], *FILES[0][1].splitlines(keepends=True)[6:]), "was changed, or its hash"),
    "lines that were swapped": (lambda: with_log(*[FILES[0][1].splitlines(keepends=True)[n] for n in (0, 2, 1)]), "was changed, or its hash"),
    "unchained event behind the seal": (lambda: with_log(FILES[0][1], b'{"n": 99, "at": "2026-11-21T05:00:00.0Z", "event": "X", "prev": ""}\n'), "was changed, or its hash"),
    "event without a time": (lambda: with_log(*chained({"event": "NoteAdded", "text": "x", "author": "y", "at": "now"})), "is no time"),
    "event of another form": (lambda: with_log(*chained({"event": "NoteAdded", "text": ["x"], "author": "y"})), "str expected, list found"),
    "unknown event with evidence that is not there": (lambda: with_log(*chained({"event": "Odd", "of": {"sha256": "a" * 64, "size": 1}})), "a{64}"),
    "evidence that leads elsewhere": (lambda: with_log(*chained({"event": "Odd", "of": {"sha256": "../../etc/passwd", "size": 1}})), "is no sha256"),
    "line of 70 MB": (lambda: with_log(FILES[0][1], b'{"n": "' + b"a" * (70 << 20) + b"\n"), "longer than"),
    "header of 70 MB": (lambda: with_log(b'{"n": 0, "' + b"a" * (70 << 20) + b"\n"), "longer than"),
    "line of brackets": (lambda: with_log(FILES[0][1], b"[" * 500_000 + b"\n"), "nested too deeply|cannot be read"),
    "number of a million digits": (lambda: with_log(FILES[0][1], b'{"n": 1' + b"0" * 10**6 + b"}\n"), "cannot be read"),
    "no UTF-8": (lambda: with_log(FILES[0][1], b'{"n": "\xff"}\n'), "cannot be read"),
    # the frame
    "two frames": (lambda: GOOD + GOOD, "goes on behind its end"),
    "bytes behind the end": (lambda: GOOD + b"\0", "goes on behind its end"),
    "skippable frame behind": (lambda: GOOD + SKIPPABLE, "goes on behind its end"),
    "skippable frame before": (lambda: SKIPPABLE + GOOD, "compressed data is damaged|cut short|no session file"),
    "file behind the end of the tar": (lambda: packed(tar() + member("evil", b"x")), "goes on behind its end"),
    "file before the end of the tar": (lambda: packed(tar()[: -len(END)] + member("evil", b"x") + END), "between its files"),
    "tar without its end": (lambda: packed(tar()[: -len(END)]), "cut short"),
    "window of 2 TB": (lambda: frame(b"\x00\xf8", raw_block(SMALL)), "compressed data is damaged: .*memory"),
    "window of 2 GB": (lambda: frame(b"\x00\xa8", raw_block(SMALL)), "compressed data is damaged: .*memory"),
    "size of an exabyte in the frame": (lambda: frame(b"\xe0" + (1 << 60).to_bytes(8, "little"), raw_block(SMALL)), "compressed data is damaged"),
    "size that is not there": (lambda: frame(b"\xc0\x50" + (1 << 40).to_bytes(8, "little"), raw_block(tar()[:2048])), "damaged|cut short"),
    "wrong checksum": (lambda: GOOD[:-1] + bytes([GOOD[-1] ^ 1]), "compressed data is damaged"),
    "dictionary that nobody has": (lambda: frame(b"\x01\x50\x07", raw_block(SMALL)), "compressed data is damaged"),
    "gzip": (lambda: b"\x1f\x8b\x08\x00" + GOOD, "compressed data is damaged"),
    "packed twice": (lambda: packed(GOOD), "no plain manifest.json"),
    "session file as the log": (lambda: with_log(GOOD), "header cannot be read|has no header"),
    "empty file": (lambda: b"", "cut short"),
    # bombs
    "42 kB of zeros, a gigabyte": (lambda: frame(PLAIN, *[zeros_block()] * 10_500), "no plain manifest.json"),
    "a bomb behind the manifest": (lambda: frame(PLAIN, *_blocks(member("manifest.json", manifest())), *[zeros_block()] * 10_000), "something else follows"),
    "a bomb behind the end": (lambda: frame(PLAIN, *_blocks(tar()), *[zeros_block()] * 10_000), "goes on behind its end"),
    "a bomb that the manifest admits": (lambda: _admitted(1 << 30), "more than 200 to 1"),
    "a bomb that the manifest hides": (lambda: _admitted(1 << 30, told=1 << 20), "does not have the sha256"),
}  # fmt: skip


def _blocks(data: bytes) -> list[bytes]:
    return [raw_block(data[at : at + 100_000]) for at in range(0, len(data), 100_000)]


def _admitted(size: int, told: int | None = None) -> bytes:
    """A log of `size` zeros, of which the manifest says that it has `told`."""
    body = {"format": 1, "session": SESSION, "tshoot": "0", "files": [{"name": "session.jsonl", "size": told or size, "sha256": "0" * 64}]}
    head = member("manifest.json", json.dumps(body).encode()) + header("session.jsonl", told or size)
    return frame(PLAIN, *_blocks(head), *[zeros_block()] * (size >> 17))


@pytest.fixture
def inflated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each step of an import made."""
    made: list[int] = []
    real = unpack._Inflated._read

    def counted(self: Any) -> None:
        real(self)
        made.append(len(self._ready))

    monkeypatch.setattr(unpack._Inflated, "_read", counted)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    return made


def refused(content: bytes, match: str, place: Path) -> None:
    victim, file = place / "sessions", place / "x.tshoot"
    file.write_bytes(content)
    before = set(place.rglob("*"))
    with pytest.raises(SessionError, match=match) as error:
        import_session(file, victim, CancelToken())
    assert error.value.hint and error.value.message.startswith(str(place))
    assert set(place.rglob("*")) == {*before, victim}, "nothing but the empty folder of sessions"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_reason(name: str, tmp_path: Path, inflated: list[int]) -> None:
    build, match = HOSTILE[name]
    content = build()
    refused(content, match, tmp_path)
    honest = (75 << 20) if "70 MB" in name else (12 << 20)  # what the manifest says is read, not more
    assert sum(inflated) <= honest + (66 << 20) and max(inflated, default=0) <= 66 << 20


def test_there_are_many_and_the_sound_one_is_taken(tmp_path: Path) -> None:
    assert len(HOSTILE) >= 50
    file = tmp_path / "good.tshoot"
    file.write_bytes(GOOD)
    session, new = import_session(file, tmp_path / "sessions", CancelToken())
    assert new and session.header.session == SESSION


@pytest.mark.parametrize("share", range(25))
def test_a_file_cut_anywhere_is_refused(share: int, tmp_path: Path, inflated: list[int]) -> None:
    refused(GOOD[: len(GOOD) * share // 25], "cut short", tmp_path)


@pytest.mark.parametrize("share", range(25))
def test_a_file_with_a_changed_byte_is_refused(share: int, tmp_path: Path, inflated: list[int]) -> None:
    at = 4 + (len(GOOD) - 5) * share // 25
    with pytest.raises(SessionError):
        refused_or_same(GOOD[:at] + bytes([GOOD[at] ^ 0x55]) + GOOD[at + 1 :], tmp_path)
    assert not list((tmp_path / "sessions").iterdir())


def refused_or_same(content: bytes, place: Path) -> None:
    file = place / "x.tshoot"
    file.write_bytes(content)
    import_session(file, place / "sessions", CancelToken())


def test_unknown_events_are_kept_where_nothing_rests_on_them(tmp_path: Path) -> None:
    file = tmp_path / "x.tshoot"
    file.write_bytes(with_log(*chained({"event": "CoffeeMade", "cups": 3})))
    session, _ = import_session(file, tmp_path / "sessions", CancelToken())
    last = list(session.events())[-1]
    assert (type(last).__name__, getattr(last, "name", "")) == ("UnknownEvent", "CoffeeMade")


BOMBS = (
    "42 kB of zeros, a gigabyte",
    "a bomb behind the manifest",
    "a bomb behind the end",
    "a bomb that the manifest hides",
    "window of 2 GB",
    "line of 70 MB",
)
ALONE = """
import resource, sys
from pathlib import Path
from tshoot.cancel import CancelToken
from tshoot.errors import SessionError
from tshoot.session.packed.unpack import import_session
import zstandard
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for file in sys.argv[2:]:
    try:
        import_session(Path(file), Path(sys.argv[1]), CancelToken())
        print("taken", file)
    except SessionError as error:
        pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


def test_bombs_need_little_memory(tmp_path: Path) -> None:
    files = []
    for number, name in enumerate(BOMBS):
        files.append(tmp_path / f"{number}.tshoot")
        files[-1].write_bytes(HOSTILE[name][0]())
    words = [sys.executable, "-c", ALONE, str(tmp_path / "sessions"), *map(str, files)]
    room = 2 << 30
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (room, room))  # noqa: E731
    ended = subprocess.run(words, capture_output=True, text=True, timeout=120, preexec_fn=limit)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert int(ended.stdout) < 400, "MB"
