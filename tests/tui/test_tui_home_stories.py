"""Stories of the home screen and the set-up: what is typed, what is seen; targets are tried on a device behind real SSH."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList
from tui_helpers import asked, opening_of, region, screen_text, small_playbook, until

from tshoot.cancel import CancelToken
from tshoot.model.effects import Effect
from tshoot.model.events import CommandRan, Ok, TargetSpec
from tshoot.performers.connection import try_connection
from tshoot.session.log import SessionLog
from tshoot.shipped import shipped
from tshoot.simulator.device import CommandEntry
from tshoot.simulator.login import DeviceLogin
from tshoot.simulator.scenario import load_scenario
from tshoot.simulator.serving import Served, serve
from tshoot.transports.base import Nobody
from tshoot.transports.settings import SshSettings
from tshoot.tui.app import TshootApp
from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.screens.home import HomeScreen
from tshoot.tui.screens.run import RunScreen
from tshoot.tui.screens.setup import SetupScreen
from tshoot.tui.screens.text_analysis import TextAnalysisScreen
from tshoot.tui.widgets.field.field import Field
from tshoot.tui.widgets.home.symptom import SymptomField
from tshoot.wiring import Opening, Settings

CAPTURE = shipped("fixtures/captures") / "nfs.mount-denied" / "over-tcp.pcap"
TRANSCRIPT = shipped("fixtures/transcripts") / "nfs.export-not-found" / "vmkernel-log.txt"
VERSION = "VMkernel esx01 8.0.2 #1 SMP Release build-22380479 x86_64 ESXi"


def opening(tmp_path: Path, **more: object) -> Opening:
    ssh = SshSettings(config_file=tmp_path / "config", known_hosts=(tmp_path / "known",), global_known_hosts=(), default_keys=(), use_agent=False)
    return Opening(settings=Settings(tmp_path / "sessions", tmp_path / "state", ssh), **more)  # type: ignore[arg-type]


def symptom(pilot) -> Input:
    return pilot.app.screen.query_one("#symptom", Input)


def rows(pilot, name: str = "playbooks") -> list[str]:
    options = pilot.app.screen.query_one(f"#{name}", OptionList)
    return [str(options.get_option_at_index(index).prompt) for index in range(options.option_count)]


def field(pilot, label: str) -> Field:
    return next(found for found in pilot.app.screen.query(Field) if found.label == label)


def trial(pilot, label: str = "host") -> str:
    return str(field(pilot, label).query_one(".trial").render())


async def at_home(pilot) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen) and len(rows(pilot)) >= 3, "the playbooks")


async def at_set_up(pilot) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen) and len(pilot.app.screen.query(Field)), "the set-up")
    await pilot.pause()


async def type_symptom(pilot, text: str) -> None:
    symptom(pilot).value = text
    await pilot.pause()


# --- a symptom ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "playbook", "why"),
    [
        ("mount denied", "nfs-mount", "symptom: The mount request was denied by the NFS server"),
        ("route flaps", "bgp-walker-flap", "symptom: route flapping"),
        ("vm no ipv6", "ndp-source-mac", "has IPv4 but no IPv6"),
        ("mout deneid", "nfs-mount", "The mount request was denied"),
        ("squash", "nfs-mount", "in the text of: The mount is granted"),
        ("no such export path", "nfs-mount", "can prove: The NFS server has no such export path"),
    ],
)
async def test_own_words_find_the_playbook_and_say_why(tmp_path: Path, words: str, playbook: str, why: str) -> None:
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(140, 40)) as pilot:
        await at_home(pilot)
        await type_symptom(pilot, words)
        await until(pilot, lambda: rows(pilot)[0].startswith(playbook) and why in rows(pilot)[0], "the playbook on top, and why")
        await until(pilot, lambda: "fits by" in region(pilot, "about"), "why it fits")
        about = region(pilot, "about")
        assert "changes nothing" in about
        assert "takes: at most" in about
        assert "Can prove" in about
        assert "found nowhere" not in about


async def test_nothing_fits_is_said_and_the_words_can_be_changed(tmp_path: Path) -> None:
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await at_home(pilot)
        await type_symptom(pilot, "zzz qqq")
        await until(pilot, lambda: "no playbook fits these words" in screen_text(pilot), "that nothing fits")
        assert "Try other words" in screen_text(pilot)
        await pilot.press("enter")
        assert isinstance(app.screen, HomeScreen)
        await type_symptom(pilot, "mount qqq")
        await until(pilot, lambda: rows(pilot)[0].startswith("nfs-mount"), "the playbook")
        assert "found nowhere: qqq" in region(pilot, "about")


# --- a file ------------------------------------------------------------------------------------------


async def test_a_capture_is_opened_from_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(CAPTURE, tmp_path / "trace 1.pcap")
    (tmp_path / "trace 2.pcap").write_bytes(b"")
    opened: list[tuple[Path, str]] = []
    monkeypatch.setattr(TshootApp, "show_packets", lambda self, path, title, **more: opened.append((path, title)), raising=False)
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await at_home(pilot)
        await type_symptom(pilot, f"{tmp_path}/tra")
        await until(pilot, lambda: rows(pilot) == ["trace 1.pcap  1924 bytes", "trace 2.pcap  0 bytes"] or len(rows(pilot)) == 2, "the files")
        await pilot.press("tab")
        assert symptom(pilot).value == f"{tmp_path}/trace ", "completed as far as there is one way"
        await pilot.press("2", ".", "tab", "enter")
        await until(pilot, lambda: "is empty" in screen_text(pilot), "what is wrong with the second")
        assert not opened
        await type_symptom(pilot, f"'{tmp_path}/trace 1.pcap'")
        await until(pilot, lambda: "a capture" in region(pilot, "about"), "what it is")
        await pilot.press("enter")
        await until(pilot, lambda: opened, "the capture")
        assert opened == [(tmp_path / "trace 1.pcap", "trace 1.pcap")]


async def test_a_path_that_leads_nowhere_is_said_at_the_field(tmp_path: Path) -> None:
    (tmp_path / "binary.log").write_bytes(bytes(range(256)) * 40)
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(140, 40)) as pilot:
        await at_home(pilot)
        await type_symptom(pilot, f"{tmp_path}/nowhere/[/foo].pcap")
        await pilot.press("enter")
        await until(pilot, lambda: "there is no such file" in screen_text(pilot), "that it is not there")
        problem = str(app.screen.query_one("#symptom-problem").render())
        assert "[/foo].pcap" in problem
        assert f"{tmp_path} is there" in problem
        await type_symptom(pilot, f"{tmp_path}/binary.log")
        await pilot.press("enter")
        await until(pilot, lambda: "is neither a capture" in str(app.screen.query_one("#symptom-problem").render()), "that it is no capture")
        await type_symptom(pilot, "mount denied")
        await until(pilot, lambda: rows(pilot)[0].startswith("nfs-mount"), "the playbooks again")
        assert not app.screen.query_one("#symptom-problem").has_class("said")


async def test_ctrl_o_leads_through_folders_to_a_transcript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "logs").mkdir()
    shutil.copy(TRANSCRIPT, tmp_path / "logs" / "vmkernel.log")
    monkeypatch.chdir(tmp_path)
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(140, 40)) as pilot:
        await at_home(pilot)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "logs/" in rows(pilot), "the folder")
        assert app.screen.query_one(SymptomField).value == "./"
        await pilot.press("down", "enter")
        await until(pilot, lambda: rows(pilot)[0].startswith("vmkernel.log"), "the file in it")
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, TextAnalysisScreen), "its analysis")
        await until(pilot, lambda: "nfs.export-not-found" in region(pilot, "about"), "the verdict")
        assert "FAULT" in screen_text(pilot)
        assert "»" in region(pilot, "about"), "the proving lines are marked"
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen), "home")


async def test_the_scroll_bar_covers_no_letter(tmp_path: Path) -> None:
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(TextAnalysisScreen(TRANSCRIPT))
        await until(pilot, lambda: "│ carries it." in screen_text(pilot), "the line broken before the scroll bar")


async def test_hostile_names_and_texts_are_shown_as_they_are(tmp_path: Path) -> None:
    lines = ["R1# show ip route", "[/foo] [red]x [@click=app.quit]y[/]", "\x1b]0;title\x07after", "\x1b[2Jwiped", "evil\u202egnp.exe"]
    (tmp_path / "[red] \x1b[2J.log").write_text("\n".join(lines), encoding="utf-8")
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(140, 40)) as pilot:
        await at_home(pilot)
        await type_symptom(pilot, f"{tmp_path}/[")
        await until(pilot, lambda: "[red]" in rows(pilot)[0], "the file")
        assert "\x1b" not in rows(pilot)[0]
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, TextAnalysisScreen), "its analysis")
        await until(pilot, lambda: "[/foo] [red]x [@click=app.quit]y[/]" in region(pilot, "about"), "the text")
        assert not {"\x1b", "\x07", "\u202e"} & set(region(pilot, "about"))
        assert "? NOT DECIDED" in screen_text(pilot)
        await pilot.press("q")


async def test_what_was_given_on_the_command_line_is_not_overwritten_by_last_time(tmp_path: Path) -> None:
    earlier_session(tmp_path / "sessions")
    app = TshootApp(opening(tmp_path, targets={"host": "esx99"}))
    async with app.run_test(size=(80, 24)) as pilot:
        app.set_up(small_playbook())
        await until(pilot, lambda: "takes the values of last time" in screen_text(pilot), "the offer")
        await pilot.press("ctrl+l")
        assert (field(pilot, "host").value, field(pilot, "server").value) == ("esx99", "192.0.2.77")


# --- set-up ------------------------------------------------------------------------------------------


def earlier_session(root: Path) -> None:
    """A run of the small playbook that ended without a verdict, through the real log."""
    from tshoot.engine.advance import begin
    from tshoot.knowledge import ShippedKnowledge
    from tshoot.runner import Runner

    playbook, knowledge = small_playbook(), ShippedKnowledge()
    log = SessionLog.create(root, playbook.id, playbook.text, knowledge.versions())
    targets = {"host": TargetSpec("host", "Ada@esx07:2222", "linux")}

    def perform(effect: Effect, show: object) -> Ok:
        return Ok(CommandRan(1, b"", b"", 0.1))

    with log:
        Runner(lambda: begin(playbook, targets, {"server": "192.0.2.77", "port": 111}, knowledge), perform, log).run()


async def test_the_values_of_last_time_are_offered_and_taken_by_one_key(tmp_path: Path) -> None:
    earlier_session(tmp_path / "sessions")
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(140, 40)) as pilot:
        app.set_up(small_playbook())
        await until(pilot, lambda: "takes the values of last time" in screen_text(pilot), "the offer")
        assert "Ada@esx07:2222   (last time)" in screen_text(pilot)
        assert field(pilot, "host").value == "", "nothing is filled in by itself"
        field(pilot, "server").query_one(Input).value = "192.0.2.1"
        await pilot.press("ctrl+l")
        assert field(pilot, "host").value == "Ada@esx07:2222"
        assert field(pilot, "port").value == "111"
        assert field(pilot, "server").value == "192.0.2.1", "what was typed stays"
        await until(pilot, lambda: "✓ ready" in screen_text(pilot), "ready")


async def test_targets_are_completed_from_ssh_config_and_earlier_sessions(tmp_path: Path) -> None:
    (tmp_path / "more").write_text("Host esx02.example.net esx03 *.lab !no\n  User x\n", encoding="utf-8")
    (tmp_path / "config").write_text("Include more\nHost nas1 [/foo]\n  Port 22\n", encoding="utf-8")
    earlier_session(tmp_path / "sessions")
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        app.set_up(small_playbook())
        await at_set_up(pilot)
        await until(pilot, lambda: field(pilot, "host").candidates.fitting("e"), "the hosts")
        assert field(pilot, "host").candidates.fitting("root@e") == ["root@esx02.example.net", "root@esx03", "root@esx07"]
        await pilot.press(*"root@esx02")
        await until(pilot, lambda: "root@esx02.example.net" in screen_text(pilot), "the rest behind the cursor")
        await pilot.press("right")
        assert field(pilot, "host").value == "root@esx02.example.net"


async def test_a_wrong_value_is_said_while_it_is_typed_and_the_plan_fills_in(tmp_path: Path) -> None:
    app = TshootApp(opening(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        app.set_up(small_playbook())
        await at_set_up(pilot)
        await pilot.press(*"esx01", "enter", *"192.0.2.9x")
        await until(pilot, lambda: "expects an IPv4 or IPv6 address" in screen_text(pilot), "what is wrong")
        assert "still needs: server" in screen_text(pilot)
        assert "ping -c 3 ‹server›" in region(pilot, "plan")
        await pilot.press("backspace")
        await until(pilot, lambda: "✓ ready" in screen_text(pilot), "ready")
        assert "ping -c 3 192.0.2.9" in region(pilot, "plan")
        assert "host is esx01" in region(pilot, "plan")
        await pilot.press("f2")
        await until(pilot, lambda: "sha256sum" in screen_text(pilot), "the whole plan")
        assert app.screen.query_one("#plan").has_focus
        await pilot.press("slash", *"sha256", "enter")
        await until(pilot, lambda: "/sha256" in screen_text(pilot) and "/1 " in screen_text(pilot), "the match")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: "its port" in screen_text(pilot) or app.screen.query_one("#form").display, "the form again")


# --- trying a target ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    scenario = load_scenario(shipped("fixtures/scenarios") / "nfs-mount" / "export-policy")
    answer = CommandEntry("uname -a", False, ((VERSION.encode() + b"\n", None),), b"", 0, 0.0, None)
    host = scenario.devices["host"]
    with serve(replace(scenario, devices={"host": replace(host, commands=(answer, *host.commands))})) as served:
        yield served


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that the device was given."""
    seen: list[str] = []
    judge = DeviceLogin._judge

    def judged(login: DeviceLogin, method: str, *rest: object) -> int:
        if method != "publickey":
            seen.append(method)
        return judge(login, method, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(DeviceLogin, "_judge", judged)
    return seen


def without_key(given: Opening) -> Opening:
    assert given.settings.ssh
    return replace(given, settings=replace(given.settings, ssh=replace(given.settings.ssh, identity_files=())))


async def with_test_begun(pilot, given: Opening) -> None:
    """The set-up of the served playbook, and its test begun."""
    from tshoot.wiring import checked_playbook

    pilot.app.set_up(checked_playbook(given.playbook))
    await at_set_up(pilot)
    await pilot.press("ctrl+t")


async def with_password_given(pilot, given: Opening, served: Served) -> None:
    """The same, where the device asks for its password, which is given."""
    await with_test_begun(pilot, given)
    await until(pilot, lambda: "assword" in asked(pilot), "the prompt")
    pilot.app.screen.query_one("#question-answer", Input).value = served.devices["host"].password
    await pilot.press("enter")


async def test_a_test_logs_in_and_tells_what_runs_there(tmp_path: Path, served: Served) -> None:
    given = opening_of(served, tmp_path, known=True)
    app = TshootApp(given)
    async with app.run_test(size=(80, 24)) as pilot:
        await with_test_begun(pilot, given)
        await until(pilot, lambda: "✓ logged in" in trial(pilot), "the login")
        assert VERSION in trial(pilot)
        await until(pilot, lambda: app.screen.trials is None, "the end")
        assert "✓ logged in" in screen_text(pilot)
        field(pilot, "host").query_one(Input).value += "1"
        await pilot.pause()
        assert "✓ logged in" not in screen_text(pilot), "another target has not been tested"


@pytest.mark.parametrize(("key", "said"), [("y", "✓ logged in"), ("n", "host key is unknown")])
async def test_an_unknown_host_key_is_asked_about(tmp_path: Path, served: Served, key: str, said: str) -> None:
    given = opening_of(served, tmp_path, known=False)
    app = TshootApp(given)
    async with app.run_test(size=(80, 24)) as pilot:
        await with_test_begun(pilot, given)
        await until(pilot, lambda: served.devices["host"].fingerprint in screen_text(pilot), "the fingerprint")
        await pilot.press(key)
        await until(pilot, lambda: said in trial(pilot), "what came of it")
        assert (tmp_path / "known_hosts").exists() == (key == "y")
        assert field(pilot, "host").value == given.targets["host"], "the answer is not typed into the field"


async def test_a_password_is_asked_for_once_and_the_test_passes(tmp_path: Path, served: Served, attempts: list[str]) -> None:
    given = without_key(opening_of(served, tmp_path, known=True))
    app = TshootApp(given)
    async with app.run_test(size=(80, 24)) as pilot:
        await with_password_given(pilot, given, served)
        await until(pilot, lambda: "✓ logged in" in trial(pilot), "the login")
        assert served.devices["host"].password not in screen_text(pilot)
        assert len(attempts) == 1
        await until(pilot, lambda: app.screen.trials is None, "the end of the test")
        held = app.screen.settings.ssh.credentials
        await pilot.press("ctrl+t")
        await until(pilot, lambda: len(attempts) == 2 and app.screen.trials is None, "another test, with the same password")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, RunScreen), "the run")
        await until(pilot, lambda: len(attempts) == 3, "its login, with the same password")
        assert asked(pilot) == "" and held._given
        (bridge,) = app.bridges
        bridge.cancel.cancel()
        await until(pilot, lambda: not held._given, "the end of what was given")


