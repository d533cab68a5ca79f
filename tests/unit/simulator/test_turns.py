"""Outputs that change with the scenario's clock: the turns themselves, offline at virtual times, served in real time."""

from __future__ import annotations

import time

import paramiko
import pytest
from simulated import EXPECT, HEAD, client, scenario, ssh

from tests.waiting import wait_until
from tshoot.errors import PlaybookError
from tshoot.model.effects import RunCommand
from tshoot.simulator.clock import ServedClock
from tshoot.simulator.programs.turns import printed
from tshoot.simulator.scenario import load_scenario
from tshoot.simulator.serving import serve

TURNS = """
    commands:
      - run: show route
        turns:
          - {stdout: "bgp, updated ‹age› ago\\n", seconds: 60}
          - {stdout: "eigrp, updated ‹age› ago\\n", seconds: 30.5}
      - run: show once
        once: true
        turns: [{stdout: first, seconds: 10}, {stdout: "second ‹age›", seconds: 10}]
      - run: show stay
        turns: [{stdout: before, seconds: 3}, {stdout: "since ‹age›"}]
"""


class TestPrinted:
    @pytest.mark.parametrize(
        ("at", "output"),
        [(0.0, b"a 00:00:00"), (59.999, b"a 00:00:59"), (60.0, b"b 00:00:00"), (90.4, b"b 00:00:30"), (90.5, b"a 00:00:00"), (100.0, b"a 00:00:09")],
    )
    def test_turns_follow_each_other_over_and_over(self, at, output):
        assert printed([("a ‹age›".encode(), 60.0), ("b ‹age›".encode(), 30.5)], at) == output

    @pytest.mark.parametrize(("at", "output"), [(2.9, b"a"), (3.0, b"b 00:00:00"), (3603.0 + 125, b"b 01:02:05"), (360_003.0, b"b 100:00:00")])
    def test_a_last_turn_without_end_stays(self, at, output):
        assert printed([(b"a", 3.0), ("b ‹age›".encode(), None)], at) == output

    def test_raw_bytes_stay_as_they_are(self):
        assert printed([(b"\xff{age}<age>\x00\xe2\x80\xb9", None)], 9.0) == b"\xff{age}<age>\x00\xe2\x80\xb9"

    def test_no_moment_falls_between_two_turns(self):
        turns = [(b"a", 0.1), (b"b", 0.2), (b"c", 0.3)]
        found = [printed(turns, number * 0.1) for number in range(600)]
        assert set(found) == {b"a", b"b", b"c"}
        assert all(number in range(90, 210) for number in (found.count(b"a"), found.count(b"b") // 2, found.count(b"c") // 3))


class TestOffline:
    def told(self, played, command, at):
        return played.outcome(RunCommand("n", "n", "host", command), at).answer.stdout

    def test_the_moment_chooses_the_turn(self, tmp_path):
        played = scenario(tmp_path, commands=TURNS)
        assert [self.told(played, "show route", at) for at in (0, 65, 91)] == [
            b"bgp, updated 00:00:00 ago\n",
            b"eigrp, updated 00:00:05 ago\n",
            b"bgp, updated 00:00:00 ago\n",
        ]
        assert [self.told(played, "show once", at) for at in (9, 10, 500)] == [b"first", b"second 00:00:00", b"second 00:08:10"]
        assert [self.told(played, "show stay", at) for at in (0, 63)] == [b"before", b"since 00:01:00"]

    def test_without_a_moment_it_is_the_beginning(self, tmp_path):
        assert scenario(tmp_path, commands=TURNS).outcome(RunCommand("n", "n", "host", "show stay")).answer.stdout == b"before"

    def test_a_turn_may_lie_in_a_file(self, tmp_path):
        (tmp_path / "a.txt").write_bytes(b"\xff\n")
        played = scenario(tmp_path, commands="    commands: [{run: x, turns: [{stdout_file: a.txt, seconds: 1}, {stdout: b}]}]\n")
        assert [self.told(played, "x", at) for at in (0, 1)] == [b"\xff\n", b"b"]

    @pytest.mark.parametrize(
        ("command", "words"),
        [
            ("{run: x, stdout: y, turns: [{stdout: z}]}", "one of them"),
            ("{run: x, stdout_file: y, turns: [{stdout: z}]}", "one of them"),
            ("{run: x, turns: [{stdout: z}, {stdout: z, seconds: 1}]}", "only the last one stays"),
            ("{run: x, turns: [{stdout: z, seconds: 0}]}", "greater than 0"),
            ("{run: x, turns: [{stdout: z, seconds: .inf}]}", "less than or equal to 86400"),
            ("{run: x, turns: [{stdout: z, stdout_file: y}]}", "one of the two"),
            ("{run: x, turns: [{stdout_file: none.txt}]}", "turns.0.stdout_file: cannot be read"),
            ("{run: x, once: true}", "no `turns`"),
        ],
    )
    def test_what_makes_no_sense_is_told_at_its_line(self, tmp_path, command, words):
        text = f"{HEAD}devices:\n  host:\n    platform: linux\n    name: a\n    commands:\n    - {command}\n{EXPECT}"
        (tmp_path / "scenario.yaml").write_text(text)
        with pytest.raises(PlaybookError) as caught:
            load_scenario(tmp_path)
        assert [problem for problem in caught.value.problems if "scenario.yaml:9:" in problem and words in problem], caught.value.problems


class TestServed:
    def test_the_clock_starts_with_the_first_login_and_only_then(self, tmp_path):
        clock = ServedClock(tmp_path / "clock")
        assert (clock.now(), clock.file.exists()) == (0.0, False)
        clock.start()
        wait_until(lambda: clock.now() > 0.01, "time")
        began = clock.file.read_text()
        clock.start()
        assert clock.file.read_text() == began
        assert clock.now() == pytest.approx(time.monotonic() - float(began), abs=1)

    def test_the_time_since_the_first_login_chooses_the_turn_on_every_device(self, tmp_path):
        command = "    commands: [{run: 'show route', turns: [{stdout: early, seconds: 3600}, {stdout: 'late ‹age›'}]}]\n"
        with serve(scenario(tmp_path, commands=f"{command}  other:\n    platform: linux\n    name: b\n{command}")) as served:
            assert not served.clock.file.exists()
            assert ssh(served, "show route").stdout == "early"
            assert served.clock.now() < 3600
            served.clock.file.write_text(repr(time.monotonic() - 3600 - 7200))
            assert ssh(served, "show route").stdout.startswith("late 02:00:")  # the whole command
            assert ssh(served, "show route | cat", role="other").stdout.startswith("late 02:00:")  # in the shell

    def test_a_login_that_is_refused_starts_no_clock(self, tmp_path):
        with serve(scenario(tmp_path)) as served:
            with pytest.raises(paramiko.AuthenticationException), client(served, password="wrong"):
                pass
            assert not served.clock.file.exists()
            with client(served):
                assert served.clock.file.exists()


class TestFrr:
    """A shell whose commands hold a router's command as one quoted word."""

    COMMANDS = """
    commands:
      - run: vtysh -c 'show ipv6 route 2001:db9:121:1::/64 json'
        turns: [{stdout: '{"uptime":"‹age›"}'}]
      - run: birdc -r 'show route for 2001:db9:121:1::1 all'
        stdout: from bird
"""

    @pytest.mark.parametrize(
        "command",
        [
            "vtysh -c 'show ipv6 route 2001:db9:121:1::/64 json'",
            'vtysh -c "show ipv6 route 2001:db9:121:1::/64 json"',
            "vtysh  -c show\\ ipv6\\ route\\ 2001:db9:121:1::/64\\ json",
            "p=2001:db9:121:1::/64; exec vtysh -c 'show ipv6 route '$p' json' | cat",
        ],
    )
    def test_any_quoting_finds_the_entry(self, tmp_path, command):
        with serve(scenario(tmp_path, commands=self.COMMANDS)) as served:
            ran = ssh(served, command)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert ran.stdout.startswith('{"uptime":"00:00:0')

    def test_words_that_are_not_quoted_are_others(self, tmp_path):
        with serve(scenario(tmp_path, commands=self.COMMANDS)) as served:
            assert ssh(served, "vtysh -c show ipv6 route 2001:db9:121:1::/64 json").returncode == 127
            assert ssh(served, "birdc -r 'show route for 2001:db9:121:1::1 all'").stdout == "from bird"
