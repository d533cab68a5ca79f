"""Command injection: hostile strings through every way by which a text from outside comes into a command. None is more than its argument.

What is made of them is really run: by `sh` (and bash and busybox, where they are), with a PATH that has nothing but a program which prints its
arguments, and stand-ins for `reboot` and others that leave a file behind. For a device's own command line the words are those that its line
editor and its parser would see. The strings are in tests/unit/platforms/hostile.txt, by reasons.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.unit.engine.walking import KNOWLEDGE
from tshoot.cancel import CancelToken
from tshoot.engine.advance import advance, begin
from tshoot.errors import PlaybookError, TargetError, TshootError, UsageError
from tshoot.inventory.ansible import read_ansible_json
from tshoot.model.effects import AskOperator, RunCommand, StartCapture
from tshoot.model.events import CommandRan, EffectAnswered, Ok, OperatorAnswered, TargetSpec
from tshoot.model.facts import Unknown
from tshoot.performers.capture_script import capture_script, file_name, program_line
from tshoot.performers.command import check_allowed, reads_only
from tshoot.plan import planned_command
from tshoot.platforms.cli_line import cli_words
from tshoot.platforms.loader import load_platform
from tshoot.platforms.rules import plain_words
from tshoot.playbook.check import check_playbook
from tshoot.playbook.command_text import command_text
from tshoot.playbook.expressions import parse_template
from tshoot.playbook.inputs import InputError, validated
from tshoot.playbook.loader import playbook_from_text
from tshoot.playbook.tree import InputSpec, Place
from tshoot.simulator.line_editor import LineEditor
from tshoot.steering import Edit, Steering
from tshoot.transports.address import parse_address
from tshoot.transports.config.tokens import percent_for_shell, tokens
from tshoot.transports.listing import quoted, size_command

HOSTILE = [
    line[2:].encode("latin-1", "backslashreplace").decode("unicode_escape") if line.startswith("e:") else line
    for line in (Path(__file__).parents[1] / "platforms" / "hostile.txt").read_text(encoding="utf-8").split("\n")[:-1]
    if not line.startswith("# ")
]
TYPES = ("ip", "host", "interface", "path", "port", "prefix", "integer", "text", "choice")
# how authors write a value: alone, at the end of a word, within quotes of either kind, twice, as the first of two words
PLACES = ("probe {{ x }}", "probe --o={{ x }} y", "probe -c 'show {{ x }} json'", 'probe "a {{ x }}"', "probe {{ x }}{{ x }} | probe {{ x }}")
NESTED = (
    "probe $(probe {{ x }})",
    'probe "$(probe "{{ x }}")"',
    "probe `probe {{ x }}`",
    "probe \\{{ x }}",
    "probe $'a\\'{{ x }}'",
    "sh -c 'probe {{ x }}'",
)
SHELLS = [found for name in ("sh", "bash") if (found := shutil.which(name))]
HARM = ("reboot", "reload", "sh", "ls", "root", "touch", "rm", "y", "redirect", "tee", "append", "conf", "id")


def test_there_are_enough_attempts() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 150
    entries = len(TYPES) + 1 + len(PLACES) + len(NESTED) + 3  # types, defaults, facts in each place, targets, users, captures
    assert len(HOSTILE) * entries >= 500


# --- a shell that can do no harm -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def safe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a PATH of its own: `probe` prints its arguments, each ended by NUL; all else that could be run leaves `canary`."""
    folder = tmp_path_factory.mktemp("safe")
    (folder / "bin").mkdir()
    programs = {"probe": 'printf \'%s\\0\' "$#" "$@"\n', **dict.fromkeys(HARM, f": > {folder}/canary\n")}
    for name, text in programs.items():
        file = folder / "bin" / name
        file.write_text(f"#!/bin/sh\n{text}")
        file.chmod(0o755)
    return folder


