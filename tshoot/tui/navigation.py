"""From screen to screen: what any screen, the palette or a signal may ask the interface to show. Screens are imported when they are shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.command import Provider
from textual.events import Event, Key, Paste
from textual.filter import LineFilter
from textual.notifications import SeverityLevel

from tshoot.opening import Opening
from tshoot.tui.guard import Guard
from tshoot.tui.turns import Turns
from tshoot.tui.widgets.question.quiet import Quiet

if TYPE_CHECKING:
    from tshoot.packets.analysis import Analysis
    from tshoot.playbook.tree import Playbook
    from tshoot.tui.bridge import Bridge, Work
    from tshoot.tui.paths import Place
    from tshoot.wiring import Prepared, Settings


def _providers() -> set[type[Provider] | Callable[[], type[Provider]]]:
    """Named late: the palette is imported when it is opened."""

    def named(name: str) -> Callable[[], type[Provider]]:
        def provider() -> type[Provider]:
            from tshoot.tui import palette

            return getattr(palette, name)  # type: ignore[no-any-return]

        return provider

    return {named(name) for name in ("KeysNow", "Places", "Themes", "Playbooks", "RecentSessions")}


_TOLD = 3.0  # seconds that something is said over the screen


class Navigation(App[int]):
    """`clock` is what "since when" is measured by, in seconds. `bridges` are all runs and replays that were begun."""

    COMMANDS = _providers()

    def __init__(self, opening: Opening, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.opening, self.clock = opening, clock
        self.bridges: list[Bridge] = []
        self._guard = Guard()
        self._turns = Turns(self)
        self._told: dict[str, float] = {}  # what is said over the screen, until when
        self.quiet = Quiet()

    @property
    def archive_root(self) -> Path:
        """The folder of sessions."""
        from tshoot.session.store import default_root

        return self.opening.settings.record or default_root()

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), self._guard]

    def show_home(self) -> None:
        from tshoot.tui.screens.home import HomeScreen

        self.push_screen(HomeScreen(self.opening))

    def set_up(self, playbook: Playbook) -> None:
        from tshoot.tui.screens.setup import SetupScreen

        self.push_screen(SetupScreen(playbook, self.opening))

    def run_playbook(self, prepared: Prepared, settings: Settings | None = None, after: Callable[[], None] = lambda: None) -> None:
        """By the settings that tshoot was opened with, unless others are given; `after` is called at the end of the run."""
        from tshoot.tui.bridge import Bridge, live

        title = f"{prepared.playbook.id}: {prepared.playbook.title}"
        self._show_run(Bridge(live(prepared, settings or self.opening.settings, after), self.clock), title, self.opening.remark)

    def show_session(self, folder: Path, title: str) -> None:
        from tshoot.tui.bridge import Bridge, recorded

        bridge = Bridge(recorded(folder), self.clock, on_targets=False)
        self._show_run(bridge, title, f"a recorded session, nothing is connected: {folder.name}")

    def show_replay(self, folder: Path, title: str = "") -> None:
        """A session again, in its own time, with a time line."""
        from tshoot.tui.screens.replay import replay_screen

        player, screen = replay_screen(folder, title or folder.name, self.action_leave_screen)
        self.bridges.append(player)
        self.push_screen(screen)

    def show_sessions(self) -> None:
        """All that was recorded."""
        from tshoot.tui.screens.sessions import SessionsScreen

        self.push_screen(SessionsScreen(self.opening))

    def compare_sessions(self, first: Path, second: Path) -> None:
        from tshoot.tui.screens.compare import CompareScreen

        self.push_screen(CompareScreen(first, second))

    def resume_session(self, folder: Path) -> None:
        """Say what going on means, ask, and go on."""
        from tshoot.tui.bridge import Bridge
        from tshoot.tui.screens.resume import ResumeScreen, resumed

        def answered(given: tuple[str, dict[str, str]] | None) -> None:
            if given:
                work = resumed(folder, self.opening.settings, keep_path=given[0] == "keep path", hosts=given[1])
                self._show_run(Bridge(work, self.clock), folder.name, "an interrupted session gone on with")

        self.push_screen(ResumeScreen(folder), answered)

    def show_packets(self, path: Path, title: str, frames: Iterable[int] = (), display_filter: str = "", analysis: Analysis | None = None) -> None:
        """A capture, its `frames` marked; an `analysis` of it that there is need not be made again."""
        from tshoot.tui.screens.packets import PacketsScreen

        self.push_screen(PacketsScreen(path, title, frames, display_filter, analysis))

    def open_place(self, place: Place) -> bool:
        """What lies there, on a screen of its own; False for a folder."""
        match place.kind:
            case "capture":
                self.show_packets(place.path, place.path.name)
            case "text":
                from tshoot.tui.screens.text_analysis import TextAnalysisScreen

                self.push_screen(TextAnalysisScreen(place.path))
            case "session":
                self.show_session(place.path, place.path.name)
            case _:
                return False
        return True

    def show_work(self, work: Work, title: str, remark: str = "") -> None:
        """Any source of events, as a run."""
        from tshoot.tui.bridge import Bridge

        self._show_run(Bridge(work, self.clock), title, remark)

    def _show_run(self, bridge: Bridge, title: str, remark: str) -> None:
        from tshoot.tui.screens.run import RunScreen

        self.bridges.append(bridge)
        self.push_screen(RunScreen(bridge, title, remark, self.action_leave_screen, self.clock))

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key | Paste) and not self.screen_stack:
            return  # tshoot is being left
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            self.quiet.key()
        if isinstance(event, Key):
            for bridge in self.bridges:
                bridge.typed()
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._turns.admits(event):
            way = self._turns.way()
            await super().on_event(event)
            self._turns.taken(event, way)

    def notify(
        self, message: str, *, title: str = "", severity: SeverityLevel = "information", timeout: float | None = None, markup: bool = True
    ) -> None:
        """Briefly, because it covers what is below, and the same once; an error as long as `timeout` wants."""
        now = time.monotonic()
        self._told = {text: until for text, until in self._told.items() if until > now}
        if message not in self._told:
            shown = timeout if timeout and severity == "error" else _TOLD
            self._told[message] = now + shown
            super().notify(message, title=title, severity=severity, timeout=shown, markup=markup)

    def action_leave_screen(self) -> None:
        """Back to the screen before; out of tshoot from the first one."""
        raise NotImplementedError
