"""What the command palette offers: the keys that are possible now, screens, themes, playbooks and recent sessions.

Names of playbooks and sessions come from files: they are shown as plain text, never as markup. Both are read in threads that nobody
waits for, so the palette is there at once and a folder on a dead mount hinders nothing else.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

from textual.binding import ActiveBinding, Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import ModalScreen, Screen

from tshoot.errors import TshootError
from tshoot.model.text import clean_line
from tshoot.tui.themes import TITLES

if TYPE_CHECKING:
    from tshoot.tui.app import TshootApp

_LONGEST = 100  # characters of a text; sessions that are offered
_PATIENCE = 30.0  # seconds for what is read from disk
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Offer:
    """`name` and `about` may come from outside."""

    name: str
    about: str
    do: Callable[[], object]


class Offers(Provider):
    """Offers of one kind, each matched by its name and what is said about it."""

    async def offers(self) -> list[Offer]:
        raise NotImplementedError

    @property
    def tshoot(self) -> TshootApp:
        return cast("TshootApp", self.app)

    @property
    def on_a_screen(self) -> bool:
        """Not over a dialog, which must be answered first."""
        return not isinstance(self.screen, ModalScreen)

    async def startup(self) -> None:
        self._offers = [Offer(_clean(offer.name), _clean(offer.about), offer.do) for offer in await self.offers()]

    async def discover(self) -> Hits:
        for offer in self._offers:
            yield DiscoveryHit(Content(offer.name), offer.do, text=offer.name, help=cast(str, Content(offer.about)))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for offer in self._offers:
            score = max(matcher.match(offer.name), matcher.match(offer.about) * 0.8)
            if score > 0:
                shown = Content(offer.name)  # never a str: that is taken as markup, as it is by the matcher's own `highlight`
                for place in matcher.fuzzy_search.match(query, offer.name)[1]:
                    shown = shown.stylize(self.match_style or "", place, place + 1)
                yield Hit(score, shown, offer.do, text=offer.name, help=cast(str, Content(offer.about)))


class KeysNow(Offers):
    """The bindings of the screen that can be used at this moment."""

    async def offers(self) -> list[Offer]:
        found: dict[str, Offer] = {}
        for key, active in self.screen.active_bindings.items():
            if active.enabled and active.binding.description and _is_ours(active):
                shown = active.binding.key_display or key
                run = partial(self.app.run_action, active.binding.action, active.node)
                found.setdefault(active.binding.action, Offer(active.binding.description, f"here: {shown}", run))
        return list(found.values())


class Places(Offers):
    """Screens, and what concerns tshoot as a whole."""

    async def offers(self) -> list[Offer]:
        app = self.tshoot
        screens = [
            Offer("Home: a new incident", "screen: type a symptom", app.show_home),
            Offer("All sessions", "screen: search, replay, compare", app.show_sessions),
        ]
        return [
            *(screens if self.on_a_screen else ()),
            Offer("Help for where you are", "the keys of the region, the screen, and anywhere", app.action_help_here),
            Offer("Suspend", "ctrl+z: to the shell; fg comes back", app.action_suspend_process),
            Offer("Leave tshoot", "ctrl+c; a run is stopped cleanly", app.action_leave_app),
        ]


class Themes(Offers):
    async def offers(self) -> list[Offer]:
        now = self.app.theme
        about = {True: "in use", False: "chosen here, remembered for the next time"}
        return [Offer(f"Theme: {TITLES[name]}", about[name == now], partial(self.tshoot.choose_theme, name)) for name in TITLES]


class Playbooks(Offers):
    """Every playbook, by its title."""

    async def offers(self) -> list[Offer]:
        if not self.on_a_screen:
            return []
        from tshoot.tui.catalogue import read_playbooks

        read = await _aside(read_playbooks)
        return [Offer(f"Set up: {book.title}", f"playbook {book.id}", partial(self.tshoot.set_up, book)) for book in read.playbooks] if read else []


class RecentSessions(Offers):
    """The newest sessions, shown as they ended."""

    async def offers(self) -> list[Offer]:
        if not self.on_a_screen:
            return []
        from tshoot.session.store import default_root
        from tshoot.tui.catalogue import read_sessions

        root = self.tshoot.opening.settings.record or default_root()
        read = await _aside(lambda: read_sessions(root))
        entries = [entry for entry in read.entries[:_LONGEST] if entry.state != "broken"] if read else []
        return [
            Offer(
                f"Session: {entry.playbook}, {entry.cause or entry.verdict or entry.state}",
                entry.id,
                partial(self.tshoot.show_session, entry.path, entry.playbook),
            )
            for entry in entries
        ]


def _is_ours(active: ActiveBinding) -> bool:
    """What a footer tells, or one of our screens has; not the many keys that only move a cursor."""
    if active.binding.show or not isinstance(active.node, Screen):
        return active.binding.show
    ours = (kind for kind in type(active.node).__mro__ if kind.__module__.startswith("tshoot."))
    declared = (binding for kind in ours for binding in kind.__dict__.get("BINDINGS", ()))
    return any(isinstance(binding, Binding) and binding.action == active.binding.action for binding in declared)


def _clean(text: str) -> str:
    return clean_line(text)[:_LONGEST]


async def _aside(read: Callable[[], _Found]) -> _Found | None:
    """What `read` gives, from a thread that nobody waits for; None where it cannot be read, or not in time."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_Found | None] = loop.create_future()

    def give(found: _Found | None) -> None:
        if not answer.done():
            answer.set_result(found)

    def work() -> None:
        found: _Found | None = None
        with suppress(TshootError, OSError):
            found = read()
        with suppress(RuntimeError):  # the interface was left meanwhile
            loop.call_soon_threadsafe(give, found)

    threading.Thread(target=work, name="tshoot palette", daemon=True).start()
    with suppress(TimeoutError):
        return await asyncio.wait_for(answer, _PATIENCE)
    return None
