"""The full-screen interface: which screen comes first, what holds on every screen, and with which exit code it all ends.

No run is ever left behind: however the screen ends, the run is told to stop and is waited for.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tshoot.errors import Cancelled, TshootError, UsageError
from tshoot.model.text import clean_line
from tshoot.opening import Opening
from tshoot.tui.navigation import Navigation
from tshoot.tui.pasting import guard_pastes
from tshoot.tui.preferences import preferences_file, remember, remembered
from tshoot.tui.themes import DEFAULT, THEMES

if TYPE_CHECKING:
    from tshoot.packets.analysis import Analysis
    from tshoot.playbook.tree import Playbook
    from tshoot.tui.bridge import Bridge
    from tshoot.wiring import Prepared

_LONGEST_STOP = 12.0  # seconds that a closed screen waits for its run to have cleaned up
_LEFT = 0.5  # where the operator left a run that was stopping
_STANDS_STILL = (
    "Suspend tshoot? The run stands still with it: what a target does already it ends by itself, within its limits;"
    " nothing new is started, and a device may close a connection that is silent. `fg` comes back."
)


class TshootApp(Navigation):
    """`clock` is what "since when" is measured by, in seconds; `first` shows another screen than home first.

    `preferences` is the file that remembers the theme; None: nothing is remembered.
    """

    CSS_PATH = "tshoot.tcss"
    TITLE = "tshoot"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "leave_app", "Leave tshoot", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, priority=True),
        Binding("f1,question_mark", "help_here", "Help", show=False),
        Binding("f1", "help_in_dialog", "Help", show=False, priority=True),
    ]
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "Anywhere": {
            "? F1": "help for where you are (F1 where a field has the keys)",
            "ctrl+p": "the palette: every command, screens, themes, playbooks, sessions",
            "tab shift+tab": "the next field or region, the one before",
            "q escape": "leave; asks first while a run is active",
            "ctrl+c ctrl+q": "leave tshoot; a run is stopped cleanly",
            "ctrl+z": "suspend; `fg` in the shell comes back",
        },
        "Signs": {
            "▶ ✓": "under way, decided",
            "✗ ? !": "a fault, inconclusive, something failed",
            "$ ● ■": "a command, a capture starts, a capture is fetched",
            "yes no unknown": "what a condition came to; → leads to the next step",
            "!": "before a line of output: the target wrote it to stderr",
        },
    }

    def __init__(
        self,
        opening: Opening,
        playbook: Playbook | None = None,
        prepared: Prepared | None = None,
        clock: Callable[[], float] = time.monotonic,
        first: Callable[[TshootApp], None] | None = None,
        preferences: Path | None = None,
    ) -> None:
        super().__init__(opening, clock)
        guard_pastes()
        self._playbook, self._prepared, self._first, self._preferences = playbook, prepared, first, preferences
        self.rejected_logins: dict[str, str] = {}  # account -> what a trial of its login was told; never a secret
        self.own_values: dict[str, dict[tuple[str, str], str]] = {}  # a playbook's file -> what the operator put into its set-up, by kind and label

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        problem = self._take_theme()
        if not self.is_headless:
            self._listen_for_signals()
        if self._first:
            self._first(self)
        elif self._prepared:
            self.run_playbook(self._prepared)
        elif self._playbook:
            self.set_up(self._playbook)
        else:
            self.show_home()
        if problem:
            self.notify(clean_line(problem), severity="warning", markup=False, timeout=10)

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with suppress(NotImplementedError, RuntimeError):
                loop.add_signal_handler(number, partial(self.exit, Cancelled.exit_code))

    # --- what holds everywhere ---

    def _take_theme(self) -> str:
        """Show the remembered theme; why it cannot be told, where it cannot."""
        chosen, problem = "", ""
        if self._preferences:
            try:
                chosen = remembered(self._preferences).get("theme", "")
            except TshootError as error:
                problem = error.message
        self.theme = chosen if chosen in {theme.name for theme in THEMES} else DEFAULT
        return problem

    def choose_theme(self, name: str) -> None:
        """Show it, and remember it for the next time."""
        self.theme = name
        if self._preferences:
            try:
                remember(self._preferences, {"theme": name})
            except TshootError as error:
                self.notify(clean_line(error.message), severity="warning", markup=False)

    def action_help_here(self) -> None:
        from tshoot.tui.screens.help import Help

        if isinstance(self.screen, Help):
            self.screen.dismiss()
        else:
            self.push_screen(Help())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A dialog hides the keys of the app; help is there all the same."""
        return action != "help_in_dialog" or isinstance(self.screen, ModalScreen)

    def action_help_in_dialog(self) -> None:
        self.action_help_here()

    def action_suspend_process(self) -> None:
        from tshoot.tui.screens.confirm import Confirm

        suspend = super().action_suspend_process
        if not isinstance(self.screen, Confirm) and any(bridge.on_targets and not bridge.wait(0) for bridge in self.bridges):
            self.push_screen(Confirm(_STANDS_STILL), lambda sure: suspend() if sure else None)
        else:
            suspend()

    def action_leave_screen(self) -> None:
        if len(self.screen_stack) > 2:
            self.pop_screen()
        else:
            self.exit(self.exit_code)

    def action_leave_app(self) -> None:
        from tshoot.tui.screens.confirm import Confirm
        from tshoot.tui.screens.run import RunScreen
        from tshoot.tui.screens.verify_fix import VerifyFix

        verifying = next((screen for screen in reversed(self.screen_stack) if isinstance(screen, VerifyFix)), None)
        active = [screen for screen in self.screen_stack if isinstance(screen, RunScreen) and screen.is_active_run]
        if isinstance(self.screen, Confirm):
            self.screen.get_out()
        elif verifying:
            verifying.leave_with(lambda: self.exit(self.exit_code))
        elif active:
            active[-1].stop_run(lambda: self.exit(self.exit_code))
        else:
            self.exit(self.exit_code)

    # --- how it ends ---

    def _fatal_error(self) -> None:
        """Textual's own shows the local variables of each frame, a password being typed among them; this one shows lines alone."""
        from rich.segment import Segments
        from rich.traceback import Traceback

        self.bell()
        told = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(told, self.console.options)))
        self._close_messages_no_wait()

    @property
    def exit_code(self) -> int:
        """That of the last run on targets, 0 where there was none."""
        from tshoot.tui.parting import exit_code

        runs = [bridge for bridge in self.bridges if bridge.on_targets]
        return exit_code(runs[-1].closed) if runs else 0

    def look_after(self, bridge: Bridge) -> None:
        """Work of a modal: it is stopped and waited for when the interface ends, and its end is no exit code."""
        self.bridges.append(bridge)

    def end_runs(self) -> None:
        """After the screen has gone: stop what still runs and wait until it has cleaned up; not for what the operator chose to leave."""
        for bridge in self.bridges:
            patience = _LEFT if bridge.cancel.cancelled else _LONGEST_STOP
            bridge.cancel.cancel()
            bridge.wait(patience)


