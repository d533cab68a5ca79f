"""Session files: there and back, each trick of a hostile archive, full disks and interruptions."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, SessionError, UsageError
from tshoot.model.events import CommandRan, EffectAnswered, NoteAdded, Ok, RunEnded
from tshoot.session.log import SessionLog
from tshoot.session.packed import export as exporting
from tshoot.session.packed import limits, unpack
from tshoot.session.packed.export import export_session
from tshoot.session.packed.manifest import Manifest, PackedFile
from tshoot.session.packed.unpack import import_session, is_session_file, unpacked
from tshoot.session.packed.ustar import END, header, padding
from tshoot.session.store import Session, list_sessions, open_session
from tshoot.session.verify import verify


@pytest.fixture
def session(tmp_path: Path) -> Session:
    with SessionLog.create(tmp_path / "own", "demo", "id: demo\n", {}) as log:
        log.append(EffectAnswered(1.0, "a", Ok(CommandRan(0, b"out\n" * 999, b"err\n", 0.1))))
        log.append(RunEnded(2.0, "finished"))
    return open_session(tmp_path / "own", str(log.folder))


def packed(session: Session, tmp_path: Path) -> Path:
    target = tmp_path / "x.tshoot"
    export_session(session, target, force=False, cancel=CancelToken())
    return target


def broken(folder: Path) -> list[str]:
    return [str(problem) for problem in verify(folder) if not problem.remark]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_there_and_back(session: Session, tmp_path: Path) -> None:
    file = packed(session, tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert is_session_file(file)
    there, new = import_session(file, tmp_path / "other", CancelToken())
    assert new
    assert content(there.folder) == content(session.folder)
    assert verify(there.folder) == []
    again, new = import_session(file, tmp_path / "other", CancelToken())
    assert (again.folder, new) == (there.folder, False)
    with unpacked(file, CancelToken()) as opened:
        assert list(opened.events()) == list(session.events())
        place = opened.folder
    assert not place.exists()
    with tarfile.open(fileobj=io.BytesIO(zstandard.ZstdDecompressor().decompressobj().decompress(file.read_bytes()))) as tar:
        names = tar.getnames()
    assert names[:2] == ["manifest.json", "session.jsonl"]
    assert all(name.startswith("evidence/") for name in names[2:])


def test_another_session_of_the_same_id_is_not_overwritten(session: Session, tmp_path: Path) -> None:
    file = packed(session, tmp_path)
    with SessionLog.reopen(session.folder) as log:
        log.append(NoteAdded(3.0, "more", "me"))
    before = content(session.folder)
    with pytest.raises(UsageError, match="is there already and is not what"):
        import_session(file, session.folder.parent, CancelToken())
    assert content(session.folder) == before
    assert [entry.id for entry in list_sessions(session.folder.parent)] == [session.header.session]


def test_an_existing_file_stays_unless_forced(session: Session, tmp_path: Path) -> None:
    target = tmp_path / "x.tshoot"
    target.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        export_session(session, target, force=False, cancel=CancelToken())
    assert target.read_text() == "mine"
    export_session(session, target, force=True, cancel=CancelToken())
    assert is_session_file(target)


def test_a_session_that_is_being_written_is_a_snapshot(tmp_path: Path) -> None:
    with SessionLog.create(tmp_path / "own", "demo", "id: demo\n", {}) as log:
        log.append(NoteAdded(1.0, "one", "me"))
        file = packed(open_session(tmp_path / "own", str(log.folder)), tmp_path)
        log.append(NoteAdded(2.0, "two", "me"))
    there, _ = import_session(file, tmp_path / "other", CancelToken())
    assert broken(there.folder) == []
    assert [problem.text for problem in verify(there.folder)] == ["the session has no orderly end, so a change to its last line would not show"]
    assert list_sessions(tmp_path / "other")[0].state == "interrupted"


def test_a_torn_last_line_is_left_out(session: Session, tmp_path: Path) -> None:
    with (session.folder / "session.jsonl").open("ab") as log:
        log.write(b'{"n": 4, "at')
    there, _ = import_session(packed(session, tmp_path), tmp_path / "other", CancelToken())
    assert (there.folder / "session.jsonl").read_bytes().endswith(b"\n")


def test_an_altered_session_is_not_exported(session: Session, tmp_path: Path) -> None:
    evidence = next((session.folder / "evidence").iterdir())
    evidence.write_bytes(b"other")
    with pytest.raises(SessionError, match="was changed after it was recorded"):
        packed(session, tmp_path)
    assert not list(tmp_path.glob("*.tshoot*")) + list(tmp_path.glob(".*"))


# --- hostile archives ----------------------------------------------------------------------------


def members(session: Session) -> list[tuple[str, bytes]]:
    names = ["session.jsonl", *sorted(f"evidence/{path.name}" for path in (session.folder / "evidence").iterdir())]
    return [(name, (session.folder / name).read_bytes()) for name in names]


def manifest_of(files: list[tuple[str, bytes]], session: str) -> bytes:
    return Manifest(session, tuple(PackedFile(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files)).encoded()


def tar_of(files: list[tuple[str, bytes]]) -> bytes:
    return b"".join(header(name, len(data)) + data + bytes(padding(len(data))) for name, data in files) + END


def archive(tmp_path: Path, raw: bytes) -> Path:
    file = tmp_path / "hostile.tshoot"
    file.write_bytes(zstandard.ZstdCompressor().compress(raw))
    return file


def refused(tmp_path: Path, file: Path, match: str) -> None:
    root = tmp_path / "victim"
    with pytest.raises(SessionError, match=match):
        import_session(file, root, CancelToken())
    assert list(root.iterdir()) == []
    assert not (tmp_path / "evil").exists()


def retold(session: Session, change: Any) -> bytes:
    """The session's tar with a manifest that `change` altered."""
    files = members(session)
    body = json.loads(manifest_of(files, session.header.session))
    change(body)
    return tar_of([("manifest.json", json.dumps(body).encode()), *files])


