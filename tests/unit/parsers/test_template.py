"""Templates of ntc-templates: every record knows its lines, a line that nothing understood costs itself, and nothing runs without an end."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

from tshoot.model.facts import CommandText, Span
from tshoot.parsers import parse
from tshoot.parsers._machine import Machine
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._template import template_records

HEADER = "Protocol  Address          Age (min)  Hardware Addr   Type   Interface\n"
ROW = "Internet  192.0.2.50              5   c417.fe12.7d75  ARPA   Vlan10\n"
TEMPLATE = """\
Value Filldown,Required VRF (\\S+)
Value Required NAME (\\S+)
Value List PORT (\\S+)

Start
  ^VRF\\s+${VRF}
  ^\\S+\\s+\\S+\\s*$$ -> Continue.Record
  ^${NAME}\\s+${PORT}\\s*$$
  ^\\s+${PORT}\\s*$$
  ^bad -> Error "no such state"
"""


def read(text: str) -> tuple[list[tuple[dict[str, object], dict[str, list[int]]]], list[int]]:
    machine = Machine(StringIO(TEMPLATE))
    records = machine.read([Line("stdout", number, line) for number, line in enumerate(text.splitlines(), 1)])
    lines = [(record.fields, {name: [line.number for line in where] for name, where in record.lines.items()}) for record in records]
    return lines, [line.number for line in machine.understood]


def test_values_over_several_lines_know_them_all() -> None:
    records, understood = read("VRF red\na p1\n  p2\nbad\n???\nb p3\n")
    assert records[0] == ({"vrf": "red", "name": "a", "port": ["p1", "p2"]}, {"vrf": [1], "name": [2], "port": [2, 3]})
    assert records[1] == ({"vrf": "red", "name": "b", "port": ["p3"]}, {"vrf": [1], "name": [6], "port": [6]})
    assert understood == [1, 2, 3, 6]


def test_a_machine_starts_anew_each_time() -> None:
    machine = Machine(StringIO(TEMPLATE))
    for _ in range(2):
        machine.Reset()
        assert len(machine.read([Line("stdout", 1, "VRF red"), Line("stdout", 2, "a p1")])) == 1
        assert [line.number for line in machine.understood] == [1, 2]


def test_an_error_of_the_template_costs_one_line() -> None:
    text = CommandText("show ip arp", HEADER + "%SYS-5-CONFIG_I: x\n" + ROW, "", None)
    parsed = parse("ios_show_arp", text)
    assert parsed.facts["addresses"] == ["192.0.2.50"] and parsed.unread == (Span("stdout", 2, 2),)
    assert parsed.lines["by_address.192.0.2.50.mac"] == Span("stdout", 3, 3)


def test_long_lines_are_not_tried_and_line_numbers_stay() -> None:
    parsed = parse("ios_show_arp", CommandText("show ip arp", HEADER + "Internet " * 100 + "\n" + ROW, "", None))
    assert parsed.unread == (Span("stdout", 2, 2),) and parsed.lines["addresses.0"] == Span("stdout", 3, 3)


def test_the_number_of_lines_is_bounded() -> None:
    reading = Reading("x", CommandText("show ip arp", HEADER + ROW * 60_000, "", None))
    started = time.process_time()
    records = template_records(reading, "cisco_ios_show_ip_arp", "ip_address")
    assert len(records) == 49_999 and time.process_time() - started < 30


def test_threads_do_not_mix() -> None:
    def addresses(block: int) -> list[str]:
        rows = "".join(ROW.replace("192.0.2.50", f"192.0.{block}.{host}") for host in range(100))
        return list(parse("ios_show_arp", CommandText("show ip arp", HEADER + rows, "", None)).facts["addresses"])

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(addresses, range(16)))
    assert found == [[f"192.0.{block}.{host}" for host in range(100)] for block in range(16)]


def test_textfsm_is_loaded_only_by_a_parser_that_runs_a_template() -> None:
    code = (
        "import sys\nfrom tshoot.model.facts import CommandText\nfrom tshoot.parsers import parse, parser_facts, parser_names\n"
        "[parser_facts(name) for name in parser_names()]\nparse('ios_show_route', CommandText('x', '% Route not found'))\n"
        "before = 'textfsm' in sys.modules\nparse('ios_show_arp', CommandText('x', 'y'))\nprint(before, 'textfsm' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "False True"
