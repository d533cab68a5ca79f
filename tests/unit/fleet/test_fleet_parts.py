"""What a fleet decides without a network: who its members are, whose question comes next, what it all comes to, what is drawn."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from tests.waiting import wait_until
from tshoot.cancel import CancelToken
from tshoot.cli.fleet import exit_status
from tshoot.cli.fleet_view import FleetView
from tshoot.errors import Cancelled, UsageError
from tshoot.fleet.asking import Asking
from tshoot.fleet.members import assemble_fleet, fan_out
from tshoot.fleet.result import FleetResult, MemberResult, overall
from tshoot.model.effects import AskOperator
from tshoot.model.events import MemberEnded, Progress, RunStarted, TargetSpec
from tshoot.model.verdicts import Verdict
from tshoot.wiring import checked_playbook, prepare

# --- members ---------------------------------------------------------------------------------------------


def expand(text: str) -> Sequence[str]:
    groups = {"@two": ("a", "b"), "@none": ()}
    return [host for word in text.split(",") for host in groups.get(word, (word,))]


def test_one_role_fans_out_and_each_target_is_once() -> None:
    fan = fan_out({"host": "b,@two,c", "router": "r1"}, expand)
    assert fan is not None and (fan.role, fan.hosts) == ("host", ("b", "a", "c"))
    assert fan_out({"host": "a", "router": "r1"}, expand) is None


@pytest.mark.parametrize(
    ("targets", "said"), [({"host": "a,b", "router": "c,d"}, "only one role"), ({"host": "@none"}, "empty"), ({"host": "a,"}, "missing")]
)
def test_what_is_no_fleet_is_refused(targets: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        fan_out(targets, expand)


def test_a_fleet_is_refused_as_a_whole_and_a_problem_of_all_is_said_once() -> None:
    playbook = checked_playbook("nfs-mount")
    fan = fan_out({"host": "a,b c:x,d"}, expand)
    assert fan is not None
    with pytest.raises(UsageError) as one:
        assemble_fleet(fan, {"host": fan.typed}, lambda roles: prepare(playbook, roles, {"server": "192.0.2.1", "share": "/x"}))
    assert "b c:x" in one.value.message and "host=a" not in one.value.message
    with pytest.raises(UsageError) as missing:
        assemble_fleet(fan_out({"host": "a,b"}, expand), {"host": "a,b"}, lambda roles: prepare(playbook, roles, {}))  # type: ignore[arg-type]
    assert missing.value.message.count("--set server") == 1


def test_one_run_is_never_given_several_targets() -> None:
    for typed in ("@esx-prod", "a,b"):
        with pytest.raises(UsageError, match="--fan-out"):
            prepare("nfs-mount", {"host": typed}, {"server": "192.0.2.1", "share": "/x"})


# --- questions -------------------------------------------------------------------------------------------


class Person:
    """Answers when told to; remembers what was asked, and whether two questions were open at once."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open, self.most = 0, 0
        self.may_answer = threading.Event()

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        return self.secret(question.question, "", True)

    def secret(self, prompt: str, host: str, echo: bool) -> str | None:
        self.open += 1
        self.most = max(self.most, self.open)
        self.asked.append(prompt)
        self.may_answer.wait(60)
        time.sleep(0.01)
        self.open -= 1
        return "yes"

    def accept_host_key(self, key: object) -> bool:
        return True

    def agree(self, question: str, why: str) -> bool:
        return True


QUESTION = AskOperator("ask/1", "ask", "Retry it?", "confirm")


def test_questions_come_one_after_the_other_and_name_their_target() -> None:
    person, cancel = Person(), CancelToken()
    from contextlib import nullcontext

    asking = Asking(person, person, cancel, nullcontext)  # type: ignore[arg-type]
    threads = [threading.Thread(target=asking.operator_of(host).ask, args=(QUESTION, cancel)) for host in ("a", "b", "c")]
    threads.append(threading.Thread(target=asking.prompter.secret, args=("Password:", "root@d", False)))
    for thread in threads:
        thread.start()
    wait_until(lambda: person.asked, what="the first question")
    person.may_answer.set()
    for thread in threads:
        thread.join(60)
    assert sorted(person.asked) == ["Password:", "a: Retry it?", "b: Retry it?", "c: Retry it?"] and person.most == 1


