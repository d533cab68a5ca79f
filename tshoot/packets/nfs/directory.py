"""Which port serves which program on which server, as the portmapper said in this capture.

GETPORT (version 2), DUMP, and rpcbind's GETADDR with its universal address (`192.0.2.50.2.123` is port
2 * 256 + 123 = 635). Without its word 111 and 2049 are known, and 635 and 20048 are assumed for mountd.
"""

from __future__ import annotations

from dataclasses import dataclass

from tshoot.model.findings import FieldValue
from tshoot.packets.rpc import MOUNT, NFS, PORTMAP, Exchange

_MOUNTD_ASSUMED = frozenset({635, 20048})
_GETPORT, _DUMP = 3, 4
_SERVERS = 5_000


@dataclass(frozen=True, slots=True)
class PortAnswer:
    """One answer of the portmapper: `port` 0 means that the program is not registered."""

    program: int
    version: int
    protocol: str
    port: int
    said: FieldValue


def port_answer(exchange: Exchange) -> PortAnswer | None:
    """What a GETPORT or GETADDR reply says; None for any other reply."""
    if exchange.program != PORTMAP or exchange.procedure != _GETPORT or not exchange.executed or exchange.body is None:
        return None
    if exchange.version == 2:
        port = exchange.result("portmap.port")
        said = FieldValue(exchange.frame, "portmap.port", str(port))
        asked = "portmap.prog", "portmap.version", "portmap.proto"
    else:
        address = exchange.body.first("portmap.uaddr")
        port = _uaddr_port(address)
        said = FieldValue(exchange.frame, "portmap.uaddr", address)
        asked = "portmap.rpcb.prog", "portmap.rpcb.version", "portmap.rpcb.netid"
    if port is None:
        return None
    protocol = exchange.argument(asked[2])
    return PortAnswer(
        _number(exchange.argument(asked[0])), _number(exchange.argument(asked[1])), {"6": "tcp", "17": "udp"}.get(protocol, protocol), port, said
    )


def _uaddr_port(address: str) -> int | None:
    """An empty address is an answer too: not registered (RFC 1833 §2.2.1)."""
    parts = address.split(".")
    if not address:
        return 0
    try:
        return int(parts[-2]) * 256 + int(parts[-1])
    except (ValueError, IndexError):
        return None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


class Directory:
    """What the servers' portmappers have said so far."""

    def __init__(self) -> None:
        self._ports: dict[tuple[str, int], tuple[int, FieldValue | None]] = {}

    def learn(self, exchange: Exchange) -> None:
        answer = port_answer(exchange)
        if answer and answer.port:
            self._keep(exchange.ends.server, answer.port, answer.program, answer.said)
        elif exchange.program == PORTMAP and exchange.version == 2 and exchange.procedure == _DUMP and exchange.body:
            fields = exchange.body.fields
            for program, port in zip(fields.get("portmap.prog", ()), fields.get("portmap.port", ()), strict=False):
                self._keep(exchange.ends.server, _number(port), _number(program), FieldValue(exchange.frame, "portmap.port", port))

    def met(self, exchange: Exchange) -> None:
        """A service that answers at a port runs there, whatever the portmapper says."""
        if exchange.executed and exchange.program in (MOUNT, NFS):
            self._ports.setdefault((exchange.ends.server, exchange.ends.server_port), (exchange.program, None))

    def _keep(self, server: str, port: int, program: int, said: FieldValue) -> None:
        if program in (MOUNT, NFS) and port and len(self._ports) < _SERVERS:
            self._ports[server, port] = program, said

    def role(self, server: str, port: int) -> str:
        """`portmapper`, `mountd`, `nfsd`, `mountd?` where the port is only assumed, empty for any other port."""
        if port == 111:
            return "portmapper"
        known = self._ports.get((server, port))
        if known:
            return "mountd" if known[0] == MOUNT else "nfsd"
        if port == 2049:
            return "nfsd"
        return "mountd?" if port in _MOUNTD_ASSUMED else ""

    def said(self, server: str, port: int) -> FieldValue | None:
        """The portmapper's word for a port, where it was captured."""
        known = self._ports.get((server, port))
        return known[1] if known else None

    def said_for(self, server: str, program: int, before: int) -> FieldValue | None:
        """The portmapper's latest word on a program before a frame."""
        words = [said for (host, _), (known, said) in self._ports.items() if host == server and known == program and said and said.frame < before]
        return max(words, key=lambda said: said.frame, default=None)
