"""ARP (RFC 826, RFC 5227): whether one IPv4 address has one owner. What a claim is worth stands in `packets/arp/duplicates`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tshoot.packets.arp.duplicates import Duplicates
from tshoot.packets.arp.messages import REQUEST, Arp, read
from tshoot.packets.frames import Detection, Frame


class _ArpDetector:
    family = "arp"
    causes: Mapping[str, str] = {
        "arp.duplicate-address": "two MACs answer the same request at least twice, or claim one address in turn three times within a minute; "
        "failover, virtual MACs and balancing bonds are left out, proxies and refused probes are a warning",
    }
    seen: Mapping[str, str] = {
        "arp.request": "ARP requests",
        "arp.reply": "ARP replies",
        "arp.probe": "ARP probes (sender 0.0.0.0)",
        "arp.announcement": "ARP announcements (gratuitous ARP)",
    }
    explains: Mapping[str, Sequence[str]] = {}
    capture_filter = "arp"
    display_filter = "arp"
    decode_as: Sequence[str] = ()

    def detect(self, frames: Iterable[Frame]) -> Detection:
        seen: Counter[str] = Counter()
        duplicates = Duplicates()
        for frame in frames:
            for arp in read(frame):
                seen[f"arp.{_name(arp)}"] += 1
                duplicates.message(arp)
        return Detection(tuple(sorted(duplicates.findings(), key=lambda finding: finding.frames)), dict(seen))


def _name(arp: Arp) -> str:
    if arp.probe:
        return "probe"
    if arp.announcement:
        return "announcement"
    return "request" if arp.opcode == REQUEST else "reply"


DETECTOR = _ArpDetector()
