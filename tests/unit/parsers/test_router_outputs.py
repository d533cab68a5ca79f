"""What holds for the outputs of routers and switches beyond single fixtures: line ends, length, refusals, and the walker's story in order."""

from __future__ import annotations

import json
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tshoot.model.facts import CommandText, Parsed, Span
from tshoot.parsers import parse, parser_names

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "commands"
PLATFORMS = ("cisco_ios", "cisco_nxos", "arista_eos")
CASES = sorted(path for platform in PLATFORMS for path in FIXTURES.glob(f"{platform}/*/*.json"))
NAMES = sorted({path.parent.name for path in CASES})
MANY = 4_000
LOG = "*Mar  1 00:01:02.345: %SYS-5-CONFIG_I: Configured from console by console"


def said(text: str, parser: str, command: str = "show") -> Parsed:
    return parse(parser, CommandText(command, text, "", None))


def case_of(path: Path) -> tuple[str, dict[str, Any]]:
    return path.with_suffix(".txt").read_text(encoding="utf-8"), json.loads(path.read_text(encoding="utf-8"))


def test_the_parsers_of_these_platforms_are_the_ones_with_their_names() -> None:
    assert {name for name in parser_names() if name.startswith(("ios_", "nxos_", "eos_"))} == set(NAMES)


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(FIXTURES).with_suffix("")))
def test_windows_line_ends_change_nothing(path: Path) -> None:
    text, case = case_of(path)
    parsed = said(text.replace("\n", "\r\n"), path.parent.name, case["command"])
    assert parsed.facts == case["facts"]
    assert list(parsed.unread) == [Span(*span) for span in case["unread"]]


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(FIXTURES).with_suffix("")))
def test_log_lines_above_and_below_cost_themselves_alone(path: Path) -> None:
    text, case = case_of(path)
    if path.parent.name == "ios_routing_log" or "\n" not in text.strip("\n"):
        text, case = case_of(FIXTURES / "cisco_ios/ios_show_route/story-poll-1-bgp.json")
        path = FIXTURES / "cisco_ios/ios_show_route/story-poll-1-bgp.json"
    whole = text if text.endswith("\n") else text + "\n"
    parsed = said(f"{LOG}\n{whole}{LOG}\n", path.parent.name, case["command"])
    assert parsed.facts == case["facts"]
    last = len(whole.split("\n")) + 1
    assert any(span.first <= 1 <= span.last for span in parsed.unread) and any(span.first <= last <= span.last for span in parsed.unread)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text",
    [
        "show ipv6 rout X\n            ^\n% Invalid input detected at '^' marker.\n\n",
        "              ^\n% Invalid command at '^' marker.\n",
        "% Invalid input (at token 1: 'rout')\n",
        "% Incomplete command.\n",
        '% Ambiguous command:  "show i"\n',
        "Command authorization failed.\n",
    ],
)
def test_a_refusal_gives_no_fact(name: str, text: str) -> None:
    assert said(text, name).facts == {}


