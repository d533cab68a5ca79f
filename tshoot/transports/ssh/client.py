"""paramiko's client of one hop, with the memory it lacks: what the server lists, why it opened no channel, whether it still answers.

Nothing here waits for the answer to a global request, so every answer of that kind is one to our signs of life.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import cache
from typing import Any

import paramiko
import paramiko.auth_handler
import paramiko.message
import paramiko.packet
from paramiko.common import CONNECTION_FAILED_CODE, MSG_GLOBAL_REQUEST, MSG_REQUEST_FAILURE

from tshoot.model.text import clean_line
from tshoot.transports.ssh.algorithms import Offer
from tshoot.transports.ssh.login import SshClient

_NO_ALGORITHMS = ("ext-info-", "kex-strict-")


@cache
def _digest_name(digest: Callable[[], Any]) -> str:
    return str(digest().name)


def _mac(key: bytes, message: bytes, digest_class: Any) -> bytes:
    return hmac.digest(key, message, _digest_name(digest_class))


def _text(data: bytes | str, encoding: str = "utf-8") -> str:
    return data if isinstance(data, str) else data.decode(encoding, "replace")


paramiko.packet.compute_hmac = _mac  # type: ignore[assignment]  # paramiko's makes an object in Python for the MAC of every packet
for _module in (paramiko.auth_handler, paramiko.message, paramiko.packet):
    _module.u = _text  # type: ignore[attr-defined]  # paramiko's raises at a letter of Latin-1 in a prompt, a greeting, a reason


def _questions(handler: paramiko.auth_handler.AuthHandler, m: paramiko.Message) -> None:
    """paramiko's makes a list as long as the server says, be it four billion; each prompt takes five bytes at least (RFC 4256, 3.2)."""
    told = paramiko.Message(m.asbytes())
    told.get_string(), told.get_string(), told.get_string()  # title, instructions, language
    if 5 * told.get_int() > len(told.get_remainder()):
        raise paramiko.SSHException("the server announces more questions than it sends")
    _ask(handler, m)


_ask = paramiko.auth_handler.AuthHandler._parse_userauth_info_request  # type: ignore[attr-defined]  # absent from the type stubs
paramiko.auth_handler.AuthHandler._parse_userauth_info_request = _questions  # type: ignore[attr-defined]


class HopClient(SshClient):
    """`offer` is there once the server has sent its lists; `refused` says of each channel that it did not open, by its number here, why."""

    offer: Offer | None = None
    _unanswered = 0
    lacking: tuple[str, ...] = ()  # what the server lists and paramiko has not

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self.refused: dict[int, paramiko.ChannelException] = {}

    def _parse_channel_open_failure(self, m: paramiko.Message) -> None:
        """In place of paramiko's, which keeps one reason for all threads that wait, and none of the server's words (RFC 4254, 5.1)."""
        number, code = m.get_int(), m.get_int()
        said = clean_line(m.get_text()[:1000])[:200] or CONNECTION_FAILED_CODE.get(code, "no reason given")
        with self.lock:
            asked = self.channel_events.pop(number, None)
            if asked is not None:
                self.saved_exception = self.refused[number] = paramiko.ChannelException(code, said)
                self._channels.delete(number)  # type: ignore[attr-defined]  # absent from the type stubs
                asked.set()

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