async def test_what_a_test_was_given_is_wiped_when_the_set_up_is_left(tmp_path: Path, served: Served) -> None:
    given = without_key(opening_of(served, tmp_path, known=True))
    app = TshootApp(given)
    async with app.run_test(size=(80, 24)) as pilot:
        await with_password_given(pilot, given, served)
        await until(pilot, lambda: app.screen.trials is None, "the end of the test")
        held = app.screen.settings.ssh.credentials
        assert held._given
        await pilot.press("escape")
        await until(pilot, lambda: not held._given, "the end of what was given")


async def test_a_rejected_password_is_never_repeated_without_a_warning(tmp_path: Path, served: Served, attempts: list[str]) -> None:
    given = without_key(opening_of(served, tmp_path, known=True))
    app = TshootApp(given)
    async with app.run_test(size=(80, 24)) as pilot:
        await with_test_begun(pilot, given)
        await until(pilot, lambda: "assword" in asked(pilot), "the prompt")
        await pilot.press(*"wrong", "enter")
        await until(pilot, lambda: "the login was rejected" in trial(pilot), "the rejection")
        assert "does not try again" in trial(pilot)
        assert len(attempts) == 1
        await until(pilot, lambda: app.screen.trials is None, "the end of the test")
        for again in ("ctrl+r", "ctrl+t"):
            await pilot.press(again)
            await until(pilot, lambda: isinstance(app.screen, Confirm), "the warning")
            assert "lock accounts" in screen_text(pilot)
            await pilot.press("n")
            await at_set_up(pilot)
        assert len(attempts) == 1
        assert not (tmp_path / "sessions").exists(), "no run was started"


