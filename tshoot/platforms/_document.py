"""The shape of a platform file, checked by pydantic; every problem is reported with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from tshoot.errors import PlaybookError
from tshoot.platforms.rules import CommandRule, plain_words
from tshoot.yamltext import form_problems, load_yaml_file

_PLACES = ("interface", "snaplen", "packets", "path", "filter")


def _pattern(text: str) -> str:
    CommandRule(text)
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
    model_config = ConfigDict(extra="forbid", frozen=True)


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


class PlatformDocument(_Strict):
    title: Annotated[str, Field(min_length=1)]
    transport: Literal["ssh-exec"]
    commands: Annotated[tuple[CommandDocument, ...], AfterValidator(_some)]
    capture: CaptureDocument | None = None


def read_document(path: Path) -> PlatformDocument:
    """The checked content of a platform file; PlaybookError lists all of its problems."""
    tree = load_yaml_file(path)
    try:
        return PlatformDocument.model_validate(tree)
    except ValidationError as error:
        problems = form_problems(path, tree, error.errors(include_url=False))
        raise PlaybookError(problems[0], "correct the platform file", problems) from error
