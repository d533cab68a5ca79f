"""A channel of paramiko's, opened and asked for something by a thread that can leave: when its time is over, and when the operator cancels.

paramiko itself looks every tenth of a second whether the time to open one is over, and waits without an end for the answer to a request:
around its calls each command would need a thread of its own. Source: RFC 4254, sections 5.1 and 5.4.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import paramiko

from tshoot.cancel import CancelToken
from tshoot.transports.bounded import Deadline
from tshoot.transports.process import TICK

_CHANNEL_OPEN = bytes([90])  # SSH_MSG_CHANNEL_OPEN
_LOOK = 0.5  # seconds after which it is looked whether the connection is still there

Wait = Callable[[threading.Event], None]


def open_channel(client: paramiko.Transport, deadline: Deadline, cancel: CancelToken) -> paramiko.Channel:
    """A new session, whose requests are bound by `deadline` and `cancel`, too. TimeoutError, Cancelled, and what paramiko raises.

    A server that has its full number refuses; one of them may be ending just now.
    """
    half = deadline.left() / 2
    while True:
        try:
            return _opened(client, lambda event: _wait(event, client, deadline, cancel))
        except paramiko.ChannelException:
            if deadline.left() < half:
                raise
            cancel.wait(TICK)
            cancel.check()


class _Channel(paramiko.Channel):
    """Waits for the answers to its requests (`exec_command`, `get_pty` …) by `wait`."""

    def __init__(self, number: int, wait: Wait) -> None:
        super().__init__(number)
        self._wait = wait

    def _wait_for_event(self) -> None:
        self._wait(self.event)  # absent from the type stubs, as is much of what follows
        if not self.event_ready:
            raise self.get_transport().get_exception() or paramiko.SSHException("Channel closed.")


def _opened(client: paramiko.Transport, wait: Wait) -> paramiko.Channel:
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
    if not client.is_active() or client._channels.get(number) is None:  # type: ignore[attr-defined]
        raise client.get_exception() or paramiko.SSHException("Unable to open channel.")
    return channel


def _wait(event: threading.Event, client: paramiko.Transport, deadline: Deadline, cancel: CancelToken) -> None:
    """Until `event`, or the end of the connection; Cancelled, TimeoutError."""
    with cancel.on_cancel(event.set):
        while not event.wait(min(_LOOK, max(deadline.left(), 0.0))) and client.is_active():
            if deadline.left() <= 0:
                raise TimeoutError
    cancel.check()
