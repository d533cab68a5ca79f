"""`arp.duplicate-address`: two devices claim one IPv4 address (RFC 826, RFC 5227).

A claim is an ARP message whose sender address is set: replies, announcements, requests. Claims are judged by `claims` for each
receiver apart: a server whose bond balances the receivers over its ports tells each of them another MAC, but the same one always.
Left out: virtual MACs; a MAC that replies for three addresses or more, at least one of which another MAC claims too, is a proxy
(a warning at most); one change for good is a failover. A cooked capture of all interfaces shows what a host forwards twice, the second
time perhaps with a MAC of its own: nothing is judged in it.

A probe (sender 0.0.0.0) that another MAC answers within 2 s finds its address in use: it works as intended, a warning; a fault where
the prober also claims the address. Probes to one MAC alone are a switch's device tracking, and no sign at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tshoot.model.findings import Confidence, FieldValue, Finding, Severity
from tshoot.packets.arp.messages import REPLY, REQUEST, Arp
from tshoot.packets.claims import Claim, Claims, Conflict
from tshoot.packets.link_layer import unicast
from tshoot.packets.proof import MOST, finding, frame_list, times
from tshoot.packets.virtual_macs import is_virtual

CAUSE = "arp.duplicate-address"
TITLES = {CAUSE: "Two devices claim one IPv4 address"}
PROXY = 3  # addresses that one MAC replies for
_ANSWERED = 2.0
_REMEMBERED = 50_000
_TOLD = 40


@dataclass(frozen=True, slots=True)
class _Refused:
    probe: Arp
    claim: Arp


class Duplicates:
    """Is shown every message; `findings` at the end."""

    def __init__(self) -> None:
        self._claims = Claims()
        self._replied: dict[tuple[str, str], set[str]] = {}  # (link, MAC) -> the addresses that it replies for
        self._probes: dict[tuple[str, str], Arp] = {}
        self._refused: dict[tuple[str, str], _Refused] = {}
        self._owners: dict[tuple[str, str], dict[str, int]] = {}  # (link, address) -> MAC -> its last claim's frame

    def message(self, arp: Arp) -> None:
        if not arp.direct or not unicast(arp.mac) or is_virtual(arp.mac):
            return
        if arp.probe:
            if arp.broadcast and len(self._probes) < _REMEMBERED:
                self._probes[arp.link, arp.target] = arp
            return
        if arp.opcode == REQUEST and arp.sender != arp.target:
            self._claims.question((arp.link, arp.target, arp.mac), arp.time)
        self._owned(arp)
        receiver = arp.target_mac if arp.opcode == REPLY and not arp.announcement else ""
        self._claims.claim((arp.link, arp.sender, receiver), Claim(arp.frame, arp.time, arp.mac))

    def _owned(self, arp: Arp) -> None:
        key = arp.link, arp.sender
        probe = self._probes.get(key)
        if probe is not None and 0 <= arp.time - probe.time <= _ANSWERED and probe.mac != arp.mac:
            self._refused.setdefault(key, _Refused(probe, arp))
        if key in self._owners or len(self._owners) < _REMEMBERED:
            owners = self._owners.setdefault(key, {})
            if arp.mac in owners or len(owners) < 8:
                owners[arp.mac] = arp.frame
        if arp.opcode == REPLY and not arp.announcement:
            replied = self._replied.setdefault((arp.link, arp.mac), set())
            if len(replied) < PROXY:
                replied.add(arp.sender)

    def findings(self) -> Iterator[Finding]:
        worst: dict[tuple[str, str], Conflict] = {}
        for conflict in self._claims.conflicts():
            key = conflict.key[0], conflict.key[1]
            known = worst.get(key)
            if known is None or (conflict.certain, len(conflict.claims)) > (known.certain, len(known.claims)):
                worst[key] = conflict
        for (link, address), conflict in list(worst.items())[:_TOLD]:
            yield self._conflict(link, address, conflict)
        for key, refused in list(self._refused.items())[:_TOLD]:
            if key not in worst:
                yield self._probed(key, refused)

    def _proxy(self, link: str, macs: tuple[str, str]) -> str:
        return next((mac for mac in macs if len(self._replied.get((link, mac), ())) >= PROXY), "")

    def _conflict(self, link: str, address: str, conflict: Conflict) -> Finding:
        one, other = conflict.macs
        how = f"answer the same request {times(conflict.doubled)}" if conflict.doubled else "claim it in turn"
        text = f"{one} and {other} both say that they have {address} and {how} ({frame_list(claim.frame for claim in conflict.claims)})."
        proxy = self._proxy(link, conflict.macs)
        severity: Severity = "fault" if conflict.certain and not proxy else "warning"
        if proxy:
            text += f" {proxy} replies for other addresses too: it may be a proxy (proxy ARP)."
        elif not conflict.certain:
            text += " That happens too while an address moves."
        confidence: Confidence = "low" if severity == "warning" else "high" if conflict.doubled else "medium"
        evidence = [FieldValue(claim.frame, "arp.src.hw_mac", claim.mac) for claim in conflict.claims[:MOST]]
        return _told(address, one, other, text, evidence, severity, confidence, len(conflict.claims))

    def _probed(self, key: tuple[str, str], refused: _Refused) -> Finding:
        probe, claim = refused.probe, refused.claim
        owned = self._owners.get(key, {}).get(probe.mac)
        text = f"{probe.mac} probes whether {probe.target} is free (frame {probe.frame}), and {claim.mac} has it (frame {claim.frame})."
        evidence = [FieldValue(claim.frame, "arp.src.hw_mac", claim.mac), FieldValue(probe.frame, "arp.src.hw_mac", probe.mac)]
        if owned is not None and not self._proxy(key[0], (probe.mac, claim.mac)):
            text += f" It uses the address all the same (frame {owned})."
            return _told(probe.target, probe.mac, claim.mac, text, [*evidence, FieldValue(owned, "arp.src.hw_mac", probe.mac)], "fault", "medium", 1)
        return _told(probe.target, probe.mac, claim.mac, f"{text} The probe did its work: it has to take another one.", evidence, "warning", "low", 1)


def _told(
    address: str, mac: str, other: str, text: str, evidence: list[FieldValue], severity: Severity, confidence: Confidence, count: int
) -> Finding:
    return finding(
        CAUSE,
        TITLES[CAUSE],
        text,
        evidence,
        show=f"arp.src.proto_ipv4 == {address} || arp.dst.proto_ipv4 == {address}",
        severity=severity,
        confidence=confidence,
        facts={"address": address, "mac": mac, "other_mac": other, "times": count},
    )
