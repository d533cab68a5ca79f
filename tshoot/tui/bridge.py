"""The only link between a run and the screen.

The run has a thread of its own and tells this object everything that happens (it is the runner's view, its
operator and its prompter). A second thread turns that into changes of the screen, at most PER_SECOND times a
second and never more than the screen has taken in: a device that prints faster than a terminal can show
delays nothing. A key that was typed goes before what is only shown. No call here blocks the screen's thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from textual.message import Message

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, TshootError
from tshoot.model.effects import AskOperator, Effect, RunCommand, StartCapture
from tshoot.model.events import EffectAnswered, EffectRequested, Event, Progress
from tshoot.model.verdicts import Verdict
from tshoot.steering import Approval, Skip, Steering
from tshoot.transports.base import HostKey
from tshoot.tui.lines import line, span
from tshoot.tui.messages import Asked, Question, RunClosed, RunMoved, RunOpened
from tshoot.tui.rows import Kept, Rows, kept_of
from tshoot.tui.story import Change, Region, Story, Unsent
from tshoot.wiring import Prepared, Settings, start

PER_SECOND = 20
FLOODED = 8  # the same, while more comes at once than anybody reads
MUCH = 100  # lines at once
_FOR_A_KEY, _LONGEST_REST = 0.03, 0.25  # seconds: what a key takes; what all keys together may hold up
Work = Callable[["Bridge"], Verdict | None]
Clock = Callable[[], float]


class Bridge:
    """`begin` starts the work; `post` is the screen's `post_message`. One bridge a run.

    `on_targets` is false where the work only shows what was recorded; then there is no `steering`. `closed` is how it ended, None until then.
    """

    def __init__(self, work: Work, clock: Clock = time.monotonic, *, on_targets: bool = True) -> None:
        self.cancel = CancelToken()
        self.on_targets = on_targets
        self.steering = Steering() if on_targets else None
        self.closed: RunClosed | None = None
        self.session = ""  # its id, once it is open
        self._work = work
        self._story = Story(clock)
        self._pending: list[Event | Progress | Unsent] = []
        self._commands: set[str] = set()  # keys of those, and of captures, that were requested and not answered
        self._typed = 0.0
        self._news = threading.Condition()
        self._post: Callable[[Message], object] = lambda message: None
        self._thread = threading.Thread(target=self._run, name="tshoot run", daemon=True)

    def begin(self, post: Callable[[Message], object]) -> None:
        self._post = post
        self._thread.start()
        threading.Thread(target=self._pump, name="tshoot screen", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """True when the work has ended within `seconds`. Blocks: for after the screen has gone."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def typed(self) -> None:
        """A key came: the processor is the screen's for as long as that takes. Threads of Python share one."""
        self._typed = time.monotonic()

    # --- the run's side: view, operator, prompter ---

    def __call__(self, event: Event | Progress) -> None:
        if isinstance(event, EffectRequested) and isinstance(event.effect, RunCommand | StartCapture):
            self._commands.add(event.effect.key)
        elif isinstance(event, EffectAnswered):
            self._commands.discard(event.key)
        self._tell_later(event)

    def _tell_later(self, event: Event | Progress | Unsent) -> None:
        with self._news:
            self._pending.append(event)
            self._news.notify()

    def opened(self, session: str, folder: Path) -> None:
        self.session = session
        self._story.opened(folder)
        self._post(RunOpened(session, str(folder)))

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        """With the key of a command or a capture: that is not sent before the answer."""
        lets_run = question.key in self._commands
        asked = Question(question.form, question.question, question.why, question.choices, lets_run=lets_run)
        if not lets_run:
            return self._answered(asked, cancel)
        self._tell_later(Unsent(question.key, True))
        try:
            return self._answered(asked, cancel)
        finally:
            self._tell_later(Unsent(question.key, False))

    def approve(self, effect: Effect, cancel: CancelToken) -> Approval:
        said = self._asked(Question("approve", "Run this?", effect.why, effect=effect), cancel)
        return Skip("nobody agreed to it") if said is None or isinstance(said, str) else said

    def accept_host_key(self, key: HostKey) -> bool:
        text = f"The host key of {key.host} port {key.port} is not known yet. Trust it from now on?"
        return self._answered(Question("confirm", text, f"{key.key_type} {key.fingerprint}"), self.cancel) == "yes"

    def secret(self, prompt: str, host: str, echo: bool) -> str | None:
        return self._answered(Question("text" if echo else "secret", prompt, f"{host} asks"), self.cancel)

    def agree(self, question: str, why: str) -> bool:
        return self._answered(Question("confirm", question, why), self.cancel) == "yes"

    def _answered(self, question: Question, cancel: CancelToken) -> str | None:
        said = self._asked(question, cancel)
        return said if isinstance(said, str) else None

    def _asked(self, question: Question, cancel: CancelToken) -> str | Approval | None:
        self._post(Asked(question))
        return question.wait(cancel)

    def afterwards(self, event: Event) -> RunMoved:
        """What `event` changes on the screen, which was recorded after the end."""
        return RunMoved(tuple(self._story.after(event)), (), self._story.verdict)

    # --- the two threads ---

    def _run(self) -> None:
        verdict, problem = None, None
        try:
            verdict = self._work(self)
        except Cancelled:
            pass
        except TshootError as error:
            problem = error
        except Exception as error:  # a defect of ours: said on the screen, where it can be reported
            problem = TshootError(f"{type(error).__name__}: {error}", "this is a defect of tshoot: please report it with the session")
        with self._news:
            self.closed = RunClosed(verdict, problem)
            self._news.notify()

    def _pump(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._pending or self.closed)
                batch, self._pending = self._pending, []
                closed = self.closed
            if batch:
                much = self._tell(batch) > MUCH
                time.sleep(1 / (FLOODED if much else PER_SECOND))
            elif closed:
                self._post(closed)
                return

    def _tell(self, batch: list[Event | Progress | Unsent]) -> int:
        """How many lines came."""
        rest = time.monotonic() + _LONGEST_REST
        changes = joined(change for event in batch for change in self._told(event, rest))
        moved = RunMoved(changes, self._story.under_way, self._story.verdict)
        self._post(moved)
        moved.taken.wait(2.0)  # a screen that has gone takes nothing
        return sum(len(change.lines) for change in changes)

    def _told(self, event: Event | Progress | Unsent, rest: float) -> Iterable[Change]:
        """`rest`: until when keys go first."""
        while time.monotonic() < min(self._typed + _FOR_A_KEY, rest):
            time.sleep(0.002)
        try:
            return list(self._story.after(event))
        except Exception as error:  # a defect of ours in one event must not hide the others
            return [Change("output", "defect", [line(("not shown: ", "bad"), span(f"{type(event).__name__}: {error!r}"))])]


