"""The draft: a node for each step, one after the other, which decides nothing: every condition is left to whoever knows what the answers mean.

No cause is invented. Comments say what could be read there, and what it was. The scenario holds what the devices answered, and expects what a draft
can say: inconclusive. Texts are written as JSON strings, which are YAML, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from tshoot.knowledge import ShippedKnowledge
from tshoot.model.text import clean_line, decode
from tshoot.model.verdicts import Verdict
from tshoot.retrace.distil.steps import Step, Steps
from tshoot.retrace.distil.values import Input, inputs_of, templated

_RESERVED = frozenset(["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "any", "loop", "text"])
_MOST_FACTS = 6
_LONGEST = 86_400.0


@dataclass(frozen=True)
class Draft:
    """`files` are those of the scenario's folder by name, `scenario.yaml` among them."""

    playbook: str
    files: Mapping[str, bytes]
    left_out: tuple[str, ...]


@dataclass
class _Node:
    id: str
    step: Step
    template: str
    rendered: str
    every: float = 0.0
    seconds: float = 0.0
    inputs: list[Input] = field(default_factory=list)


def draft_of(steps: Steps, playbook_id: str, session: str, verdict: Verdict | None) -> Draft:
    """The draft of a session's steps, under the id that its file will have."""
    values = inputs_of((step.command for step in steps.steps), steps.inputs)
    nodes = _nodes(steps, values)
    inputs = list(dict.fromkeys(one for node in nodes for one in node.inputs))
    files = dict(_outputs(nodes))
    files["scenario.yaml"] = _scenario(nodes, steps, inputs, playbook_id, session, files).encode("utf-8")
    return Draft(_playbook(nodes, steps, inputs, playbook_id, session, verdict), files, tuple(steps.left_out))


def _nodes(steps: Steps, values: Mapping[str, Input]) -> list[_Node]:
    taken = {one.name for one in values.values()} | _RESERVED
    nodes = []
    for step in steps.steps:
        template, rendered, used = templated(step.command, values)
        node = _Node(_id(step.command, taken), step, template, rendered, inputs=used)
        taken.add(node.id)
        if len(step.answers) > 1:
            times = [at for at, _ in step.answers]
            pauses = [later - earlier for earlier, later in pairwise(times) if later > earlier]
            node.every = round(min(max(median(pauses) if pauses else 5.0, 0.5), 3600.0), 1)
            node.seconds = round(min(max(times[-1] - times[0], node.every), 7200.0), 1)
        nodes.append(node)
    return nodes


def _id(command: str, taken: set[str]) -> str:
    """`show_ipv6_route` of `show ipv6 route 2001:db8::/32`."""
    words = [word for word in re.findall(r"[A-Za-z0-9_./:@|=-]+", command) if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,20}", word)]
    stem = re.sub(r"[^a-z0-9]+", "_", "_".join(words[:4]).lower()).strip("_")[:40] or "step"
    stem = stem if stem[0].isalpha() else f"step_{stem}"
    return next(name for name in (stem, *(f"{stem}_{number}" for number in range(2, 100_000))) if name not in taken)


# --- the playbook -----------------------------------------------------------------------------------


def _text(value: object) -> str:
    """A YAML scalar on one line that is read as the text `value`."""
    return json.dumps(clean_line(str(value)), ensure_ascii=False)


def _plain(text: str) -> str:
    """A sentence of somebody else in a place where templates are read."""
    return text.replace("{{", "{ {").replace("{%", "{ %").replace("{#", "{ #")


def _comment(text: str) -> str:
    return f"# {clean_line(text)[:200]}"


def _playbook(nodes: list[_Node], steps: Steps, inputs: list[Input], playbook_id: str, session: str, verdict: Verdict | None) -> str:
    lines = [
        _comment(f"A draft, distilled from the session {session}: it asks what was asked there, and decides nothing yet."),
        f"id: {playbook_id}",
        f"title: {_text(f'Draft from {session}')}",
        "symptoms: []  # TODO: what people say when they have this fault",
        f"description: {_text('TODO: which way the checks go, and why in this order.')}",
        "targets:",
    ]
    for role in dict.fromkeys(node.step.target for node in nodes):
        lines.append(
            f"  {role}: {{platform: {_platform(nodes, role)}, help: {_text(f'TODO: what it is; in the recording {steps.targets[role].host}')}}}"
        )
    lines += ["inputs:" if inputs else "inputs: {}"]
    lines += [f"  {one.name}: {{type: {one.type}, help: {_text(f'TODO: what it is; in the recording {one.value}')}}}" for one in inputs]
    lines += [f"start: {nodes[0].id}", "", "nodes:"]
    for number, node in enumerate(nodes):
        lines += [*_node(node), *_decide(node, nodes[number + 1].id if number + 1 < len(nodes) else "", session, verdict), ""]
    lines += [_comment(f"left out: {text}") for text in steps.left_out[:100]]
    lines += [_comment(f"a note: {text}") for text in steps.notes[:20]]
    return "\n".join(lines).rstrip("\n") + "\n"


def _platform(nodes: list[_Node], role: str) -> str:
    return next(node.step.platform for node in nodes if node.step.target == role)


