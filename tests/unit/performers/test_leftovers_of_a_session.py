"""A session that is gone on with clears what its own list still names, once, also where this machine has no journal of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, BinaryIO

from tshoot.cancel import CancelToken
from tshoot.model.events import CommandRan, TargetSpec
from tshoot.performers.capture import Captures
from tshoot.performers.journal import CaptureJournal, CaptureRecord, leftovers
from tshoot.session.log import SessionLog

FILE = "/tmp/tshoot-abc123-00000000.pcap"
OTHER = "/tmp/tshoot-abc123-11111111.pcap"


class Target:
    """Whatever is asked of it ends well; `scripts` is what was asked."""

    host = "h"

    def __init__(self) -> None:
        self.scripts: list[str] = []

    def run(self, command: str, **options: Any) -> CommandRan:
        self.scripts.append(command)
        return CommandRan(0, b"", b"", 0.0)

    def fetch(self, remote: str, into: BinaryIO, **options: Any) -> int:
        return 0


def session(root: Path, *records: CaptureRecord) -> SessionLog:
    log = SessionLog.create(root / "sessions", "p", "id: p\n", {})
    lines = [json.dumps({"host": one.host, "path": one.path, "state": one.state, "pid": one.pid}) for one in records]
    (log.folder / "captures.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return log


def swept(captures: Captures, host: str = "h") -> list[str]:
    target = Target()
    captures.sweep(TargetSpec("r", host, "linux"), target, CancelToken())  # type: ignore[arg-type]
    return target.scripts


def test_its_own_list_is_enough_and_says_afterwards_that_it_is_removed(tmp_path: Path) -> None:
    records = (CaptureRecord("h", FILE, "started"), CaptureRecord("h", FILE, "running", 4242), CaptureRecord("h", OTHER, "removed"))
    with session(tmp_path, *records) as log:
        scripts = swept(Captures(log, tmp_path, {}))
        assert [FILE in script for script in scripts] == [True, True]
        assert "kill" in scripts[0] and "rm -f" in scripts[1]
        last = json.loads((log.folder / "captures.jsonl").read_text().splitlines()[-1])
        assert (last["path"], last["state"]) == (FILE, "removed")
        assert swept(Captures(log, tmp_path, {})) == []


def test_what_the_journal_lists_too_is_cleared_once_and_settled_in_both(tmp_path: Path) -> None:
    journal = CaptureJournal(tmp_path / "journal", "abc123")
    journal.note(CaptureRecord("h", FILE, "started"))
    journal.close()
    with session(tmp_path, CaptureRecord("h", FILE, "started")) as log:
        assert sum("rm -f" in script for script in swept(Captures(log, tmp_path, {}))) == 1
        assert leftovers(tmp_path / "journal", "h") == []
        assert swept(Captures(log, tmp_path, {})) == []


def test_another_host_is_left_alone_and_a_second_role_on_this_one_clears_nothing_of_ours(tmp_path: Path) -> None:
    with session(tmp_path, CaptureRecord("h", FILE, "started"), CaptureRecord("i", OTHER, "started")) as log:
        captures = Captures(log, tmp_path, {})
        assert swept(captures, "root@h")
        assert swept(captures, "h:22") == [], "by then a capture of this run may have that name"
        assert any(OTHER in script for script in swept(captures, "i"))


def test_a_list_that_somebody_else_wrote_removes_captures_only(tmp_path: Path) -> None:
    hostile = [CaptureRecord("h", path, "started") for path in ("/etc/passwd", "/tmp/tshoot-x.pcap/../../etc/passwd", "/tmp/tshoot-a;reboot.pcap")]
    with session(tmp_path, *hostile) as log:
        assert swept(Captures(log, tmp_path, {})) == []
