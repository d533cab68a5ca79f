"""Going on with an interrupted session: first what that means is said and asked, then the run screen has it.

What is asked again, which changes may have been done already, and where today a decision would be another: nothing of it happens unasked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Literal

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer

from tshoot.errors import TshootError
from tshoot.model.verdicts import Verdict
from tshoot.retrace.continuation import Continuation, continuation
from tshoot.retrace.parting import Parting
from tshoot.retrace.words import what
from tshoot.session.read import read_header
from tshoot.session.store import Session
from tshoot.tui.bridge import Bridge, Work
from tshoot.tui.lines import BLANK, Line, line, span
from tshoot.tui.widgets.field.hosts import HostInput, HostNames
from tshoot.tui.widgets.lines.view import LinesView
from tshoot.wiring import Settings

Answer = Literal["go on", "keep path"]
_MOST = 40  # requests that are named


class ResumeScreen(ModalScreen[tuple[Answer, dict[str, str]] | None]):
    """Gives how to go on and the roles that are called otherwise here, None where it was left."""

    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "Going on with a session": {
            "y": "go on where it stopped",
            "k": "go on along the recorded path, where today a decision would be another",
            "t": "other names of the targets, where this machine knows them otherwise",
            "n, q": "leave it as it is",
        }
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('go on')", "Go on"),
        Binding("k", "answer('keep path')", "Keep path", priority=True),
        Binding("t", "hosts", "Targets"),
        Binding("n,escape,q", "dismiss(None)", "Leave it", key_display="n"),
    ]

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._going: Continuation | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="resume"):
            yield HostNames()
            yield LinesView(id="resume-lines")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#resume").border_title = "Go on with this session?"
        self._view.put("resume", [line(("reading the session …", "dim"))])
        self._view.focus()
        self._read()

    @property
    def _view(self) -> LinesView:
        return self.query_one(LinesView)

    @work(thread=True, exit_on_error=False)
    def _read(self) -> None:
        try:
            header = read_header(self._folder)
            going = continuation(header, tuple(Session(self._folder, header).events()))
        except TshootError as error:
            self.app.call_from_thread(self._refused, error)
            return
        self.app.call_from_thread(self._have, going)

    def _refused(self, error: TshootError) -> None:
        if self.is_mounted:
            self._view.put("resume", [line(("! ", "bad"), span(error.message), hang=2), line(span(error.hint)), BLANK, line(("n leaves", "dim"))])

    def _have(self, going: Continuation) -> None:
        if self.is_mounted:
            self._going = going
            self.query_one(HostNames).take(going.begun[0].targets.values())
            self._view.put("resume", list(going_lines(going)))
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if isinstance(self.focused, HostInput):
            return action not in ("answer", "hosts", "dismiss")
        if action != "answer":
            return action != "hosts" or self._going is not None
        apart = self._going is not None and self._going.parting is not None
        return self._going is not None and apart == (parameters == ("keep path",))

    def action_hosts(self) -> None:
        self.query_one(HostNames).ask()

    def on_host_input_left(self) -> None:
        self._view.focus()

    def action_answer(self, answer: Answer) -> None:
        names = self.query_one(HostNames)
        if names.problem:
            names.ask()
        else:
            self.dismiss((answer, names.hosts))


def going_lines(going: Continuation) -> Iterator[Line]:
    """What going on means, for whoever decides on it."""
    state, _ = going.begun
    yield line(span(state.playbook.id, "strong"), ("  stopped at ", "dim"), span(state.node, "strong"))
    names = ", ".join(state.targets)
    yield line(("  ", ""), span(names, "", 200), (" will be connected to by the names above; t changes them", "dim"), hang=4)
    yield BLANK
    yield line(("Asked once more", "heading"))
    for effect in going.anew[:_MOST]:
        yield line(("  - ", "dim"), span(what(effect)), hang=4)
    if len(going.anew) > _MOST:
        yield line((f"  … {len(going.anew) - _MOST} more", "dim"))
    if not going.anew:
        yield line(("  nothing: everything that was asked has its answer", "dim"))
    new = [effect for effect in state.waiting.values() if effect not in going.anew]
    if new:
        yield from (BLANK, line(("Then", "heading")))
        yield from (line(("  - ", "dim"), span(what(effect)), hang=4) for effect in new[:_MOST])
    if going.doubtful:
        yield from (BLANK, line(("May have been done already: you will be asked about each", "heading")))
        for key, at in list(going.doubtful.items())[:_MOST]:
            yield line(("  ! ", "warn"), span(key), (f"  asked for at {datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC", "dim"), hang=4)
    if going.parting:
        yield from _parted(going.parting)
    keys = "k goes on along the recorded path, n leaves it as it is" if going.parting else "y goes on, n leaves it as it is"
    yield from (BLANK, line((keys, "accent")))


def _parted(parting: Parting) -> Iterator[Line]:
    then = parting.recorded.leads_to if parting.recorded else "nowhere"
    now = parting.today.leads_to if parting.today else "nowhere: it would not be reached with today's commands"
    yield from (BLANK, line(("! ", "warn"), ("Today a decision that was taken would be another", "heading")))
    yield line(("  at ", "dim"), span(parting.node, "strong"), (" it led to ", "dim"), span(then), (", today to ", "dim"), span(now), hang=4)
    if parting.difference:
        yield line(("  ", ""), span(parting.difference.fact or parting.difference.condition), (": ", "dim"), span(parting.difference.why), hang=4)
    yield line(("  The recorded path can be kept: it stands as it was recorded, what follows is read by today's parsers.", "dim"), hang=2)


def resumed(folder: Path, settings: Settings, *, keep_path: bool, hosts: Mapping[str, str]) -> Work:
    """The session gone on with, on its targets, some of them by other names."""

    def work(bridge: Bridge) -> Verdict | None:
        from tshoot.retrace.resume import resume

        session = Session(folder, read_header(folder))
        started = resume(
            session,
            settings,
            operator=bridge,
            careful=bridge,
            prompter=bridge,
            views=[bridge],
            cancel=bridge.cancel,
            keep_path=keep_path,
            steering=bridge.steering,
            hosts=hosts,
        )
        bridge.opened(started.session, started.folder)
        return started.run()

    return work
