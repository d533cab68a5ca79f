"""The shape of a platform file, checked by pydantic; every problem is reported with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, model_validator

from tshoot.errors import PlaybookError
from tshoot.platforms.rules import CommandRule, plain_words
from tshoot.yamltext import form_problems, load_yaml_file, position

_PLACES = ("interface", "snaplen", "packets", "path", "filter")


def _pattern(text: str, info: ValidationInfo) -> str:
    CommandRule(text, line="cli" if info.context == "ssh-cli" else "shell")
    return text


def _pipe(text: str) -> str:
    CommandRule(f"show | {text}", line="cli")
    return text


def _refusal(text: str) -> str:
    try:
        compiled = re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    if compiled.search(""):
        raise ValueError("must not match an empty line")
    return text


def _arguments(text: str) -> str:
    given = re.findall(r"\{(.*?)\}", text)
    missing = [place for place in _PLACES if place not in given]
    unknown = [place for place in given if place not in _PLACES]
    if missing or unknown:
        raise ValueError(f"must have each of {', '.join(_PLACES)} as {{name}}; missing: {missing or 'none'}; unknown: {unknown or 'none'}")
    return text


def _directory(text: str) -> str:
    if not re.fullmatch(r"(?:/[A-Za-z0-9_.-]+)+", text) or ".." in text:
        raise ValueError("must be an absolute path of plain characters")
    return text


def _plain(text: str) -> str:
    if plain_words(text) is None:
        raise ValueError("must be one plain command, without anything that a shell expands")
    return text


def _some(items: tuple[Any, ...]) -> tuple[Any, ...]:
    if not items:
        raise ValueError("must not be empty")
    return items


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)  # only what a file is read as is built, with its parts in it


class CommandDocument(_Strict):
    match: Annotated[str, AfterValidator(_pattern)]
    parser: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] | None = None


class CaptureDocument(_Strict):
    program: Annotated[str, AfterValidator(_plain)]
    arguments: Annotated[str, AfterValidator(_arguments)]
    directories: Annotated[tuple[Annotated[str, AfterValidator(_directory)], ...], AfterValidator(_some)]
    free_space: Annotated[str, AfterValidator(_plain)]
    free_space_parser: str
    keep_free_megabytes: Annotated[float, Field(ge=0)]
    settle_seconds: Annotated[float, Field(ge=0, le=60)]
    free_kilobytes: Annotated[str, AfterValidator(_plain)] | Literal[""] = ""
    processes: Annotated[str, AfterValidator(_plain)] | Literal[""] = ""
    sample_seconds: Annotated[float, Field(ge=0, le=10)] = 0
    sample_counts: Literal["captured", "received"] = "captured"


class CliDocument(_Strict):
    device_type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
    enable: bool = False
    pipes: tuple[Annotated[str, AfterValidator(_pipe)], ...] = ()


class PaceDocument(_Strict):
    connections: Annotated[int, Field(ge=1, le=64)] = 4
    commands_per_second: Annotated[float, Field(ge=0.1, le=1000)] = 10.0


class PlatformDocument(_Strict):
    title: Annotated[str, Field(min_length=1)]
    transport: Literal["ssh-exec", "ssh-cli"]
    includes: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] | None = None
    commands: Annotated[tuple[CommandDocument, ...], AfterValidator(_some)]
    cli: CliDocument | None = None
    refusals: tuple[Annotated[str, AfterValidator(_refusal)], ...] = ()
    version: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    recognise: Annotated[str, AfterValidator(_refusal)] | None = None
    capture: CaptureDocument | None = None
    pace: PaceDocument | None = None

    @model_validator(mode="after")
    def _parts_fit_the_transport(self) -> PlatformDocument:
        if (self.transport == "ssh-cli") != (self.cli is not None):
            raise ValueError("`cli` is needed where transport is ssh-cli, and only there")
        if self.cli is not None and self.capture is not None:
            raise ValueError("nothing can be captured over ssh-cli: it has no files and no processes")
        if self.cli is not None and self.includes is not None:
            raise ValueError("`includes` adds the commands of a shell: not over ssh-cli")
        if self.recognise is not None and self.version is None:
            raise ValueError("`recognise` reads what `version` prints: both, or none")
        return self


def read_document(path: Path) -> tuple[PlatformDocument, tuple[int, ...]]:
    """The checked content of a platform file, and the line of each of its commands; PlaybookError lists all of its problems."""
    tree = load_yaml_file(path)
    try:
        document = PlatformDocument.model_validate(tree, context=tree.get("transport") if isinstance(tree, dict) else None)
        return document, tuple(position(tree["commands"], at)[0] for at in range(len(document.commands)))
    except ValidationError as error:
        problems = form_problems(path, tree, error.errors(include_url=False))
        raise PlaybookError(problems[0], "correct the platform file", problems) from error
