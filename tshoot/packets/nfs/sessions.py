"""Operations after the mount that are denied or name a stale handle: NFS 2 (RFC 1094), 3 (RFC 1813), 4 (RFC 7530, 8881).

Denied is a fault where it strikes the root of a mount, or strikes one kind of operation at least three times
that never succeeds; a single denial in a working session is a warning. NOENT and the like are daily business.
Stale is a fault where it strikes a root, or three times without a success in between; else a warning, because
a file that another client removed is stale too. NFS 4's walk from the server's root to the export
(`_Walk`) is its mount: what is denied there goes to `mounts.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tshoot.model.findings import FieldValue, Finding
from tshoot.packets.nfs.mounts import CAUSES, Mounts
from tshoot.packets.nfs.names import NFS2, NFS3, NFS4
from tshoot.packets.nfs.proof import finding, shown_path
from tshoot.packets.nfs.walk import Walk
from tshoot.packets.proof import MOST, between, frame_list
from tshoot.packets.rpc import NFS, Exchange

_PERM, _ACCES, _STALE = 1, 13, 70
_STATUS_FIELDS = {2: "nfs.status2", 3: "nfs.status3", 4: "nfs.nfsstat4"}
_REPEATED = 3
_REMEMBERED = 5_000

_Who = tuple[str, str]  # client, server


@dataclass(slots=True)
class _Refused:
    """One kind of operation that one client was refused, with one status."""

    version: int
    port: int
    times: int = 0
    last: float = 0.0
    root: bool = False
    decisive: list[FieldValue] = field(default_factory=list)
    calls: list[FieldValue] = field(default_factory=list)


class Sessions:
    """Fed with every exchange, after `Mounts`."""

    def __init__(self, mounts: Mounts, seen: Counter[str]) -> None:
        self._mounts, self._seen = mounts, seen
        self._walk = Walk()
        self._refused: dict[tuple[_Who, str, int], _Refused] = {}
        self._done: dict[tuple[_Who, str, bool], float] = {}

    def exchange(self, exchange: Exchange) -> None:
        if exchange.program != NFS or not exchange.executed or exchange.body is None or not exchange.procedure:
            return
        status_field = _STATUS_FIELDS.get(exchange.version, "nfs.status3")
        status = exchange.result(status_field)
        if status is None:
            return
        operation = _operation(exchange)
        who = exchange.ends.client, exchange.ends.server
        if status == 0:
            self._succeeded(exchange, who, operation)
        else:
            self._failed(exchange, who, operation, FieldValue(exchange.frame, status_field, str(status)))

    def _succeeded(self, exchange: Exchange, who: _Who, operation: str) -> None:
        self._seen["nfs.ok"] += 1
        if exchange.version == 4:
            reached = self._walk.step(exchange)
            if reached is not None:
                self._mounts.granted(exchange, reached.path, reached.handle)
        key = who, operation, self._on_root(exchange, who)
        if len(self._done) < _REMEMBERED or key in self._done:
            self._done[key] = exchange.time

    def _failed(self, exchange: Exchange, who: _Who, operation: str, decisive: FieldValue) -> None:
        status = int(decisive.value)
        self._seen["nfs.failed"] += 1
        path = self._walk.refused(exchange, status) if exchange.version == 4 and status in CAUSES else None
        if path is not None:
            call = FieldValue(exchange.call_frame, "nfs.pathname.component", shown_path(path)) if path else None
            self._mounts.refused(exchange, path, status, decisive, call)
        elif status in (_PERM, _ACCES, _STALE):
            self._refuse(exchange, who, operation, decisive)

    def _refuse(self, exchange: Exchange, who: _Who, operation: str, decisive: FieldValue) -> None:
        key = who, operation, int(decisive.value)
        if len(self._refused) >= _REMEMBERED and key not in self._refused:
            return
        refused = self._refused.setdefault(key, _Refused(exchange.version, exchange.ends.server_port))
        refused.times, refused.last = refused.times + 1, exchange.time
        refused.root = refused.root or self._on_root(exchange, who)
        if len(refused.decisive) < MOST:
            refused.decisive.append(decisive)
            if exchange.call_frame:
                refused.calls.append(FieldValue(exchange.call_frame, "rpc.procedure", str(exchange.procedure)))

    def _on_root(self, exchange: Exchange, who: _Who) -> bool:
        handle = exchange.argument("nfs.fhandle")
        walked = self._walk.last(who)
        return bool(handle) and ((*who, handle) in self._mounts.roots or (walked is not None and walked.handle == handle))

    def findings(self) -> list[Finding]:
        return [self._finding(who, operation, status, refused) for (who, operation, status), refused in self._refused.items()]

    def _finding(self, who: _Who, operation: str, status: int, refused: _Refused) -> Finding:
        client, server = who
        fault = self._is_fault(who, operation, status, refused)
        name = f"NFS{'4' if refused.version == 4 else '3' if refused.version == 3 else ''}ERR_{_name(status, refused.version)}"
        where = frame_list(item.frame for item in refused.decisive)
        target = " on the root of the mount" if refused.root else ""
        explanation = f"{server} answered {operation} of {client}{target} with {name} ({status}) in {where}."
        if not fault:
            explanation += " The session works otherwise: it concerns single files or directories."
        return finding(
            "nfs.stale-handle" if status == _STALE else "nfs.access-denied",
            explanation,
            refused.decisive,
            refused.calls,
            show=between(client, server, f"{_STATUS_FIELDS.get(refused.version, 'nfs.status3')} == {status}"),
            severity="fault" if fault else "warning",
            facts={
                "client": client,
                "server": server,
                "port": refused.port,
                "status": status,
                "status_name": name,
                "operation": operation,
                "version": f"NFSv{refused.version}",
                "times": refused.times,
            },
        )

    def _is_fault(self, who: _Who, operation: str, status: int, refused: _Refused) -> bool:
        """Success of the same operation speaks against it: at any time for a denial, later for a stale handle."""
        done = self._done.get((who, operation, True), 0.0), self._done.get((who, operation, False), 0.0)
        since = refused.last if status == _STALE else 0.0
        if refused.root:
            return done[0] <= since
        return refused.times >= _REPEATED and max(done) <= since


def _operation(exchange: Exchange) -> str:
    """Its name. A compound is named by its last operation in the reply: the one that failed, or that did the work."""
    if exchange.version == 4:
        body = exchange.body
        codes = body.fields.get("nfs.opcode", ()) if body else ()
        return next((name for number, name in NFS4.items() if codes and codes[-1] == str(number)), "COMPOUND")
    return (NFS3 if exchange.version == 3 else NFS2).get(exchange.procedure, f"procedure {exchange.procedure}")


def _name(status: int, version: int) -> str:
    return {_PERM: "PERM", _ACCES: "ACCESS" if version == 4 else "ACCES", _STALE: "STALE"}[status]
