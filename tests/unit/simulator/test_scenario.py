"""A scenario file read and played offline."""

from __future__ import annotations

import hashlib

import pytest
from simulated import CAPTURE, EXPECT, HEAD, scenario, with_capture

from tshoot.errors import PlaybookError
from tshoot.model.effects import AskOperator, Decode, RunCommand, StartCapture, StopCapture, Wait
from tshoot.model.events import CaptureStarted, CaptureTaken, CommandRan, Ok, OperatorAnswered, Waited
from tshoot.shipped import shipped
from tshoot.simulator.scenario import load_scenario


def run(played, command):
    return played.outcome(RunCommand("n/1@host", "n", "host", command))


START = StartCapture("t/1@host", "t", "host", "vmk1", "port 2049", 9014, 10, 10, 1)
STOP = StopCapture("t:stop/1@host", "t", "host", "t/1@host")


class TestOutcome:
    def test_a_command_prints_on_both_streams_with_its_status(self, tmp_path):
        assert run(scenario(tmp_path), "esxcfg-vmknic -l") == Ok(CommandRan(3, b"vmk0 1500\n", b"beware", 0.0))

    def test_a_pattern_must_fit_the_whole_command(self, tmp_path):
        played = scenario(tmp_path)
        assert run(played, "vmkping -I vmk1 192.0.2.50").answer.stdout == b"answered"
        assert run(played, "vmkping -I vmk1 192.0.2.50; rm -r /").answer.exit_status == 127

    def test_an_unknown_command_is_answered_as_a_shell_does(self, tmp_path):
        assert run(scenario(tmp_path), "esxcfg-vmknic -l -x") == Ok(CommandRan(127, b"", b"sh: esxcfg-vmknic: not found\n", 0.0))

    @pytest.mark.parametrize("command", ["", "   ", "\n", "\x1b[2J", "é" * 10_000])
    def test_hostile_commands_are_unknown_too(self, tmp_path, command):
        assert run(scenario(tmp_path), command).answer.exit_status == 127

    def test_a_failure_keeps_what_was_printed_before(self, tmp_path):
        failed = run(scenario(tmp_path), "hang now")
        assert (failed.kind, failed.partial.stdout, failed.partial.exit_status) == ("timeout", b"half\n", None)
        assert run(scenario(tmp_path), "sever now").partial is None

    def test_a_capture_is_the_recorded_file(self, tmp_path):
        played = with_capture(tmp_path)
        assert isinstance(played.outcome(START).answer, CaptureStarted)
        taken = played.outcome(STOP).answer
        content = (shipped("fixtures/captures") / CAPTURE).read_bytes()
        assert isinstance(taken, CaptureTaken)
        assert (taken.capture.sha256, taken.capture.size) == (hashlib.sha256(content).hexdigest(), len(content))
        assert played.capture_path("host").read_bytes() == content

    @pytest.mark.parametrize("kind", ["no-space", "permission-denied", "not-found"])
    def test_a_capture_that_cannot_start(self, tmp_path, kind):
        played = scenario(tmp_path, f"    capture: {{fails: {kind}}}\n")
        assert played.outcome(START).kind == kind
        assert played.capture_path("host") is None

    def test_without_a_capture_there_is_none_to_start(self, tmp_path):
        assert scenario(tmp_path).outcome(START).kind == "not-found"

    def test_a_connection_that_dies_while_capturing_is_lost_at_the_stop(self, tmp_path):
        played = with_capture(tmp_path, ", closes: true")
        assert isinstance(played.outcome(START), Ok)
        assert played.outcome(STOP).kind == "closed"

    @pytest.mark.parametrize(
        ("device", "kind"),
        [
            ("    port: closed\n", "refused"),
            ("    hang: after-login\n", "unresponsive"),
            ("    login: {refuse: [password, keyboard-interactive, publickey]}\n", "auth-rejected"),
        ],
    )
    def test_a_device_that_cannot_be_used_answers_nothing(self, tmp_path, device, kind):
        played = scenario(tmp_path, device)
        assert [run(played, "esxcfg-vmknic -l").kind, played.outcome(START).kind] == [kind, kind]

    def test_one_refused_way_to_log_in_leaves_the_others(self, tmp_path):
        assert isinstance(run(scenario(tmp_path, "    login: {refuse: [password]}\n"), "esxcfg-vmknic -l"), Ok)

    def test_the_operator_answers_by_the_question(self, tmp_path):
        played = scenario(tmp_path, rest='answers:\n  - {question: "[Rr]etry", answer: "yes"}\n  - {question: ., answer: "no"}\n')
        assert played.outcome(AskOperator("a", "a", "Please retry now")) == Ok(OperatorAnswered("yes"))
        assert played.outcome(AskOperator("a", "a", "Anything else?")) == Ok(OperatorAnswered("no"))
        assert scenario(tmp_path / "b").outcome(AskOperator("a", "a", "What?")).kind == "declined"

    def test_waiting_takes_no_time(self, tmp_path):
        assert scenario(tmp_path).outcome(Wait("w", "w", 3600.0)) == Ok(Waited(3600.0))

    def test_an_unknown_role_is_an_unknown_name(self, tmp_path):
        assert scenario(tmp_path).outcome(RunCommand("n", "n", "router", "show version")).kind == "name-unknown"

    def test_decoding_is_left_to_the_decoder(self, tmp_path):
        with pytest.raises(TypeError):
            scenario(tmp_path).outcome(Decode("d", "d", "host", "00"))


