"""What earlier sessions knew: the values that a playbook was last run with, how long its runs took, and the hosts they were on.

Inputs hold no secrets: passwords are asked for at the login and never reach a session.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from itertools import islice
from pathlib import Path

from tshoot.errors import TshootError, UsageError
from tshoot.model.events import RunStarted
from tshoot.session.archive.index import archived_sessions, text_out, with_archive
from tshoot.session.read import LOG, read_events
from tshoot.session.store import SessionEntry
from tshoot.transports.address import parse_address

_MOST_HOSTS = 500
_MOST_RUNS = 5
_TAIL = 1 << 16  # bytes at the end of a log, where its last event stands
_LOOKED_AT = 50  # sessions that are tried until one can be read
_PASSING = 32768  # from here on systems choose ports by themselves, for as long as a program runs


@dataclass(frozen=True, slots=True)
class LastUsed:
    """The newest session of a playbook whose start can be read. Values are as they were typed, not clean."""

    session: SessionEntry
    targets: Mapping[str, str] = field(default_factory=dict)
    platforms: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)


def last_used(root: Path, playbook: str, known: Container[str] = ()) -> LastUsed | None:
    """None where no session of the playbook can be read; SessionError where the folder of sessions cannot.

    Sessions of a demo are passed over: nothing in them says so, but each of their targets is a port of this very machine that the system chose,
    and no host that is `known` by a name of the ssh_config or the inventory.
    """
    of_it = (entry for entry in archived_sessions(root) if entry.playbook == playbook and entry.state != "broken")
    for entry in islice(of_it, _LOOKED_AT):
        with suppress(TshootError):
            begun = next((event for _, event in islice(read_events(entry.path), 10) if isinstance(event, RunStarted)), None)
            if begun is not None and not (begun.targets and all(_passes(target.host, known) for target in begun.targets)):
                targets = {target.role: target.host for target in begun.targets}
                platforms = {target.role: target.platform for target in begun.targets}
                return LastUsed(entry, targets, platforms, {name: str(value) for name, value in begun.inputs.items()})
    return None


def _passes(host: str, known: Container[str]) -> bool:
    """Whether a target is gone with the program that served it."""
    try:
        address = parse_address(host)
        served_here = ip_address(address.host).is_loopback
    except (UsageError, ValueError):
        return False
    return served_here and (address.port or 0) >= _PASSING and address.host not in known and host not in known


def earlier_hosts(root: Path) -> tuple[str, ...]:
    """The hosts that sessions ran on, newest first, without user and port: both are the operator's to say."""
    query = (
        "SELECT term.value FROM term JOIN session ON session.number = term.session WHERE term.kind = 'target'"
        " AND term.value NOT LIKE '%@%' GROUP BY term.value ORDER BY MAX(session.started) DESC LIMIT ?"
    )
    return with_archive(root, lambda archive: tuple(text_out(value) for (value,) in archive.database.execute(query, (_MOST_HOSTS,))))


def run_times(entries: Iterable[SessionEntry], playbook: str) -> tuple[float, ...]:
    """Seconds of the newest runs of the playbook that came to their verdict, at most five."""
    finished = (entry for entry in entries if entry.playbook == playbook and entry.state == "finished")
    times = (_seconds(entry) for entry in islice(finished, _MOST_RUNS))
    return tuple(seconds for seconds in times if seconds is not None)


def _seconds(entry: SessionEntry) -> float | None:
    """From the header to the last event, None where that cannot be told."""
    try:
        with (entry.path / LOG).open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _TAIL))
            lines = file.read(_TAIL).splitlines()
        at = max((found for raw in lines[-3:] if (found := _time_of(raw)) is not None), default=None)
    except OSError:
        return None
    return None if at is None or at < entry.started else at - entry.started


def _time_of(raw: bytes) -> float | None:
    with suppress(ValueError, TypeError, AttributeError):
        value = json.loads(raw).get("at")
        return datetime.fromisoformat(value).timestamp() if value else None
    return None
