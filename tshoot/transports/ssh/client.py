"""paramiko's client of one hop, with the memory it lacks: what the server lists, why it opened no channel, whether it still answers.

Nothing here waits for the answer to a global request, so every answer of that kind is one to our signs of life.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import cache
from typing import Any

import paramiko
import paramiko.packet
from paramiko.common import MSG_GLOBAL_REQUEST, MSG_REQUEST_FAILURE

from tshoot.model.text import clean_line
from tshoot.transports.ssh.algorithms import Offer
from tshoot.transports.ssh.login import SshClient

_NO_ALGORITHMS = ("ext-info-", "kex-strict-")


@cache
def _digest_name(digest: Callable[[], Any]) -> str:
    return str(digest().name)


def _mac(key: bytes, message: bytes, digest_class: Any) -> bytes:
    return hmac.digest(key, message, _digest_name(digest_class))


paramiko.packet.compute_hmac = _mac  # type: ignore[assignment]  # paramiko's makes an object in Python for the MAC of every packet


class HopClient(SshClient):
    """`offer` is there once the server has sent its lists; `refusal` are its words about the last channel that it did not open."""

    offer: Offer | None = None
    refusal = ""
    _unanswered = 0
    lacking: tuple[str, ...] = ()  # what the server lists and paramiko has not

    def _parse_channel_open_failure(self, m: paramiko.Message) -> None:
        said = paramiko.Message(m.asbytes())
        said.get_int(), said.get_int()  # channel, reason
        self.refusal = clean_line(said.get_string()[:1000].decode("utf-8", "replace"))[:200]
        super()._parse_channel_open_failure(m)  # type: ignore[misc]  # absent from the type stubs

    def _parse_kex_init(self, m: paramiko.Message) -> None:
        listed = paramiko.Message(m.asbytes())
        listed.get_bytes(16)  # the cookie
        names = [tuple(clean_line(name)[:80] for name in listed.get_list()[:100]) for _ in range(6)]
        kex = tuple(name for name in names[0] if not name.startswith(_NO_ALGORITHMS))
        self.offer = Offer(kex, names[1], names[3], names[5])
        options = self.get_security_options()
        known = {*options.kex, *options.key_types, *options.ciphers, *options.digests}
        self.lacking = tuple(name for sort in (kex, *(names[index] for index in (1, 3, 5))) for name in sort if name not in known)
        super()._parse_kex_init(m)  # type: ignore[misc]  # absent from the type stubs

    # --- whether it still lives --------------------------------------------------------------------

    def watch(self, interval: float, most: int) -> None:
        """Ask every `interval` seconds for a sign of life; after `most` in a row without an answer the connection is lost (ServerAliveInterval)."""
        table = getattr(self, "_handler_table", {})
        if getattr(table.get(MSG_REQUEST_FAILURE), "__self__", None) is not self:  # a paramiko whose table is of the class: answers are not heard
            self.set_keepalive(round(interval))
            return
        self._unanswered = 0

        def ask() -> None:
            if self._unanswered >= most:
                raise EOFError
            self._unanswered += 1
            request = paramiko.Message()
            request.add_byte(bytes([MSG_GLOBAL_REQUEST]))
            request.add_string("keepalive@openssh.com")
            request.add_boolean(True)
            self._send_user_message(request)

        self.packetizer.set_keepalive(interval, ask)

    def _parse_request_failure(self, m: paramiko.Message) -> None:
        self._unanswered = 0

    def _parse_request_success(self, m: paramiko.Message) -> None:
        self._unanswered = 0
