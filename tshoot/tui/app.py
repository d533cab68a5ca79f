"""The full-screen interface: which screen comes first, and with which exit code it all ends.

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
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.theme import Theme

from tshoot.errors import UsageError
from tshoot.model.text import clean_line
from tshoot.playbook.tree import Playbook
from tshoot.tui.bridge import Bridge, Work, live, recorded
from tshoot.tui.messages import RunClosed
from tshoot.wiring import Opening, Prepared, checked_playbook, prepare

_LONGEST_STOP = 12.0  # seconds that a closed screen waits for its run to have cleaned up
_LEFT = 0.5  # the same, where the operator left a run that was stopping
_CANCELLED = 130
_THEME = Theme(
    "tshoot",
    primary="#7aa2c8",
    secondary="#8fb39b",
    accent="#7fc4d6",
    foreground="#d6dbe1",
    background="#14181d",
    surface="#14181d",
    panel="#1e242b",
    success="#86b98a",
    warning="#d9b36c",
    error="#e0766f",
    dark=True,
)


class TshootApp(App[int]):
    """`clock` is what "since when" is measured by, in seconds."""

    CSS_PATH = "tshoot.tcss"
    TITLE = "tshoot"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c,ctrl+q", "leave_app", "Leave tshoot", show=False, priority=True)]

    def __init__(
        self, opening: Opening, playbook: Playbook | None = None, prepared: Prepared | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self.opening, self.clock = opening, clock
        self._playbook, self._prepared = playbook, prepared
        self._bridges: list[Bridge] = []

    def on_mount(self) -> None:
        self.register_theme(_THEME)
        self.theme = "tshoot"
        if not self.is_headless:
            self._listen_for_signals()
        if self._prepared:
            self.run_playbook(self._prepared)
        elif self._playbook:
            self.set_up(self._playbook)
        else:
            from tshoot.tui.screens.home import HomeScreen

            self.push_screen(HomeScreen(self.opening))

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with suppress(NotImplementedError, RuntimeError):
                loop.add_signal_handler(number, partial(self.exit, _CANCELLED))

    # --- from screen to screen ---

    def set_up(self, playbook: Playbook) -> None:
        from tshoot.tui.screens.setup import SetupScreen

        self.push_screen(SetupScreen(playbook, self.opening))

    def run_playbook(self, prepared: Prepared) -> None:
        title = f"{prepared.playbook.id}: {prepared.playbook.title}"
        self._show_run(Bridge(live(prepared, self.opening.settings), self.clock), title, self.opening.remark)

    def show_session(self, folder: Path, title: str) -> None:
        bridge = Bridge(recorded(folder), self.clock, on_targets=False)
        self._show_run(bridge, title, f"a recorded session, nothing is connected: {folder.name}")

    def show_work(self, work: Work, title: str, remark: str = "") -> None:
        """Any source of events, as a run."""
        self._show_run(Bridge(work, self.clock), title, remark)

    def _show_run(self, bridge: Bridge, title: str, remark: str) -> None:
        from tshoot.tui.screens.run import RunScreen

        self._bridges.append(bridge)
        self.push_screen(RunScreen(bridge, title, remark, self.action_leave_screen, self.clock))

    def action_leave_screen(self) -> None:
        """Back to the screen before; out of tshoot from the first one."""
        if len(self.screen_stack) > 2:
            self.pop_screen()
        else:
            self.exit(self.exit_code)

    def action_leave_app(self) -> None:
        from tshoot.tui.screens.confirm import Confirm
        from tshoot.tui.screens.run import RunScreen

        active = [screen for screen in self.screen_stack if isinstance(screen, RunScreen) and screen.is_active_run]
        if isinstance(self.screen, Confirm):
            self.screen.dismiss(True)
        elif active:
            active[-1].stop_run(lambda: self.exit(self.exit_code))
        else:
            self.exit(self.exit_code)

    # --- how it ends ---

    @property
    def exit_code(self) -> int:
        """That of the last run on targets, 0 where there was none."""
        runs = [bridge for bridge in self._bridges if bridge.on_targets]
        return exit_code(runs[-1].closed) if runs else 0

    def end_runs(self) -> None:
        """After the screen has gone: stop what still runs and wait until it has cleaned up; not for what the operator chose to leave."""
        for bridge in self._bridges:
            patience = _LEFT if bridge.cancel.cancelled else _LONGEST_STOP
            bridge.cancel.cancel()
            bridge.wait(patience)


def exit_code(closed: RunClosed | None) -> int:
    """The exit code of the command line's contract for how a run ended (None: it was not waited for)."""
    if closed is None:
        return _CANCELLED
    if closed.error:
        return closed.error.exit_code
    if closed.verdict is None:
        return _CANCELLED
    if closed.verdict.kind == "inconclusive":
        return 4 if closed.verdict.target_failed else 3
    return 1 if closed.verdict.kind == "fault" else 0


def run_tui(opening: Opening) -> int:
    """Show the interface until the operator leaves; the exit code of the last run, 0 where nothing was run."""
    app = make_app(opening)
    try:
        app.run()
    finally:
        app.end_runs()
    return app.return_value if app.return_value is not None else app.return_code or app.exit_code


def make_app(opening: Opening) -> TshootApp:
    """The interface, not yet shown. TshootError where the playbook or a name given with it cannot be used."""
    if not opening.playbook:
        return TshootApp(opening)
    playbook = checked_playbook(opening.playbook)
    strange = [f"`{name}` is no target of {playbook.id}" for name in opening.targets if name not in playbook.roles]
    strange += [f"`{name}` is no input of {playbook.id}" for name in opening.inputs if name not in playbook.inputs]
    if strange:
        raise UsageError(clean_line("; ".join(strange)), f"`tshoot playbooks show {playbook.id}` tells what it asks for")
    try:
        return TshootApp(opening, playbook, prepare(opening.playbook, opening.targets, opening.inputs))
    except UsageError:  # something is missing or wrong: the set-up screen says what, at its field
        return TshootApp(opening, playbook)
