"""paramiko's server transport, with a way to start what a request was granted only after the client was told so.

paramiko answers a channel's request when its check returns; a fast command could speak, end and close before that.
"""

from __future__ import annotations

from collections.abc import Callable

import paramiko
from paramiko.common import MSG_CHANNEL_REQUEST
from paramiko.message import Message


class GrantingTransport(paramiko.Transport):
    _granted: Callable[[], None] | None = None

    def _answer_request(self, channel: paramiko.Channel, message: Message) -> None:
        channel._handle_request(message)  # type: ignore[attr-defined]
        work, self._granted = self._granted, None
        if work is not None:
            work()


def after_reply(channel: paramiko.Channel, work: Callable[[], None]) -> None:
    """Call `work` once the request on `channel` that is being checked now was answered."""
    transport = channel.get_transport()
    assert isinstance(transport, GrantingTransport)  # noqa: S101 (the server makes no other)
    transport._granted = work


def _dispatch(channel: paramiko.Channel, message: Message) -> None:
    transport = channel.get_transport()
    assert isinstance(transport, GrantingTransport)  # noqa: S101
    transport._answer_request(channel, message)


_TABLE = "_channel_handler_table"  # message number -> what handles it, a class attribute of paramiko's
setattr(GrantingTransport, _TABLE, {**getattr(paramiko.Transport, _TABLE), MSG_CHANNEL_REQUEST: _dispatch})