async def test_a_test_can_be_cancelled_and_left(tmp_path: Path, served: Served, attempts: list[str]) -> None:
    given = without_key(opening_of(served, tmp_path, known=True))
    app = TshootApp(given)
    async with app.run_test(size=(80, 24)) as pilot:
        await with_test_begun(pilot, given)
        await until(pilot, lambda: "assword" in asked(pilot), "the prompt")
        await pilot.press("ctrl+t")
        await until(pilot, lambda: app.screen.trials is None, "the end of the test")
        assert "not tried: cancelled" in trial(pilot)
        assert not asked(pilot)
        await pilot.press("ctrl+t")
        await until(pilot, lambda: "assword" in asked(pilot), "the prompt again: nothing was rejected")
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app.return_value is not None, "the end of tshoot")
    assert not attempts


async def test_a_refused_connection_says_what_to_look_at(tmp_path: Path) -> None:
    app = TshootApp(opening(tmp_path, targets={"host": "root@127.0.0.1:1"}))
    async with app.run_test(size=(80, 24)) as pilot:
        app.set_up(small_playbook())
        await at_set_up(pilot)
        await pilot.press("ctrl+t")
        await until(pilot, lambda: "the connection was refused" in trial(pilot), "the failure")
        assert "is the SSH service started there" in trial(pilot)
        assert not app.rejected_logins, "a start may be tried at once"