def test_a_stopped_fleet_asks_nobody_any_more() -> None:
    from contextlib import nullcontext

    person, cancel = Person(), CancelToken()
    asking = Asking(person, person, cancel, nullcontext)  # type: ignore[arg-type]
    first = threading.Thread(target=asking.operator_of("a").ask, args=(QUESTION, cancel))
    first.start()
    wait_until(lambda: person.asked, what="the first question")
    ended: list[object] = []

    def second() -> None:
        try:
            asking.operator_of("b").ask(QUESTION, cancel)
        except Cancelled as error:
            ended.append(error)
        ended.append(asking.prompter.secret("Password:", "root@b", False))

    waiting = threading.Thread(target=second)
    waiting.start()
    cancel.cancel()
    waiting.join(60)
    person.may_answer.set()
    first.join(60)
    assert isinstance(ended[0], Cancelled) and ended[1] is None and person.asked == ["a: Retry it?"]


def test_a_password_of_a_group_says_for_whom_it_is() -> None:
    from contextlib import nullcontext

    person = Person()
    person.may_answer.set()
    prompter = Asking(person, person, CancelToken(), nullcontext, "@esx").prompter  # type: ignore[arg-type]
    prompter.secret("Password: ", "root@a", False)
    prompter.secret("Verification code: ", "root@a", False)
    assert person.asked == ["Password (for every target of @esx with this user): ", "Verification code: "]


# --- results ---------------------------------------------------------------------------------------------


def member(host: str, kind: str = "", state: str = "finished", cause: str = "", failure: str = "", code: int = 0) -> MemberResult:
    verdict = Verdict(kind, "because", cause, target_failed=failure) if kind else None  # type: ignore[arg-type]
    ended = MemberEnded(1.0, host, "linux", "s" if kind else "", state, 1.5, kind, cause, "", "because", failure)  # type: ignore[arg-type]
    return MemberResult(TargetSpec("host", host, "linux"), ended, verdict, code)


WELL, UNDECIDED = member("a", "healthy"), member("b", "inconclusive")
AWAY, ILL, BROKEN = member("c", "inconclusive", failure="unreachable"), member("d", "fault", cause="x.y"), member("e", state="failed", code=2)


@pytest.mark.parametrize(
    ("members", "status", "kind"),
    [
        ((WELL,), 0, "healthy"),
        ((WELL, UNDECIDED), 3, "inconclusive"),
        ((WELL, UNDECIDED, AWAY), 4, "inconclusive"),
        ((WELL, UNDECIDED, AWAY, BROKEN), 2, "inconclusive"),
        ((WELL, UNDECIDED, AWAY, BROKEN, ILL), 1, "fault"),
    ],
)
def test_the_worst_of_all_is_the_exit_status(members: tuple[MemberResult, ...], status: int, kind: str) -> None:
    from pathlib import Path

    verdict = overall(members)
    assert verdict.kind == kind and exit_status(FleetResult("f", Path(), members, verdict)) == status
    assert exit_status(FleetResult("f", Path(), members, None)) == 130


def test_the_verdict_has_a_cause_where_all_faults_have_one() -> None:
    assert overall((WELL, ILL)).cause == "x.y"
    both = overall((ILL, member("z", "fault", cause="p.q"), AWAY))
    assert both.cause == "" and "x.y (1)" in both.reason and "no answer on 1 of 3 (c)" in both.reason


# --- what is drawn ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_what_is_under_way_fits_the_terminal_and_no_name_is_cut(columns: int) -> None:
    names = tuple(f"host-{number:02}.{'x' * number * 3}" for number in range(20))
    view = FleetView(names, show_lines=False)
    for name in names:
        view.watch(name, RunStarted(1.0, "p", (), {}))
        view.watch(name, Progress("k", "connecting \x1b[31m[/foo] " + "y" * 100))
    picture = view.picture(columns, 24)
    assert len(picture) <= 23 and all(len(line) < columns for line in picture) and not any("\x1b" in line for line in picture)
    drawn = "".join(line for line in picture)
    assert names[0] in drawn and "20 under way" in " ".join(view.picture(200, 24))
    long = FleetView(("n" * 50,), show_lines=False)
    long.watch("n" * 50, RunStarted(1.0, "p", (), {}))
    assert "".join(long.picture(20, 24)).startswith("n" * 50)
