"""A decision tree as lines for the terminal, and as Mermaid text."""

from __future__ import annotations

from collections.abc import Iterator

from tshoot.playbook.tree import AskStep, CaptureStep, Node, Playbook, RunStep, TogetherStep, WaitStep


def tree_lines(playbook: Playbook) -> list[str]:
    """The tree from its start; a node that was drawn already is only named again."""
    return [f"{playbook.id}: {playbook.title}", *_draw(playbook, playbook.start, "", set())]


def _draw(playbook: Playbook, node_id: str, indent: str, drawn: set[str]) -> Iterator[str]:
    node = playbook.nodes[node_id]
    yield f"{indent}{node_id}  {_does(node)}"
    drawn.add(node_id)
    for index, branch in enumerate(node.decide):
        last = index == len(node.decide) - 1
        mark = {"conclude": "✗ ", "healthy": "✓ healthy", "inconclusive": "? not decided", "go": "→ "}[branch.kind]
        yield f"{indent}{'└─' if last else '├─'} {branch.text}: {mark}{branch.leads_to}"
        if branch.kind == "go" and branch.leads_to not in drawn and branch.leads_to in playbook.nodes:
            yield from _draw(playbook, branch.leads_to, indent + ("   " if last else "│  "), drawn)


def _does(node: Node) -> str:
    match node.step:
        case RunStep():
            return _command(node.step)
        case TogetherStep():
            return " | ".join(_command(step) for _, step in node.step.steps)
        case CaptureStep():
            return f"[{node.step.target}] capture on {node.step.interface.source}"
        case AskStep():
            return f"asks: {node.step.question.source}"
        case WaitStep():
            return f"waits {node.step.seconds:g} s"
    return ""


def _command(step: RunStep) -> str:
    repeated = f" every {step.sampling.every.source} s for {step.sampling.seconds.source} s" if step.sampling else ""
    others = f" (and on {len(step.commands) - 1} more platforms)" if len(step.commands) > 1 else ""
    return f"[{step.target}] {next(iter(step.commands.values())).source}{repeated}{others}"


def mermaid(playbook: Playbook) -> list[str]:
    lines = ["flowchart TD"]
    verdicts = 0
    for node in playbook.nodes.values():
        lines.append(f'  {node.id}["{_quoted(node.id)}<br/>{_quoted(_does(node))}"]')
        for branch in node.decide:
            if branch.kind == "go":
                lines.append(f'  {node.id} -->|"{_quoted(branch.text)}"| {branch.leads_to}')
                continue
            verdicts += 1
            lines.append(f'  {node.id} -->|"{_quoted(branch.text)}"| end{verdicts}(["{_quoted(branch.outcome)}"])')
    return lines


def _quoted(text: str) -> str:
    """Text that Mermaid shows as it is."""
    return "".join(f"#{ord(character)};" if character in '"<>{}[]()|#&' else character for character in text)
