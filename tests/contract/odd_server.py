"""An SSH server (paramiko's side) that can misbehave where OpenSSH does not: hang, close in the middle, ask in rounds, flood."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import paramiko

from tests.sshd import Sshd, make_key

Round = tuple[str, str, list[tuple[str, bool]]]  # title, instructions, prompts with echo


@dataclass
class Manners:
    """How it behaves. `rounds`: keyboard-interactive asks these in turn and wants `answers`."""

    methods: str = "publickey"
    password: str = ""
    rounds: list[Round] = field(default_factory=list)
    answers: list[list[str]] = field(default_factory=list)
    banner: str = ""
    on_exec: str = "run"  # run | hang | close | refuse | status-only
    open_channels: str = "yes"  # yes | refuse | hang
    kex: tuple[str, ...] = ()


class _Interface(paramiko.ServerInterface):
    def __init__(self, server: OddServer, transport: paramiko.Transport) -> None:
        self.server, self.manners, self.transport = server, server.manners, transport
        self.round = 0

    def get_banner(self):
        return (self.manners.banner, "en") if self.manners.banner else (None, None)

    def get_allowed_auths(self, username):
        return self.manners.methods

    def check_auth_publickey(self, username, key):
        self.server.attempts.append("publickey")
        return paramiko.AUTH_SUCCESSFUL if key.get_base64() in self.server.user_key.with_suffix(".pub").read_text() else paramiko.AUTH_FAILED

    def check_auth_password(self, username, password):
        self.server.attempts.append("password")
        return paramiko.AUTH_SUCCESSFUL if password == self.manners.password else paramiko.AUTH_FAILED

    def check_auth_interactive(self, username, submethods):
        self.server.attempts.append("keyboard-interactive")
        return self._ask() if self.manners.rounds else paramiko.AUTH_FAILED

    def check_auth_interactive_response(self, responses):
        self.server.responses.append(list(responses))
        self.round += 1
        if list(responses) != self.manners.answers[self.round - 1]:
            return paramiko.AUTH_FAILED
        return self._ask() if self.round < len(self.manners.rounds) else paramiko.AUTH_SUCCESSFUL

    def _ask(self):
        title, instructions, prompts = self.manners.rounds[self.round]
        return paramiko.InteractiveQuery(title, instructions, *prompts)

    def check_channel_request(self, kind, chanid):
        if self.manners.open_channels == "hang":
            self.server.released.wait(30)
        return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED if self.manners.open_channels == "refuse" else paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        if self.manners.on_exec == "hang":
            self.server.released.wait(30)
        if self.manners.on_exec in ("hang", "refuse"):
            return False
        threading.Thread(target=self._exec, args=(channel, command.decode()), daemon=True).start()
        return True

    def _exec(self, channel, command):
        if self.manners.on_exec == "close":
            time.sleep(0.3)  # after the answer to the request, which another thread sends
            channel.sendall(b"first line\n")
            time.sleep(0.1)
            self.transport.close()
            return
        if self.manners.on_exec == "status-only":  # a server that tells the status and never closes the channel
            channel.sendall(b"done\n")
            channel.send_exit_status(0)
            self.server.released.wait(30)
            return
        self.server.run(channel, command)


class OddServer(Sshd):
    """Stands where an `Sshd` stands: host, settings(), user_key."""

    def __init__(self, folder: Path, manners: Manners | None = None) -> None:
        super().__init__(folder)
        self.manners = manners or Manners()
        self.attempts: list[str] = []
        self.responses: list[list[str]] = []
        self.released = threading.Event()
        self.transports: list[paramiko.Transport] = []

    def __enter__(self) -> OddServer:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._host_key = paramiko.Ed25519Key.from_private_key_file(str(make_key(self.folder / "host_ed25519")))
        assert self.user_key
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for transport in self.transports:
            transport.close()
            transport.join(2)

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(sock)
            self.transports.append(transport)
            transport.add_server_key(self._host_key)
            if self.manners.kex:
                transport.get_security_options().kex = self.manners.kex
            try:
                transport.start_server(server=_Interface(self, transport), event=threading.Event())
            except paramiko.SSHException:
                transport.close()

    def run(self, channel: paramiko.Channel, command: str) -> None:
        """The command in a real shell, its streams carried both ways."""
        process = subprocess.Popen(
            ["sh", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, start_new_session=True
        )
        threading.Thread(target=_end_with, args=(channel, process), daemon=True).start()
        threading.Thread(target=_carry, args=(lambda: channel.recv(65536), process.stdin.write, process.stdin.close), daemon=True).start()
        outputs = [
            threading.Thread(target=_carry, args=(lambda: process.stdout.read(65536), channel.sendall, process.stdout.close), daemon=True),
            threading.Thread(target=_carry, args=(lambda: process.stderr.read(65536), channel.sendall_stderr, process.stderr.close), daemon=True),
        ]
        for thread in outputs:
            thread.start()
        for thread in outputs:
            thread.join()
        with suppress(EOFError, OSError):  # the client has left
            channel.send_exit_status(process.wait() % 256)
            channel.close()


def _end_with(channel: paramiko.Channel, process: subprocess.Popen) -> None:
    """No command of a test outlives its channel for long."""
    while process.poll() is None and not channel.closed:
        time.sleep(0.1)
    time.sleep(0.5)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _carry(take: Callable[[], bytes], give: Callable[[bytes], object], done: Callable[[], None]) -> None:
    try:
        while data := take():
            give(data)
    except OSError:
        pass
    finally:
        done()
