"""Neighbour discovery: rewritten MAC addresses, silence, duplicate addresses, no router.

From tcpdump's text, from the neighbour tables of routers, and from what devices log. Virtual MACs of VRRP, HSRP and GLBP
are no rewriting, nor is an advertisement that another one answers for (proxy): advertisements alone are a warning.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tshoot.model.findings import Finding, LineValue
from tshoot.transcripts.judgement import Judgement, cited, finding, proof
from tshoot.transcripts.ndp.packets import NdPacket, packets
from tshoot.transcripts.reading import Read, Reads

_VIRTUAL = ("00:00:5e:00:01:", "00:00:5e:00:02:", "00:00:0c:07:ac:", "00:00:0c:9f:f", "00:05:73:a0:", "00:07:b4:00:")
_DUPLICATE = (
    re.compile(r"%IPV6_ND-\d-DUPLICATE(?:_OPTIMISTIC)?: Duplicate address (?P<address>[0-9A-Fa-f:]{2,45})(?: on (?P<interface>\S{1,60}))?"),
    re.compile(r"inet6 (?P<address>[0-9A-Fa-f:]{2,45})/\d{1,3} .{0,100}\bdadfailed\b(?P<interface>)"),
    re.compile(r"(?:(?P<interface>\S{1,40}): )?IPv6 duplicate address (?P<address>[0-9A-Fa-f:]{2,45})(?: \S{1,60})? (?:used by|detected)"),
    re.compile(r"IPV6[-_]\d-DAD[A-Z_]{0,20}: .{0,80}?(?P<address>[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]{2,40})(?P<interface>)"),
)
_REPEATED, _UNANSWERED = 2, 3


class _Ndp:
    family = "ndp"
    causes: Mapping[str, str] = {
        "ndp.source-mac-rewritten": "the link-address option of a solicitation differs from its Ethernet source, twice or more; once: a warning",
        "ndp.unanswered-solicitation": "three solicitations or more for one target, no advertisement of it, no mismatch",
        "ndp.duplicate-address": "the device says so (DUPLICATE, dadfailed), or a solicitation from :: is answered",
        "ndp.no-router": "three router solicitations or more, no advertisement",
    }
    seen: Mapping[str, str] = {
        "ndp.solicitations": "neighbour and router solicitations that tcpdump printed",
        "ndp.advertisements": "neighbour and router advertisements that tcpdump printed",
        "ndp.table-entries": "entries of IPv6 neighbour tables",
    }
    explains: Mapping[str, Sequence[str]] = {"ndp.source-mac-rewritten": ("ndp.unanswered-solicitation",)}

    def judge(self, reads: Reads) -> Judgement:
        found = tuple(packets(reads))
        tables = reads.of("neighbors")
        rewritten = tuple(_rewritten(found, tables))
        findings = (*rewritten, *_unanswered(found, bool(rewritten)), *_duplicate(reads, found), *_no_router(found))
        tabled = () if rewritten else tuple(_two_macs(tables))
        counts = Counter("ndp.advertisements" if packet.kind.endswith("advertisement") else "ndp.solicitations" for packet in found)
        if found or tabled:  # a table alone shows no neighbour that fails: it is not looked at for health
            counts["ndp.table-entries"] = sum(":" in str(address) for read in tables for address in read.facts.get("addresses") or ())
        seen = {name: count for name, count in counts.items() if count}
        return Judgement((*findings, *tabled), seen, tuple(_missing(found, tabled)))


def _rewritten(found: Sequence[NdPacket], tables: Sequence[Read]) -> Iterable[Finding]:
    pairs: dict[tuple[str, str], list[NdPacket]] = {}
    for packet in found:
        if packet.source and packet.option and packet.option != packet.source and not packet.option.startswith(_VIRTUAL):
            pairs.setdefault((packet.option, packet.source), []).append(packet)
    for (claimed, seen), group in pairs.items():
        solicited = [packet for packet in group if packet.kind != "advertisement"]
        address = next((packet.sender for packet in solicited if packet.sender not in ("", "::")), group[0].target or group[0].sender)
        evidence = [value for packet in group[:6] for value in _of_packet(packet)]
        held = _held(tables, seen, claimed)
        count = f"{len(group)} packet{'s' if len(group) != 1 else ''}"
        text = f"{address} sends from {seen} on the wire, but its own packets name {claimed} as its address ({count}): something on the way, "
        text += "such as a wireless card that bridges, rewrites the Ethernet source, and answers go to an address that does not listen there."
        if held:
            text += f" A neighbour table holds {seen} for IPv4, where ARP is rewritten too."
        facts: dict[str, str | int] = {"claimed_mac": claimed, "seen_mac": seen, "address": address, "frames": len(group)}
        sure = len(solicited) >= _REPEATED or (bool(solicited) and bool(held))
        evidence += held
        if sure:
            yield finding("ndp.source-mac-rewritten", text, evidence, facts, confidence="high" if len(solicited) >= _REPEATED else "medium")
        else:
            yield finding("ndp.source-mac-rewritten", text, evidence, facts, severity="warning", confidence="low")


def _of_packet(packet: NdPacket) -> Iterable[LineValue]:
    yield cited(packet.line, "eth.src", packet.source)
    if packet.option_line is not None:
        yield cited(packet.option_line, "icmpv6.opt.linkaddr", packet.option)


def _held(tables: Sequence[Read], seen: str, claimed: str) -> list[LineValue]:
    """Where a table has the seen MAC for IPv4 addresses, or the claimed one for IPv6 addresses."""
    values: list[LineValue] = []
    for read in tables:
        for address, entry in (read.facts.get("by_address") or {}).items():
            held = str(entry.get("mac", ""))
            if (held == seen and ":" not in address) or (held == claimed and ":" in address):
                values += proof(read, f"by_address.{address}", f"{address} is at {held}")[:1]
    return values[:8]


def _two_macs(tables: Sequence[Read]) -> Iterable[Finding]:
    """Tables alone: one MAC holds several IPv4 addresses and no global IPv6 one, another holds IPv6 addresses and no IPv4 one."""
    fours: dict[str, list[tuple[Read, str]]] = {}
    sixes: dict[str, list[tuple[Read, str]]] = {}
    for read in tables:
        for address, entry in (read.facts.get("by_address") or {}).items():
            held = str(entry.get("mac", ""))
            if held and not held.startswith(_VIRTUAL):
                (sixes if ":" in address else fours).setdefault(held, []).append((read, address))
    hosts = {mac: entries for mac, entries in fours.items() if len(entries) > 1}
    hidden = {mac: entries for mac, entries in sixes.items() if mac not in fours and any(not _link_local(address) for _, address in entries)}
    if not hosts or not hidden:
        return
    host, claimed = next(iter(hosts)), next(iter(hidden))
    read, address = next((read, address) for read, address in hidden[claimed] if not _link_local(address))
    evidence = [
        value
        for entries in (hosts[host], hidden[claimed])
        for one, held in entries
        for value in proof(one, f"by_address.{held}", f"{held} is at {host if entries is hosts[host] else claimed}")[:1]
    ]
    text = f"{host} holds {len(hosts[host])} IPv4 addresses, while {address} is at {claimed}, which holds no IPv4 address: "
    text += "so looks a machine behind a card that rewrites its MAC for ARP but not for neighbour discovery. The tables alone do not prove it."
    facts: dict[str, str | int] = {"claimed_mac": claimed, "seen_mac": host, "address": address, "frames": 0}
    yield finding("ndp.source-mac-rewritten", text, evidence, facts, severity="warning", confidence="low")


def _link_local(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_link_local
    except ValueError:
        return True


def _unanswered(found: Sequence[NdPacket], rewritten: bool) -> Iterable[Finding]:
    answered = {packet.target for packet in found if packet.kind == "advertisement"}
    asked: dict[str, list[NdPacket]] = {}
    for packet in found:
        if packet.kind == "solicitation" and packet.sender not in ("", "::") and packet.target not in answered:
            asked.setdefault(packet.target, []).append(packet)
    for target, group in asked.items():
        if len(group) >= _UNANSWERED and not rewritten:
            text = f"{target} was asked for {len(group)} times by {group[0].sender} and never answered."
            evidence = [cited(packet.line, "icmpv6.nd.ns.target_address", target) for packet in group]
            yield finding("ndp.unanswered-solicitation", text, evidence, _silence(group[0], len(group)) | {"target": target}, confidence="medium")


def _silence(packet: NdPacket, times: int) -> dict[str, str | int]:
    facts: dict[str, str | int] = {"host": packet.sender, "times": times}
    return facts | ({"mac": packet.source} if packet.source else {})


def _duplicate(reads: Reads, found: Sequence[NdPacket]) -> Iterable[Finding]:
    done: set[str] = set()
    pieces = [read.piece for read in (*reads.answers, *reads.logs)]
    for piece in pieces:
        for line in piece.lines:
            match = _duplicated(line.text)
            if match is not None and match["address"].lower() not in done:
                done.add(match["address"].lower())
                where = f" on {piece.host}" if piece.host else ""
                interface = match.groupdict().get("interface") or ""
                text = f"{match['address']}{f' ({interface})' if interface else ''}{where} is in use by another machine on the link: "
                text += "duplicate address detection failed."
                yield finding("ndp.duplicate-address", text, [cited(line, "duplicate", match["address"])], {"address": match["address"].lower()})
    tried = {packet.target: packet for packet in found if packet.kind == "solicitation" and packet.sender == "::"}
    for packet in found:
        if packet.kind == "advertisement" and packet.target in tried and packet.target not in done and packet.source != tried[packet.target].source:
            done.add(packet.target)
            claim = tried[packet.target]
            text = f"{packet.target} was tried by {claim.source or 'a host'} and is answered for by {packet.source or 'another'}: it is taken."
            evidence = [
                cited(claim.line, "icmpv6.nd.ns.target_address", packet.target),
                cited(packet.line, "icmpv6.nd.na.target_address", packet.target),
            ]
            facts = {name: mac for name, mac in (("mac", claim.source), ("other_mac", packet.source)) if mac}
            yield finding("ndp.duplicate-address", text, evidence, {"address": packet.target, **facts})


def _duplicated(text: str) -> re.Match[str] | None:
    if "uplicate" not in text and "DAD" not in text and "dadfailed" not in text:
        return None
    return next((match for pattern in _DUPLICATE if (match := pattern.search(text[:1000]))), None)


def _no_router(found: Sequence[NdPacket]) -> Iterable[Finding]:
    asked = [packet for packet in found if packet.kind == "router-solicitation"]
    if len(asked) >= _UNANSWERED and not any(packet.kind == "router-advertisement" for packet in found):
        text = f"{len(asked)} router solicitations, no router advertisement."
        evidence = [cited(packet.line, "icmpv6.type", "router solicitation") for packet in asked]
        yield finding("ndp.no-router", text, evidence, _silence(asked[0], len(asked)), confidence="medium")


def _missing(found: Sequence[NdPacket], tabled: Sequence[Finding]) -> Iterable[str]:
    if tabled:
        yield "the solicitations themselves: `tcpdump -nevv icmp6` beside the machine that has no IPv6, or `tshoot analyze` of a capture"
    if found and not any(packet.source for packet in found):
        yield "the Ethernet addresses of the packets: `tcpdump -nevv` prints them"
    elif found and not any(packet.option for packet in found):
        yield "the link-address options of the packets: `tcpdump -nevv` (twice -v) prints them"


JUDGE = _Ndp()