async def test_from_the_symptom_through_the_test_to_the_start(tmp_path: Path, served: Served) -> None:
    given = opening_of(served, tmp_path, known=True)
    app = TshootApp(replace(given, playbook=""))
    started: list[str] = []
    app.run_playbook = lambda prepared, *given: started.append(prepared.targets["host"].host)  # type: ignore[method-assign]
    async with app.run_test(size=(140, 40)) as pilot:
        await at_home(pilot)
        await pilot.press(*"mount denied", "enter")
        await at_set_up(pilot)
        await pilot.press("ctrl+t")
        await until(pilot, lambda: "✓ logged in" in screen_text(pilot), "the login")
        await until(pilot, lambda: app.screen.trials is None, "the end of the test")
        await pilot.press("ctrl+r")
        assert started == [given.targets["host"]]


# --- the trial itself ---------------------------------------------------------------------------------


def test_a_trial_on_the_wrong_platform_says_so(tmp_path: Path, served: Served) -> None:
    given = opening_of(served, tmp_path, known=True)
    tried = try_connection(TargetSpec("host", given.targets["host"], "bird"), Nobody(), given.settings.ssh, CancelToken(), lambda doing: None)
    assert tried.kind == ""
    assert tried.version == ""
    assert "is it a BIRD 2" in tried.remarks[0]


def test_a_prompt_without_an_answer_is_no_rejected_login(tmp_path: Path, served: Served) -> None:
    given = without_key(opening_of(served, tmp_path, known=True))
    tried = try_connection(TargetSpec("host", given.targets["host"], "linux"), Nobody(), given.settings.ssh, CancelToken(), lambda doing: None)
    assert (tried.kind, tried.rejected) == ("auth-rejected", False)
