"""`ndp.duplicate-address`: two devices claim one IPv6 address (RFC 4862 §5.4, RFC 7527, RFC 4861 §7.2).

Duplicate address detection tells it outright: the solicitation (source ::) is answered by an advertisement from another MAC within
2 s, or another MAC probes for the same address within a second. The same nonce, or the same MAC, is the own frame looped back.
Else by advertisements with the override flag, judged by `claims`; without that flag they are those of
proxies and of anycast addresses (RFC 4861 §7.2.7, §7.2.8), which are meant to be several. Virtual MACs are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tshoot.model.findings import Confidence, FieldValue, Finding, Severity
from tshoot.packets.claims import Claim, Claims
from tshoot.packets.ndp.messages import NA, NS, Nd
from tshoot.packets.ndp.proof import TITLES
from tshoot.packets.proof import MOST, finding, frame_list, times
from tshoot.packets.virtual_macs import is_virtual

CAUSE = "ndp.duplicate-address"
_ANSWERED = 2.0  # seconds
_PROBES = 1.0
_REMEMBERED = 20_000
_TOLD = 40


@dataclass(slots=True)
class _Detected:
    """Conflicts that duplicate address detection met for one address."""

    probe_mac: str
    other_mac: str
    override: bool
    both_probe: bool
    evidence: list[FieldValue] = field(default_factory=list)
    count: int = 0


class Duplicates:
    """Is shown every message; `findings` at the end."""

    def __init__(self) -> None:
        self._probes: dict[tuple[str, str], list[Nd]] = {}
        self._detected: dict[tuple[str, str], _Detected] = {}
        self._claims = Claims()

    def message(self, nd: Nd) -> None:
        if not nd.target or not nd.mac or is_virtual(nd.mac) or is_virtual(nd.claimed):
            return
        if nd.probe:
            self._probed(nd)
        elif nd.kind == NS:
            self._claims.question((nd.link, nd.target), nd.time)
        elif nd.kind == NA:
            self._advertised(nd)

    def _probed(self, nd: Nd) -> None:
        key = nd.link, nd.target
        known = [one for one in self._probes.get(key, ()) if nd.time - one.time <= _ANSWERED]
        for other in known:
            if other.mac != nd.mac and nd.time - other.time <= _PROBES and not (nd.nonce and nd.nonce == other.nonce):
                self._conflict(key, other, nd)
                break
        if key in self._probes or len(self._probes) < _REMEMBERED:
            self._probes[key] = [*known, nd][-4:]

    def _advertised(self, nd: Nd) -> None:
        key = nd.link, nd.target
        for probe in self._probes.get(key, ()):
            if 0 <= nd.time - probe.time <= _ANSWERED and probe.mac not in (nd.mac, nd.claimed):
                self._conflict(key, probe, nd)
                break
        if nd.override and nd.direct:  # a cooked capture shows what a host forwards twice
            self._claims.claim(key, Claim(nd.frame, nd.time, nd.claimed or nd.mac))

    def _conflict(self, key: tuple[str, str], probe: Nd, other: Nd) -> None:
        if key not in self._detected and len(self._detected) >= _REMEMBERED:
            return
        both = other.kind == NS
        found = self._detected.setdefault(key, _Detected(probe.mac, other.mac, other.override, both))
        found.count += 1
        if len(found.evidence) < MOST:
            name = "icmpv6.nd.ns.target_address" if both else "icmpv6.nd.na.target_address"
            found.evidence += [
                FieldValue(other.frame, name, other.target),
                FieldValue(probe.frame, "icmpv6.nd.ns.target_address", probe.target),
            ]

    def findings(self) -> Iterator[Finding]:
        for (_, target), found in list(self._detected.items())[:_TOLD]:
            yield _detection(target, found)
        for conflict in self._claims.conflicts()[:_TOLD]:
            link, target = conflict.key
            if (link, target) in self._detected:
                continue
            severity: Severity = "fault" if conflict.certain else "warning"
            yield _claimed(target, conflict.macs, conflict.claims, conflict.doubled, severity)


def _detection(target: str, found: _Detected) -> Finding:
    frames = frame_list(sorted({item.frame for item in found.evidence}))
    if found.both_probe:
        text = (
            f"{found.probe_mac} and {found.other_mac} both probe for {target} at the same time, {times(found.count)} ({frames}): neither may use it."
        )
    else:
        text = (
            f"{found.probe_mac} probes whether {target} is free, and {found.other_mac} answers that it has that address, {times(found.count)} "
            f"({frames}): {found.probe_mac} may not use it."
        )
    severity: Severity = "fault"
    confidence: Confidence = "high"
    if not found.override and not found.both_probe:
        severity, confidence = "warning", "low"
        text += " The advertisement does not override: it may be a proxy's."
    return _told(target, (found.probe_mac, found.other_mac), text, found.evidence, severity, confidence, found.count)


def _claimed(target: str, macs: tuple[str, str], claims: Sequence[Claim], doubled: int, severity: Severity) -> Finding:
    how = f"answer the same solicitation {times(doubled)}" if doubled else "advertise it in turn"
    text = f"{macs[0]} and {macs[1]} both advertise {target} as their own and {how} ({frame_list(claim.frame for claim in claims)})."
    if severity == "warning":
        text += " That happens too while an address moves."
    evidence = [FieldValue(claim.frame, "icmpv6.nd.na.target_address", target) for claim in claims[:MOST]]
    confidence: Confidence = "low" if severity == "warning" else "high" if doubled else "medium"
    return _told(target, macs, text, evidence, severity, confidence, len(claims))


def _told(
    target: str, macs: tuple[str, str], text: str, evidence: Sequence[FieldValue], severity: Severity, confidence: Confidence, count: int
) -> Finding:
    return finding(
        CAUSE,
        TITLES[CAUSE],
        text,
        evidence,
        show=f"icmpv6.nd.ns.target_address == {target} || icmpv6.nd.na.target_address == {target}",
        severity=severity,
        confidence=confidence,
        facts={"address": target, "mac": macs[0], "other_mac": macs[1], "times": count},
    )
