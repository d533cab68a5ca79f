"""One field of the set-up form: what it is, its value, and under it what is wrong with the value.

A field that nobody has touched yet is not scolded: its problem shows once something was typed or a start was tried.
What it was last time stands in it as a hint; a trial of its target is told under it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from tshoot.errors import UsageError
from tshoot.inventory.fitting import unfit
from tshoot.inventory.inventory import Inventory, KnownTarget
from tshoot.model.text import clean_line
from tshoot.playbook.inputs import InputError, example, validated
from tshoot.playbook.tree import InputSpec, Role
from tshoot.transports.address import parse_address
from tshoot.tui.widgets.field.candidates import Candidates
from tshoot.tui.widgets.field.known_telling import known_content
from tshoot.tui.widgets.static import Static
from tshoot.wiring import names_several


class FieldInput(Input):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Next"),
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]


class Field(Vertical):
    """`check` gives what is wrong with a value, "" where nothing is."""

    def __init__(
        self,
        kind: Literal["target", "platform", "input"],
        label: str,
        check: Callable[[str], str],
        *,
        about: str,
        sample: str,
        value: str,
        candidates: Candidates | None = None,
        given: bool = False,
    ) -> None:
        """`given`: the value is the operator's own, no default."""
        super().__init__()
        self.kind, self.label, self.candidates = kind, label, candidates or Candidates()
        self._about, self._sample, self._start, self._check = about, sample, value, check
        self._touched, self._given = bool(value), given
        self._trial_of = ""
        self._inventory: Inventory | None = None
        self._role: Role | None = None
        self._suggested = value

    def compose(self) -> ComposeResult:
        yield Static(Content.assemble((clean_line(self.label), "bold"), "  ", (clean_line(self._about), "dim")), classes="label", markup=False)
        yield FieldInput(self._start, placeholder=clean_line(self._sample), select_on_focus=False, suggester=self.candidates)
        yield Static("", classes="problem", markup=False)
        yield Static("", classes="trial", markup=False)

    def on_mount(self) -> None:
        if self._touched:
            self.show_problem()

    @property
    def value(self) -> str:
        return self.query_one(Input).value.strip() if self.is_mounted else self._start

    @property
    def problem(self) -> str:
        return self._check(self.value) or self._misfit()

    def _misfit(self) -> str:
        known = self.known if self._role is not None and len(self._role.platforms) == 1 else None
        return clean_line(unfit(known, self.label, self._role.platforms).partition(";")[0]) if known is not None and self._role is not None else ""

    @property
    def chosen(self) -> bool:
        """Whether the value is the operator's own: given, or typed."""
        return self._given or self.value != self._suggested

    def suggest(self, value: str) -> None:
        """A value of which nobody said anything else yet."""
        if not self.chosen:
            self._suggested = self.query_one(Input).value = value

    def choose(self, value: str) -> None:
        """A value as if the operator had typed it."""
        self._given, self.query_one(Input).value = True, value

    # --- what the inventory knows of a target ---

    def know(self, inventory: Inventory, role: Role) -> None:
        self._inventory, self._role = inventory, role
        self._tell_known()
        if self._touched:
            self.show_problem()

    @property
    def known(self) -> KnownTarget | None:
        """What the inventory, or the device itself, said of this target."""
        try:
            found = self._inventory.typed(self.value) if self._inventory is not None and self.value else None
        except UsageError:
            return None
        return found if found is not None and (found.source or found.seen) else None

    def _tell_known(self) -> None:
        said = self.query_one(".trial", Static)
        if self._inventory is None or self._trial_of:
            return
        content = known_content(self.value, self.known, self._inventory)
        said.set_classes("trial said" if content is not None else "trial")
        said.update(content or "")

    def on_descendant_focus(self) -> None:
        """All of it in sight, on a small terminal, too."""
        self.call_after_refresh(self.scroll_visible, animate=False)

    def focus_input(self) -> None:
        self.query_one(Input).focus(scroll_visible=False)  # by where it was before the first picture; we do it after

    def offer_last(self, last: str) -> None:
        """What it was last time, as a hint; `take_last` puts it in."""
        if last and last == clean_line(last) and self.kind != "platform":
            self.query_one(Input).placeholder = f"{last}   (last time)"
        self.candidates.offer([last])

    def take_last(self, last: str) -> None:
        """The value of last time, where nobody has typed another one and it is one."""
        untouched = not self.value or (self.value == self._start and not self._given)
        if last and last == clean_line(last) and untouched and not self._check(last):
            field = self.query_one(Input)
            field.value, field.cursor_position = last, len(last)

    def show_trial(self, content: Content, standing: Literal["", "tried", "failed"] = "") -> None:
        """What the trial of this target comes to; gone as soon as another target is typed."""
        self._trial_of = self.value
        trial = self.query_one(".trial", Static)
        trial.set_classes(f"trial said {standing}")
        trial.update(content)

    def forget_trial(self) -> None:
        self._trial_of = ""
        self.query_one(".trial", Static).set_classes("trial")

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._trial_of and self.value != self._trial_of:
            self.forget_trial()
        self._tell_known()
        self._touched = self._touched or event.value != self._start
        if self._touched:
            self.show_problem()

    def show_problem(self) -> None:
        problem = self.problem
        self.set_class(bool(problem), "wrong")
        self.query_one(".problem", Static).update(Content(f"! {problem}" if problem else ""))


def target_field(role: Role, value: str) -> Field:
    def check(text: str) -> str:
        if not text and role.optional:
            return ""
        if names_several(text):
            return "one run has one target: name one of these; `tshoot run … --fan-out` runs them side by side"
        if not text:
            return "a target is needed: an ssh_config name, a host, user@host or user@host:port"
        try:
            parse_address(text)
        except UsageError as error:
            return f"{clean_line(error.message)}: {clean_line(error.hint)}"
        return ""

    kind = f" ({role.platforms[0]})" if len(role.platforms) == 1 else ""
    about = f"{role.help}{kind}{', may be left out' if role.optional else ''}"
    return Field(
        "target",
        role.name,
        check,
        about=about,
        sample="root@esx01.example.net",
        value=clean_line(value),
        candidates=Candidates(hosts=True),
        given=bool(value),
    )


def platform_field(role: Role, value: str) -> Field:
    """Which of its platforms the device of a role is."""

    def check(text: str) -> str:
        return "" if text in role.platforms else f"expected one of {', '.join(role.platforms)}"

    first = role.platforms[0]
    about, known = f"its platform: {', '.join(role.platforms)}", Candidates(role.platforms)
    return Field("platform", role.name, check, about=about, sample=first, value=clean_line(value or first), candidates=known, given=bool(value))


def input_field(spec: InputSpec, value: str) -> Field:
    def check(text: str) -> str:
        try:
            validated(spec, text)
        except InputError as error:
            return clean_line(str(error)) if text else f"{clean_line(spec.name)} is needed, e.g. {clean_line(example(spec))}"
        return ""

    default = "" if spec.default is None else str(spec.default)
    kinds = f"one of {', '.join(spec.choices)}" if spec.choices else spec.type
    known = Candidates(spec.choices)
    return Field(
        "input",
        spec.name,
        check,
        about=spec.help or kinds,
        sample=example(spec),
        value=clean_line(value or default),
        candidates=known,
        given=bool(value),
    )
