"""`tshoot sweep`: what runs that are no more left on all targets that this machine knows of, looked at, and removed.

The list is that of the journals of this machine and of the sessions' own `captures.jsonl`, whose runs are over: what belongs to a run
that lives is left alone, also where it began again (a resumed session) between the list and the removal. One login a target. A target that
cannot be reached is told, and what lies there stays in the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TargetError, TshootError
from tshoot.model.text import clean_line
from tshoot.performers.capture_place import place_of
from tshoot.performers.journal import Leftover, all_leftovers, is_on, live_captures, merged, of_session
from tshoot.performers.leftovers import Cleared, Look, clear, look
from tshoot.platforms.loader import load_platform, platform_names
from tshoot.session.log import is_being_written
from tshoot.transports.base import Prompter, Transport

if TYPE_CHECKING:
    from tshoot.transports.settings import SshSettings

_SHELL = "linux"  # how a target is spoken to where an older journal does not name its platform


@dataclass(frozen=True, slots=True)
class OnTarget:
    """A leftover as its target shows it; `look` is None where it could not be looked at, and `problem` says why."""

    leftover: Leftover
    look: Look | None = None
    problem: str = ""


class Sweeping:
    """One sweep. `state` holds the journals, `sessions` the sessions; `tell` is told what is under way. `close` logs out everywhere."""

    def __init__(
        self, state: Path, sessions: Path, ssh: SshSettings | None, prompter: Callable[[CancelToken], Prompter], tell: Callable[[str], None]
    ) -> None:
        self._state, self._sessions, self._ssh, self._prompter, self._tell = state, sessions, ssh, prompter, tell
        self._transports: dict[str, Transport] = {}
        self._named: dict[str, str] = {}  # hosts with the account to log in as, as typed, and their places

    def left(self, hosts: Sequence[str] = ()) -> list[Leftover]:
        """What is listed, on `hosts` (as typed; none: on all), each capture once, target by target."""
        every = self._listed()
        places = {host: place_of(host, self._ssh) for host in hosts}
        self._named = {host: place for host, place in places.items() if "@" in host}
        wanted = [one for one in every if not hosts or any(is_on(one.record, host, place) for host, place in places.items())]
        return sorted(wanted, key=lambda one: (self._login(one, every), one.record.at, one.record.path))

    @property
    def live(self) -> int:
        """Captures of runs that are still going."""
        return len(live_captures(self._state / "journal"))

    def _listed(self) -> list[Leftover]:
        journals, own = all_leftovers(self._state / "journal"), list(self._of_sessions())
        found: list[Leftover] = []
        for leftover in (*journals, *own):
            if not any(_same(leftover, one) for one in found):
                found += merged([leftover], [one for one in own if _same(leftover, one)])
        return found

    def _of_sessions(self) -> Iterator[Leftover]:
        live = {record.path for record in live_captures(self._state / "journal")}
        for file in sorted(self._sessions.glob("*/captures.jsonl")) if self._sessions.is_dir() else ():
            with suppress(TshootError, OSError):
                if not is_being_written(file.parent):
                    yield from (one for one in of_session(file) if one.record.path not in live)

    def _login(self, leftover: Leftover, every: list[Leftover]) -> str:
        """By what name a target is logged in to: the account that was typed now, else that of its run; one name where it has several."""
        record = leftover.record
        typed = [host for host, place in self._named.items() if is_on(record, host, place)]
        return min(typed or (one.record.host for one in every if is_on(one.record, record.host, record.place) and _user(one) == _user(leftover)))

    # --- on the targets -----------------------------------------------------------------------------

    def looked_at(self, leftovers: Sequence[Leftover], cancel: CancelToken) -> list[OnTarget]:
        """How they lie there. A target that fails once is not tried again in this sweep. Raises Cancelled."""
        found, failed = [], dict[str, str]()
        for leftover in leftovers:
            host = self._login(leftover, list(leftovers))
            try:
                if host in failed:
                    found.append(OnTarget(leftover, None, failed[host]))
                    continue
                transport = self._connected(host, leftover, cancel)
                self._tell(f"{host}: looking at what lies there")
                found.append(OnTarget(leftover, look(transport, leftover, cancel)))
            except Cancelled:
                raise
            except TshootError as error:
                failed[host] = clean_line(error.message)
                found.append(OnTarget(leftover, None, failed[host]))
        return found

    def cleared(self, looked: Sequence[OnTarget], cancel: CancelToken) -> Iterator[Cleared]:
        """Remove what could be looked at, one after the other. Raises Cancelled between two of them; what was not removed stays in the journal."""
        names = [one.leftover for one in looked]
        for one in looked:
            cancel.check()
            if one.look is None:
                continue
            host = self._login(one.leftover, names)
            name = f"{host}: {clean_line(one.leftover.record.path)}"
            if not any(_same(one.leftover, other) for other in self._listed()):
                yield Cleared(one.leftover, False, f"{name}: no longer listed, or a run has it again: left alone")
                continue
            self._tell(f"{name}: removing it")
            try:
                yield clear(self._transports[host], one.leftover, cancel, self._state / "rescued")
            except TargetError as error:
                yield Cleared(one.leftover, False, f"{name}: stays there: {clean_line(error.message)}")

    def _connected(self, host: str, leftover: Leftover, cancel: CancelToken) -> Transport:
        transport = self._transports.get(host)
        if transport is None:
            from tshoot.transports.choose import transport_for  # brings paramiko

            named = leftover.record.platform
            platform = load_platform(named if named in platform_names() else _SHELL)
            self._tell(f"connecting to {host}")
            transport = self._transports[host] = transport_for(platform, host, self._prompter(cancel), self._ssh, self._tell)
        transport.connect(cancel)
        return transport

    def close(self) -> None:
        for transport in self._transports.values():
            with suppress(Exception):
                transport.close()


def _user(leftover: Leftover) -> str:
    """The account of its login where the run named one."""
    return leftover.record.host.rpartition("@")[0]


def _same(one: Leftover, other: Leftover) -> bool:
    """Whether both list the same capture."""
    a, b = one.record, other.record
    return a.path == b.path and is_on(a, b.host, b.place)
