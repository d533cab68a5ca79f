"""The BGP detector where a capture file is a clumsy way to say it: thresholds, what only looks like a fault, hostile frames, bounds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from capture_samples import work_of
from hypothesis import given
from hypothesis import strategies as st

from tshoot.cancel import CancelToken
from tshoot.packets.analysis import analyze_capture
from tshoot.packets.bgp.proof import TITLES
from tshoot.packets.bgp.updates import update_of
from tshoot.packets.detect.bgp import DETECTOR
from tshoot.packets.frames import Detection, Frame, Layer
from tshoot.playbook.causes import cause

CAPTURES = Path(__file__).parents[3] / "fixtures" / "captures"
R1, R2 = "192.0.2.1", "198.51.100.1"
ATTRIBUTE = "bgp.update.path_attribute"
RECURSION, FLAP, RESET, REJECTED = DETECTOR.causes


def layer(name: str, fields: dict[str, object]) -> Layer:
    return Layer(name, {key: tuple(map(str, value)) if isinstance(value, tuple) else (str(value),) for key, value in fields.items()})


def frame(number: int, at: float, sender: str, receiver: str, *messages: Layer, stream: int = 0, ttl: int = 255, **flags: int) -> Frame:
    tcp = {"tcp.stream": stream, "tcp.srcport": 179, "tcp.dstport": 40001, **{f"tcp.flags.{name}": value for name, value in flags.items()}}
    ip = layer("ip", {"ip.src": sender, "ip.dst": receiver, "ip.ttl": ttl})
    return Frame(number, at, 100, 100, (layer("eth", {}), ip, layer("tcp", tcp), *messages))


def announce(prefix: str, hop: str, *, codes: tuple[int, ...] = (1, 2, 3, 5)) -> Layer:
    address, length = prefix.split("/")
    known = {"bgp.type": 2, f"{ATTRIBUTE}.type_code": codes, f"{ATTRIBUTE}.next_hop": hop, "bgp.prefix_length": length, "bgp.nlri_prefix": address}
    return layer("bgp", known)


def withdraw(prefix: str) -> Layer:
    address, length = prefix.split("/")
    return layer("bgp", {"bgp.type": 2, "bgp.prefix_length": length, "bgp.withdrawn_prefix": address})


def opened(system: int) -> Layer:
    return layer("bgp", {"bgp.type": 1, "bgp.open.myas": system, "bgp.open.holdtime": 180})


def notify(code: int, subcode: int = 0) -> Layer:
    name = {2: "_open", 3: "_update", 6: "_cease"}.get(code, "_unknown")
    return layer("bgp", {"bgp.type": 3, "bgp.notify.major_error": code, f"bgp.notify.minor_error{name}": subcode})


KEEPALIVE = layer("bgp", {"bgp.type": 4})


def severities(frames: list[Frame]) -> list[tuple[str, str]]:
    return [(finding.cause, finding.severity) for finding in DETECTOR.detect(frames).findings]


@pytest.mark.parametrize(
    ("update", "receiver", "ttl", "severity"),
    [
        (announce("192.0.2.0/24", R1), R2, 255, "fault"),
        (announce("192.0.2.0/24", R1), R2, 1, "warning"),  # a direct neighbour that is not in the prefix
        (announce("192.0.2.0/24", R1), "192.0.2.2", 1, "note"),  # the receiver is connected
        (announce("192.0.2.0/24", R1), "192.0.2.2", 255, "note"),  # iBGP on one link, too
        (announce("192.0.2.1/32", R1), R2, 255, "warning"),
        (announce("192.0.0.0/8", R1), R2, 255, "warning"),  # an aggregate by its length
        (announce("192.0.2.0/24", R1, codes=(1, 2, 3, 5, 6)), R2, 255, "warning"),  # an aggregate by its attribute
        (announce("192.0.2.0/24", R1, codes=(1, 2, 3)), R2, 255, "fault"),  # eBGP, multihop
        (announce("0.0.0.0/0", R1), R2, 255, None),
        (announce("192.0.3.0/24", R1), R2, 255, None),
        (announce("192.0.2.0/24", "2001:db8::1"), R2, 255, None),
        (announce("192.0.2.0/24", "nonsense"), R2, 255, None),
        (withdraw("192.0.2.0/24"), R2, 255, None),
    ],
)
def test_what_the_receiver_is_connected_to_does_not_recurse(update: Layer, receiver: str, ttl: int, severity: str | None) -> None:
    told = severities([frame(1, 0.0, R1, receiver, update, ttl=ttl)])
    assert told == ([(RECURSION, severity)] if severity else [])


@pytest.mark.parametrize(("systems", "session", "confidence"), [((1, 1), "iBGP", "high"), ((1, 2), "eBGP", "medium")])
def test_the_opens_tell_the_kind_of_session(systems: tuple[int, int], session: str, confidence: str) -> None:
    frames = [frame(1, 0.0, R1, R2, opened(systems[0])), frame(2, 0.1, R2, R1, opened(systems[1]))]
    [finding] = DETECTOR.detect([*frames, frame(3, 0.2, R1, R2, announce("192.0.2.0/24", R1))]).findings
    assert (finding.facts["session"], finding.confidence, finding.frames) == (session, confidence, (3,))


@pytest.mark.parametrize(("second", "severity"), [(6.0, "warning"), (31.0, "fault"), (3.5, "fault")])
def test_keepalives_soon_after_speak_against_a_recursion(second: float, severity: str) -> None:
    """Two within 30 s, a second apart: while a route recurses none arrives."""
    alive = [frame(2, 3.0, R2, R1, KEEPALIVE), frame(3, second, R2, R1, KEEPALIVE)]
    assert severities([frame(1, 0.0, R1, R2, announce("192.0.2.0/24", R1)), *alive]) == [(RECURSION, severity)]


@pytest.mark.parametrize("before", [R1, R2])
def test_who_falls_silent_first_is_not_the_victim_of_the_other(before: str) -> None:
    """Both announce their loopback; the one that was heard last did not lose its way."""
    first = frame(1, 0.0, R2, R1, announce("198.51.100.0/24", R2))
    second = frame(2, 0.5, R1, R2, announce("192.0.2.0/24", R1))
    frames = [first, second] if before == R2 else [second, first]
    frames = [Frame(number, at, 1, 1, one.layers) for number, (at, one) in enumerate(zip((0.0, 0.5), frames, strict=True), 1)]
    found = DETECTOR.detect([*frames, frame(3, 9.5, R2, R1, notify(4))])
    by_severity = {finding.severity: finding for finding in found.findings if finding.cause == RECURSION}
    assert by_severity["fault"].facts["receiver"] == before
    assert by_severity["warning"].facts["neighbor"] == before
    assert found.explains == {RECURSION: (RESET,)}


def test_another_reset_is_not_explained() -> None:
    frames = [frame(1, 0.0, R1, R2, announce("192.0.2.0/24", R1)), frame(2, 5.0, R2, R1, notify(6, 1))]
    assert DETECTOR.detect(frames).explains == {}


def turns(times: list[float]) -> list[Frame]:
    """Announced and withdrawn in turn at `times`."""
    said = [announce("203.0.113.0/24", R1), withdraw("203.0.113.0/24")]
    return [frame(number, at, R1, R2, said[number % 2 == 0]) for number, at in enumerate(times, 1)]


@pytest.mark.parametrize(
    ("times", "found"),
    [
        ([0, 30, 60, 90, 120], True),
        ([0, 30, 60], False),  # one return
        ([0, 30, 60, 90], False),  # two announcements
        ([0, 50, 60, 61, 120], True),  # the announcements are steady, whatever lies between
        ([0, 5, 20, 100, 160], False),  # 20 s, then 140 s
        ([0, 10, 60, 70, 150], True),  # 60 s and 90 s: coefficient of variation 0.2
        ([0, 10, 60, 70, 165], False),  # 60 s and 105 s: 0.27
        ([0.0, 0.2, 0.4, 0.6, 0.8], False),  # one convergence
    ],
)
def test_a_period_is_steady_and_seen_twice(times: list[float], found: bool) -> None:
    assert severities(turns(times)) == [(FLAP, "fault")] * found


def test_a_session_that_opens_anew_is_no_flap() -> None:
    frames = turns([0, 30, 60, 90, 120])
    frames.insert(3, frame(9, 80.0, R1, R2, opened(1)))
    assert FLAP not in dict(severities(frames))


def test_prefixes_that_flap_together_are_one_finding() -> None:
    frames = []
    for number, at in enumerate((0.0, 30.0, 60.0, 90.0, 120.0), 1):
        said = [announce, lambda prefix, hop: withdraw(prefix)][number % 2 == 0]
        frames.append(frame(number, at, R1, R2, *(said(f"10.{index}.0.0/16", R1) for index in range(50))))
    [finding] = DETECTOR.detect(frames).findings
    assert finding.facts["prefixes"] == 50


def test_what_only_comes_back_is_not_told_twice() -> None:
    echo = [
        frame(one.number + 10, one.time + 0.1, R2, R1, *one.layers[3:])  # the receiver passes it on, and so back
        for one in turns([0, 30, 60, 90, 120])
    ]
    frames = sorted([*turns([0, 30, 60, 90, 120]), *echo], key=lambda one: one.time)
    [finding] = DETECTOR.detect(frames).findings
    assert finding.facts["neighbor"] == R1


UP = [frame(1, 0.0, R1, R2, opened(1)), frame(2, 0.1, R2, R1, opened(2)), frame(3, 0.2, R1, R2, KEEPALIVE), frame(4, 0.3, R2, R1, KEEPALIVE)]
TRIED = [frame(1, 0.0, R1, R2, opened(1))]


@pytest.mark.parametrize(
    ("frames", "told"),
    [
        (UP, []),
        ([*UP, frame(5, 9.0, R1, R2, fin=1)], [(RESET, "fault")]),
        ([*UP, frame(5, 9.0, R1, R2, notify(6, 2))], [(RESET, "warning")]),
        ([*UP, frame(5, 9.0, R1, R2, notify(6, 3))], [(RESET, "fault")]),
        ([*UP, frame(5, 9.0, R1, R2, notify(6, 7))], []),
        ([*UP, frame(5, 9.0, R1, R2, notify(3, 1)), frame(6, 9.1, R2, R1, notify(4)), frame(7, 9.2, R1, R2, reset=1)], [(RESET, "fault")]),
        ([*TRIED, frame(5, 9.0, R2, R1, reset=1)], []),  # never up: not BGP's to judge
        ([*TRIED, frame(5, 0.1, R2, R1, notify(2, 2))], [(REJECTED, "fault")]),
        ([*TRIED, frame(5, 0.1, R2, R1, notify(6, 5))], [(REJECTED, "fault")]),
        ([*TRIED, frame(5, 0.1, R2, R1, notify(6, 2))], [(REJECTED, "warning")]),
        ([*TRIED, frame(5, 0.1, R2, R1, notify(1, 1))], [(REJECTED, "fault")]),
        ([*UP, frame(5, 1.0, R1, R2, opened(1), stream=1), frame(6, 1.1, R2, R1, notify(6, 5), stream=1)], []),  # a second connection
        ([frame(5, 0.1, R2, R1, notify(77, 5))], [(RESET, "fault")]),
    ],
)
def test_how_sessions_end(frames: list[Frame], told: list[tuple[str, str]]) -> None:
    assert severities(frames) == told


@pytest.mark.parametrize(("up_again", "severity"), [(60.0, "warning"), (200.0, "fault")])
def test_a_graceful_restart_is_up_again_in_its_time(up_again: float, severity: str) -> None:
    restarting = layer("bgp", {"bgp.type": 1, "bgp.open.myas": 1, "bgp.cap.gr.timers.restart_time": 120})
    frames = [frame(1, 0.0, R1, R2, restarting), *UP[1:], frame(5, 9.0, R1, R2, fin=1)]
    again = [Frame(one.number + 10, one.time + 9 + up_again, 1, 1, frame(1, 0, *ends(one), one.layers[3], stream=1).layers) for one in UP]
    assert severities([*frames, *again]) == [(RESET, severity)]


def ends(one: Frame) -> tuple[str, str]:
    ip = one.layers[1]
    return ip.first("ip.src"), ip.first("ip.dst")


def test_a_notification_that_tshark_does_not_know_is_read_from_its_bytes() -> None:
    payload = ":".join(["ff"] * 16 + ["00", "15", "03", "06", "0a"])
    tcp = layer("tcp", {"tcp.stream": 0, "tcp.srcport": 40001, "tcp.dstport": 179, "tcp.payload": payload})
    [finding] = DETECTOR.detect([Frame(1, 0.0, 75, 75, (layer("ip", {"ip.src": R1, "ip.dst": R2}), tcp))]).findings
    assert finding.facts["reason"] == "6/10 Cease, BFD Down"


def test_what_an_operator_said_is_cleaned() -> None:
    said = Layer("bgp", {**notify(6, 2).fields, "bgp.notify.communication": ("down\x1b]0;owned\x07[/foo]\n" + "x" * 5000,)})
    [finding] = DETECTOR.detect([*UP, frame(5, 9.0, R1, R2, said)]).findings
    assert "\x1b" not in finding.explanation
    assert len(finding.explanation) < 600


@pytest.mark.parametrize(
    "fields",
    [
        {"bgp.nlri_path_id": ("415236098",)},  # tshark took a plain prefix for add-path
        {"bgp.prefix_length": ("24", "24")},
        {"bgp.prefix_length": ("x",)},
        {f"{ATTRIBUTE}.mp_reach_nlri.safi": ("128",)},
    ],
)
def test_what_does_not_fit_together_is_left_unread(fields: dict[str, tuple[str, ...]]) -> None:
    known = Layer("bgp", {**announce("192.0.2.0/24", R1).fields, **fields})
    assert update_of(known) is None
    assert DETECTOR.detect([frame(1, 0.0, R1, R2, known)]) == Detection((), {"bgp.update": 1, "bgp.unread": 1, "bgp.session": 1})


def test_lengths_find_their_prefixes_whatever_the_order_of_the_attributes() -> None:
    known = {
        "bgp.prefix_length": (16, 48, 64, 24),
        "bgp.withdrawn_prefix": "10.9.0.0",
        "bgp.mp_unreach_nlri_ipv6_prefix": "2001:db8:9::",
        "bgp.mp_reach_nlri_ipv6_prefix": "2001:db8:1::",
        "bgp.nlri_prefix": "192.0.2.0",
        f"{ATTRIBUTE}.type_code": (1, 15, 14, 3),
        f"{ATTRIBUTE}.next_hop": R1,
        f"{ATTRIBUTE}.mp_reach_nlri.next_hop.ipv6": "2001:db8:1::1",
    }
    update = update_of(layer("bgp", known))
    assert update is not None
    assert [(route.prefix.text, route.next_hop) for route in update.announced] == [("2001:db8:1::/64", "2001:db8:1::1"), ("192.0.2.0/24", R1)]
    assert [prefix.text for prefix in update.withdrawn] == ["10.9.0.0/16", "2001:db8:9::/48"]


def test_a_whole_table_takes_linear_work() -> None:
    def work(count: int) -> int:
        frames = [frame(n, n / 100, R1, R2, announce(f"10.{n >> 8 & 255}.{n & 255}.0/24", R1), withdraw(f"10.{n % 7}.0.0/16")) for n in range(count)]
        return work_of(lambda: DETECTOR.detect(frames))

    assert work(16_000) < 12 * work(2_000)  # eight times the frames; a square law would need 64


NAMES = [
    "bgp.type",
    "bgp.open.myas",
    "bgp.cap.4as",
    "bgp.open.holdtime",
    "bgp.cap.gr.timers.restart_time",
    "bgp.notify.major_error",
    "bgp.notify.minor_error_cease",
    "bgp.notify.minor_data",
    "bgp.prefix_length",
    "bgp.nlri_prefix",
    "bgp.withdrawn_prefix",
    "bgp.mp_reach_nlri_ipv6_prefix",
    "bgp.mp_unreach_nlri_ipv6_prefix",
    "bgp.nlri_path_id",
    f"{ATTRIBUTE}.type_code",
    f"{ATTRIBUTE}.next_hop",
    f"{ATTRIBUTE}.mp_reach_nlri.next_hop.ipv6",
    f"{ATTRIBUTE}.mp_reach_nlri.safi",
    "tcp.stream",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.flags.syn",
    "tcp.flags.ack",
    "tcp.flags.fin",
    "tcp.flags.reset",
    "tcp.payload",
    "ip.src",
    "ip.dst",
    "ip.ttl",
]
UNREADABLE = ":".join(["ff"] * 16 + ["0", "15", "03", "zz", "06"])
VALUES = st.sampled_from(
    [
        "",
        "0",
        "1",
        "2",
        "3",
        "4",
        "6",
        "9",
        "14",
        "15",
        "24",
        "64",
        "128",
        "179",
        "999",
        "-1",
        "0x",
        "²",
        "a:b",
        "06:03",
        R1,
        R2,
        "2001:db8::1",
        "192.0.2.0",
        UNREADABLE,
    ]
)
LAYERS = st.builds(
    Layer,
    st.sampled_from(["ip", "ipv6", "tcp", "bgp", "bgp", "bgp"]),
    st.dictionaries(st.sampled_from(NAMES), st.lists(VALUES, max_size=4).map(tuple), max_size=14),
)


@given(st.lists(st.lists(LAYERS, max_size=8), max_size=8))
def test_nothing_that_a_frame_may_hold_breaks_it(contents: list[list[Layer]]) -> None:
    ip = layer("ip", {"ip.src": R1, "ip.dst": R2})
    tcp = layer("tcp", {"tcp.stream": 0, "tcp.srcport": 179})
    frames = [Frame(number, float(number), 60, 60, (ip, tcp, *layers)) for number, layers in enumerate(contents, 1)]
    for finding in DETECTOR.detect(frames).findings:
        assert finding.frames
        assert finding.cause in DETECTOR.causes


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize(
    ("case", "explained", "looked_at"),
    [
        ("bgp.next-hop-in-own-prefix/ibgp-loopbacks", {RESET: RECURSION}, {"bgp.update": 2, "bgp.session": 2, "bgp.notification": 1}),
        ("bgp.next-hop-in-own-prefix/passed-on", {}, {"bgp.announced": 6, "bgp.withdrawn": 4}),
        ("bgp.open-rejected/bad-peer-as", {}, {"bgp.session": 0, "bgp.open": 6, "bgp.tcp-open": 3}),
        ("healthy/bgp-begins-and-ends-inside", {}, {"bgp.session": 1, "bgp.open": 0}),
        ("healthy/bgp-default-route", {}, {"bgp.announced": 3, "bgp.unread": 0}),
    ],
)
def test_what_was_looked_at_tells_silence_from_absence(case: str, explained: dict[str, str], looked_at: dict[str, int]) -> None:
    analysis = analyze_capture(CAPTURES / f"{case}.pcap", families=["bgp"], cancel=CancelToken())
    assert {name: analysis.seen.get(name, 0) for name in looked_at} == looked_at
    assert set(analysis.seen) <= set(DETECTOR.seen)
    assert analysis.explained == explained


def test_titles_are_those_of_the_causes() -> None:
    assert set(TITLES) == set(DETECTOR.causes)
    assert {name: cause(name).title for name in TITLES} == dict(TITLES)
