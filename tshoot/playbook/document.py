"""The form of a playbook file: pydantic models, and the JSON Schema that editors complete by.

These models say what may be written where; `loader` turns them into the tree, `check` then looks at what
the parts mean together. Unknown keys are errors: a misspelt `otherwhise` must not pass.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
PlaybookId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
CauseId = Annotated[str, Field(pattern=r"^[a-z0-9]+\.[a-z0-9-]+$", max_length=80)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)  # only the whole is built, with its parts in it


class TargetForm(_Form):
    platform: Annotated[
        Annotated[str, Tag("a platform")] | Annotated[list[str], Field(min_length=1), Tag("several platforms")],
        Discriminator(lambda value: "several platforms" if isinstance(value, list) else "a platform"),
        Field(description="a platform of tshoot, e.g. vmware_esxi, or several: the first is the default"),
    ]
    optional: Annotated[bool, Field(description="the role may be left out: what it would have said is then unknown")] = False
    help: str = ""


class InputForm(_Form):
    type: Literal["ip", "host", "interface", "path", "port", "prefix", "integer", "text", "choice"]
    help: str = ""
    default: str | int | None = None
    choices: list[str] = []

    @model_validator(mode="after")
    def _choices(self) -> InputForm:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("`choices` belongs to type choice, and only there")
        return self


class StopForm(_Form):
    seconds: Annotated[float, Field(gt=0, le=3600)] = 60
    packets: Annotated[int, Field(gt=0, le=1_000_000)] = 5000
    megabytes: Annotated[float, Field(gt=0, le=1000)] = 20


class SampleForm(_Form):
    """Repeat the command; `every` and `for` are seconds, or a template that gives them."""

    every: Annotated[float, Field(ge=0.5, le=3600)] | str = 5
    for_: Annotated[Annotated[float, Field(gt=0, le=7200)] | str, Field(alias="for")]
    watch: Annotated[dict[Identifier, str], Field(min_length=1, description="name of a series -> what it follows, e.g. source: route.protocol")]
    until: str | None = None


Command = Annotated[
    Annotated[str, Tag("a command")] | Annotated[dict[Identifier, str], Field(min_length=1), Tag("a command for each platform")],
    Discriminator(lambda value: "a command for each platform" if isinstance(value, dict) else "a command"),
    Field(description="a command, or one for each platform of its target"),
]


ParserName = Annotated[
    Annotated[str, Tag("a parser")] | Annotated[dict[Identifier, str], Field(min_length=1), Tag("a parser for each platform")],
    Discriminator(lambda value: "a parser for each platform" if isinstance(value, dict) else "a parser"),
    Field(description="a parser instead of the one that the platform names, or one for some platforms"),
]


class RunForm(_Form):
    """A command on a target."""

    run: Command | None = None
    on: Identifier | None = None
    parser: ParserName | None = None
    timeout: Annotated[float, Field(gt=0, le=3600)] = 30
    changes: bool = False
    sample: SampleForm | None = None

    @model_validator(mode="after")
    def _target(self) -> RunForm:
        if (self.run is None) != (self.on is None):
            raise ValueError("`run` needs `on`, the target it runs on; nothing else takes `on`")
        if self.sample is not None and (self.run is None or self.changes):
            raise ValueError("`sample` repeats the command of `run`, which must only read")
        return self


class TogetherForm(RunForm):
    """One of several commands that run side by side; its facts are read under `id`."""

    id: Identifier
    run: Command
    on: Identifier


class DuringForm(RunForm):
    """One step done while a capture runs: exactly one of ask, run, wait."""

    id: Identifier | None = None
    ask: str | None = None
    choices: list[str] = []
    wait: Annotated[float, Field(gt=0, le=3600)] | None = None

    @model_validator(mode="after")
    def _one(self) -> DuringForm:
        if sum(part is not None for part in (self.ask, self.run, self.wait)) != 1:
            raise ValueError("expected exactly one of `ask`, `run`, `wait`")
        return self


class CaptureForm(_Form):
    on: Identifier
    interface: str
    filter: str
    snaplen: Annotated[int, Field(ge=64, le=262144)] = 9014
    stop: StopForm = StopForm()
    during: list[DuringForm] = []
    detect: Annotated[list[str], Field(description="families of detectors; all where empty")] = []


class OutcomeForm(_Form):
    go: Identifier | None = None
    conclude: CauseId | None = None
    healthy: str | None = None
    inconclusive: str | None = None
    because: str = ""
    next: str = ""
    rules_out: list[CauseId] = []
    details: Annotated[dict[Identifier, str], Field(description="what the texts of the cause are filled with, e.g. next_hop")] = {}

    @model_validator(mode="after")
    def _one(self) -> OutcomeForm:
        if sum(part is not None for part in (self.go, self.conclude, self.healthy, self.inconclusive)) != 1:
            raise ValueError("expected exactly one of `go`, `conclude`, `healthy`, `inconclusive`")
        if self.because and (self.healthy is not None or self.inconclusive is not None):
            raise ValueError("`healthy` and `inconclusive` carry their sentence themselves: no `because`")
        if self.next and self.inconclusive is None:
            raise ValueError("`next` (what to do next) belongs to `inconclusive`")
        if self.details and self.conclude is None:
            raise ValueError("`details` fill the texts of a cause: they belong to `conclude`")
        return self


class WhenForm(OutcomeForm):
    when: str


class OtherwiseForm(_Form):
    """`otherwise: node`, or `otherwise: {conclude: …}`."""

    otherwise: Annotated[
        Annotated[Identifier, Tag("a node")] | Annotated[OutcomeForm, Tag("an outcome")],
        Discriminator(lambda value: "an outcome" if isinstance(value, (dict, OutcomeForm)) else "a node"),
    ]


def _form_of_branch(value: Any) -> str:
    return "the rest" if isinstance(value, OtherwiseForm) or (isinstance(value, dict) and "otherwise" in value) else "a condition"


BranchForm = Annotated[Annotated[WhenForm, Tag("a condition")] | Annotated[OtherwiseForm, Tag("the rest")], Discriminator(_form_of_branch)]


class NodeForm(RunForm):
    """One step and the decision after it: at most one of run, together, capture, ask, wait."""

    together: Annotated[list[TogetherForm], Field(min_length=2, max_length=16)] | None = None
    capture: CaptureForm | None = None
    ask: str | None = None
    choices: list[str] = []
    free_text: bool = False
    wait: Annotated[float, Field(gt=0, le=3600)] | None = None
    why: str = ""
    let: Annotated[dict[Identifier, str], Field(description="names for expressions that this node uses more than once")] = {}
    attempts: Annotated[int, Field(ge=1, le=100, description="how often this node may be entered")] = 3
    decide: list[BranchForm]

    @model_validator(mode="after")
    def _one(self) -> NodeForm:
        if sum(part is not None for part in (self.run, self.together, self.capture, self.ask, self.wait)) > 1:
            raise ValueError("expected at most one of `run`, `together`, `capture`, `ask`, `wait`")
        return self


class PlaybookForm(_Form):
    id: PlaybookId
    title: str
    symptoms: list[str] = []
    description: str = ""
    targets: dict[Identifier, TargetForm]
    inputs: dict[Identifier, InputForm] = {}
    let: Annotated[dict[Identifier, str], Field(description="names for expressions that several nodes use")] = {}
    start: Identifier
    nodes: Annotated[dict[Identifier, NodeForm], Field(min_length=1)]


def playbook_schema() -> dict[str, Any]:
    """The JSON Schema of a playbook file (draft 2020-12), for editors."""
    schema = PlaybookForm.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "tshoot playbook"}
