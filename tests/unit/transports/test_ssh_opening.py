"""Sessions over the socket of `ssh`: one that is cancelled while it is asked for is not begun afterwards, least of all on descriptors of other files."""

from __future__ import annotations

import os
import pty
import select
import socket
import struct
import tempfile
import threading
import time
import tty
from pathlib import Path

import pytest

from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled
from tshoot.transports.base import Nobody
from tshoot.transports.openssh.link import OpenSshLink
from tshoot.transports.openssh.mux import MuxGone
from tshoot.transports.openssh.opening import Opening
from tshoot.transports.openssh.ready import ready
from tshoot.transports.openssh.terminal import PipedTerminal
from tshoot.transports.settings import SshSettings

REFUSED, OPENED = struct.pack(">III", 0x80000003, 1, 1) + struct.pack(">I", 4) + b"full", struct.pack(">III", 0x80000006, 1, 7)


class FullMaster:
    """Speaks as a master `ssh` whose server refuses the first `refusals` sessions (MaxSessions) and opens those after them."""

    running = True

    def __init__(self, refusals: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="t-")
        self.control = Path(self._folder.name) / "m"
        self.refusals, self.on_request, self.after_refusal = refusals, _nothing, _nothing
        self.passed: list[list[str]] = []  # what each session was to read and write
        self.sessions: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.control))
        self._listener.listen(9)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(60)
        for one in (self._listener, *self.sessions):
            one.close()
        self._folder.cleanup()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            found: list[int] = []
            while len(found) < 3:
                data, descriptors, _, _ = socket.recv_fds(link, 65536, 3)
                if not data:
                    break
                found += descriptors
            self.passed.append([str(Path(f"/proc/self/fd/{one}").readlink()) for one in found])
            for one in found:
                os.close(one)
            self.on_request()
            body = REFUSED if len(self.passed) <= self.refusals else OPENED
            link.sendall(struct.pack(">I", len(body)) + body)
            self.sessions.append(link)
            if body is REFUSED:
                wait_until(lambda: is_closed(self.sessions[-1]), what="the end of what was refused")
                self.after_refusal()


def _nothing() -> None:
    pass


def is_closed(link: socket.socket) -> bool:
    poll = select.poll()
    poll.register(link, select.POLLIN)
    return any(events & select.POLLHUP for _, events in poll.poll(0))


def test_a_cancelled_command_is_not_started_later_and_not_on_other_files():
    cancel = CancelToken()
    with FullMaster(2) as master:
        master.after_refusal = cancel.cancel  # while the work waits to try again
        link = OpenSshLink("h", Nobody(), SshSettings(), print)
        link._made = master
        reading, printing = os.pipe()
        theirs = (os.open(os.devnull, os.O_RDONLY), printing, os.dup(printing))
        with pytest.raises(Cancelled):
            link.open("reload", theirs, "`reload`", cancel)
        others = [os.open(__file__, os.O_RDONLY) for _ in range(6)]  # which may get the numbers of `theirs`
        wait_until(lambda: not any(thread.name == "tshoot-ssh" for thread in threading.enumerate()), what="the end of the work")
        assert master.passed
        assert not any(__file__ in name for session in master.passed for name in session)
        wait_until(lambda: all(is_closed(session) for session in master.sessions), what="the end of all sessions")
        assert ready([reading], 10) & select.POLLHUP, "the streams are closed"
        for one in (reading, *others):
            os.close(one)


def test_a_session_that_opens_when_nobody_wants_it_is_closed():
    with FullMaster(0) as master:
        streams = [os.open(os.devnull, os.O_RDWR) for _ in range(3)]
        opening = Opening("reload", streams, 5.0, tty=False, subsystem=False)
        master.on_request = opening.cut
        with pytest.raises(MuxGone):
            opening.work(master.control)
        wait_until(lambda: master.sessions and is_closed(master.sessions[0]), what="the end of the session")
        assert len(master.passed) == 1


def test_it_is_tried_again_while_the_server_has_its_full_number():
    with FullMaster(2) as master:
        streams = [os.open(os.devnull, os.O_RDWR) for _ in range(3)]
        session = Opening("show", streams, 10.0, tty=False, subsystem=False).work(master.control)
        assert master.passed == [[os.devnull] * 3] * 3
        session.close()
        for one in streams:
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.fstat(one)


def test_typing_into_a_session_that_has_ended_says_so():
    """`poll` tells of a hang-up where `select` told nothing: no five seconds are waited, nor spun away."""
    typing, near = pty.openpty()
    tty.setraw(near)
    os.set_blocking(typing, False)
    os.close(near)
    printed, printing = os.pipe()
    terminal = PipedTerminal(Ended(), typing, printed)
    started = time.monotonic()
    with pytest.raises(EOFError):
        terminal.write(b"x" * 100_000)
    assert time.monotonic() - started < 4
    terminal.close()
    os.close(printing)


class Ended:
    def close(self) -> None:
        pass
