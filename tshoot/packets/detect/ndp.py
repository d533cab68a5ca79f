"""Neighbour discovery (RFC 4861, 4862): whether hosts on a link find their routers and each other.

Four sides, one file each in `packets/ndp/`: MACs that are rewritten on the way (`rewritten`), addresses that nobody
advertises (`resolution`), addresses that two claim (`duplicates`), routers that do not advertise (`routers`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tshoot.packets.frames import Detection, Frame
from tshoot.packets.ndp.duplicates import Duplicates
from tshoot.packets.ndp.messages import NA, NS, RA, RS, Nd, read
from tshoot.packets.ndp.resolution import CAUSE as UNANSWERED
from tshoot.packets.ndp.resolution import Resolution
from tshoot.packets.ndp.rewritten import CAUSE as REWRITTEN
from tshoot.packets.ndp.rewritten import Rewritten
from tshoot.packets.ndp.routers import Routers

_COUNTED = {RS: "router-solicitation", RA: "router-advertisement", NS: "solicitation", NA: "advertisement"}


class _Ndp:
    family = "ndp"
    causes: Mapping[str, str] = {
        "ndp.source-mac-rewritten": "link-layer address option and Ethernet source of the same frame differ, in at least three frames (two: medium "
        "confidence); virtual router MACs, cooked captures, tunnels left out; a router's own frames, MACs that also send by themselves: a warning",
        "ndp.unanswered-solicitation": "three solicitations of one host for one target in a row, no advertisement; duplicate address detection, "
        "the end of the capture and rewritten MACs are left out; more than ten targets: a warning (a scan)",
        "ndp.duplicate-address": "a probe (source ::) answered or met by another MAC, or two MACs that override each other; looped frames (nonce), "
        "proxies, anycast, virtual MACs and a single move are healthy",
        "ndp.no-router": "three router solicitations of one host over 7.5 s without any advertisement (two over 3.5 s: a warning)",
    }
    seen: Mapping[str, str] = {
        "ndp.router-solicitation": "router solicitations",
        "ndp.router-advertisement": "router advertisements",
        "ndp.solicitation": "neighbour solicitations, without duplicate address detection",
        "ndp.probe": "solicitations of duplicate address detection",
        "ndp.advertisement": "neighbour advertisements",
        "ndp.compared": "link-layer address options compared with the source of their frame; none in cooked captures",
    }
    explains: Mapping[str, Sequence[str]] = {REWRITTEN: (UNANSWERED,)}
    capture_filter = "icmp6 and ip6[40] >= 133 and ip6[40] <= 136"
    display_filter = "icmpv6.type >= 133 and icmpv6.type <= 136"
    decode_as: Sequence[str] = ()

    def detect(self, frames: Iterable[Frame]) -> Detection:
        seen: Counter[str] = Counter()
        rewritten, resolution, duplicates, routers = Rewritten(), Resolution(), Duplicates(), Routers()
        end = 0.0
        for frame in frames:
            end = max(end, frame.time)
            for nd in read(frame):
                seen[f"ndp.{_name(nd)}"] += 1
                resolution.message(nd, rewritten=rewritten.message(nd))
                duplicates.message(nd)
                routers.message(nd)
        seen["ndp.compared"] = rewritten.compared
        found = [*rewritten.findings(), *resolution.findings(end), *duplicates.findings(), *routers.findings(end)]
        counts = {name: count for name, count in seen.items() if count}
        return Detection(tuple(sorted(found, key=lambda finding: finding.frames)), counts)


def _name(nd: Nd) -> str:
    return "probe" if nd.probe else _COUNTED[nd.kind]


DETECTOR = _Ndp()
