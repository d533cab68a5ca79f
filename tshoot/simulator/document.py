"""The shape of a scenario file, checked by pydantic; every problem is reported with its file, line and column.

A scenario is one device or several as they behave in one case of one playbook: what each command prints,
what a capture on it holds, what the operator answers, and the verdict that must come of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from tshoot.errors import PlaybookError
from tshoot.model.verdicts import VerdictKind
from tshoot.yamltext import form_problems, load_yaml_file, located


def _expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return text


_Regex = Annotated[str, AfterValidator(_expression)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)  # only what a file is read as is built, with its parts in it


class TurnDocument(_Strict):
    """What a command prints for `seconds` of the scenario's clock; the last turn may have none and stays."""

    stdout: str = ""
    stdout_file: str | None = None
    seconds: Annotated[float, Field(gt=0, le=86400)] | None = None

    @model_validator(mode="after")
    def _one_output(self) -> TurnDocument:
        if self.stdout and self.stdout_file:
            raise ValueError("has `stdout` and `stdout_file`: one of the two")
        return self


class CommandDocument(_Strict):
    """One command: `run` exactly or `pattern` (the whole command), and what it does.

    `turns` are its outputs one after the other, over and over, or up to the last one: `once`, or a last turn without `seconds`.
    """

    run: Annotated[str, Field(min_length=1)] | None = None
    pattern: _Regex | None = None
    stdout: str = ""
    stdout_file: str | None = None
    turns: tuple[TurnDocument, ...] = ()
    once: bool = False
    stderr: str = ""
    exit: Annotated[int, Field(ge=0, le=255)] = 0
    seconds: Annotated[float, Field(ge=0, le=60)] = 0.0
    fails: Literal["timeout", "closed", "permission-denied"] | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> CommandDocument:
        if (self.run is None) == (self.pattern is None):
            raise ValueError("needs `run` or `pattern`, one of the two")
        if bool(self.stdout) + bool(self.stdout_file) + bool(self.turns) > 1:
            raise ValueError("has several of `stdout`, `stdout_file` and `turns`: one of them")
        if any(turn.seconds is None for turn in self.turns[:-1]):
            raise ValueError("has a turn without `seconds`: only the last one stays")
        if self.once and not self.turns:
            raise ValueError("has `once`, but no `turns`")
        return self


class CaptureDocument(_Strict):
    """`file` is below fixtures/captures. `closes`: the connection dies while the capture runs."""

    file: str | None = None
    fails: Literal["no-space", "permission-denied", "not-found"] | None = None
    closes: bool = False

    @model_validator(mode="after")
    def _file_or_failure(self) -> CaptureDocument:
        if (self.file is None) == (self.fails is None):
            raise ValueError("needs `file` or `fails`, one of the two")
        return self


class LoginDocument(_Strict):
    """The ways of logging in that the device turns down, whatever is offered."""

    refuse: tuple[Literal["password", "keyboard-interactive", "publickey"], ...]


class CliDocument(_Strict):
    """The mode that a login to a router's command line starts in, and the password of `enable`."""

    start: Literal["privileged", "user"] = "privileged"
    enable_password: str = ""


class DeviceDocument(_Strict):
    platform: str
    name: str
    include: str | tuple[str, ...] = ()
    commands: tuple[CommandDocument, ...] = ()
    capture: CaptureDocument | None = None
    login: LoginDocument | None = None
    port: Literal["open", "closed"] = "open"
    hang: Literal["after-login"] | None = None
    sftp: bool = True
    cli: CliDocument | None = None


class AnswerDocument(_Strict):
    question: _Regex
    answer: str


class ExpectDocument(_Strict):
    verdict: VerdictKind
    cause: str = ""
    frame: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _cause_of_a_fault(self) -> ExpectDocument:
        if (self.verdict == "fault") != bool(self.cause):
            raise ValueError("a fault names its cause, another verdict none")
        return self


class ScenarioDocument(_Strict):
    playbook: str
    title: Annotated[str, Field(min_length=1)]
    story: str
    inputs: dict[str, str | int] = {}
    devices: Annotated[dict[str, DeviceDocument], Field(min_length=1)]
    answers: tuple[AnswerDocument, ...] = ()
    expect: ExpectDocument


class CommandsDocument(_Strict):
    """A list of commands that several scenarios share."""

    commands: tuple[CommandDocument, ...]


_Document = TypeVar("_Document", bound=BaseModel)


def read_document(path: Path, shape: type[_Document]) -> tuple[_Document, Any]:
    """The checked content of `path`, and its YAML tree for `position`; PlaybookError lists all of its problems."""
    tree = load_yaml_file(path)
    try:
        return shape.model_validate(tree), tree
    except ValidationError as error:
        raise problems_error(form_problems(path, tree, error.errors(include_url=False))) from error


def problems_error(problems: Sequence[str]) -> PlaybookError:
    return PlaybookError(problems[0], "correct the scenario", tuple(problems))


def problem(path: Path, tree: Any, place: tuple[int | str, ...], message: str) -> str:
    """`file:line:column: where: message`, at the deepest node of `place` that the file has."""
    line, column, text = located(tree, place, message)
    return f"{path}:{line}:{column}: {text}"
