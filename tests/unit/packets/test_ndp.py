"""The detectors of neighbour discovery and ARP: thresholds, healthy look-alikes, what carries a packet, hostile frames."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from capture_samples import work_of
from hypothesis import given
from hypothesis import strategies as st

from tshoot.cancel import CancelToken
from tshoot.packets.analysis import analyze_capture
from tshoot.packets.arp.duplicates import TITLES as ARP_TITLES
from tshoot.packets.claims import Claim, Claims
from tshoot.packets.detect.arp import DETECTOR as ARP
from tshoot.packets.detect.ndp import DETECTOR as NDP
from tshoot.packets.frames import Frame, Layer
from tshoot.packets.ndp.proof import TITLES
from tshoot.packets.virtual_macs import is_virtual
from tshoot.playbook.causes import cause

CAPTURES = Path(__file__).parents[3] / "fixtures" / "captures"
VM, HOST, ROUTER = "00:03:ff:13:7d:75", "c4:17:fe:12:7d:75", "00:1b:54:50:00:01"
REWRITTEN, UNANSWERED, DUPLICATE, NO_ROUTER = NDP.causes


def layer(name: str, **fields: object) -> Layer:
    return Layer(name, {f"{name}.{key}".replace("__", "."): (str(value),) for key, value in fields.items()})


def carrier(mac: str) -> list[Layer]:
    return [layer("eth", src=mac, dst="33:33:00:00:00:01")]


def nd(kind: int, source: str, target: str = "", option: str = "", flags: str = "", to: str = "ff02::1") -> list[Layer]:
    fields = {"icmpv6.type": (str(kind),)}
    if target:
        fields[f"icmpv6.nd.{'ns' if kind == 135 else 'na'}.target_address"] = (target,)
    if option:
        fields[f"icmpv6.opt.{'target' if kind == 136 else 'src'}_linkaddr"] = (option,)
    fields |= {f"icmpv6.nd.na.flag.{flag}": ("1",) for flag in flags}
    return [layer("ipv6", src=source, dst=to), Layer("icmpv6", fields)]


def frames(*stacks: tuple[float, list[Layer]], end: float | None = None) -> list[Frame]:
    made = [Frame(number, at, 86, 86, (Layer("frame", {}), *layers)) for number, (at, layers) in enumerate(stacks, 1)]
    return made if end is None else [*made, Frame(len(made) + 1, end, 60, 60, ())]


def told(made: Sequence[Frame]) -> list[tuple[str, str]]:
    return [(finding.cause, finding.severity) for finding in NDP.detect(made).findings]


@pytest.mark.parametrize(
    ("claimed", "seen", "count", "found"),
    [
        (VM, HOST, 3, [(REWRITTEN, "fault", "high")]),
        (VM, HOST, 2, [(REWRITTEN, "fault", "medium")]),
        (VM, HOST, 1, [(REWRITTEN, "warning", "low")]),
        (VM, VM, 3, []),
        ("00:00:5e:00:02:01", HOST, 3, []),
        (VM, "00:05:73:a0:00:01", 3, []),
        ("02:bf:c0:00:02:01", "02:01:c0:00:02:01", 3, []),
        (VM, "00:00:00:00:00:00", 3, []),
        (VM, "33:33:00:00:00:01", 3, []),
    ],
)
def test_a_mismatch_is_repeated_and_between_two_hosts(claimed: str, seen: str, count: int, found: list[tuple[str, str, str]]) -> None:
    said = [(index * 10.0, carrier(seen) + nd(135, "fe80::50", "fe80::1", claimed)) for index in range(count)]
    assert [(one.cause, one.severity, one.confidence) for one in NDP.detect(frames(*said)).findings] == found


VLAN = layer("vlan", id=5)
OUTER = [*carrier(HOST), layer("ip", src="192.0.2.1"), layer("udp"), layer("vxlan", vni=7)]


@pytest.mark.parametrize(
    ("under", "compared"),
    [
        (carrier(HOST), 1),
        ([*carrier(HOST), VLAN, VLAN], 1),
        ([*OUTER, *carrier(HOST)], 1),
        ([*OUTER, *carrier(VM)], 1),
        ([layer("sll", src__eth=HOST)], 0),
        ([], 0),
        ([*carrier(HOST), layer("ip", src="192.0.2.1")], 0),  # 6in4
        ([*carrier(HOST), layer("ipv6", src="2001:db8::1")], 0),  # IPv6 in IPv6
        ([*carrier(HOST), layer("pppoes"), layer("ppp")], 0),
        ([*carrier(HOST), layer("ip"), layer("gre")], 0),
    ],
)
def test_only_the_header_that_directly_carries_it_is_compared(under: list[Layer], compared: int) -> None:
    made = frames(*((index * 10.0, under + nd(135, "fe80::50", "fe80::1", VM)) for index in range(3)))
    detection = NDP.detect(made)
    assert detection.seen.get("ndp.compared", 0) == 3 * compared
    mismatch = bool(compared) and under[-1].first("eth.src") != VM
    assert [finding.cause for finding in detection.findings] == [REWRITTEN] * mismatch


def test_a_frame_captured_twice_counts_once() -> None:
    said = [(at, carrier(HOST) + nd(135, "fe80::50", "fe80::1", VM)) for at in (0.0, 0.00001, 0.00002)]
    [finding] = NDP.detect(frames(*said)).findings
    assert (finding.severity, finding.facts["frames"]) == ("warning", 1)


def test_a_mac_that_also_sends_by_itself_is_a_bond_or_a_proxy() -> None:
    said = [(index * 10.0, carrier(HOST) + nd(135, "fe80::50", "fe80::1", VM)) for index in range(4)]
    assert told(frames(*said, (50.0, carrier(VM) + nd(135, "fe80::50", "fe80::1", VM)))) == [(REWRITTEN, "warning")]


def test_a_routers_own_mismatch_is_a_warning() -> None:
    said = [(index * 10.0, carrier(HOST) + nd(134, "fe80::1", option=VM)) for index in range(9)]
    assert told(frames(*said)) == [(REWRITTEN, "warning")]


def asked(*times: float, target: str = "fe80::1", to: str = "ff02::1:ff00:1") -> list[tuple[float, list[Layer]]]:
    return [(at, carrier(VM) + nd(135, "fe80::50", target, VM, to=to)) for at in times]


OTHER = carrier(ROUTER) + nd(134, "fe80::99", option=ROUTER)


@pytest.mark.parametrize(
    ("times", "end", "severity"),
    [
        ([0.0, 1.0, 2.0], 9.0, "fault"),
        ([0.0, 1.0], 9.0, None),
        ([0.0, 1.0, 2.0], 2.5, None),  # the capture ends right after
        ([0.0, 20.0, 40.0], 99.0, None),  # not one attempt, but three
        ([0.0, 0.00001, 1.0, 1.00001], 9.0, None),  # two, captured twice
    ],
)
def test_a_resolution_has_failed_after_three_without_an_answer(times: list[float], end: float, severity: str | None) -> None:
    assert told(frames(*asked(*times), (end, OTHER))) == ([(UNANSWERED, severity)] if severity else [])


def test_an_answer_at_last_is_an_answer() -> None:
    answer = carrier(ROUTER) + nd(136, "fe80::1", "fe80::1", ROUTER, "so", to="fe80::50")
    assert told(frames(*asked(0, 1, 2, 3), (3.5, answer), end=99)) == []


def test_unicast_probes_alone_are_a_warning() -> None:
    assert told(frames(*asked(0, 1, 2, to="fe80::1"), (9.0, OTHER))) == [(UNANSWERED, "warning")]


def test_a_scan_is_one_warning() -> None:
    said = [one for index in range(20) for one in asked(index * 5, index * 5 + 1, index * 5 + 2, target=f"fe80::{index + 100}")]
    assert told(frames(*said, (200.0, OTHER))) == [(UNANSWERED, "warning")]


@pytest.mark.parametrize(("others", "confidence"), [([], "low"), ([(9.0, OTHER)], "medium")])
def test_one_direction_alone_lowers_the_confidence(others: list[tuple[float, list[Layer]]], confidence: str) -> None:
    [finding] = NDP.detect(frames(*asked(0, 1, 2), *others, end=10.0)).findings
    assert (finding.severity, finding.confidence) == ("fault", confidence)


@pytest.mark.parametrize(
    ("times", "end", "told_as"),
    [
        ([0, 4, 8], 12, [(NO_ROUTER, "fault")]),
        ([0, 4], 12, [(NO_ROUTER, "warning")]),
        ([0, 4, 8], 8.5, [(NO_ROUTER, "warning")]),  # the third may still be answered
        ([0], 12, []),
        ([0, 0.1], 2, []),
    ],
)
def test_routers_are_given_time(times: list[float], end: float, told_as: list[tuple[str, str]]) -> None:
    said = [(float(at), carrier(VM) + nd(133, "fe80::50", option=VM)) for at in times]
    assert told(frames(*said, end=end)) == told_as


def test_an_advertisement_at_last_is_a_router_and_other_links_have_their_own() -> None:
    said = [(at, carrier(VM) + nd(133, "fe80::50", option=VM)) for at in (0.0, 4.0, 8.0)]
    assert told(frames(*said, (9.0, OTHER), end=99)) == []
    assert told(frames(*said, (9.0, [*carrier(ROUTER), VLAN, *nd(134, "fe80::99", option=ROUTER)]), end=99)) == [(NO_ROUTER, "fault")]


def test_the_same_address_on_two_links_is_two_addresses() -> None:
    probe, claim = nd(135, "::", "fe80::1"), nd(136, "fe80::1", "fe80::1", flags="o")
    assert told(frames((0.0, carrier(VM) + probe), (0.1, carrier(HOST) + claim), end=5)) == [(DUPLICATE, "fault")]
    assert told(frames((0.0, carrier(VM) + probe), (0.1, [*carrier(HOST), VLAN, *claim]), end=5)) == []
    assert told(frames((0.0, carrier(VM) + probe), (2.5, carrier(HOST) + claim), end=5)) == []  # it came later


@pytest.mark.parametrize(
    ("macs", "times", "doubled", "alternated"),
    [
        ("AABB", [0, 10, 20, 30], 0, 0),  # a move
        ("ABBA", [0, 10, 20, 30], 0, 2),  # and back
        ("ABAB", [0, 10, 20, 30], 0, 3),
        ("ABAB", [0, 100, 200, 300], 0, 0),  # rarely
        ("AAAA", [0, 10, 20, 30], 0, 0),
    ],
)
def test_claims_in_turn(macs: str, times: list[float], doubled: int, alternated: int) -> None:
    claims = Claims()
    for number, (mac, at) in enumerate(zip(macs, times, strict=True), 1):
        claims.claim(("x",), Claim(number, at, mac))
    found = [(one.doubled, one.alternated) for one in claims.conflicts()]
    assert found == ([(doubled, alternated)] if alternated else [])


@pytest.mark.parametrize(("second", "doubled"), [(0.9, 1), (1.1, 0)])
def test_a_question_is_answered_within_a_second(second: float, doubled: int) -> None:
    claims = Claims()
    claims.question(("x",), 0.0)
    claims.claim(("x",), Claim(1, 0.1, "A"))
    claims.claim(("x",), Claim(2, second, "B"))
    assert sum(one.doubled for one in claims.conflicts()) == doubled


@pytest.mark.parametrize("mac", ["00:00:5e:00:01:05", "00:00:0c:07:ac:01", "00:00:0c:9f:f0:01", "00:07:b4:00:01:02", "03:bf:c0:00:02:01"])
def test_virtual_macs(mac: str) -> None:
    assert is_virtual(mac)
    assert not is_virtual("00:00:0c:07:50:01"), "the same maker's ordinary card"


@pytest.mark.parametrize("detector", [NDP, ARP], ids=["ndp", "arp"])
def test_work_is_linear(detector: type) -> None:
    def work(count: int) -> int:
        said = [(n / 100, carrier(VM) + nd(135, "fe80::50", f"fe80::{n:x}", VM)) for n in range(count)]
        claims = [(n / 100, [*carrier(VM), arp(1, VM, f"10.0.{n >> 8 & 255}.{n & 255}", "192.0.2.1")]) for n in range(count)]
        made = frames(*said, *claims)
        return work_of(lambda: detector.detect(made))

    assert work(8_000) < 12 * work(1_000)  # eight times the frames; a square law would need 64


def arp(opcode: int, mac: str, sender: str, target: str, to: str = "00:00:00:00:00:00") -> Layer:
    fields = {"opcode": opcode, "src.hw_mac": mac, "src.proto_ipv4": sender, "dst.hw_mac": to, "dst.proto_ipv4": target}
    return Layer("arp", {f"arp.{key}": (str(value),) for key, value in fields.items()})


def test_a_claim_that_a_bridge_rewrites_is_the_arp_messages_own() -> None:
    """What counts is the sender in the message: a wireless host that answers for its VM says so in it."""
    said = [(index * 10.0, [*carrier(HOST), arp(2, VM, "192.0.2.50", "192.0.2.1", ROUTER)]) for index in range(4)]
    assert ARP.detect(frames(*said)).findings == ()


@pytest.mark.parametrize(("under", "found"), [(carrier(HOST), ["fault"]), ([layer("sll", src__eth=HOST)], [])])
def test_a_cooked_capture_shows_a_forwarded_claim_twice(under: list[Layer], found: list[str]) -> None:
    said = []
    for at in (0.0, 10.0):
        said += [(at, [*under, arp(1, VM, "192.0.2.50", "192.0.2.1")]), (at + 0.001, [*under, arp(1, HOST, "192.0.2.50", "192.0.2.1")])]
    assert [finding.severity for finding in ARP.detect(frames(*said)).findings] == found


NAMES = ["eth.src", "eth.dst", "ipv6.src", "ipv6.dst", "icmpv6.type", "icmpv6.nd.ns.target_address", "icmpv6.nd.na.target_address"]
NAMES += ["icmpv6.opt.src_linkaddr", "icmpv6.opt.target_linkaddr", "icmpv6.nd.na.flag.o", "icmpv6.nd.na.flag.s", "icmpv6.opt.nonce", "vlan.id"]
NAMES += ["arp.opcode", "arp.src.hw_mac", "arp.src.proto_ipv4", "arp.dst.hw_mac", "arp.dst.proto_ipv4", "sll.src.eth", "frame.interface_id"]
VALUES = st.sampled_from(
    ["", "0", "1", "2", "133", "134", "135", "136", "-1", "zz", "²", "::", "fe80::1", "ff02::1", "0.0.0.0", "192.0.2.1", VM, HOST]
)
LAYERS = st.builds(
    Layer,
    st.sampled_from(["frame", "eth", "eth", "vlan", "sll", "ip", "ipv6", "ipv6", "icmpv6", "icmpv6", "arp", "arp", "vxlan"]),
    st.dictionaries(st.sampled_from(NAMES), st.lists(VALUES, max_size=3).map(tuple), max_size=14),
)


@given(st.lists(st.lists(LAYERS, max_size=8), max_size=12))
def test_nothing_that_a_frame_may_hold_breaks_them(contents: list[list[Layer]]) -> None:
    made = [Frame(number, number / 2, 60, 60, tuple(layers)) for number, layers in enumerate(contents, 1)]
    for detector in (NDP, ARP):
        for finding in detector.detect(made).findings:
            assert finding.frames
            assert finding.cause in detector.causes


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize(
    ("case", "looked_at"),
    [
        ("ndp.source-mac-rewritten/answers-lost", {"ndp.solicitation": 3, "ndp.advertisement": 0, "ndp.router-advertisement": 4, "ndp.compared": 7}),
        ("ndp.no-router/nobody-advertises", {"ndp.router-solicitation": 3, "ndp.router-advertisement": 0, "ndp.probe": 1}),
        ("healthy/ndp-inside-vxlan", {"ndp.solicitation": 4, "ndp.compared": 4}),
        ("healthy/arp-probes", {"arp.probe": 3, "arp.announcement": 2, "arp.request": 1, "arp.reply": 1}),
    ],
)
def test_what_was_looked_at_tells_silence_from_absence(case: str, looked_at: dict[str, int]) -> None:
    seen = analyze_capture(CAPTURES / f"{case}.pcap", families=["ndp", "arp"], cancel=CancelToken()).seen
    assert {name: seen.get(name, 0) for name in looked_at} == looked_at
    assert set(seen) <= {*NDP.seen, *ARP.seen}


def test_titles_are_those_of_the_causes() -> None:
    titles = {**TITLES, **ARP_TITLES}
    assert set(titles) == {*NDP.causes, *ARP.causes}
    assert {name: cause(name).title for name in titles} == titles