def named(name: str) -> Any:
    def change(body: Any) -> None:
        body["files"][1]["name"] = name

    return change


@pytest.mark.parametrize(
    "name",
    [
        "/evil",
        "../evil",
        "evidence/../../evil",
        "evidence//x",
        "evidence/",
        "Session.jsonl",
        "EVIDENCE/" + "a" * 64,
        "evidence/" + "A" * 64,
        "session.jsonl",
        "evidence\\x",
        "evidence/x\0",
        "writer.json",
        ".",
        "evidence/" + "a" * 64,
        7,
        None,
    ],
)
def test_names_that_lead_elsewhere_or_are_not_due(session: Session, tmp_path: Path, name: Any) -> None:
    refused(tmp_path, archive(tmp_path, retold(session, named(name))), "manifest")


@pytest.mark.parametrize("session_id", ["../evil", "/evil", ".hidden", "a/b", "", "x" * 200, "a\0b", 5])
def test_a_session_id_that_is_no_folder_name(session: Session, tmp_path: Path, session_id: Any) -> None:
    refused(tmp_path, archive(tmp_path, retold(session, lambda body: body.update(session=session_id))), "valid id")


def test_an_id_that_is_not_the_logs(session: Session, tmp_path: Path) -> None:
    refused(tmp_path, archive(tmp_path, retold(session, lambda body: body.update(session="other"))), "of another session")


def test_a_file_named_twice(session: Session, tmp_path: Path) -> None:
    refused(tmp_path, archive(tmp_path, retold(session, lambda body: body["files"].append(body["files"][-1]))), "named twice")


def test_a_repeated_key_and_a_newer_format(session: Session, tmp_path: Path) -> None:
    raw = manifest_of(members(session), session.header.session).replace(b'"format": 1', b'"format": 1, "format": 1')
    refused(tmp_path, archive(tmp_path, tar_of([("manifest.json", raw), *members(session)])), "stands twice")
    refused(tmp_path, archive(tmp_path, retold(session, lambda body: body.update(format=2))), "of format 2")


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.LNKTYPE,
        tarfile.SYMTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.DIRTYPE,
        tarfile.FIFOTYPE,
        tarfile.CONTTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
        tarfile.GNUTYPE_SPARSE,
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.AREGTYPE,
    ],
)
def test_members_that_are_no_plain_files(session: Session, tmp_path: Path, kind: bytes) -> None:
    files = members(session)
    info = tarfile.TarInfo("session.jsonl")
    info.type, info.linkname, info.size, info.mode = kind, "/etc/passwd", len(files[0][1]), 0o600
    trick = info.tobuf(tarfile.USTAR_FORMAT)
    manifest = manifest_of(files, session.header.session)
    raw = header("manifest.json", len(manifest)) + manifest + bytes(padding(len(manifest))) + trick + tar_of(files)[512:]
    refused(tmp_path, archive(tmp_path, raw), "something else follows")


def test_pax_and_gnu_headers_of_tarfile(session: Session, tmp_path: Path) -> None:
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
            for name, data in [("manifest.json", manifest_of(members(session), session.header.session)), *members(session)]:
                info = tarfile.TarInfo(name)
                info.size, info.pax_headers = len(data), {"path": "../evil"}
                tar.addfile(info, io.BytesIO(data))
        refused(tmp_path, archive(tmp_path, buffer.getvalue()), "no session file|something else")


def test_members_missing_added_or_out_of_order(session: Session, tmp_path: Path) -> None:
    files = members(session)
    manifest = ("manifest.json", manifest_of(files, session.header.session))
    refused(tmp_path, archive(tmp_path, tar_of([manifest, *files[:-1]])), "something else follows|cut short")
    refused(tmp_path, archive(tmp_path, tar_of([manifest, *files, ("evil", b"x")])), "between its files|goes on")
    refused(tmp_path, archive(tmp_path, tar_of([manifest, files[0], *reversed(files[1:])])), "something else follows")
    refused(tmp_path, archive(tmp_path, tar_of([*files, manifest])), "no session file")
    refused(tmp_path, archive(tmp_path, tar_of([manifest, *files]) + bytes(512)), "goes on behind its end")