def run_tui(opening: Opening, say: Callable[..., object] = lambda *lines: None) -> int:
    """Show the interface until the operator leaves; the exit code of the last run, 0 where nothing was run.

    `say` is told how the last run ended and where it is kept, line by line, when the screen is restored.
    """
    app = make_app(opening)
    try:
        app.run()
    finally:
        app.end_runs()
    from tshoot.tui.parting import parting_lines

    with suppress(TshootError, OSError):  # the terminal may have gone
        say(*parting_lines(app.bridges, opening.settings.record))
    return app.return_value if app.return_value is not None else app.return_code or app.exit_code


def run_packets(path: Path, analysis: Analysis | None = None) -> None:
    """Show a capture until the operator leaves."""
    TshootApp(Opening(), first=lambda app: app.show_packets(path, path.name, analysis=analysis), preferences=preferences_file()).run()


def make_app(opening: Opening) -> TshootApp:
    """The interface, not yet shown. TshootError where the playbook or a name given with it cannot be used."""
    app = partial(TshootApp, opening, preferences=preferences_file())
    if not opening.playbook:
        return app()
    from tshoot.wiring import checked_playbook, known_targets, prepare

    playbook = checked_playbook(opening.playbook)
    strange = [f"`{name}` is no target of {playbook.id}" for name in opening.targets if name not in playbook.roles]
    strange += [f"`{name}` is no input of {playbook.id}" for name in opening.inputs if name not in playbook.inputs]
    if strange:
        raise UsageError(clean_line("; ".join(strange)), f"`tshoot playbooks show {playbook.id}` tells what it asks for")
    try:
        return app(playbook, prepare(playbook, opening.targets, opening.inputs, opening.platforms, known_targets(opening.settings)))
    except UsageError:  # something is missing or wrong: the set-up screen says what, at its field
        return app(playbook)
