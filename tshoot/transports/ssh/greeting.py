"""What a server says first, looked at without taking it: paramiko reads that without bound and tells silence from an end badly.

Lines may come before the greeting itself (RFC 4253, 4.2); whoever never gets to `SSH-` is told by what it says instead.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from typing import Any

from tshoot.errors import TargetError
from tshoot.model.text import clean_line
from tshoot.transports import hints
from tshoot.transports.base import TargetBusy
from tshoot.transports.busy import says_busy
from tshoot.transports.config.host_settings import HostSettings
from tshoot.transports.ssh.reach import ThroughHop

_LONGEST = 16 * 1024
_TICK = 0.01
_NOT_SSH = "check the port, and whether a firewall or an access list answers in the host's place"
_OTHERS = (b"HTTP/", b"220 ", b"+OK")  # the first words of web, mail and file servers


def await_greeting(host: HostSettings, sock: Any, patience: float, closed: Callable[[str], TargetError]) -> str:
    """The greeting, cleaned, within `patience` seconds. `closed` makes the failure of a server that hangs up without a word."""
    end, said = time.monotonic() + patience, b""
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(left)
        over = said != b"" and _over(sock)  # looked at first: what is read then is all there is
        try:
            said = sock.recv(_LONGEST, socket.MSG_PEEK)
        except TimeoutError:
            break
        except OSError as error:
            raise closed("") from error
        if greeting := next((line for line in said.split(b"\n")[:-1] if line.startswith(b"SSH-")), b""):
            return clean_line(_text(greeting[:255]))
        if busy := says_busy(_text(said[:200])):
            raise TargetBusy(f"{host.place}: takes no connection now; it says `{busy[:80]}`", hints.TURNED_AWAY, busy)
        if not said or (over and _begun(said)):
            raise closed("")
        if over or len(said) >= _LONGEST or said.startswith(_OTHERS):
            raise _not_ssh(host, said)
        time.sleep(_TICK)
    if said and not _begun(said):
        raise _not_ssh(host, said)
    half = f" but the beginning of its greeting, `{clean_line(_text(said[-80:]))}`" if said else ""
    raise TargetError("unresponsive", f"{host.place}: accepts the connection and says nothing{half}", hints.HANGS)


def _begun(said: bytes) -> bool:
    return said.rsplit(b"\n", 1)[-1].startswith(b"SSH-")


def _over(sock: Any) -> bool:
    """Whether nothing more can come. Only Linux tells that of a socket from which nothing was taken."""
    if isinstance(sock, ThroughHop):
        return sock.ended
    looking = select.poll()
    looking.register(sock, getattr(select, "POLLRDHUP", 0))
    return bool(looking.poll(0))


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace")


def _not_ssh(host: HostSettings, said: bytes) -> TargetError:
    return TargetError("unreachable", f"{host.place}: answers, but not with SSH; it says `{clean_line(_text(said[:80]))}`", _NOT_SSH)
