"""A channel of paramiko's, opened and asked for something by a thread that can leave: when its time is over, and when the operator cancels.

paramiko itself looks every tenth of a second whether the time to open one is over, and waits without an end for the answer to a request:
around its calls each command would need a thread of its own. Source: RFC 4254, sections 5.1 and 5.4.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import paramiko

from tshoot.cancel import CancelToken
from tshoot.threads import aside
from tshoot.transports.bounded import Deadline
from tshoot.transports.process import TICK
from tshoot.transports.ssh.client import HopClient

_CHANNEL_OPEN = bytes([90])  # SSH_MSG_CHANNEL_OPEN
_LOOK = 0.5  # seconds after which it is looked whether the connection is still there

Wait = Callable[[threading.Event], None]


def open_channel(client: HopClient, deadline: Deadline, cancel: CancelToken, patient: bool = True) -> paramiko.Channel:
    """A new session, whose requests are bound by `deadline` and `cancel`, too. TimeoutError, Cancelled, and what paramiko raises.

    A server that has its full number refuses (ChannelException); one of them may be ending just now, so whoever is `patient` asks again.
    """
    half = deadline.left() / 2
    while True:
        try:
            _await_keys(client, deadline, cancel)
            return _opened(client, lambda event: _wait(event, client, deadline, cancel))
        except paramiko.ChannelException:
            if not patient or deadline.left() < half:
                raise
            cancel.wait(TICK)
            cancel.check()


class _Channel(paramiko.Channel):
    """Waits for the answers to its requests (`exec_command`, `get_pty` …) by `wait`."""

    def __init__(self, number: int, wait: Wait) -> None:
        super().__init__(number)
        self._wait = wait

    def close(self) -> None:
        """At once: while keys are exchanged anew the server is told when that is over, and nobody waits for it."""
        if self.closed or self.get_transport().clear_to_send.is_set():
            self._leave()
        else:
            aside(self._leave, "tshoot-ssh")

    def _leave(self) -> None:
        with suppress(paramiko.SSHException, EOFError, OSError):
            super().close()

    def _wait_for_event(self) -> None:
        self._wait(self.event)  # absent from the type stubs, as is much of what follows
        if not self.event_ready:
            raise paramiko.SSHException("Channel closed.")


def _await_keys(client: HopClient, deadline: Deadline, cancel: CancelToken) -> None:
    """Nothing is sent while keys are exchanged anew, and sending would wait for that without looking at the operator."""
    while not client.clear_to_send.wait(TICK) and client.is_active():
        cancel.check()
        if deadline.left() <= 0:
            raise TimeoutError


def _opened(client: HopClient, wait: Wait) -> paramiko.Channel:
    if not client.is_active():
        raise paramiko.SSHException("SSH session not active")
    answered, request = threading.Event(), paramiko.Message()
    with client.lock:
        number, window, packet = client._next_channel(), client.default_window_size, client.default_max_packet_size  # type: ignore[attr-defined]
        channel = _Channel(number, wait)
        client._channels.put(number, channel)  # type: ignore[attr-defined]
        client.channel_events[number] = answered
        client.channels_seen[number] = True
        channel._set_transport(client)  # type: ignore[attr-defined]
        channel._set_window(window, packet)  # type: ignore[attr-defined]
    request.add_byte(_CHANNEL_OPEN)
    request.add_string("session")
    request.add_int(number)
    request.add_int(window)
    request.add_int(packet)
    client._send_user_message(request)  # type: ignore[attr-defined]
    wait(answered)
    if (refusal := client.refused.pop(number, None)) is not None:
        raise refusal
    if not client.is_active() or client._channels.get(number) is None:  # type: ignore[attr-defined]
        raise paramiko.SSHException("Unable to open channel.")
    return channel


def _wait(event: threading.Event, client: HopClient, deadline: Deadline, cancel: CancelToken) -> None:
    """Until `event`, or the end of the connection; Cancelled, TimeoutError."""
    with cancel.on_cancel(event.set):
        while not event.wait(min(_LOOK, max(deadline.left(), 0.0))) and client.is_active():
            if deadline.left() <= 0:
                raise TimeoutError
    cancel.check()