@cache
def rows(parser: str) -> str:
    """A very long output of this parser's kind."""
    hexes = [f"{index >> 8:x}:{index & 255:x}" for index in range(MANY)]
    macs = [f"0000.{index >> 16:04x}.{index & 0xFFFF:04x}" for index in range(MANY)]
    ips = [f"10.{index >> 16}.{index >> 8 & 255}.{index & 255}" for index in range(MANY)]
    return {
        "ios_show_route": "".join(f"B   2001:DB8:{word}::/64 [200/0]\n     via 2001:DB9::1\n" for word in hexes[: MANY // 2]),
        "eos_show_route": "".join(f" B E    {ip}/32 [200/0] via 192.0.2.1, Ethernet18\n" for ip in ips),
        "nxos_show_route": "".join(
            f"{ip}/32, ubest/mbest: 1/0\n    *via 192.0.2.1, [200/0], 00:00:13, bgp-65012, internal\n" for ip in ips[: MANY // 2]
        ),
        "ios_show_bgp_route": "BGP routing table entry for 10.0.0.0/8, version 4\n"
        + "".join(f"  {at}\n    {ip} from {ip} ({ip})\n      Origin IGP, valid, internal\n" for at, ip in enumerate(ips[: MANY // 3])),
        "eos_show_bgp_route": "BGP routing table entry for 10.0.0.0/8\n"
        + "".join(f"  {at}\n    {ip} from {ip} ({ip})\n      Received 00:01:10 ago, valid, internal\n" for at, ip in enumerate(ips[: MANY // 3])),
        "nxos_show_bgp_route": "BGP routing table entry for 10.0.0.0/8, version 4\n"
        + "".join(f"  Path type: internal, path is valid, x\n    {ip} (metric 0) from {ip} ({ip})\n" for ip in ips[: MANY // 2]),
        "ios_show_bgp_summary": "Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd\n"
        + "".join(f"{ip}        4        65012       5       5        3    0    0 00:00:58        1\n" for ip in ips),
        "ios_show_bgp_neighbors": "".join(
            f"BGP neighbor is {ip},  remote AS 65012, internal link\n  BGP state = Established, up for 00:01:02\n" for ip in ips
        ),
        "ios_show_ipv6_neighbors": "IPv6 Address                              Age Link-layer Addr State Interface\n"
        + "".join(f"2001:DB8::{word}     0 {mac}  REACH Gi0/0\n" for word, mac in zip(hexes, macs, strict=True)),
        "ios_show_arp": "Protocol  Address          Age (min)  Hardware Addr   Type   Interface\n"
        + "".join(f"Internet  {ip}   5   {mac}  ARPA   Vlan10\n" for ip, mac in zip(ips, macs, strict=True)),
        "nxos_show_arp": "Address         Age       MAC Address     Interface\n"
        + "".join(f"{ip}   00:00:57  {mac}  Vlan10\n" for ip, mac in zip(ips, macs, strict=True)),
        "nxos_show_ipv6_neighbors": "Address         Age       MAC Address     Pref Source     Interface\n"
        + "".join(f"2001:db8::{word}\n                00:01:46  {mac}  50   icmpv6     Vlan10\n" for word, mac in zip(hexes, macs, strict=True)),
        "eos_show_arp": "Address         Age (sec)  Hardware Addr   Interface\n"
        + "".join(f"{ip}   0:00:05  {mac}  Vlan10, Et1\n" for ip, mac in zip(ips, macs, strict=True)),
        "eos_show_ipv6_neighbors": "IPv6 Address                                  Age Hardware Addr    State Interface\n"
        + "".join(f"2001:db8::{word}   3:22:44 {mac}   REACH Et1\n" for word, mac in zip(hexes, macs, strict=True)),
        "ios_show_mac_address_table": "Vlan    Mac Address       Type        Ports\n----    -----------       --------    -----\n"
        + "".join(f"  10    {mac}    DYNAMIC     Gi1/0/5\n" for mac in macs),
        "nxos_show_mac_address_table": "".join(f"*   10     {mac}   dynamic  0         F      F    Eth1/5\n" for mac in macs),
        "eos_show_mac_address_table": "Vlan    Mac Address       Type        Ports      Moves   Last Move\n"
        + "".join(f"  10    {mac}    DYNAMIC     Et5        1       0:02:31 ago\n" for mac in macs),
        "ios_routing_config": "router bgp 1\n"
        + "".join(f" neighbor {ip} remote-as 1\n network {ip} mask 255.255.255.255\n" for ip in ips[: MANY // 2]),
        "eos_routing_config": "router bgp 1\n" + "".join(f"   neighbor {ip} remote-as 1\n   network {ip}/32\n" for ip in ips[: MANY // 2]),
        "ios_routing_log": "".join(f"*Mar  1 00:01:02.345: BGP(1): no valid path for {ip}/32\n" for ip in ips),
    }[parser]


def counted(value: Any) -> int:
    return max([len(value), *map(counted, value.values())]) if isinstance(value, dict) else len(value) if isinstance(value, list) else 0


@pytest.mark.parametrize("name", NAMES)
def test_thousands_of_lines_are_read_in_time(name: str) -> None:
    text = rows(name)
    assert text.count("\n") >= MANY * 0.99
    started = time.process_time()
    parsed = said(text, name, "show ip route 10.0.0.1")
    assert time.process_time() - started < 4
    assert counted(dict(parsed.facts)) >= MANY // 3
    assert not parsed.unread


@pytest.mark.parametrize("name", NAMES)
def test_thousands_of_lines_of_nothing_stay_unread(name: str) -> None:
    started = time.process_time()
    parsed = said("x 1 via [/foo] ::: 255.255\n" * MANY, name)
    assert time.process_time() - started < 4
    assert parsed.facts == {} and parsed.unread == (Span("stdout", 1, MANY),)


def test_the_story_of_the_walker_in_order() -> None:
    """The polls of the case: the source alternates, the age starts over, and the addresses are told apart from `absent` and from `not understood`."""
    polls = sorted(FIXTURES.glob("cisco_ios/ios_show_route/story-poll-*.txt"))
    facts = [said(path.read_text(encoding="utf-8"), "ios_show_route", "show ipv6 route 2001:db9:121:1::/64").facts for path in polls]
    assert [fact.get("protocol") for fact in facts] == ["bgp", "bgp", "eigrp", "eigrp", "bgp", None]
    assert [fact.get("age_seconds") for fact in facts] == [13, 58, 3, 57, 2, None]
    assert [fact["found"] for fact in facts] == [True, True, True, True, True, False]
    assert facts[0]["recursive"] and not facts[2]["recursive"]
    assert "found" not in said("what is this\n", "ios_show_route").facts


@pytest.mark.parametrize(
    ("stamps", "period"),
    [
        (["*Mar  1 00:00:02.345: ", "*Mar  1 00:01:02.345: "], 60.0),
        (["Mar  1 00:00:02: ", "Mar  1 00:01:02: "], 60.0),
        (["Mar  1 2013 00:00:02.100 CET: ", "Mar  1 2013 00:01:02.200 CET: "], 60.1),
        (["000045: *Mar  1 00:00:02.345 UTC: ", "000046: *Mar  1 00:01:02.345 UTC: "], 60.0),
        (["00:00:02: ", "00:01:02: "], 60.0),
        (["Nov  1 09:18:13 192.0.2.9 81: *Mar  1 00:00:02.345: ", "Nov  1 09:18:14 192.0.2.9 82: *Mar  1 00:01:02.345: "], 60.0),
        (["<191>81: 000045: Mar  1 00:00:02.345: ", "<191>82: 000046: Mar  1 00:01:02.345: "], 60.0),
        (["Dec 31 23:59:30: ", "Jan  1 00:00:30: "], 60.0),
        (["Feb 28 2024 23:59:30: ", "Feb 29 2024 00:00:30: "], 60.0),
        (["Feb 29 2024 23:59:30: ", "Mar  1 2024 00:00:30: "], 60.0),
        (["2013 Mar  1 00:00:02.345 sw ", "2013 Mar  1 00:01:02.345 sw "], 60.0),
        (["2023-01-02T03:04:05.678901+01:00 h Bgp: ", "2023-01-02T02:05:05.678901Z h Bgp: "], 60.0),
        (["1d02h: ", "1d02h: "], None),
        (["", ""], None),
        (["*Mar  1 00:01:02.345: ", "*Mar  1 00:00:02.345: "], None),
    ],
)
def test_the_period_from_any_kind_of_time(stamps: list[str], period: float | None) -> None:
    install = "BGP(1): Revise route installing 2001:DB9::/64 -> 2001:DB9::1 (::) to main IPv6 table\n"
    loss = "BGP(1): no valid path for 2001:DB9::/64\n"
    facts = said("".join(f"{stamp}{install}{stamp}{loss}" for stamp in stamps), "ios_routing_log").facts
    assert facts["flapping"] == ["2001:db9::/64"] and facts["self_covering"][0]["next_hop"] == "2001:db9::1"
    assert facts.get("period_seconds") == period


@pytest.mark.parametrize(
    ("command", "prefix"),
    [
        ("show ip route 10.1.2.3", "10.1.2.0/24"),
        ("show ip route 10.1.0.0 255.255.0.0", "10.1.0.0/16"),
        ("show ip route 10.9.9.9", "0.0.0.0/0"),
        ("show ip route vrf 10 10.1.2.0/24", "10.1.2.0/24"),
        ("show ip route", None),
    ],
)
def test_of_a_table_the_longest_match_of_what_was_asked_is_the_route_in_use(command: str, prefix: str | None) -> None:
    table = "".join(f"B        {net} [200/0] via 192.0.2.1, 00:00:13\n" for net in ("0.0.0.0/0", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.4/32"))
    facts = said(table, "ios_show_route", command).facts
    assert facts["found"] is True and len(facts["entries"]) == 4
    assert facts.get("prefix") == prefix


PATIENCE = [
    "    " + "9" * 3000 + "x",
    "  " + "9" * 380 + " x",
    "    " + "a" * 3000 + "!",
    "  " + "ab " * 1000 + "!",
    "  " + "9 " * 1000 + "x",
    "  " + "65000 " * 500 + "(",
    " " * 390 + "x",
    " " * 59 + "x y " * 30,
    "* " * 90 + "x",
    "B " * 60 + "10.0.0.0/8 " * 10,
    "10.0.0.1 " * 20 + "x",
    "          " + "1 " * 90 + "Estab x",
    "BGP(1): " * 400,
    "%BGP-5-ADJCHANGE: " + "neighbor 10.0.0.1 (VRF " * 150,
    "00:00:01: " * 300,
    " neighbor " * 200,
    "[200/0] via " * 200,
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("line", PATIENCE, ids=lambda line: f"{line.strip()[:12]}-{len(line)}")
def test_no_line_takes_long(name: str, line: str) -> None:
    """Lines that expressions with two ways to divide them would try for ever, below a header that makes the parser look at rows."""
    header, _, rest = rows(name).partition("\n")
    legend = "  vlan   mac address     type    learn     age              ports\n" if name == "ios_show_mac_address_table" else ""
    started = time.process_time()
    said(f"{header}\n{legend}{rest.split(chr(10))[0]}\n  Advertised to update-groups:\n" + f"{line}\n" * 60, name)
    assert time.process_time() - started < 1.5