class TestReading:
    def test_own_entries_come_before_included_ones_and_lists_in_their_order(self, tmp_path):
        for name in ("a", "b"):
            entries = f"commands:\n  - {{run: both, stdout: {name}}}\n  - {{run: own, stdout: {name}}}\n  - {{run: only-{name}, stdout: {name}}}\n"
            (tmp_path / f"{name}.yaml").write_text(entries)
        played = scenario(tmp_path / "case", "    include: [../a.yaml, ../b.yaml]\n", "    commands: [{run: own, stdout: mine}]\n")
        assert [run(played, name).answer.stdout for name in ("own", "both", "only-a", "only-b")] == [b"mine", b"a", b"a", b"b"]

    def test_an_output_file_is_taken_as_it_is(self, tmp_path):
        (tmp_path / "out.txt").write_bytes(b"\x1b[2J\xff\x00")
        played = scenario(tmp_path, commands="    commands: [{run: x, stdout_file: out.txt}]\n")
        assert run(played, "x").answer.stdout == b"\x1b[2J\xff\x00"

    def test_all_problems_are_listed_with_their_places(self, tmp_path):
        device = "    include: ../none.yaml\n    capture: {file: none.pcap}\n"
        with pytest.raises(PlaybookError) as caught:
            scenario(tmp_path, device, "    commands: [{run: x, stdout_file: none.txt}]\n")
        assert sorted(int(problem.split(":")[1]) for problem in caught.value.problems) == [8, 9, 10]

    @pytest.mark.parametrize(
        ("text", "line", "words"),
        [
            ("", 1, "expected keys and values"),
            ("[]", 1, "expected keys and values"),
            (HEAD + "devices: {}\n" + EXPECT, 4, "at least 1"),
            (HEAD + "devices: {host: {platform: linux, name: a, colour: red}}\n" + EXPECT, 4, "this key is not known here"),
            (HEAD + "devices: {host: {platform: linux, name: a, commands: [{run: x, pattern: x}]}}\n" + EXPECT, 4, "one of the two"),
            (HEAD + "devices: {host: {platform: linux, name: a, commands: [{stdout: x}]}}\n" + EXPECT, 4, "one of the two"),
            (HEAD + "devices: {host: {platform: linux, name: a, commands: [{pattern: '('}]}}\n" + EXPECT, 4, "no regular expression"),
            (HEAD + "devices: {host: {platform: linux, name: a, commands: [{run: x, fails: maybe}]}}\n" + EXPECT, 4, "timeout"),
            (HEAD + "devices: {host: {platform: linux, name: a, capture: {}}}\n" + EXPECT, 4, "one of the two"),
            (HEAD + "devices: {host: {platform: linux, name: a}}\nexpect: {verdict: fault}\n", 5, "names its cause"),
            (HEAD + "title: again\n", 4, "a second time"),
            ("a: [", 1, ""),
        ],
    )
    def test_each_problem_is_told_at_its_line(self, tmp_path, text, line, words):
        (tmp_path / "scenario.yaml").write_text(text)
        with pytest.raises(PlaybookError) as caught:
            load_scenario(tmp_path)
        told = [problem for problem in caught.value.problems if problem.startswith(f"{tmp_path}/scenario.yaml:{line}:") and words in problem]
        assert told, caught.value.problems

    def test_a_missing_scenario_is_told(self, tmp_path):
        with pytest.raises(PlaybookError, match="cannot be read"):
            load_scenario(tmp_path)

    def test_an_included_list_is_checked_at_its_own_lines(self, tmp_path):
        (tmp_path / "list.yaml").write_text("commands:\n  - run: a\n  - {run: b, exit: 300}\n")
        with pytest.raises(PlaybookError) as caught:
            scenario(tmp_path / "case", "    include: ../list.yaml\n")
        assert len(caught.value.problems) == 1
        assert "list.yaml:3:" in caught.value.problems[0]
