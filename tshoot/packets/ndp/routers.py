"""`ndp.no-router`: hosts solicit routers, and no router advertisement follows (RFC 4861 §6.3.7).

A host sends up to three solicitations, 4 s apart; a router answers within 0.5 s. Three of one host that stay without any
advertisement on the link, over at least 7.5 s, are a fault; two over at least 3.5 s a warning. The last second of a capture is not
held against anybody. Confidence is at most medium: on a network that is meant to have no IPv6 it looks the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tshoot.model.findings import FieldValue, Finding
from tshoot.packets.ndp.messages import RA, RS, Nd
from tshoot.packets.ndp.proof import TITLES
from tshoot.packets.proof import MOST, finding, frame_list

CAUSE = "ndp.no-router"
FAULT, FAULT_LASTS = 3, 7.5
WARNING, WARNING_LASTS = 2, 3.5
_WAITS = 1.0  # seconds for an answer
_TWICE = 0.01
_REMEMBERED = 5_000  # hosts of one link
_NONE = "No router advertisement was captured at all: no router is here, or it does not advertise, or its messages are lost."


@dataclass(slots=True)
class _Asked:
    source: str
    frames: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


class Routers:
    """Is shown every message; `findings` at the end: one a link, about the host that asked most."""

    def __init__(self) -> None:
        self._asked: dict[str, dict[str, _Asked]] = {}  # link -> MAC -> its solicitations since the last advertisement
        self._advertised: dict[str, int] = {}

    def message(self, nd: Nd) -> None:
        if nd.kind == RA:
            self._advertised[nd.link] = nd.frame
            self._asked.pop(nd.link, None)
        elif nd.kind == RS:
            hosts, key = self._asked.setdefault(nd.link, {}), nd.mac or nd.source
            if key not in hosts and len(hosts) >= _REMEMBERED:
                return
            asked = hosts.setdefault(key, _Asked(nd.source))
            asked.source = nd.source if asked.source == "::" else asked.source
            if len(asked.times) < MOST and (not asked.times or nd.time - asked.times[-1] >= _TWICE):
                asked.times.append(nd.time)
                asked.frames.append(nd.frame)

    def findings(self, end: float) -> Iterator[Finding]:
        for link, hosts in self._asked.items():
            waited = [(mac, asked, sum(end - time >= _WAITS for time in asked.times)) for mac, asked in hosts.items()]
            waited = [one for one in waited if one[2] >= WARNING and end - one[1].times[0] >= WARNING_LASTS]
            if waited:
                mac, asked, unanswered = max(waited, key=lambda one: one[2])
                fault = unanswered >= FAULT and end - asked.times[0] >= FAULT_LASTS
                yield self._finding(link, mac, asked, len(waited), fault=fault, end=end)

    def _finding(self, link: str, mac: str, asked: _Asked, hosts: int, *, fault: bool, end: float) -> Finding:
        before = self._advertised.get(link)
        others = f" So do {hosts - 1} other hosts." if hosts > 2 else " So does another host." if hosts == 2 else ""
        last = f"The last advertisement was frame {before}." if before else _NONE
        text = (
            f"{asked.source} ({mac}) solicits routers {len(asked.frames)} times ({frame_list(asked.frames)}), "
            f"and in the {end - asked.times[0]:.0f} s after the first no router advertises itself.{others} {last}"
        )
        return finding(
            CAUSE,
            TITLES[CAUSE],
            text,
            [FieldValue(frame, "icmpv6.type", str(RS)) for frame in asked.frames],
            show=f"icmpv6.type == {RS} || icmpv6.type == {RA}",
            severity="fault" if fault else "warning",
            confidence="medium" if fault else "low",
            facts={"host": asked.source, "mac": mac, "times": len(asked.frames), "hosts": hosts},
        )