def test_something_hidden_in_the_padding(session: Session, tmp_path: Path) -> None:
    files = members(session)
    manifest = manifest_of(files, session.header.session)
    raw = bytearray(tar_of([("manifest.json", manifest), *files]))
    raw[512 + len(manifest)] = 1
    refused(tmp_path, archive(tmp_path, bytes(raw)), "between its files")


def test_a_changed_byte_does_not_have_its_sha256(session: Session, tmp_path: Path) -> None:
    files = members(session)
    raw = tar_of([("manifest.json", manifest_of(files, session.header.session)), *files])
    refused(tmp_path, archive(tmp_path, raw.replace(b"out\nout\n", b"out\nOut\n", 1)), "does not have the sha256")


def test_an_altered_log_with_a_fitting_manifest(session: Session, tmp_path: Path) -> None:
    files = members(session)
    files[0] = (files[0][0], files[0][1].replace(b'"seconds": 0.1', b'"seconds": 0.2'))
    raw = tar_of([("manifest.json", manifest_of(files, session.header.session)), *files])
    refused(tmp_path, archive(tmp_path, raw), "was changed, or its hash")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_a_file_that_is_cut_short(session: Session, tmp_path: Path, share: float) -> None:
    file = packed(session, tmp_path)
    cut = tmp_path / "cut.tshoot"
    cut.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    refused(tmp_path, cut, "cut short")


def test_bytes_behind_the_end_a_second_frame_and_damage(session: Session, tmp_path: Path) -> None:
    whole = packed(session, tmp_path).read_bytes()
    file = tmp_path / "hostile.tshoot"
    for more in (b"x", whole):
        file.write_bytes(whole + more)
        refused(tmp_path, file, "goes on behind its end")
    file.write_bytes(b"no archive at all")
    refused(tmp_path, file, "damaged")
    file.write_bytes(whole[:40] + bytes([whole[40] ^ 255]) + whole[41:])
    refused(tmp_path, file, "damaged|cut short|no session file|manifest|sha256|follows")


def test_bombs(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = members(session)
    zeros = bytes(3 << 20)
    bomb = [files[0], (f"evidence/{hashlib.sha256(zeros).hexdigest()}", zeros)]
    raw = tar_of([("manifest.json", manifest_of(bomb, session.header.session)), *bomb])
    monkeypatch.setattr(limits, "FREE", 1 << 20)
    refused(tmp_path, archive(tmp_path, raw), "more than 200 to 1")
    # a manifest that names little, and a stream without an end behind it
    raw = tar_of([("manifest.json", manifest_of(files, session.header.session)), *files])[: -len(END)] + bytes(50 << 20)
    refused(tmp_path, archive(tmp_path, raw), "goes on behind its end")
    huge = header("manifest.json", 5 << 20) + bytes(5 << 20)
    refused(tmp_path, archive(tmp_path, huge), "more than 4 MiB")


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [("FILES", 1, "more than 1"), ("LOG_BYTES", 10, "a log of"), ("ONE_FILE", 10, "a file of"), ("ALL_FILES", 10, "bytes, more")],
)
def test_limits(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: int, match: str) -> None:
    file = packed(session, tmp_path)
    monkeypatch.setattr(limits, name, value)
    refused(tmp_path, file, match)
    with pytest.raises(SessionError, match=match):
        export_session(session, tmp_path / "y.tshoot", force=False, cancel=CancelToken())
    assert not (tmp_path / "y.tshoot").exists()


def test_a_negative_size(session: Session, tmp_path: Path) -> None:
    refused(tmp_path, archive(tmp_path, retold(session, lambda body: body["files"][0].update(size=-1))), "valid size")


# --- the disk and the operator -------------------------------------------------------------------


def test_a_full_disk_leaves_nothing(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = packed(session, tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(unpack, "write_all", full)
    refused(tmp_path, file, "No space left")
    monkeypatch.setattr(exporting, "_pack", full)
    with pytest.raises(SessionError, match="No space left"):
        export_session(session, tmp_path / "y.tshoot", force=False, cancel=CancelToken())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own", "victim", "x.tshoot"]


def test_an_interruption_leaves_nothing(session: Session, tmp_path: Path) -> None:
    file = packed(session, tmp_path)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        import_session(file, tmp_path / "victim", cancel)
    assert list((tmp_path / "victim").iterdir()) == []
    with pytest.raises(Cancelled):
        export_session(session, tmp_path / "y.tshoot", force=False, cancel=cancel)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own", "victim", "x.tshoot"]


def test_a_link_is_not_followed(session: Session, tmp_path: Path) -> None:
    file = packed(session, tmp_path)
    link = tmp_path / "link.tshoot"
    link.symlink_to(file)
    with pytest.raises(SessionError):
        import_session(link, tmp_path / "victim", CancelToken())
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert not is_session_file(fifo)
    target = tmp_path / "dangling"
    target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is there already"):
        export_session(session, target, force=False, cancel=CancelToken())
    shutil.rmtree(tmp_path / "own")
