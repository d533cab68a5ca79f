"""One field of the set-up form: what it is, its value, and under it what is wrong with the value.

A field that nobody has touched yet is not scolded: its problem shows once something was typed or a start was tried.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tshoot.errors import UsageError
from tshoot.model.text import clean_line
from tshoot.playbook.inputs import InputError, example, validated
from tshoot.playbook.tree import InputSpec, Role
from tshoot.transports.address import parse_address


class FieldInput(Input):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Next, then start"),
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]


class Field(Vertical):
    """`check` gives what is wrong with a value, "" where nothing is."""

    def __init__(
        self, kind: Literal["target", "platform", "input"], label: str, check: Callable[[str], str], *, about: str, sample: str, value: str
    ) -> None:
        super().__init__()
        self.kind, self.label = kind, label
        self._about, self._sample, self._start, self._check = about, sample, value, check
        self._touched = bool(value)

    def compose(self) -> ComposeResult:
        yield Static(Content.assemble((clean_line(self.label), "bold"), "  ", (clean_line(self._about), "dim")), classes="label", markup=False)
        yield FieldInput(self._start, placeholder=clean_line(self._sample), select_on_focus=False)
        yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        if self._touched:
            self.show_problem()

    @property
    def value(self) -> str:
        return self.query_one(Input).value.strip() if self.is_mounted else self._start

    @property
    def problem(self) -> str:
        return self._check(self.value)

    def focus_input(self) -> None:
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
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
        if not text:
            return "a target is needed: an ssh_config name, a host, user@host or user@host:port"
        try:
            parse_address(text)
        except UsageError as error:
            return f"{clean_line(error.message)}: {clean_line(error.hint)}"
        return ""

    kind = f" ({role.platforms[0]})" if len(role.platforms) == 1 else ""
    about = f"{role.help}{kind}{', may be left out' if role.optional else ''}"
    return Field("target", role.name, check, about=about, sample="root@esx01.example.net", value=clean_line(value))


def platform_field(role: Role, value: str) -> Field:
    """Which of its platforms the device of a role is."""

    def check(text: str) -> str:
        return "" if text in role.platforms else f"expected one of {', '.join(role.platforms)}"

    first = role.platforms[0]
    return Field("platform", role.name, check, about=f"its platform: {', '.join(role.platforms)}", sample=first, value=clean_line(value or first))


def input_field(spec: InputSpec, value: str) -> Field:
    def check(text: str) -> str:
        try:
            validated(spec, text)
        except InputError as error:
            return clean_line(str(error)) if text else f"{clean_line(spec.name)} is needed, e.g. {clean_line(example(spec))}"
        return ""

    default = "" if spec.default is None else str(spec.default)
    kinds = f"one of {', '.join(spec.choices)}" if spec.choices else spec.type
    return Field("input", spec.name, check, about=spec.help or kinds, sample=example(spec), value=clean_line(value or default))
