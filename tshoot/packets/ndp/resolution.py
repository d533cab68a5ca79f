"""`ndp.unanswered-solicitation`: one host solicits one address again and again, and nobody advertises it (RFC 4861 §7.2.2).

A resolution that fails is three solicitations, RetransTimer (1 s) apart. So a run of three, not more than 3.5 s apart each, is a fault:
an answer, even one that this capture missed, would have ended it. Counted are the frames since the last advertisement
of the target; what the capture's end cuts off (the last second) is not held against anybody, nor is duplicate
address detection. Three probes of a known neighbour (unicast, §7.3) without a multicast one: a warning.

A host that fails so with more than ten targets scans, or is a router that is scanned: one warning for all. Where nobody but that host
was captured the confidence is low: it may be one direction. Where the MAC of either is rewritten, that is the reason (`rewritten`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tshoot.model.findings import Confidence, FieldValue, Finding
from tshoot.packets.ndp.messages import NA, NS, RA, Nd
from tshoot.packets.ndp.proof import TITLES
from tshoot.packets.proof import MOST, finding, frame_list

CAUSE = "ndp.unanswered-solicitation"
FAILED = 3  # MAX_MULTICAST_SOLICIT
_RUN = 3.5  # seconds from one to the next
_WAITS = 1.0  # RetransTimer
_TWICE = 0.01
_SCAN = 10  # targets
_REMEMBERED = 20_000
_TOLD = 40


@dataclass(slots=True)
class _Asked:
    """Solicitations of one host for one target since the last answer."""

    mac: str
    frames: list[int] = field(default_factory=list)
    count: int = 0
    multicast: int = 0
    run: int = 0
    longest: int = 0
    first: float = 0.0
    last: float = float("-inf")


class Resolution:
    """Is shown every message; `findings` at the end."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str, str], _Asked] = {}
        self._askers: dict[tuple[str, str], set[str]] = {}  # (link, target) -> who asks
        self._answered: dict[tuple[str, str], int] = {}
        self._speakers: dict[str, set[str]] = {}
        self._routers: set[tuple[str, str]] = set()
        self._rewritten: set[tuple[str, str]] = set()

    def message(self, nd: Nd, *, rewritten: bool) -> None:
        speakers = self._speakers.setdefault(nd.link, set())
        if len(speakers) < 8:
            speakers.add(nd.mac or nd.source)
        if rewritten and len(self._rewritten) < _REMEMBERED:
            self._rewritten.add((nd.link, nd.address))
        if nd.kind == NS and not nd.probe and nd.target:
            self._solicited(nd)
        elif nd.kind == NA and nd.target:
            for asker in self._askers.pop((nd.link, nd.target), ()):
                self._asked.pop((nd.link, asker, nd.target), None)
            if len(self._answered) < _REMEMBERED:
                self._answered[nd.link, nd.target] = nd.frame
        elif nd.kind == RA and len(self._routers) < _REMEMBERED:
            self._routers.add((nd.link, nd.source))

    def _solicited(self, nd: Nd) -> None:
        key = nd.link, nd.source, nd.target
        asked = self._asked.get(key)
        if asked is None:
            if len(self._asked) >= _REMEMBERED:
                return
            asked = self._asked[key] = _Asked(nd.mac, first=nd.time)
            self._askers.setdefault((nd.link, nd.target), set()).add(nd.source)
        if nd.time - asked.last < _TWICE:
            return
        asked.run = asked.run + 1 if nd.time - asked.last <= _RUN else 1
        asked.longest = max(asked.longest, asked.run)
        asked.count += 1
        asked.multicast += nd.multicast
        asked.last = nd.time
        if len(asked.frames) < MOST:
            asked.frames.append(nd.frame)

    def findings(self, end: float) -> Iterator[Finding]:
        """`end` is the time of the capture's last frame."""
        failed: dict[tuple[str, str], list[tuple[str, _Asked]]] = {}
        for (link, source, target), asked in self._asked.items():
            if not {(link, source), (link, target)} & self._rewritten and self._has_failed(asked, end):
                failed.setdefault((link, source), []).append((target, asked))
        told = 0
        for (link, source), targets in failed.items():
            if told >= _TOLD:
                return
            if len(targets) > _SCAN:
                told += 1
                yield _scan(source, targets)
                continue
            for target, asked in targets:
                told += 1
                yield self._finding(link, source, target, asked)

    @staticmethod
    def _has_failed(asked: _Asked, end: float) -> bool:
        cut_off = end - asked.last < _WAITS and asked.run == asked.longest
        return asked.longest - cut_off >= FAILED

    def _finding(self, link: str, source: str, target: str, asked: _Asked) -> Finding:
        before = self._answered.get((link, target))
        router = (link, target) in self._routers
        alone = len(self._speakers.get(link, ())) <= 1
        confidence: Confidence = "high" if before or router else "low" if alone else "medium"
        probes = asked.multicast < FAILED
        text = (
            f"{source} solicits {target} {asked.count} times in {asked.last - asked.first:.1f} s ({frame_list(asked.frames)}) "
            "and gets no advertisement: "
            + ("nobody has that address here, or it does not hear or answer." if not before else f"it last answered in frame {before}.")
        )
        if router:
            text += " The target is a router that advertises itself here."
        if alone and not before:
            text += " Nothing of anybody else was captured: it may be one direction alone."
        if probes:
            text += " These are probes of a neighbour that was known before; it may just have left."
        return finding(
            CAUSE,
            TITLES[CAUSE],
            text,
            [FieldValue(frame, "icmpv6.nd.ns.target_address", target) for frame in asked.frames],
            show=f"icmpv6.nd.ns.target_address == {target} || icmpv6.nd.na.target_address == {target}",
            severity="warning" if probes else "fault",
            confidence=confidence,
            facts={"target": target, "host": source, "mac": asked.mac, "times": asked.count},
        )


def _scan(source: str, targets: list[tuple[str, _Asked]]) -> Finding:
    first, asked = targets[0]
    text = (
        f"{source} solicits {len(targets)} addresses in vain, {first} the first of them (from frame {asked.frames[0]}): it scans the network, or is "
        "the router through which somebody scans it."
    )
    return finding(
        CAUSE,
        TITLES[CAUSE],
        text,
        [FieldValue(one.frames[0], "icmpv6.nd.ns.target_address", target) for target, one in targets[:MOST]],
        show=f"icmpv6.type == {NS} && ipv6.src == {source}",
        severity="warning",
        confidence="medium",
        facts={"target": first, "host": source, "mac": asked.mac, "targets": len(targets)},
    )
