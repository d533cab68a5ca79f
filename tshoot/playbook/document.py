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
    model_config = ConfigDict(extra="forbid")


class TargetForm(_Form):
    platform: Annotated[str, Field(description="a platform of tshoot, e.g. vmware_esxi")]
    help: str = ""


class InputForm(_Form):
    type: Literal["ip", "host", "interface", "path", "port", "integer", "text", "choice"]
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


class DuringForm(_Form):
    """One step done while a capture runs: exactly one of ask, run, wait."""

    id: Identifier | None = None
    ask: str | None = None
    choices: list[str] = []
    run: str | None = None
    on: Identifier | None = None
    parser: str | None = None
    timeout: Annotated[float, Field(gt=0, le=3600)] = 30
    changes: bool = False
    wait: Annotated[float, Field(gt=0, le=3600)] | None = None

    @model_validator(mode="after")
    def _one(self) -> DuringForm:
        if sum(part is not None for part in (self.ask, self.run, self.wait)) != 1:
            raise ValueError("expected exactly one of `ask`, `run`, `wait`")
        if (self.run is None) != (self.on is None):
            raise ValueError("`run` needs `on`, the target it runs on; nothing else takes `on`")
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

    @model_validator(mode="after")
    def _one(self) -> OutcomeForm:
        if sum(part is not None for part in (self.go, self.conclude, self.healthy, self.inconclusive)) != 1:
            raise ValueError("expected exactly one of `go`, `conclude`, `healthy`, `inconclusive`")
        if self.because and (self.healthy is not None or self.inconclusive is not None):
            raise ValueError("`healthy` and `inconclusive` carry their sentence themselves: no `because`")
        if self.next and self.inconclusive is None:
            raise ValueError("`next` (what to do next) belongs to `inconclusive`")
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


class NodeForm(_Form):
    """One step and the decision after it: at most one of run, capture, ask, wait."""

    run: str | None = None
    on: Identifier | None = None
    parser: str | None = None
    timeout: Annotated[float, Field(gt=0, le=3600)] = 30
    changes: bool = False
    capture: CaptureForm | None = None
    ask: str | None = None
    choices: list[str] = []
    free_text: bool = False
    wait: Annotated[float, Field(gt=0, le=3600)] | None = None
    why: str = ""
    attempts: Annotated[int, Field(ge=1, le=100, description="how often this node may be entered")] = 3
    decide: list[BranchForm]

    @model_validator(mode="after")
    def _one(self) -> NodeForm:
        if sum(part is not None for part in (self.run, self.capture, self.ask, self.wait)) > 1:
            raise ValueError("expected at most one of `run`, `capture`, `ask`, `wait`")
        if (self.run is None) != (self.on is None):
            raise ValueError("`run` needs `on`, the target it runs on; nothing else takes `on`")
        return self


class PlaybookForm(_Form):
    id: PlaybookId
    title: str
    symptoms: list[str] = []
    description: str = ""
    targets: dict[Identifier, TargetForm]
    inputs: dict[Identifier, InputForm] = {}
    start: Identifier
    nodes: Annotated[dict[Identifier, NodeForm], Field(min_length=1)]


def playbook_schema() -> dict[str, Any]:
    """The JSON Schema of a playbook file (draft 2020-12), for editors."""
    schema = PlaybookForm.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "tshoot playbook"}
