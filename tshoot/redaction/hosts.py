"""The hosts that a session names: targets, inputs, prompts. Where such a name might be an interface's (node12, po1), it is the host's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tshoot.errors import PlaybookError
from tshoot.redaction.text import TextMap

_NO_HOSTS = ("interface", "path", "port", "prefix", "integer", "choice")  # inputs that name none


def learn_hosts(lines: Iterable[Mapping[str, Any]], playbook: str, texts: TextMap) -> None:
    """Take note of the hosts of targets and inputs in a log's lines; an input that is an interface, as the text of the playbook says, stays one."""
    types, interfaces = _input_types(playbook), set[str]()
    for line in lines:
        for named in (*_targets(line), line):
            texts.learn_host(str(named.get("host", "")))
        for name, value in _inputs(line).items():
            if types.get(name) == "interface":
                interfaces.add(str(value))
            elif types.get(name) not in _NO_HOSTS:
                texts.learn_host(str(value))
    texts.keep_interfaces(interfaces)


def prompting(text: str) -> set[str]:
    """The hosts whose prompts stand in `text`."""
    from tshoot.transcripts.prompts import prompt_of, router_prompts

    lines = text.splitlines()
    routers = router_prompts(lines)
    return {prompt.host for line in lines if (prompt := prompt_of(line, routers)) is not None and prompt.host}


def _input_types(text: str) -> dict[str, str]:
    """Of each input of the playbook; none where it cannot be read: then nobody can judge the session either."""
    from tshoot.retrace.recorded_playbook import playbook_of

    try:
        return {name: spec.type for name, spec in playbook_of(text).inputs.items()}
    except PlaybookError:
        return {}


def _inputs(line: Mapping[str, Any]) -> Mapping[str, Any]:
    inputs = line.get("inputs")
    return inputs if isinstance(inputs, dict) else {}


def _targets(line: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    targets = line.get("targets")
    return [one for one in targets if isinstance(one, dict)] if isinstance(targets, list) else []
