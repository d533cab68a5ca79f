"""One gate: no way leads from a playbook, a person or a recording to a target's command but through `performers/command.py`.

The source is walked, not run: who calls a transport, who may, who builds what passes the gate, and who judges commands at all.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tshoot.performers.own_scripts import OWN_SCRIPTS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tshoot"
GATE = "performers/command.py:run_command"
CALLS = {"run", "spawn", "fetch"}  # of transports/base.py:Transport; each takes `cancel` by name, and nothing else of those names does
# below the gate: what a transport is made of
TRANSPORTS = {
    "transports/paced.py:run": "passes on to the transport that it slows down",
    "transports/paced.py:spawn": "as run",
    "transports/paced.py:fetch": "as run",
    "transports/choosing.py:run": "passes on to the transport that was chosen",
    "transports/choosing.py:spawn": "as run",
    "transports/choosing.py:fetch": "as run",
    "transports/cli/transport.py:run": "passes on to its session",
}
SENDERS = {"exec_command", "invoke_shell", "invoke_subsystem", "write_channel", "send_command", "send_config_set", "ConnectHandler"}
MAY_SEND = {"transports/ssh/transport.py", "transports/cli/terminal.py", "transports/cli/by_netmiko.py"}
STARTERS = {
    "subprocess",
    "popen",
    "Popen",
    "execv",
    "execve",
    "execvp",
    "execvpe",
    "posix_spawn",
    "create_subprocess_shell",
    "create_subprocess_exec",
}
# local programs; of these only the transports' ones speak to targets
MAY_START_PROGRAMS = {
    "packets/browse/tshark.py",
    "packets/decode.py",
    "packets/programs.py",
    "cli/doctor.py",
    "inventory/ansible_program.py",
    "tui/widgets/packets/outside.py",
    "transports/openssh/master.py",
    "transports/ssh/proxy_command.py",
    "transports/config/match.py",
}


OF_INTEREST = re.compile(  # only to save time: what has none of these words has nothing of what is looked for
    r"\.(?:run|spawn|fetch)\b|getattr|methodcaller|attrgetter|subprocess|[Pp]open|exec[a-z_]*\b|posix_spawn|invoke_|write_channel|send_c|ConnectHandler"
    r"|rule_for|known_rule|CommandRule|World|Runner|check_allowed|run_command|reads_only|RunCommand"
)


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name, text = path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8")
        if not name.startswith("simulator/") and OF_INTEREST.search(text):  # the simulator plays devices: it is on the other side
            yield name, ast.parse(text)


SOURCES = dict(sources())


def names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.ImportFrom(names=imported) | ast.Import(names=imported):
                yield from (one.name for one in imported)


NAMES = {file: frozenset(names(tree)) for file, tree in SOURCES.items()}


def functions(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Each node with the name of the innermost function or class around it."""

    def walk(node: ast.AST, within: str) -> Iterator[tuple[str, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            yield within, child
            yield from walk(child, child.name if named else within)  # type: ignore[attr-defined]

    yield from walk(tree, "")


def transport_calls(tree: ast.AST) -> Iterator[str]:
    """The functions that call `.run`, `.spawn` or `.fetch` with `cancel`, or hand such a method on, or reach it by its name."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for function, node in functions(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name), keywords=keywords) if name in CALLS:
                if any(keyword.arg in ("cancel", None) for keyword in keywords):
                    yield function
            case ast.Attribute(value=ast.Name(id=holder) | ast.Attribute(attr=holder), attr=name) if name in CALLS and id(node) not in called:
                if holder.strip("_") in ("transport", "inner", "link"):
                    yield function
            case ast.Call(func=ast.Name(id="getattr" | "methodcaller" | "attrgetter"), args=arguments):
                if any(isinstance(one, ast.Constant) and one.value in CALLS for one in arguments):
                    yield function


def test_nobody_calls_a_transport_but_the_gate_and_the_scripts_of_our_own() -> None:
    callers = {f"{file}:{function}" for file, used in NAMES.items() if used & {*CALLS, "getattr"} for function in transport_calls(SOURCES[file])}
    listed = {script.place for script in OWN_SCRIPTS}
    assert callers - listed - {GATE} - set(TRANSPORTS) == set(), "run it through performers/command.py, or say in own_scripts.py what it is for"
    assert listed - callers == set(), "own_scripts.py lists what nobody runs any more"
    assert GATE in callers


def test_channels_are_written_to_in_the_transports_alone() -> None:
    assert {file for file, used in NAMES.items() if used & SENDERS} <= MAY_SEND


def test_programs_are_started_where_it_is_known() -> None:
    starters = {file for file, used in NAMES.items() if used & STARTERS}
    assert starters - MAY_START_PROGRAMS == set()


def users(name: str) -> set[str]:
    """The files that use this name; one that only defines it does not."""
    return {file for file, used in NAMES.items() if name in used}


def builders(name: str) -> set[str]:
    """The files that call it."""
    return {
        file
        for file in users(name)
        for node in ast.walk(SOURCES[file])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    }


def test_only_the_world_runs_commands_and_it_asks_the_gate_first() -> None:
    assert users("run_command") == {"performers/world.py"}
    assert users("check_allowed") == {"performers/world.py"}
    (answer,) = [node for node in ast.walk(SOURCES["performers/world.py"]) if isinstance(node, ast.FunctionDef) and node.name == "_answer"]
    (case,) = [one for match in ast.walk(answer) if isinstance(match, ast.Match) for one in match.cases if "run_command(" in ast.unparse(one)]
    asked, run = ast.unparse(case.body[-2]), ast.unparse(case.body[-1])
    assert asked.startswith("check_allowed(effect, target, ")
    assert run.startswith("return run_command(effect, ")
    assert len(case.body) == 3, "nothing stands between the question and the run that could change the effect"


def test_every_run_is_performed_by_the_world() -> None:
    """A run, a resumed one, a retry, an edit, an own command, the checks of a fix, each run of many: all end in `World.perform`."""
    assert builders("World") == {"wiring.py", "retrace/verification.py"}
    assert builders("Runner") == {"wiring.py"}


def test_one_place_judges_commands() -> None:
    """Lint, plan, run, step mode and the dialog for own commands ask `Platform.rule_for`; nobody else knows patterns."""
    assert users("rule_for") == {
        "platforms/loader.py",
        "performers/command.py",
        "performers/recognition.py",
        "transcripts/commands.py",
    }
    assert users("known_rule") == {"knowledge.py"}  # rule_for, remembered: the lint, parsers of outputs
    assert builders("CommandRule") == {"platforms/loader.py", "platforms/_document.py"}
    for asking in ("wiring.py", "tui/widgets/steering/own.py"):
        assert asking in users("reads_only")


def test_own_commands_are_marked_where_they_are_made() -> None:
    """`typed` is set where an operator's words become a command, and nowhere unset: an edit of a step is his, whatever the playbook said."""
    told_elsewhere = ("transcripts", "cli", "session", "tui")  # they tell of it, and make no effects
    setters = {
        (file, ast.unparse(node.value))
        for file in users("RunCommand")
        if file.split("/")[0] not in told_elsewhere
        for node in ast.walk(SOURCES[file])
        if isinstance(node, ast.keyword) and node.arg == "typed"
    }
    assert ("steering.py", "True") in setters
    assert not {one for one in setters if one[1] == "False"}


@pytest.mark.parametrize(
    ("code", "callers"),
    [
        ("def f(t): t.run('x', timeout=1, cancel=c)", ["f"]),
        ("def f(t): t.spawn('x', **more)", ["f"]),
        ("class A:\n def f(self):\n  def g(): self._transport.fetch(p, i, cancel=c)", ["g"]),
        ("def f(transport): return partial(transport.run, 'x')", ["f"]),
        ("def f(t): getattr(t, 'run')('x')", ["f"]),
        ("def f(t): subprocess.run(['x'], timeout=1)", []),
        ("def f(transport): transport.close()", []),
    ],
)
def test_the_rule_sees_what_it_forbids(code: str, callers: list[str]) -> None:
    assert list(transport_calls(ast.parse(code))) == callers