def live(prepared: Prepared, settings: Settings, after: Callable[[], None] = lambda: None) -> Work:
    """A run on the targets, and then `after`."""

    def work(bridge: Bridge) -> Verdict | None:
        try:
            started = start(prepared, settings, operator=bridge, prompter=bridge, views=[bridge], cancel=bridge.cancel, steering=bridge.steering)
            bridge.opened(started.session, started.folder)
            return started.run()
        finally:
            after()

    return work


def recorded(folder: Path) -> Work:
    """A session again, at once."""

    def work(bridge: Bridge) -> Verdict | None:
        from tshoot.model.events import VerdictReached
        from tshoot.session.replay import replay

        verdicts: list[Verdict] = []

        def view(event: Event) -> None:
            bridge(event)
            if isinstance(event, VerdictReached):
                verdicts.append(event.verdict)

        bridge.opened(folder.name, folder)
        replay(folder, view, cancel=bridge.cancel)
        return verdicts[-1] if verdicts else None

    return work


def joined(changes: Iterable[Change]) -> tuple[Change, ...]:
    """One change a section, where the section stood first: what was put and put again in between nobody saw."""
    found: dict[tuple[Region, str], tuple[bool, list[Kept]]] = {}
    for change in changes:
        place = (change.region, change.section)
        if change.append and place in found:
            found[place][1].extend(kept_of(change.lines))
        else:
            found[place] = (change.append, list(kept_of(change.lines)))
    return tuple(Change(region, section, Rows(kept), append) for (region, section), (append, kept) in found.items())