def words_seen(safe: Path, shell: str, commands: Sequence[str]) -> list[list[str]]:
    """What `probe` was given by each of the commands, all run by one shell; that nothing else ran is asserted."""
    listing = sorted(path.name for path in safe.iterdir())
    run = subprocess.run(
        [shell, "-c", "\n".join(commands)], cwd=safe, env={"PATH": f"{safe}/bin", "LC_ALL": "C.UTF-8"}, capture_output=True, timeout=60, check=False
    )
    assert run.stderr == b"", run.stderr[:2000]
    assert sorted(path.name for path in safe.iterdir()) == listing, "something was run, or written"
    pieces = run.stdout.decode().split("\0")[:-1]
    seen = []
    while pieces:
        count = int(pieces.pop(0))
        seen.append(pieces[:count])
        del pieces[:count]
    return seen


def test_the_safe_shell_sees_an_injection(safe: Path) -> None:
    with pytest.raises(AssertionError, match="something was run"):
        words_seen(safe, SHELLS[0], ["probe x;reboot"])
    (safe / "canary").unlink()
    assert words_seen(safe, SHELLS[0], ["probe 'a b' c", "probe"]) == [["a b", "c"], []]


# --- values in commands --------------------------------------------------------------------------------


def spec(type_: str) -> InputSpec:
    return InputSpec("x", type_, "", None, tuple(HOSTILE) if type_ == "choice" else (), Place("", 1, 1))  # type: ignore[arg-type]


def accepted(type_: str) -> list[str]:
    found = []
    for text in HOSTILE:
        try:
            found.append(str(validated(spec(type_), text)))
        except InputError:
            continue
    return found


def rendered(place: str, values: Sequence[str]) -> list[tuple[str, str]]:
    """(value, command) of the values of which a command is made at all."""
    template = parse_template(place)
    texts = ((value, command_text(template, {"x": value})) for value in values)
    return [(value, text) for value, text in texts if not isinstance(text, Unknown)]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("type_", TYPES)
def test_inputs_of_every_type(safe: Path, shell: str, type_: str) -> None:
    made = rendered("probe {{ x }} end", accepted(type_))
    assert words_seen(safe, shell, [command for _, command in made]) == [[value, "end"] for value, _ in made]
    assert type_ not in ("text", "path", "choice") or made