def _node(node: _Node) -> Iterator[str]:
    yield f"  {node.id}:"
    yield f"    run: {json.dumps(node.template, ensure_ascii=False)}"
    yield f"    on: {node.step.target}"
    if node.step.parser:
        yield f"    parser: {node.step.parser}"
    yield f"    why: {_text(_plain(node.step.why) or 'TODO: what this step is for')}"
    if node.every:
        name, expression = _watched(node)
        yield f"    sample: {{every: {node.every:g}, for: {node.seconds:g}, watch: {{{name}: {expression}}}}}"


def _decide(node: _Node, following: str, session: str, verdict: Verdict | None) -> Iterator[str]:
    yield "    decide:"
    seen = ", ".join(f"{path} {value}" for path, value in _facts(node).items())
    yield "      " + _comment(
        f"TODO: `when:` what the answer proves. It read: {seen}" if seen else "TODO: `when:`; no parser reads this answer, only `text`"
    )
    if following:
        yield f"      - otherwise: {following}"
        return
    if verdict is not None and verdict.cause:
        yield "      " + _comment(f"TODO: `conclude: {verdict.cause}` under a condition that proves it; so the session was judged")
    yield "      - otherwise:"
    yield f"          inconclusive: {_text('this draft asks, and decides nothing yet')}"
    yield f"          next: {_text(_plain(f'read the answers, write conditions into the TODO places, and compare with the session {session}'))}"


def _facts(node: _Node) -> dict[str, str]:
    """A few plain facts of the first answer, with their values."""
    if not node.step.parser:
        return {}
    parsed = ShippedKnowledge().parse(node.step.platform, node.rendered, node.step.parser, node.step.answers[0][1])
    plain = {path: value for path, value in parsed.facts.items() if isinstance(value, str | int | float | bool) or value is None}
    return {path: clean_line(json.dumps(value, ensure_ascii=False))[:60] for path, value in list(plain.items())[:_MOST_FACTS]}


def _watched(node: _Node) -> tuple[str, str]:
    """What a series follows: the first fact that changed from answer to answer, else the first of all, else the whole text."""
    knowledge = ShippedKnowledge()
    read = [knowledge.parse(node.step.platform, node.rendered, node.step.parser, ran).facts for _, ran in node.step.answers if node.step.parser]
    plain = [
        path for path, value in (read[0] if read else {}).items() if isinstance(value, str | int | bool) and re.fullmatch(r"[a-z][a-z0-9_]*", path)
    ]
    changed = [path for path in plain if len({str(facts.get(path)) for facts in read}) > 1 and not path.endswith("_seconds")]
    name = next(iter([*changed, *plain]), "text")
    return name, f"{node.id}.{name}"


# --- the scenario -----------------------------------------------------------------------------------


def _outputs(nodes: list[_Node]) -> Iterator[tuple[str, bytes]]:
    for number, node in enumerate(nodes, 1):
        for place, (_, ran) in enumerate(node.step.answers, 1):
            yield _output(number, place, node), decode(ran.stdout).encode("utf-8", "replace")


def _output(number: int, place: int, node: _Node) -> str:
    return f"{number:03}-{node.id}{f'-{place:03}' if node.every else ''}.txt"


def _scenario(nodes: list[_Node], steps: Steps, inputs: list[Input], playbook_id: str, session: str, files: Mapping[str, bytes]) -> str:
    given = ", ".join(f"{one.name}: {json.dumps(one.value, ensure_ascii=False)}" for one in inputs)
    lines = [
        f"playbook: {playbook_id}",
        f"title: {_text(f'As it was in {session}')}",
        f"story: {_text('TODO: what the fault was. The answers are those of the recording.')}",
        f"inputs: {{{given}}}",
        "devices:",
    ]
    for role in dict.fromkeys(node.step.target for node in nodes):
        lines += [f"  {role}:", f"    platform: {_platform(nodes, role)}", f"    name: {_text(steps.targets[role].host)}", "    commands:"]
        for number, node in enumerate(nodes, 1):
            if node.step.target == role:
                lines += _entry(number, node)
    lines.append("expect: {verdict: inconclusive}  # TODO: what the finished playbook must say")
    return "\n".join(lines) + "\n"


def _entry(number: int, node: _Node) -> Iterator[str]:
    yield f"      - run: {json.dumps(node.rendered, ensure_ascii=False)}"
    if not node.every:
        ran = node.step.answers[0][1]
        yield f"        stdout_file: {_output(number, 1, node)}"
        if ran.exit_status:
            yield f"        exit: {ran.exit_status % 256}"
        if error := decode(ran.stderr).strip():
            yield f"        stderr: {json.dumps(error + chr(10), ensure_ascii=False)}"
        return
    yield "        turns:"
    times = [at for at, _ in node.step.answers]
    for place in range(len(times)):
        pause = times[place + 1] - times[place] if place + 1 < len(times) else 0.0
        seconds = f", seconds: {min(pause if pause > 0 else node.every, _LONGEST):.3f}" if place + 1 < len(times) else ""
        yield f"          - {{stdout_file: {_output(number, place + 1, node)}{seconds}}}"
