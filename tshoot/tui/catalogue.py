"""What the home screen reads in a thread after its first picture: all playbooks with their causes, and the sessions that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tshoot.errors import TshootError
from tshoot.playbook.causes import Cause, all_causes
from tshoot.playbook.loader import load_playbook, shipped_playbooks
from tshoot.playbook.tree import Playbook
from tshoot.session.archive.index import archived_sessions
from tshoot.session.store import SessionEntry
from tshoot.tui.earlier import run_times
from tshoot.tui.matching import Finder

_MOST_SESSIONS = 200


@dataclass(frozen=True)
class Playbooks:
    """`problems` are sentences about files that cannot be read: the others are there all the same."""

    finder: Finder
    playbooks: tuple[Playbook, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sessions:
    """The newest first. `took`: playbook -> seconds of its last runs."""

    entries: tuple[SessionEntry, ...] = ()
    took: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


def read_playbooks() -> Playbooks:
    playbooks, problems, causes = [], [], dict[str, Cause]()
    for path in shipped_playbooks():
        try:
            playbooks.append(load_playbook(path))
        except TshootError as error:
            problems.append(error.message)
    try:
        causes = dict(all_causes())
    except TshootError as error:
        problems.append(error.message)
    return Playbooks(Finder(playbooks, causes), tuple(playbooks), tuple(problems))


def read_sessions(root: Path) -> Sessions:
    """SessionError where the folder of sessions cannot be read."""
    entries = archived_sessions(root)
    took = {name: run_times(entries, name) for name in {entry.playbook for entry in entries if entry.state == "finished"}}
    return Sessions(tuple(entries[:_MOST_SESSIONS]), took)