EXPECTED: dict[str, Callable[[str], list[list[str]]]] = {
    PLACES[0]: lambda x: [[x]],
    PLACES[1]: lambda x: [[f"--o={x}", "y"]],
    PLACES[2]: lambda x: [["-c", f"show {x} json"]],
    PLACES[3]: lambda x: [[f"a {x}"]],
    PLACES[4]: lambda x: [[x]],
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("place", PLACES)
def test_what_a_device_said_in_every_place_of_a_command(safe: Path, shell: str, place: str) -> None:
    """Facts have no type: whatever a device prints may come. `x` also stands for an operator's answer."""
    made = rendered(place, HOSTILE)
    assert words_seen(safe, shell, [command for _, command in made]) == [words for value, _ in made for words in EXPECTED[place](value)]
    assert len(made) >= 3


@pytest.mark.parametrize("place", NESTED)
def test_where_only_a_shell_knows_what_is_quoted_nothing_but_plain_characters_come_in(place: str) -> None:
    made = rendered(place, [*HOSTILE, "192.0.2.1"])
    assert ("192.0.2.1", place.replace("{{ x }}", "192.0.2.1")) in made
    assert all(set(value) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-") for value, _ in made)


@pytest.mark.parametrize("place", PLACES)
def test_the_plan_shows_the_command_that_will_be_run_or_why_none_will(place: str) -> None:
    template = parse_template(place)
    for value in HOSTILE:
        made = command_text(template, {"x": value})
        shown = planned_command(template, {"x": value})
        assert shown == made if not isinstance(made, Unknown) else shown.startswith("‹not run: ")
    assert planned_command(template, {}) == place.replace("{{ x }}", "‹x›")


def test_no_value_becomes_an_option_or_an_empty_word_within_quotes() -> None:
    for place in PLACES[:1] + PLACES[2:]:
        assert not [value for value, _ in rendered(place, HOSTILE) if value.startswith("-")]
    assert "" not in [value for value, _ in rendered(PLACES[2], HOSTILE)]


@pytest.mark.parametrize("type_", [type_ for type_ in TYPES if type_ != "choice"])
def test_defaults_of_a_playbook(type_: str) -> None:
    """A default is checked by the lint as what is typed is: what passes there is what the input takes."""
    for text in HOSTILE[::5]:
        try:
            playbook = playbook_from_text(SMALL.replace("TYPE", type_).replace("DEFAULT", _yaml(text)), "hostile.yaml")
        except PlaybookError:
            continue  # YAML has no such character
        passes = not any("the default of" in problem for problem in check_playbook(playbook, KNOWLEDGE))
        try:
            validated(spec(type_), text)
            assert passes, text
        except InputError:
            assert not passes, text


SMALL = """\
id: hostile
title: A value
targets:
  host: {platform: linux}
inputs:
  x: {type: TYPE, default: DEFAULT}
start: say
nodes:
  say:
    ask: What is it?
    free_text: true
    decide:
      - otherwise: act
  act:
    run: touch {{ say.answer }} {{ x }}
    on: host
    changes: true
    decide:
      - otherwise: {healthy: done}
"""


def _yaml(text: str) -> str:
    return '"' + "".join(f"\\U{ord(one):08x}" if not one.isalnum() else one for one in text) + '"'


def test_answers_of_the_operator_through_the_engine(safe: Path) -> None:
    playbook = playbook_from_text(SMALL.replace("TYPE", "text").replace("DEFAULT", "end"), "hostile.yaml")
    commands, values = [], []
    for text in HOSTILE:
        state, (asked,) = begin(playbook, {"host": TargetSpec("host", "h", "linux")}, {"x": "end"}, KNOWLEDGE)
        state, effects = advance(state, EffectAnswered(0.0, asked.key, Ok(OperatorAnswered(text))))
        if effects:
            (effect,) = effects
            assert isinstance(effect, RunCommand)
            commands.append(effect.command.replace("touch", "probe", 1))
            values.append([text, "end"])
        else:
            assert state.verdict is not None
    assert len(values) > 50
    assert words_seen(safe, SHELLS[0], commands) == values


# --- the gate, after that ------------------------------------------------------------------------------


class Yes:
    """Agrees to everything, as `--yes` does; a question for the name of the device it cannot answer."""

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        return None if question.form == "text" else "yes"


@pytest.mark.parametrize("platform", ["cisco_ios", "cisco_nxos", "arista_eos", "frr_vtysh"])
def test_on_a_command_line_a_value_is_one_word_or_nothing_is_sent(platform: str) -> None:
    """Even where the playbook declares the change and the operator agrees. The device's line editor sees the line that we see."""
    target, sent = TargetSpec("router", "r1", platform), 0
    for place in ("clear ip bgp {{ x }} soft", "show ip route {{ x }}", "clear x{{ x }}"):
        for value, command in rendered(place, HOSTILE):
            try:
                check_allowed(RunCommand("a/1@router", "a", "router", command, changes=True), target, Yes(), CancelToken())
            except TargetError as refused:
                assert refused.kind == "declined"
                continue
            sent += 1
            expected = place.replace("{{ x }}", value).split(" ")
            assert cli_words(command) == (tuple(expected),)
            assert ended_lines(command) == [command]
    assert sent


def ended_lines(command: str) -> list[str]:
    editor = LineEditor()
    return [line for byte in (*command.encode(), 0x0D) if (line := editor.typed(byte)[1]) is not None]


@pytest.mark.parametrize(
    ("platform", "commands"),
    [
        (
            "linux",
            ("ping -c 3 {{ x }}", "df -h {{ x }}", "ip addr show dev {{ x }}", "nc -z {{ x }} 22", "tail -n 5 /var/log{{ x }}", "sysctl {{ x }}"),
        ),
        (
            "vmware_esxi",
            ("vmkping -I vmk0 {{ x }}", "esxcli network nic get -n {{ x }}", "esxcli network vswitch standard policy failover get -v {{ x }}"),
        ),
        ("frr", ("vtysh -c 'show ip route {{ x }} json'", "vtysh -c 'show route-map {{ x }}'")),
        ("bird", ("birdc -r show route for {{ x }} all", "birdc show protocols all {{ x }}")),
        ("cisco_ios", ("show ip route {{ x }}", "show route-map {{ x }}", "show interfaces {{ x }}", "show logging | include {{ x }}")),
        ("cisco_nxos", ("show ip route {{ x }}", "show interface {{ x }} counters", "show logging last {{ x }}")),
        ("arista_eos", ("show ip route vrf {{ x }}", "show vlan {{ x }}", "show running-config section {{ x }}")),
        ("frr_vtysh", ("show ip route {{ x }}", "show route-map {{ x }}")),
    ],
)
def test_what_the_gate_lets_pass_is_the_pattern_and_one_value(platform: str, commands: tuple[str, ...]) -> None:
    """Quoted by us or put in raw by whoever edits the command: what passes has the words of the harmless one, and one value in its place."""
    loaded = load_platform(platform)
    split = cli_words if loaded.cli else plain_words
    for place in commands:
        raw = [(value, place.replace("{{ x }}", value)) for value in HOSTILE if value.strip(" '\"")]
        made = rendered(place, HOSTILE)
        for value, command in (*made, *raw):
            rule = loaded.rule_for(command)
            if rule is None:
                continue
            words = split(command)
            assert words is not None
            harmless = split(place.replace("{{ x }}", "VALUE"))
            assert harmless is not None
            assert [stage[0] for stage in words] == [stage[0] for stage in harmless], (command, rule.pattern)
            if (value, command) in made:  # quoted by us: one word, and no other than the value
                assert [len(stage) for stage in words] == [len(stage) for stage in harmless], (command, rule.pattern)
            assert command.isprintable()


def test_an_edited_command_is_his_who_edited_it() -> None:
    """Whatever he writes: one printable line, marked as typed; the gate asks for the device's name unless it only reads, and `--yes` is no name."""
    steering, target = Steering("me"), TargetSpec("host", "esx01", "vmware_esxi")
    steering.meet(None, lambda role, command: reads_only(target, command))
    effect = RunCommand("a/1@host", "a", "host", "esxcfg-vmknic -l", changes=True)
    for text in (*HOSTILE, *(f"esxcfg-vmknic -l{text}" for text in HOSTILE)):
        edited, told, outcome = steering.applied(effect, Edit(text))
        if told is None or told.action != "edited":
            assert outcome is not None or text.strip() == effect.command or not text.strip()
            continue
        assert isinstance(edited, RunCommand)
        assert edited.typed and edited.command == text.strip() and edited.command.isprintable()
        if not reads_only(target, edited.command):
            with pytest.raises(TargetError, match="not named"):
                check_allowed(edited, target, Yes(), CancelToken())
        else:
            assert plain_words(edited.command) in ((("esxcfg-vmknic", "-l"),), (("ls",),)), edited.command


# --- targets, inventories ------------------------------------------------------------------------------


def test_targets_and_users_in_a_proxy_command(safe: Path) -> None:
    """The one place where a name stands unquoted in a shell's line, because the user's ssh_config has it there: `ProxyCommand probe %h %r`."""
    commands, words = [], []
    for typed in (*HOSTILE, *(f"{text}@host" for text in HOSTILE), *(f"[{text}]:22" for text in HOSTILE), "user@nas", "DOMAIN\\user@nas"):
        try:
            address = parse_address(typed)
            known = tokens(typed, address.host, address.port or 22, address.user or "me")
            commands.append(percent_for_shell("probe %h %p %r", known, "ProxyCommand"))
        except UsageError:
            continue
        words.append([address.host, str(address.port or 22), (address.user or "me").replace("\\", "")])
    assert ["nas", "22", "user"] in words
    assert words_seen(safe, SHELLS[0], commands) == words


def test_a_target_is_never_an_option_of_ssh() -> None:
    for text in HOSTILE:
        try:
            address = parse_address(text)
        except UsageError:
            continue
        assert not address.host.startswith("-") and not (address.user or "").startswith("-")
        assert address.host.isprintable() and not set(address.host) & set(" ;&|$`'\"<>(){}\\*?!")


def test_names_of_an_inventory(tmp_path: Path) -> None:
    """What a source names can be typed as a target, or is left out in words."""
    hosts = {**{text: {"ansible_host": "192.0.2.1"} for text in HOSTILE}, **{f"h{at}": {"ansible_host": text} for at, text in enumerate(HOSTILE)}}
    users = {f"u{at}": {"ansible_user": text} for at, text in enumerate(HOSTILE)}
    document = {"_meta": {"hostvars": {**hosts, **users}}, "all": {"children": ["g"]}, "g": {"hosts": [*hosts, *users]}}
    contents = read_ansible_json(json.dumps(document), "hosts.json")
    for entry in contents.entries:
        place = f"{entry.user}@{entry.host}" if entry.user and entry.host else entry.host
        for text in filter(None, (entry.name, place)):
            address = parse_address(f"{text.rpartition('@')[0]}@[{entry.host}]" if ":" in entry.host and "@" in text else text)
            assert not set(address.host) & set(" ;&|$`'\"<>(){}\\*?!") and address.host.isprintable()
    assert any(entry.name == "h0" for entry in contents.entries) or contents.remarks


# --- captures ------------------------------------------------------------------------------------------


def capture(interface: str = "eth0", filter_: str = "") -> StartCapture:
    return StartCapture("c/1@host", "c", "host", interface, filter_, 96, 1.0, 10, 1.0)


@pytest.mark.parametrize("platform", ["linux", "vmware_esxi"])
def test_interface_filter_and_folder_of_a_capture(safe: Path, platform: str) -> None:
    recipe = load_platform(platform).capture
    assert recipe is not None
    commands, expected = [], []
    for text in HOSTILE:
        for interface, filter_, path in ((text, "", "/tmp/x"), ("eth0", text, "/tmp/x"), ("eth0", "", f"/{text}/x")):
            try:
                line = program_line(capture(interface, filter_), recipe, path)
            except UsageError:
                assert path != f"/{text}/x" or not text.isprintable()
                continue
            commands.append(f"probe {line}")
            places = {"{interface}": interface, "{snaplen}": "96", "{packets}": "10", "{path}": path, "{filter}": filter_}
            words = [recipe.program, *(places.get(word, word) for word in recipe.arguments.split())]
            expected.append([word for word in words if word or word is path])
    assert len(commands) > 1.6 * len(HOSTILE)
    assert words_seen(safe, SHELLS[0], commands) == expected


def test_the_whole_script_of_a_capture_is_one_argument_of_sh() -> None:
    """Its path stands in it quoted wherever it stands, and the script can be read by a shell whatever the folder and the filter are called."""
    recipe = load_platform("linux").capture
    assert recipe is not None
    scripts = []
    for text in HOSTILE:
        path = f"/{text}/{file_name('s1', text)}"
        with suppress(UsageError):
            words = shlex.split(capture_script(capture(filter_=text), recipe, path))
            assert words[:2] == ["sh", "-c"] and len(words) == 3
            assert words[2].count(path) == words[2].count(shlex.quote(path)) or "'" in path
            scripts.append(words[2])
    assert len(scripts) > len(HOSTILE) / 2
    functions = "\n".join(f"capture{at}() {{\n{script}\n}}" for at, script in enumerate(scripts))
    subprocess.run([SHELLS[0], "-n"], input=functions.encode(), check=True, timeout=60)


def test_a_session_names_no_file_but_its_own() -> None:
    for session in HOSTILE:
        with suppress(TshootError):
            assert re.fullmatch(r"tshoot-[A-Za-z0-9-]+\.pcap", file_name(session, "x"), re.ASCII)


def test_paths_that_are_fetched(safe: Path) -> None:
    commands = [f"probe {quoted(text)}" for text in HOSTILE]
    expected = [[f"./{text}" if text.startswith("-") else text] for text in HOSTILE]
    usable = [at for at, text in enumerate(HOSTILE) if "\0" not in text]
    assert words_seen(safe, SHELLS[0], [commands[at] for at in usable]) == [expected[at] for at in usable]
    assert all(shlex.split(size_command(HOSTILE[at]))[-1] == expected[at][0] for at in usable)


def test_what_ran_is_what_was_asked() -> None:
    """A device cannot change a later command by what it prints: the engine keeps it as a value, and quotes it when it is used."""
    ran = CommandRan(0, b"x; reboot\n", b"", 0.0)
    assert ran.stdout.strip() == b"x; reboot"
    made = command_text(parse_template("probe {{ x }}"), {"x": ran.stdout.decode().strip()})
    assert made == "probe 'x; reboot'"
