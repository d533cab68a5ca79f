"""One exec request of a session: a real process between the channel's streams, as sshd runs it.

When the process ends its status (or the signal that ended it) is sent; the channel closes once nobody holds its
output open any more. When the connection dies the process lives on: only its standard input ends, and writing fails.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO

import paramiko
from paramiko.common import cMSG_CHANNEL_REQUEST
from paramiko.message import Message

from tshoot.simulator.simulated_device import SimulatedDevice

_CHUNK = 32768
_GONE = (OSError, EOFError, paramiko.SSHException)  # how a connection that has died shows


def execute(channel: paramiko.Channel, device: SimulatedDevice, command: bytes) -> None:
    """Run `command` to its end; for a thread of its own."""
    try:
        process = device.run(command)
    except (OSError, ValueError) as error:  # too long for the system, a NUL in it, no process to be had
        with suppress(*_GONE):
            channel.sendall_stderr(f"sh: {error}\n".encode())
            channel.send_exit_status(126)
        _close(channel)
        return
    assert process.stdin and process.stdout and process.stderr  # noqa: S101 (all three were asked for)
    pumps = [_thread(_send, process.stdout, channel.sendall), _thread(_send, process.stderr, channel.sendall_stderr)]
    feeding = _thread(_feed, channel, process.stdin)
    process.wait()
    with suppress(*_GONE):
        _report(channel, process)
    for pump in pumps:
        pump.join()
    _close(channel)
    feeding.join()


def _close(channel: paramiko.Channel) -> None:
    with suppress(*_GONE):
        channel.close()


def _thread(target: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, name=f"simulator {target.__name__}", daemon=True)
    thread.start()
    return thread


def _send(source: IO[bytes], send: Callable[[bytes], None]) -> None:
    with source, suppress(*_GONE):
        while chunk := os.read(source.fileno(), _CHUNK):
            send(chunk)


def _feed(channel: paramiko.Channel, sink: IO[bytes]) -> None:
    with suppress(*_GONE), sink:
        while chunk := channel.recv(_CHUNK):
            os.write(sink.fileno(), chunk)


def _report(channel: paramiko.Channel, process: subprocess.Popen[bytes]) -> None:
    if process.returncode >= 0:
        channel.send_exit_status(process.returncode)
        return
    message = Message()  # paramiko has no call for it: RFC 4254 section 6.10
    message.add_byte(cMSG_CHANNEL_REQUEST)
    message.add_int(channel.remote_chanid)
    message.add_string("exit-signal")
    message.add_boolean(False)
    message.add_string(signal.Signals(-process.returncode).name.removeprefix("SIG"))
    message.add_boolean(False)
    message.add_string("")
    message.add_string("")
    channel.get_transport()._send_user_message(message)  # type: ignore[attr-defined]
