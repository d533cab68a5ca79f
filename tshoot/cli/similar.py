"""tshoot sessions similar: earlier and later incidents like this one, and why they are alike."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

from tshoot.cli.archive import ask_archive
from tshoot.cli.entries import entry_json
from tshoot.cli.output import emit_json, say
from tshoot.session.archive.similar import Similar, similar_sessions
from tshoot.session.store import open_session


def run(root: Path, arguments: Namespace) -> int:
    session = open_session(root, arguments.session)
    found = ask_archive(root, lambda archive: similar_sessions(archive, session.folder), reindex=arguments.reindex)
    if arguments.json:
        rows = [{**entry_json(one.entry), "title": one.title, "score": one.score, "reasons": list(one.reasons)} for one in found]
        emit_json({"session": session.header.session, "similar": rows})
        return 0
    say(*(similar_lines(found) or ["no session is like this one"]))
    return 0


def similar_lines(found: Iterable[Similar]) -> list[str]:
    """Two lines each: which session and how it ended, then why it is alike."""
    lines = []
    for one in found:
        verdict = " ".join(filter(None, (one.entry.verdict or one.entry.state, one.entry.cause)))
        lines += [f"{one.entry.id}  {verdict}", f"  {', '.join(one.reasons)}"]
    return lines
