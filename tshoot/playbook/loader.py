"""A playbook file to its tree, or to all its errors at once, each with file, line and column."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tshoot.errors import PlaybookError
from tshoot.playbook.expressions import Expression, ExpressionError, Template, parse_condition, parse_template, with_names
from tshoot.playbook.tree import (
    ANY_PLATFORM,
    BRANCH_KINDS,
    AskStep,
    Branch,
    CaptureStep,
    InputSpec,
    Node,
    Place,
    Playbook,
    Role,
    RunStep,
    Sampling,
    Step,
    TogetherStep,
    WaitStep,
)
from tshoot.shipped import shipped
from tshoot.yamltext import form_problems, load_yaml, position, yaml_file_text

if TYPE_CHECKING:
    from tshoot.playbook.document import (
        CaptureForm,
        DuringForm,
        NodeForm,
        OtherwiseForm,
        OutcomeForm,
        PlaybookForm,
        RunForm,
        SampleForm,
        TargetForm,
        WhenForm,
    )


MAX_CHARACTERS = 150_000


def find_playbook(name: str) -> Path:
    """The file of a playbook given by path or by the id of a shipped one."""
    path = Path(name)
    if path.suffix in {".yaml", ".yml"} or path.exists():
        return path
    candidate = shipped("playbooks") / f"{name}.yaml"
    if candidate.is_file():
        return candidate
    known = ", ".join(path.stem for path in shipped_playbooks())
    raise PlaybookError(f"there is no playbook `{name}`", f"give a file, or one of: {known}")


def shipped_playbooks() -> tuple[Path, ...]:
    return tuple(sorted(shipped("playbooks").glob("*.yaml")))


def load_playbook(path: Path) -> Playbook:
    """Read, check the form, build. Raises PlaybookError with every problem of form that the file has."""
    return playbook_from_text(yaml_file_text(path, MAX_CHARACTERS), str(path))


@lru_cache(maxsize=32)  # a playbook is frozen, and the sessions of one hold the same text
def playbook_from_text(text: str, origin: str) -> Playbook:
    from pydantic import ValidationError

    from tshoot.playbook.document import PlaybookForm

    raw = load_yaml(text, origin)
    try:
        form = PlaybookForm.model_validate(raw)
    except ValidationError as error:
        raise _refused(origin, form_problems(origin, raw, error.errors(include_url=False))) from error
    builder = _Builder(raw, origin)
    playbook = builder.playbook(form, text)
    if builder.problems:
        raise _refused(origin, tuple(builder.problems))
    return playbook


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _refused(origin: str, problems: tuple[str, ...]) -> PlaybookError:
    return PlaybookError(f"{origin}: {len(problems)} problem{'s' * (len(problems) != 1)}", "correct these lines", problems)


class _Builder:
    """Forms to tree, collecting every expression that does not parse."""

    def __init__(self, raw: Any, origin: str) -> None:
        self.raw = raw
        self.origin = origin
        self.problems: list[str] = []
        self.common: dict[str, Expression] = {}  # names of the whole playbook
        self.let: dict[str, Expression] = {}  # these and those of the node at hand

    def place(self, *steps: Any) -> Place:
        node, place = self.raw, position(self.raw)
        for step in steps:
            place = position(node, step)
            node = node[step] if isinstance(node, (Mapping, list)) and (step in node if isinstance(node, Mapping) else True) else None
        return Place(self.origin, *place)

    def template(self, text: str, *steps: Any) -> Template:
        try:
            template = parse_template(text)
            return Template(text, tuple(part if isinstance(part, str) else with_names(part, self.let) for part in template.parts))
        except ExpressionError as error:
            self.problems.append(f"{self.place(*steps)}: {error}")
            return Template(text, ())

    def condition(self, text: str, *steps: Any) -> Expression:
        try:
            return with_names(parse_condition(text), self.let)
        except ExpressionError as error:
            self.problems.append(f"{self.place(*steps)}: {error}")
            return parse_condition("false")

    def playbook(self, form: PlaybookForm, text: str) -> Playbook:
        roles = {name: self.role(name, target) for name, target in form.targets.items()}
        inputs = {
            name: InputSpec(name, spec.type, spec.help, spec.default, tuple(spec.choices), self.place("inputs", name))
            for name, spec in form.inputs.items()
        }
        self.names(form.let, ())
        self.common = self.let
        nodes = {name: self.node(name, node) for name, node in form.nodes.items()}
        about = (form.id, form.title, tuple(form.symptoms), form.description)
        return Playbook(*about, roles, inputs, form.start, nodes, text, self.origin, self.place("start"), tuple(form.let))

    def role(self, name: str, form: TargetForm) -> Role:
        platforms = (form.platform,) if isinstance(form.platform, str) else tuple(form.platform)
        return Role(name, platforms, form.help, form.optional, self.place("targets", name))

    def node(self, name: str, form: NodeForm) -> Node:
        here = ("nodes", name)
        self.let = dict(self.common)
        self.names(form.let, here)
        branches = tuple(self.branch(branch, (*here, "decide", index)) for index, branch in enumerate(form.decide))
        return Node(name, self.step(form, here), form.why, branches, form.attempts, tuple(form.let), self.place(*here))

    def names(self, given: Mapping[str, str], here: tuple[Any, ...]) -> None:
        """Each may use those before it."""
        for defined, text in given.items():
            self.let[defined] = self.condition(text, *here, "let", defined)

    def step(self, form: NodeForm, here: tuple[Any, ...]) -> Step | None:
        if form.run is not None:
            return self.command(form, here)
        if form.together is not None:
            steps = tuple((step.id, self.command(step, (*here, "together", index))) for index, step in enumerate(form.together))
            return TogetherStep(steps, self.place(*here, "together"))
        if form.capture is not None:
            return self.capture(form.capture, here)
        if form.ask is not None:
            kind = "choice" if form.choices else "text" if form.free_text else "confirm"
            return AskStep(self.template(form.ask, *here, "ask"), kind, tuple(form.choices), self.place(*here, "ask"))  # type: ignore[arg-type]
        return WaitStep(form.wait, self.place(*here, "wait")) if form.wait is not None else None

    def command(self, form: RunForm, here: tuple[Any, ...]) -> RunStep:
        given = form.run or ""
        texts = {ANY_PLATFORM: given} if isinstance(given, str) else given
        inside = {name: (*here, "run") if name == ANY_PLATFORM else (*here, "run", name) for name in texts}
        commands = {name: self.template(text.strip(), *inside[name]) for name, text in texts.items()}
        sampling = self.sampling(form.sample, (*here, "sample")) if form.sample else None
        parsers = {ANY_PLATFORM: form.parser} if isinstance(form.parser, str) else form.parser or {}
        return RunStep(str(form.on), commands, form.timeout, parsers, form.changes, sampling, self.place(*here, "run"))

    def sampling(self, form: SampleForm, here: tuple[Any, ...]) -> Sampling:
        every, seconds = self.template(f"{form.every}", *here, "every"), self.template(f"{form.for_}", *here, "for")
        watch = {name: self.condition(text, *here, "watch", name) for name, text in form.watch.items()}
        until = self.condition(form.until, *here, "until") if form.until is not None else None
        return Sampling(every, seconds, watch, until, self.place(*here))

    def capture(self, form: CaptureForm, here: tuple[Any, ...]) -> CaptureStep:
        here = (*here, "capture")
        during = tuple(
            (step.id or f"{here[1]}_during_{index + 1}", self.during(step, (*here, "during", index))) for index, step in enumerate(form.during)
        )
        interface, filter_ = self.template(form.interface, *here, "interface"), self.template(form.filter.strip(), *here, "filter")
        stop = form.stop
        return CaptureStep(
            form.on, interface, filter_, form.snaplen, stop.seconds, stop.packets, stop.megabytes, tuple(form.detect), during, self.place(*here)
        )

    def during(self, form: DuringForm, here: tuple[Any, ...]) -> RunStep | AskStep | WaitStep:
        place = self.place(*here)
        if form.run is not None:
            return self.command(form, here)
        if form.ask is not None:
            return AskStep(self.template(form.ask, *here, "ask"), "choice" if form.choices else "confirm", tuple(form.choices), place)
        return WaitStep(float(form.wait or 0), place)

    def branch(self, form: WhenForm | OtherwiseForm, here: tuple[Any, ...]) -> Branch:
        from tshoot.playbook.document import OtherwiseForm, OutcomeForm

        place = self.place(*here)
        if isinstance(form, OtherwiseForm):
            outcome = form.otherwise if isinstance(form.otherwise, OutcomeForm) else OutcomeForm(go=form.otherwise)
            inside = (*here, "otherwise") if isinstance(form.otherwise, OutcomeForm) else here
            return self.outcome(None, outcome, inside, place)
        return self.outcome(self.condition(form.when, *here, "when"), form, here, place)

    def outcome(self, condition: Expression | None, form: OutcomeForm, here: tuple[Any, ...], place: Place) -> Branch:
        kind = next(kind for kind in BRANCH_KINDS if getattr(form, kind) is not None)
        sentence = form.because if kind in {"go", "conclude"} else str(getattr(form, kind))
        leads_to = str(getattr(form, kind)) if kind in {"go", "conclude"} else ""
        because = self.template(sentence, *here, "because" if kind in {"go", "conclude"} else kind)
        details = {name: self.template(text, *here, "details", name) for name, text in form.details.items()}
        return Branch(condition, kind, leads_to, because, self.template(form.next, *here, "next"), tuple(form.rules_out), details, place)
