"""NFS version 4's way to an export: it has no MOUNT, the client walks down from the server's root by LOOKUP.

The walk is seen where it starts: a compound with PUTROOTFH. libnfs and ESXi name the whole path in that one
compound; Linux takes one name a compound, from the handle of the last, and has arrived when it begins to open,
read or list: from then on its LOOKUPs are ordinary ones. A missing name (NOENT, NOTDIR) counts as a
step of the walk only in the compound that starts at the root: any user may look for a file that is not there.
"""

from __future__ import annotations

from dataclasses import dataclass

from tshoot.packets.nfs.proof import shown_path
from tshoot.packets.rpc import Exchange

_ACCESS, _GETFH, _LOOKUP, _PUTFH, _PUTROOTFH = "3", "10", "15", "22", "24"
_AT_WORK = frozenset({"6", "18", "25", "26", "28", "29", "38"})  # CREATE OPEN READ READDIR REMOVE RENAME WRITE
_DENIED = frozenset({1, 13})
_REMEMBERED = 2_000


@dataclass(frozen=True, slots=True)
class Reached:
    path: str
    handle: str


class Walk:
    """Where each client stands: the handles on its way down, with their paths."""

    def __init__(self) -> None:
        self._paths: dict[tuple[str, str, str], str] = {}
        self._at_work: set[tuple[str, str]] = set()
        self._last: dict[tuple[str, str], Reached] = {}

    def last(self, who: tuple[str, str]) -> Reached | None:
        """Where the walk of (client, server) stands."""
        return self._last.get(who)

    def step(self, exchange: Exchange) -> Reached | None:
        """Take note of a compound that succeeded; the export that it arrived at, if it did."""
        who = exchange.ends.client, exchange.ends.server
        codes, names = _compound(exchange)
        if _AT_WORK & set(codes):
            if len(self._at_work) < _REMEMBERED:
                self._at_work.add(who)
            return self._last.pop(who, None)
        start = self._start(exchange, codes)
        if start is None or who in self._at_work:
            return None
        path = _join(start, names[: codes.count(_LOOKUP)])
        handle = _fetched(exchange) if _GETFH in codes else ""
        if handle and len(self._paths) < _REMEMBERED:
            self._paths[*who, handle] = path
            self._last[who] = Reached(path, handle)
        if _PUTROOTFH in codes and _LOOKUP in codes:
            self._last.pop(who, None)
            return Reached(path, handle)
        return None

    def refused(self, exchange: Exchange, status: int) -> str | None:
        """The path that the client was on its way to, where a refused compound was a step of the walk; None for any other."""
        codes, names = _compound(exchange)
        start = self._start(exchange, codes)
        failed = _failed_operation(exchange)
        if start is None or failed not in (_LOOKUP, _ACCESS, _PUTROOTFH, _GETFH):
            return None
        from_root = _PUTROOTFH in codes
        if status in _DENIED:
            on_the_way = from_root or (failed == _LOOKUP and (exchange.ends.client, exchange.ends.server) not in self._at_work)
        else:
            on_the_way = from_root and failed == _LOOKUP
        return _join(start, names[: codes.count(_LOOKUP)]) if on_the_way else None

    def _start(self, exchange: Exchange, codes: tuple[str, ...]) -> str | None:
        if _PUTROOTFH in codes:
            return "/"
        handle = exchange.argument("nfs.fhandle")
        if _PUTFH not in codes or not handle:
            return None
        return self._paths.get((exchange.ends.client, exchange.ends.server, handle))


def _compound(exchange: Exchange) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The operations that were asked for and the names in them; empty where the call was not captured."""
    fields = exchange.call.body.fields if exchange.call and exchange.call.body else {}
    return fields.get("nfs.opcode", ()), fields.get("nfs.pathname.component", ())


def _failed_operation(exchange: Exchange) -> str:
    codes = exchange.body.fields.get("nfs.opcode", ()) if exchange.body else ()
    return codes[-1] if codes else ""


def _fetched(exchange: Exchange) -> str:
    return exchange.body.first("nfs.fhandle") if exchange.body else ""


def _join(start: str, names: tuple[str, ...]) -> str:
    return "/".join((start.rstrip("/"), *map(shown_path, names))) or "/"
