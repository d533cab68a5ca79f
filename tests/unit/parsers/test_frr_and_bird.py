"""What holds for FRR, BIRD and Linux beyond single fixtures: text and JSON agree, line ends do not matter, and size costs no more than time."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers import parse

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "commands"
FRR = sorted(FIXTURES.glob("frr/*/*.json"))


def said(parser: str, text: str, command: str = "show") -> Parsed:
    return parse(parser, CommandText(command, text, "", None))


def case_of(path: Path) -> tuple[str, dict[str, Any]]:
    return path.with_suffix(".txt").read_text(encoding="utf-8"), json.loads(path.read_text(encoding="utf-8"))


def facts_of(parser: str, case: str) -> dict[str, Any]:
    facts: dict[str, Any] = case_of(FIXTURES / "frr" / parser / f"{case}.json")[1]["facts"]
    return facts


@pytest.mark.parametrize("case", ["bgp-inactive-igp-best", "recursive", "connected-before-others", "ipv4-kernel", "no-route"])
def test_a_route_is_the_same_in_text_and_json(case: str) -> None:
    text, as_json = facts_of("frr_show_route", case), facts_of("frr_show_route_json", case)
    ages = text.pop("age_seconds", 0), as_json.pop("age_seconds", 0)  # the two commands ran one after the other
    assert text == as_json and abs(ages[0] - ages[1]) <= 1


@pytest.mark.parametrize("case", ["next-hop-in-own-prefix", "next-hop-unreachable", "external-link-local", "own", "not-in-table"])
def test_a_prefix_of_bgp_is_the_same_in_text_and_json(case: str) -> None:
    assert facts_of("frr_show_bgp_route", case) == facts_of("frr_show_bgp_route_json", case)


@pytest.mark.parametrize("path", [path for path in FRR if path.parent.name.startswith("frr_")], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_windows_line_ends_change_nothing(path: Path) -> None:
    text, case = case_of(path)
    if case["exit_status"] not in (0, None) or case.get("stderr"):
        return
    assert said(path.parent.name, text.replace("\n", "\r\n"), case["command"]).facts == case["facts"]


def test_json_below_other_lines_and_on_one_line() -> None:
    text, case = case_of(FIXTURES / "frr" / "frr_show_bgp_summary_json" / "established.json")
    compact = json.dumps(json.loads(text))
    parsed = said("frr_show_bgp_summary_json", f"% Can't open configuration file\n{compact}\n")
    assert parsed.facts == case["facts"]
    assert {(span.first, span.last) for span in parsed.lines.values()} == {(2, 2)}
    assert [(span.first, span.last) for span in parsed.unread] == [(1, 1)]


NONE = {
    "deep-list": "[" * 100_000,
    "deep-object": '{"a":' * 50_000,
    "endless-text": '{"a":"' + "x" * 3_000_000,
    "torn-members": "{" + '"a":1,' * 100_000,
    "late-start": " " * 500_000 + "{",
    "many-starts": "{\n" * 50_000,
}


@pytest.mark.parametrize("text", NONE.values(), ids=NONE)
def test_json_that_is_none_costs_no_time(text: str) -> None:
    started = time.process_time()
    assert said("frr_show_route_json", text).facts == {}
    assert time.process_time() - started < 2


def test_a_table_of_many_neighbors_is_read_in_time() -> None:
    peers = {f"2001:db8::{number:x}": {"remoteAs": 65000, "state": "Established", "pfxRcd": 1, "peerUptimeMsec": 5000} for number in range(1, 3000)}
    started = time.process_time()
    facts = said("frr_show_bgp_summary_json", json.dumps({"routerId": "10.0.0.1", "as": 65000, "peers": peers}, indent=1)).facts
    assert len(facts["established"]) == 2999
    assert time.process_time() - started < 4


def test_a_log_that_flaps_for_days_is_bounded() -> None:
    line = "2026/11/21 07:{:02}:{:02} BGP: [{}] Tx route {} VRF 0 2001:db8:1::/64 metric 0\n"
    turns = [line.format(second // 60, second % 60, *(("V15FP-4CPVK", "add") if second % 2 else ("G7K80-KF0HM", "delete"))) for second in range(3600)]
    started = time.process_time()
    facts = said("frr_routing_log", "".join(turns * 4)).facts
    assert facts["flapping"] == ["2001:db8:1::/64"] and len(facts["installs"]) == 7_200
    assert time.process_time() - started < 8


def test_a_warning_of_bird_without_the_route_proves_nothing() -> None:
    head = "2026-11-21 07:00:00.000 <TRACE> r1: Connecting to 192.0.2.1 from local address 192.0.2.2\n"
    installed = "2026-11-21 07:00:00.000 <TRACE> r1.ipv4 > added [best] 10.0.0.0/8 0L 9G unicast\n"
    warned = "2026-11-21 07:00:01.000 <WARN> Next hop address 10.0.0.1 resolvable through recursive route for 10.0.0.0/8\n"
    lost = "2026-11-21 07:00:01.000 <TRACE> r1.ipv4 > updated [best] 10.0.0.0/8 0L 9G unreachable\n"
    assert said("bird_routing_log", head + installed + warned).facts["self_covering"] == []
    assert said("bird_routing_log", head + installed + lost).facts["self_covering"] == []
    proven = said("bird_routing_log", head + installed + warned + lost).facts["self_covering"]
    assert proven == [{"prefix": "10.0.0.0/8", "next_hop": "10.0.0.1"}]
