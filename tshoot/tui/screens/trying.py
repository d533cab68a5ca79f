"""A screen whose targets can be tried before a run: one login each, with the questions of a login, told under the field of the target.

What the logins of good tests were given is kept for the run, until that has ended or the screen is left. A login that was rejected is remembered
as long as tshoot runs, and whoever would repeat it is asked first: repeated failures lock accounts.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.css.query import QueryType
from textual.widget import Widget

from tshoot.model.events import TargetSpec
from tshoot.model.text import clean_line
from tshoot.transports.settings import SshSettings
from tshoot.tui.messages import Asked
from tshoot.tui.screens.confirm import Confirm
from tshoot.tui.screens.running.fitted import FittedScreen
from tshoot.tui.trial import TrialEnded, TrialMoved, Trials, TrialsOver, account
from tshoot.tui.widgets.field.field import Field
from tshoot.tui.widgets.field.form import Form
from tshoot.tui.widgets.field.trial_telling import doing, left_out, outcome
from tshoot.tui.widgets.question.bar import QuestionBar
from tshoot.tui.widgets.status.header import Header
from tshoot.wiring import Opening, Settings

if TYPE_CHECKING:
    from tshoot.transports.login.credentials import Credentials
    from tshoot.tui.app import TshootApp


class TryingScreen(FittedScreen):
    """Holds a Header, a Form and a QuestionBar. `trials` is what is under way."""

    app: TshootApp

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self._opening = opening
        self.trials: Trials | None = None
        self._credentials: Credentials | None = None
        self._held = ExitStack()  # its end wipes them

    @property
    def settings(self) -> Settings:
        """Those of the run, with what good tests were given for their logins."""
        given = self._opening.settings
        if self._credentials is None:
            return given
        return replace(given, ssh=replace(given.ssh or SshSettings(), credentials=self._credentials))

    def handed_on(self) -> tuple[Settings, Callable[[], None]]:
        """`settings`, whose credentials are for the caller to wipe from now on, by the second."""
        settings, held = self.settings, self._held.pop_all()
        self._credentials = None
        return settings, held.close

    @property
    def form(self) -> Form:
        return self.query_one(Form)

    def action_test(self) -> None:
        """The target that has the keys, else all; ends what is under way."""
        if self.trials:
            self.trials.cancel.cancel()
            return
        focused = self.form.focused_target()
        chosen = [focused] if focused else [field for field in self.form.fields if field.kind == "target" and field.value]
        for field in chosen:
            if field.problem or not field.value:
                field.show_problem()
                field.focus_input()
                return
        self.unless_rejected(chosen, "Testing logs in once more", lambda: self._try(chosen))

    def _try(self, chosen: list[Field]) -> None:
        targets = [TargetSpec(field.label, field.value, self.form.platform_of(field.label)) for field in chosen]
        if targets and self.trials is None:
            unsure = {target.role for target in targets if self.form.is_unsure(target.role)}
            self.trials = Trials(targets, self.settings, self.post_message, unsure)
            self.query_one(Header).show_state("testing", "accent")
            self.query_one(QuestionBar).expect()
            self.trials.begin()

    def on_trial_moved(self, event: TrialMoved) -> None:
        if field := self.form.field("target", event.role):
            field.show_trial(doing(event.doing))
            field.scroll_visible(animate=False)

    def on_trial_ended(self, event: TrialEnded) -> None:
        tried, known = event.tried, self.app.rejected_logins
        key = account(tried.target.host, self._opening.settings.ssh)
        if tried.rejected:
            known[key] = tried.problem
        elif not tried.kind:
            known.pop(key, None)
        if field := self.form.field("target", tried.target.role):
            field.show_trial(outcome(tried), "failed" if tried.kind else "tried")
            if tried.platforms:
                self.form.is_seen(tried.target.role, tried.platforms)
            self.call_after_refresh(field.scroll_visible, animate=False)

    def on_trials_over(self, event: TrialsOver) -> None:
        self.trials = None
        self._credentials = event.credentials
        if event.credentials is None:
            self._held.close()
        else:
            self._held.callback(event.forget)
        self.query_one(QuestionBar).close()
        self.query_one(Header).show_state("set-up", "accent")
        for role in event.left:
            if field := self.form.field("target", role):
                field.show_trial(left_out(event.why))

    def on_asked(self, message: Asked) -> None:
        if self.trials is None:
            message.question.answer(None)
            return
        self.query_one(QuestionBar).ask(message.question)

    def focus_next(self, selector: str | type[QueryType] = "*") -> Widget | None:
        """The next field of the form, or with tab a question that wants the keys."""
        places = self.query_one(QuestionBar).places
        if selector != "*" or not places or self.focused in places:
            return super().focus_next(selector)
        self.set_focus(places[0])
        return places[0]

    def unless_rejected(self, fields: list[Field], what: str, then: Callable[[], None]) -> None:
        """`then()`, after a yes where a login of `fields` was rejected before."""
        rejected = [field.value for field in fields if account(field.value, self._opening.settings.ssh) in self.app.rejected_logins]
        if not rejected:
            then()
            return
        text = f"The login to {clean_line(', '.join(rejected))} was rejected. {what}, and repeated failures lock accounts. Go on?"
        self.app.push_screen(Confirm(text), lambda sure: then() if sure else None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a question is open only the keys that concern it are told."""
        question = self.query_one(QuestionBar).current if self.is_mounted else None
        if action == "answer":
            return question is not None and question.form == "confirm" and self.query_one(QuestionBar).is_heard
        return question is None or action not in ("plan", "take_last", "start")

    def action_answer(self, answer: str) -> None:
        self.query_one(QuestionBar).give(answer)

    def on_unmount(self) -> None:
        self._held.close()
        if self.trials:
            self.trials.cancel.cancel()
