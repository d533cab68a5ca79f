"""Who writes a session is said in words to whoever comes second; the words bind nobody, and what lies there is not believed."""

from __future__ import annotations

import json
import os
import socket
import stat
from pathlib import Path

import pytest
from session_samples import short_session

from tshoot.errors import SessionError
from tshoot.session.log import SessionLog
from tshoot.session.verify import verify
from tshoot.session.writer import WRITER, told


def create(root: Path) -> SessionLog:
    return SessionLog.create(root, "nfs-mount", "id: nfs-mount\n", {})


def test_a_second_writer_is_told_which_process_where_and_since_when(tmp_path: Path) -> None:
    with create(tmp_path) as log:
        assert stat.S_IMODE((log.folder / WRITER).stat().st_mode) == 0o600
        with pytest.raises(SessionError, match=f"process {os.getpid()} on {socket.gethostname()}, since 20..-..-..T..:..:..Z"):
            SessionLog.reopen(log.folder)
        assert json.loads((log.folder / WRITER).read_text())["pid"] == os.getpid(), "a refused one leaves the words alone"
    assert not (log.folder / WRITER).exists()
    with SessionLog.reopen(log.folder) as again:
        assert told(again.folder)
    assert told(log.folder) == ""
    assert verify(log.folder) == []


def test_what_a_crash_left_binds_nobody(tmp_path: Path) -> None:
    with create(tmp_path) as log:
        log.append(short_session()[0])
    (log.folder / WRITER).write_text('{"pid": 1, "host": "elsewhere", "since": "then"}')
    with SessionLog.reopen(log.folder) as again:
        assert str(os.getpid()) in told(again.folder) and "elsewhere" not in told(again.folder)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"pid": "x"}', b"[" * 5000, b"\xff" * 9000, b'{"pid": 1, "host": "a\\u001b[2Jb", "since": {}}']
)
def test_hostile_words_are_left_out_or_clean(tmp_path: Path, content: bytes) -> None:
    (tmp_path / WRITER).write_bytes(content)
    assert "\x1b" not in told(tmp_path)
    (tmp_path / WRITER).unlink()
    (tmp_path / WRITER).symlink_to("/dev/zero")
    assert told(tmp_path) == ""


def test_a_log_let_go_is_as_it_was(tmp_path: Path) -> None:
    with create(tmp_path) as log:
        log.append(short_session()[0])
    before = (log.folder / "session.jsonl").read_bytes()
    again = SessionLog.reopen(log.folder)
    again.release()
    again.release()
    again.close()
    assert (log.folder / "session.jsonl").read_bytes() == before
    assert not (log.folder / WRITER).exists()
    with pytest.raises(SessionError, match="is closed"):
        again.append(short_session()[0])
