"""One `ssh` that logs in once, stays, and carries every session of a target (ControlMaster); it ends with us, however we end.

`start` runs in a bounded thread. The log comes through a pipe of its own (-E), questions through the askpass program;
a small watchdog, whose standard input is a pipe from us, ends `ssh` and removes its folder should we die.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from tshoot.errors import MissingProgram, TargetError
from tshoot.model.text import clean_line, decode
from tshoot.transports.address import parse_address
from tshoot.transports.base import Prompter
from tshoot.transports.bounded import Deadline
from tshoot.transports.login.credentials import Account
from tshoot.transports.one_login import closed_here
from tshoot.transports.openssh import mux
from tshoot.transports.openssh.algorithms import Mismatch, mismatch, needed, weak
from tshoot.transports.openssh.asking import Questions
from tshoot.transports.openssh.failures import explain, not_understood
from tshoot.transports.openssh.folder import PrivateFolder
from tshoot.transports.openssh.log import LoginLog
from tshoot.transports.openssh.options import Resolved, accepted_into, destination, master_options, resolved
from tshoot.transports.openssh.secrets import LoginSecrets
from tshoot.transports.settings import SshSettings

_TICK, _CHUNK = 0.05, 64 * 1024
_QUERY = 15.0  # seconds for `ssh -G`: a `Match exec` may take its time
_WATCHDOG = 'read -r _; kill -TERM "$1" 2>/dev/null; rm -rf -- "$2"'
_MOST = 256 * 1024
_LULL = 0.5
_END = 2.0  # seconds in which `ssh` ends when told to


class Master:
    """One attempt at one host. `on_note` is told of weak algorithms, and when a security key waits to be touched."""

    def __init__(self, host: str, settings: SshSettings, prompter: Prompter, deadline: Deadline, on_note: Callable[[str], None]) -> None:
        self.typed, self._settings, self._prompter, self._deadline, self._on_note = host, settings, prompter, deadline, on_note
        self._program = ssh_program()
        self._destination = destination(parse_address(host), settings)
        self.host = Resolved(parse_address(host).host, {})
        self.account = Account("", host)
        self.log = LoginLog()
        self._folder = PrivateFolder()
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._logged: BinaryIO | None = None
        self._drains: threading.Thread | None = None
        self._proxy = b""
        self._closed = False
        self._lock = threading.Lock()

    # --- the login ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Until the connection stands and its socket answers; TargetError of the kind that fits."""
        try:
            self._deadline.restart(_QUERY, "reading the ssh_config")
            self.host = self._resolve()
            self.account = Account(self.host.user, self.host.typed, self.host.port)
            added: Mapping[str, str] = {}
            while (missing := self._attempt(added)) is not None:
                added = self._with_needed(missing, added)
        except BaseException:
            self.close()
            raise
        if names := weak(self.log.agreed):
            self._on_note(f"{self.typed}: weak algorithms: {', '.join(names)}: whoever can break them can read along")
        self._drains = threading.Thread(target=self._drain, name="tshoot-openssh", daemon=True)
        self._drains.start()

    def _resolve(self) -> Resolved:
        out, err = self._ask_ssh("-G", *self._destination)
        host = resolved(self.host.typed, out)
        if "hostname" not in host.values:
            said = clean_line((err.strip().splitlines() or ["it prints nothing"])[0])
            error = not_understood(said, self.typed)
            raise error or TargetError("unreachable", f"{self.typed}: `ssh -G` fails: {said[:200]}", "see what `ssh -G` says for that host")
        return host

    def _ask_ssh(self, *words: str) -> tuple[str, str]:
        """What a call of `ssh` that connects nowhere prints on its two streams."""
        process = self._started([self._program, *words], stdout=subprocess.PIPE)
        out, err = process.communicate()
        return decode(out[:_MOST]), decode(err[:_MOST])

    def _attempt(self, added: Mapping[str, str]) -> Mismatch | None:
        """One connection; what could not be agreed on, or None when it stands."""
        self.log, self._proxy = LoginLog(), b""
        given = LoginSecrets(self.host, self._settings, self._prompter, self.account, lambda: not self._closed)
        with Questions(
            self._folder, self.host, self.log, self._prompter, given, self._on_note, accepted_into(self._settings, self.host)
        ) as questions:
            try:
                self._launch(added)
                stands = self._follow(questions)
            except BaseException:
                self._end()
                self._close_pipes()
                raise
            finally:
                given.ended(self.log, decode(self._proxy))
        if stands:
            return None
        self._end()
        self._close_pipes()
        found = self.log.said(r"no matching .* found\. Their offer: .*")
        missing = mismatch(found[0]) if found else None
        if missing is None or missing.sort.option in added:
            raise explain(self.log, decode(self._proxy), self.host)
        return missing

    def _with_needed(self, missing: Mismatch, added: Mapping[str, str]) -> dict[str, str]:
        supported = frozenset(self._ask_ssh("-Q", missing.sort.query)[0].split())
        name = needed(missing, supported)
        if name is None:
            raise explain(self.log, "", self.host)
        more = {missing.sort.option: name}
        if name == "ssh-rsa":  # what has no newer signature for its host key has none for an RSA key that logs in
            more["PubkeyAcceptedAlgorithms"] = name
        return {**added, **more}

    def _launch(self, added: Mapping[str, str]) -> None:
        options = master_options(self._settings, self._folder, self.host, added)
        self._logged = self._folder.open_log()
        process = self._started([self._program, "-E", str(self._folder.log), *options, *self._destination])
        with self._lock:
            self._watchdog = subprocess.Popen(
                ["/bin/sh", "-c", _WATCHDOG, "tshoot", str(process.pid), str(self._folder.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def _started(self, words: list[str], stdout: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """A group of processes of its own: no Ctrl-C reaches it, and it is ended with what it has started."""
        with self._lock:
            if self._closed:
                raise closed_here(self.typed)
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=self._folder.environment(),
                start_new_session=True,
            )
            return self._process

    def _follow(self, questions: Questions) -> bool:
        """Read the log and answer questions until the connection stands (True) or `ssh` has ended."""
        process, phase = self._process, ""
        with selectors.DefaultSelector() as selector:
            self._register_pipes(selector)
            selector.register(questions, selectors.EVENT_READ)
            while True:
                over = process is None or process.poll() is not None
                ready = selector.select(0 if over else _TICK)
                for key, _ in sorted(ready, key=lambda found: found[0].data is None):  # the log before what is asked after it
                    if key.data is not None:
                        _read(selector, key)
                    elif not over:
                        with self._deadline.paused():
                            questions.serve()
                if self.log.phase != phase:
                    phase = self.log.phase
                    self._deadline.restart(self._patience(phase), phase)
                if self.log.authenticated and self._folder.control.exists() and mux.answers(self._folder.control, _END):
                    return True
                if over and not ready:
                    return False

    def _register_pipes(self, selector: selectors.BaseSelector) -> None:
        if self._process is not None and self._process.stderr is not None and self._logged is not None:
            selector.register(self._logged, selectors.EVENT_READ, self.log.take)
            selector.register(self._process.stderr, selectors.EVENT_READ, self._overheard)

    def _patience(self, phase: str) -> float:
        if phase in ("logging in", "going through its jump host"):
            return self._settings.login_timeout + (0.5 if phase == "logging in" else 0.0)
        return self.host.connect_timeout or self._settings.connect_timeout

    def _overheard(self, data: bytes) -> None:
        self._proxy = (self._proxy + data)[-16 * 1024 :]

    # --- the connection ----------------------------------------------------------------------------

    @property
    def control(self) -> Path:
        return self._folder.control

    @property
    def running(self) -> bool:
        """False as soon as nothing can go over it any more."""
        process = self._process
        return process is not None and process.poll() is None and mux.answers(self._folder.control, _END)

    def _drain(self) -> None:
        """Nobody else reads what `ssh` says: a full pipe would stop it. Ends with it."""
        with selectors.DefaultSelector() as selector:
            self._register_pipes(selector)
            over = False
            while True:
                ready = selector.select(0 if over else _LULL)
                for key, _ in ready:
                    _read(selector, key)
                if over and not ready:
                    break
                over = self._process is None or self._process.poll() is not None or len(selector.get_map()) < 2
        self._close_pipes()

    def close(self) -> None:
        """From any thread; also cuts short a login that is under way."""
        with self._lock:
            self._closed = True
        self._end()
        if self._drains is not None:
            self._drains.join(_END)
        self._folder.remove()

    def _end(self) -> None:
        with self._lock:
            process, watchdog, self._watchdog = self._process, self._watchdog, None
        if watchdog is not None:  # first: it would signal a process that has long had another's number
            watchdog.kill()
            watchdog.communicate()
        if process is None or process.poll() is not None:
            return
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with suppress(OSError):
                os.killpg(process.pid, sign)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END)
                return

    def _close_pipes(self) -> None:
        """By the thread that reads them."""
        if self._process is not None and self._process.stderr is not None:
            self._process.stderr.close()
        if self._logged is not None:
            self._logged.close()


def _read(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    try:
        data = os.read(key.fd, _CHUNK)
    except BlockingIOError:
        return
    if data:
        key.data(data)
    else:
        selector.unregister(key.fileobj)


def ssh_program() -> str:
    """Where `ssh` is; MissingProgram where it is not installed."""
    found = shutil.which("ssh")
    if found is None:
        raise MissingProgram(
            "ssh is not installed: the transport openssh is the system's own",
            "Debian, Ubuntu: `apt-get install openssh-client`; RHEL: `dnf install openssh-clients`",
        )
    return found
