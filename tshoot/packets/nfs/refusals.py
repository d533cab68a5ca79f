"""The RPC layer's own refusals: no such program, no such version, credentials not accepted (RFC 5531 §9).

Only what stays refused counts: clients try a newer version first and fall back, ask the portmapper for one
transport after the other, and renew their credentials. What succeeds for the same program afterwards (for
the portmapper: at any time) turns the refusal into a note. A program other than portmapper, MOUNT and NFS
is judged by the portmapper's answer alone: a missing NFSACL or quota service harms no mount.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tshoot.model.findings import Confidence, FieldValue, Finding, Severity
from tshoot.packets.nfs.directory import port_answer
from tshoot.packets.nfs.proof import finding
from tshoot.packets.proof import MOST, between, frame_list
from tshoot.packets.rpc import MOUNT, NFS, PORTMAP, Exchange

_PROG_UNAVAIL, _PROG_MISMATCH = 1, 2
_MINOR_VERS_MISMATCH = 10021
_REMEMBERED = 2_000
_PROGRAMS = {
    PORTMAP: "portmapper",
    NFS: "NFS",
    MOUNT: "mountd",
    100011: "rquotad",
    100021: "nlockmgr",
    100024: "status",
    100227: "NFSACL",
    100232: "sadmind",
}
_SPARED = frozenset({100011, 100021, 100024, 100227})  # companions of NFS that a mount does without
_AUTH = {
    1: "AUTH_BADCRED",
    2: "AUTH_REJECTEDCRED",
    3: "AUTH_BADVERF",
    4: "AUTH_REJECTEDVERF",
    5: "AUTH_TOOWEAK",
    6: "AUTH_INVALIDRESP",
    7: "AUTH_FAILED",
    13: "RPCSEC_GSS_CREDPROBLEM",
    14: "RPCSEC_GSS_CTXPROBLEM",
}

_Key = tuple[str, str, int]  # client, server, program


@dataclass(slots=True)
class _Refusal:
    exchange: Exchange  # the first one
    said: str
    facts: dict[str, str | int]
    last: float = 0.0
    decisive: list[FieldValue] = field(default_factory=list)


class Refusals:
    """Fed with every exchange."""

    def __init__(self, seen: Counter[str]) -> None:
        self._seen = seen
        self._refusals: dict[tuple[str, _Key, bool], _Refusal] = {}  # True: by the portmapper
        self._done: dict[_Key, float] = {}  # the last time that a procedure of the program ran
        self._pinged: dict[_Key, float] = {}  # the same, NULL included
        self._registered: set[_Key] = set()

    def exchange(self, exchange: Exchange) -> None:
        key = exchange.ends.client, exchange.ends.server, exchange.program
        state = exchange.header.number("rpc.state_accept")
        if exchange.header.number("rpc.replystat") == 1:
            self._denied(exchange, key)
        elif state == _PROG_UNAVAIL and exchange.program in (PORTMAP, MOUNT, NFS):
            said = f"answered PROG_UNAVAIL to {_named(exchange.program)} version {exchange.version}"
            self._keep("nfs.program-not-registered", key, exchange, said=said, facts={}, proof={"rpc.state_accept": str(state)})
        elif state == _PROG_MISMATCH and exchange.program in (PORTMAP, MOUNT, NFS):
            self._mismatch(exchange, key)
        elif exchange.executed:
            self._executed(exchange, key)

    def _executed(self, exchange: Exchange, key: _Key) -> None:
        if exchange.program == NFS and exchange.result("nfs.nfsstat4") == _MINOR_VERS_MISMATCH:
            asked = f"4.{exchange.argument('nfs.minorversion') or '?'}"
            said = f"answered NFS4ERR_MINOR_VERS_MISMATCH to NFS {asked}"
            proof = {"nfs.nfsstat4": str(_MINOR_VERS_MISMATCH)}
            self._keep("nfs.version-unsupported", key, exchange, said=said, facts={"version": asked}, proof=proof)
            return
        if len(self._pinged) < _REMEMBERED or key in self._pinged:
            self._pinged[key] = exchange.time
            if exchange.procedure:
                self._done[key] = exchange.time
        answer = port_answer(exchange)
        if answer is None:
            return
        asked_for = key[0], key[1], answer.program
        if answer.port:
            if len(self._registered) < _REMEMBERED:
                self._registered.add(asked_for)
            return
        said = f"answered port 0 to the question for {_named(answer.program)} version {answer.version} over {answer.protocol}: not registered"
        facts: dict[str, str | int] = {"version": answer.version, "protocol": answer.protocol}
        self._keep("nfs.program-not-registered", asked_for, exchange, said=said, facts=facts, proof={answer.said.field: answer.said.value})

    def _denied(self, exchange: Exchange, key: _Key) -> None:
        why = exchange.header.number("rpc.state_auth")
        if exchange.header.number("rpc.state_reject") != 1 or why is None or exchange.program not in (PORTMAP, MOUNT, NFS):
            return
        name = _AUTH.get(why, f"code {why}")
        said = f"denied {_named(exchange.program)} version {exchange.version} with AUTH_ERROR, {name} ({why})"
        facts: dict[str, str | int] = {"status": why, "status_name": name}
        self._keep("nfs.rpc-auth-rejected", key, exchange, said=said, facts=facts, proof={"rpc.state_auth": str(why), "rpc.state_reject": "1"})

    def _mismatch(self, exchange: Exchange, key: _Key) -> None:
        low, high = exchange.header.first("rpc.programversion.min"), exchange.header.first("rpc.programversion.max")
        served = f"version {low or '?'}" if low == high else f"versions {low or '?'} to {high or '?'}"
        said = f"answered PROG_MISMATCH to {_named(exchange.program)} version {exchange.version}: it serves {served}"
        proof = {"rpc.state_accept": "2", "rpc.programversion.min": low, "rpc.programversion.max": high}
        facts: dict[str, str | int] = {"version": exchange.version, "lowest": low, "highest": high}
        proof = {name: value for name, value in proof.items() if value}
        self._keep("nfs.version-unsupported", key, exchange, said=said, facts=facts, proof=proof)

    def _keep(self, cause: str, key: _Key, exchange: Exchange, *, said: str, facts: dict[str, str | int], proof: dict[str, str]) -> None:
        self._seen["nfs.rpc-refused"] += 1
        full = cause, key, key[2] != exchange.program
        if len(self._refusals) >= _REMEMBERED and full not in self._refusals:
            return
        refusal = self._refusals.setdefault(full, _Refusal(exchange, said, facts))
        refusal.last = exchange.time
        if len(refusal.decisive) < MOST:
            refusal.decisive += [FieldValue(exchange.frame, name, value) for name, value in proof.items()]

    def findings(self) -> list[Finding]:
        return [self._finding(cause, key, refusal) for (cause, key, _), refusal in self._refusals.items()]

    def _finding(self, cause: str, key: _Key, refusal: _Refusal) -> Finding:
        client, server, program = key
        first = refusal.exchange
        severity, confidence, remark = self._weight(cause, key, refusal)
        where = frame_list(dict.fromkeys(item.frame for item in refusal.decisive))
        return finding(
            cause,
            f"{client} called {server}, which {refusal.said} ({where}).{remark}",
            refusal.decisive,
            _call(first),
            show=between(client, server, "rpc"),
            severity=severity,
            confidence=confidence,
            facts={
                "client": client,
                "server": server,
                "port": first.ends.server_port,
                "program": program,
                "program_name": _named(program),
                **refusal.facts,
            },
        )

    def _weight(self, cause: str, key: _Key, refusal: _Refusal) -> tuple[Severity, Confidence, str]:
        ran = self._done if cause == "nfs.rpc-auth-rejected" else self._pinged
        if ran.get(key, 0.0) > refusal.last:
            return "note", "high", " Later calls of this program succeeded: the two have agreed."
        if key[2] == refusal.exchange.program:  # refused by the program itself, not by the portmapper's answer
            return "fault", "high", ""
        if key in self._registered or key in self._done:
            return "note", "high", " It is registered for another version or transport, or answers without the portmapper."
        if key[2] in (MOUNT, NFS):
            return "fault", "high", ""
        if key[2] in _SPARED or (key[0], key[1], NFS) in self._done:
            return "note", "high", " A mount does without this program."
        return "fault", "medium", " That is no program of NFS; whatever needs it fails."


def _named(program: int) -> str:
    name = _PROGRAMS.get(program)
    return f"{name} ({program})" if name else f"program {program}"


def _call(exchange: Exchange) -> list[FieldValue]:
    if not exchange.call_frame:
        return []
    asked = [("portmap.prog", exchange.argument("portmap.prog")), ("portmap.rpcb.prog", exchange.argument("portmap.rpcb.prog"))]
    known = [("rpc.program", str(exchange.program)), ("rpc.programversion", str(exchange.version)), *asked]
    return [FieldValue(exchange.call_frame, name, value) for name, value in known if value]
