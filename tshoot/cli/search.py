"""tshoot sessions search: words and filters over all sessions, newest first."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from tshoot.cli import diagnostics
from tshoot.cli.archive import ask_archive
from tshoot.cli.entries import entry_json
from tshoot.cli.output import emit_json, say
from tshoot.errors import UsageError
from tshoot.session.archive.query import parse_query
from tshoot.session.archive.remarks import query_remarks
from tshoot.session.archive.search import Hit, search


def run(root: Path, arguments: Namespace) -> int:
    if not 1 <= arguments.limit <= 10_000:
        raise UsageError("--limit takes a number from 1 to 10000", "20 is the default")
    typed, now = " ".join(arguments.query), time.time()
    if not typed.strip():
        raise UsageError("sessions search: there is nothing to look for", "`tshoot sessions list` shows all sessions")
    for remark in query_remarks(typed, now):
        diagnostics.note(remark)
    query = parse_query(typed, now)
    hits, total = ask_archive(root, lambda archive: search(archive, query, arguments.limit), reindex=arguments.reindex)
    if arguments.json:
        emit_json({"hits": [_json(hit) for hit in hits], "total": total})
        return 0
    for hit in hits:
        say(*_lines(hit), "")
    say(
        "no session fits"
        if not total
        else f"{total:,} {'session fits' if total == 1 else 'sessions fit'}{f', {len(hits):,} shown' if total > len(hits) else ''}"
    )
    return 0


def _lines(hit: Hit) -> list[str]:
    entry = hit.entry
    verdict = " ".join(filter(None, (entry.verdict or entry.state, entry.cause)))
    where = f"{hit.source}: " if hit.source else ""
    return [f"{entry.id}  {verdict}", *([f"  {where}{hit.snippet}"] if hit.snippet else [])]


def _json(hit: Hit) -> dict[str, Any]:
    return {**entry_json(hit.entry), "kind": hit.kind, "source": hit.source, "snippet": hit.snippet}
