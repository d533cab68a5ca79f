"""`tshoot run --step` at a terminal: each command is shown before it runs, and what becomes of it is recorded."""

from __future__ import annotations

from pathlib import Path

from tests.cli.commandline import Home, bench
from tests.cli.test_live_runs import SCENARIOS, Typist


def test_a_command_is_edited_another_skipped_one_done_by_hand(tmp_path: Path) -> None:
    with bench(tmp_path, SCENARIOS["nfs-mount/export-policy"], capture_delay=0.2) as at:
        typist = Typist(at, *at.words, "--step")
        typist.answer("[run / edit / skip / by hand]", "x")
        typist.answer("answer one of: run, edit, skip, by hand", "s")
        typist.answer("why (may be left empty)", "known")
        typist.answer("$ esxcfg-route -l", "e")
        typist.answer("run in its place", "reboot")
        typist.answer("Type the name of the device", "esx01")
        typist.answer("$ vmkping", "b")
        typist.answer("a line with nothing but a dot", "3 packets transmitted, 0 packets received\n.")
        typist.hear("[run / edit / skip / by hand]")
        typist.process.send_signal(2)
        got = typist.end()
        assert at.nothing_is_left()
    assert got.code == 130
    transcript = at.home.run("sessions", "show", "last").out.decode()
    assert "skipped `interfaces`: known" in transcript
    assert "changed the command of `routes` to `reboot` (the playbook has `esxcfg-route -l`)" in " ".join(transcript.split())
    assert "failed (declined)" in transcript
    assert "elsewhere; what it printed was pasted" in " ".join(transcript.split())
    assert "3 packets transmitted, 0 packets received" in transcript


def test_nobody_to_ask_is_said_before_anything_is_done(tmp_path: Path) -> None:
    got = Home(tmp_path).run("run", "nfs-mount", "--target", "host=esx", "--set", "server=192.0.2.50", "--set", "share=/vol/ds1", "--step")
    assert got.code == 2
    assert b"--step" in got.error
    assert b"no terminal" in got.error
