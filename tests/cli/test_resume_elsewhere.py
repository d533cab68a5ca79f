"""A session handed over to a machine that knows its target by another name: the real program, real SSH to a simulated device."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.cli.commandline import bench, ended
from tests.shipped_scenarios import STORY
from tests.waiting import wait_until
from tshoot.model.events import NoteAdded, RunStarted
from tshoot.session.read import read_events


def test_it_goes_on_under_the_name_that_is_known_here(tmp_path: Path) -> None:
    with bench(tmp_path, STORY) as at:
        process = at.home.start(*at.words, "--yes")
        wait_until(lambda: bool(at.captures()) and bool(at.device.device.processes()), "a capture")
        process.send_signal(signal.SIGTERM)
        assert ended(process).code == 130
        config = at.home.folder / ".ssh" / "config"
        config.write_text(config.read_text().replace("Host esx\n", "Host storage-host\n"))
        directory = ("--capture-dir", f"host={at.device.capture_directory}")
        for words in (("--target", "router=storage-host"), ("--target", "host="), ("--target", "host=a b:c:d@")):
            assert at.home.run("sessions", "resume", *words).code == 2, words
        got = at.home.run("sessions", "resume", "--yes", "--target", "host=storage-host", *directory)
        assert got.code == 1 and "nfs.mount-denied" in got.said
        events = [event for _, event in read_events(next(folder for folder in at.home.sessions.iterdir() if folder.is_dir()))]
        notes = [event.text for event in events if isinstance(event, NoteAdded)]
        assert any("host is called storage-host here" in text for text in notes)
        started = next(event for event in events if isinstance(event, RunStarted))
        assert [target.host for target in started.targets] == ["esx"], "what was recorded stays"
        assert "intact" in at.home.run("sessions", "verify").said
        assert at.nothing_is_left()
