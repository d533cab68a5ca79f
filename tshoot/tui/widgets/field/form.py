"""The fields of a playbook's set-up: one a role (and its platform where there is a choice), one an input; and what was last put into them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input

from tshoot.inventory.fitting import fitting
from tshoot.inventory.inventory import Inventory
from tshoot.model.text import clean_line
from tshoot.playbook.tree import Playbook
from tshoot.tui.earlier import LastUsed
from tshoot.tui.widgets.field.field import Field, input_field, platform_field, target_field
from tshoot.tui.widgets.home.telling import SIGNS, when
from tshoot.tui.widgets.static import Static
from tshoot.wiring import Opening


class Form(VerticalScroll):
    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own is one text
        "The form": {
            "enter ↓ ↑": "the next field, the one before; from the last one enter starts",
            "→": "takes what is written behind the cursor: hosts of the inventory, of ssh_config and of earlier sessions",
            "ctrl+l": "takes the values of last time into the fields that are empty",
            "ctrl+t": "tests the connection of this target; elsewhere of all targets",
        }
    }

    def __init__(self, playbook: Playbook, opening: Opening, own: Mapping[tuple[str, str], str] | None = None) -> None:
        """`own`: the `own_values` of a form of this playbook that was left."""
        super().__init__(id="form", can_focus=False)
        self._playbook, self._opening, self._own = playbook, opening, own or {}
        self._last: LastUsed | None = None
        self._inventory: Inventory | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="last", markup=False)
        yield from self._fields()

    def _fields(self) -> Iterator[Field]:
        for role in self._playbook.roles.values():
            yield target_field(role, self._begins("target", role.name, self._opening.targets))
            if len(role.platforms) > 1:
                yield platform_field(role, self._begins("platform", role.name, self._opening.platforms))
        for spec in self._playbook.inputs.values():
            yield input_field(spec, self._begins("input", spec.name, self._opening.inputs))

    def _begins(self, kind: str, label: str, given: Mapping[str, str]) -> str:
        """What the field holds at first: what the operator put in before he left, else what tshoot was opened with."""
        return self._own.get((kind, label)) or given.get(label, "")

    def own_values(self) -> dict[tuple[str, str], str]:
        """What the operator put in himself, by kind and label of the field."""
        return {(field.kind, field.label): field.value for field in self.fields if field.value and field.chosen}

    def on_mount(self) -> None:
        self.border_title = "Set-up"

    def on_resize(self) -> None:
        if field := next((field for field in self.fields if field.has_focus_within), None):
            self.call_after_refresh(field.scroll_visible, animate=False)

    @property
    def fields(self) -> list[Field]:
        return list(self.query(Field))

    def field(self, kind: str, label: str) -> Field | None:
        return next((field for field in self.fields if (field.kind, field.label) == (kind, label)), None)

    def values(self, kind: str) -> dict[str, str]:
        return {field.label: field.value for field in self.fields if field.kind == kind and field.value}

    def platform_of(self, role: str) -> str:
        return self.values("platform").get(role) or self._playbook.roles[role].platforms[0]

    def chosen_platforms(self) -> dict[str, str]:
        """Those that the operator put in himself, or that a device told; where it is only the role's first nobody has chosen anything."""
        fields = (field for field in self.fields if field.kind == "platform" and field.value)
        return {field.label: field.value for field in fields if field.chosen or self._inventory is None}

    def is_unsure(self, role: str) -> bool:
        """Whether a role may be several platforms, and nobody said which this target is."""
        platform, target = self.field("platform", role), self.field("target", role)
        known = target.known if target is not None else None
        return platform is not None and self._inventory is not None and not platform.chosen and (known is None or not known.platforms)

    def is_seen(self, role: str, platforms: Sequence[str]) -> None:
        """The device of a role said what it is: that is put in, where the role can be it."""
        platform, fit = self.field("platform", role), fitting(platforms, self._playbook.roles[role].platforms)
        if platform is not None and fit:
            platform.choose(fit)

    # --- what the inventory knows ---

    def know(self, inventory: Inventory) -> None:
        """From now on the inventory is told under each target that it knows, and fills in its platform."""
        self._inventory = inventory
        for field in self.fields:
            if field.kind == "target":
                field.know(inventory, self._playbook.roles[field.label])
                self._fill_platform(field)

    def on_input_changed(self, event: Input.Changed) -> None:
        field = next((one for one in self.fields if one.kind == "target" and event.input in one.query(Input)), None)
        if field is not None:
            self._fill_platform(field)

    def _fill_platform(self, target: Field) -> None:
        platform = self.field("platform", target.label)
        known = target.known
        if platform is not None and not platform.chosen and self._inventory is not None:
            allowed = self._playbook.roles[target.label].platforms
            platform.suggest((fitting(known.platforms, allowed) if known is not None else "") or allowed[0])

    def focused_target(self) -> Field | None:
        return next((field for field in self.fields if field.kind == "target" and field.has_focus_within), None)

    # --- what was known before ---

    def offer_hosts(self, hosts: Iterable[str]) -> None:
        known = tuple(hosts)
        for field in self.fields:
            if field.kind == "target":
                field.candidates.offer(known)

    def offer_last(self, last: LastUsed) -> None:
        """Told above the fields, shown in those that are empty; nothing is filled in by itself."""
        self._last = last
        for field in self.fields:
            field.offer_last(_values(last, field.kind).get(field.label, ""))
        session = last.session
        ended = " ".join(filter(None, (SIGNS.get(session.verdict, "-"), session.cause or session.verdict or session.state)))
        said = self.query_one("#last", Static)
        said.set_class(True, "said")
        said.update(Content.assemble(("ctrl+l", "bold"), clean_line(f" takes the values of last time ({when(session)}, {ended})")))

    def take_last(self) -> bool:
        """False where there is no last time."""
        if self._last is None:
            return False
        for field in self.fields:
            field.take_last(_values(self._last, field.kind).get(field.label, ""))
        return True


def _values(last: LastUsed, kind: str) -> Mapping[str, str]:
    return {"target": last.targets, "platform": last.platforms}.get(kind, last.inputs)
