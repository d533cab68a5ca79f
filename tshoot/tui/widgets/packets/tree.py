"""The protocol tree of the chosen frame. What was opened stays open from frame to frame, as far as there are the same fields."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tshoot.packets.browse.tree import Tree
from tshoot.tui.lines import Span
from tshoot.tui.widgets.rows.cursor_rows import CursorRows


class PacketTree(CursorRows):
    """Shows a `Tree`, or why there is none."""

    HELP: ClassVar[dict[str, dict[str, str]]] = {  # type: ignore[assignment]  # Textual's own HELP is Markdown
        "Protocol tree": {
            "j k, ↓ ↑": "the next field, the one before; its bytes are marked in the hex view",
            "enter, space": "open or close what stands below",
            "l h, → ←": "open; close, or go up",
            "e E": "open everything; close everything",
        }
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "unfold", "Open", show=False),
        Binding("right,l", "open", "Open", show=False),
        Binding("left,h", "close", "Close", show=False),
        Binding("e", "all(True)", "Open all", show=False),
        Binding("E", "all(False)", "Close all", show=False),
    ]

    class Moved(Message):
        """The cursor stands on node `index` of the tree, -1 where there is none."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.tree_shown: Tree | None = None
        self._keys: list[str] = []
        self._visible: list[int] = []
        self._opened: set[str] = set()
        self._used = False  # the operator has opened or closed something
        self._notes: list[str] = []

    def show(self, tree: Tree | None, note: str = "") -> None:
        """`note` stands there where there is no tree, else below it."""
        kept = self._keys[self._visible[self.cursor]] if self._visible else ""
        self.tree_shown, self._notes = tree, wrap(note, max(self.size.width - 3, 20))
        self._keys = _keys(tree) if tree else []
        if tree and not self._used:
            layers = [index for index, node in enumerate(tree.nodes) if node.depth == 0]
            self._opened = {self._keys[layers[-1]]} if layers else set()
        self._lay_out(kept)

    def _lay_out(self, kept: str = "") -> None:
        nodes = self.tree_shown.nodes if self.tree_shown else ()
        self._visible, index = [], 0
        while index < len(nodes):
            self._visible.append(index)
            index = index + 1 if self._keys[index] in self._opened else nodes[index].end
        cursor = next((row for row, index in enumerate(self._visible) if self._keys[index] == kept), 0) if kept else 0
        self.show_rows(len(self._visible) + len(self._notes), cursor)
        self.moved()

    @property
    def index(self) -> int:
        """The node under the cursor, -1 where there is none."""
        return self._visible[self.cursor] if self.cursor < len(self._visible) else -1

    @property
    def text(self) -> str:
        """What is open, as plain lines."""
        return "\n".join("".join(text for text, _ in self.spans(row)) for row in range(len(self._visible) + len(self._notes)))

    def moved(self) -> None:
        self.post_message(self.Moved(self.index))

    def spans(self, row: int) -> Iterable[Span]:
        if self.tree_shown is None or row >= len(self._visible):
            return ((self._notes[row - len(self._visible)], "dim"),)
        index = self._visible[row]
        node = self.tree_shown.nodes[index]
        sign = " " if node.end == index + 1 else "▾" if self._keys[index] in self._opened else "▸"
        return ((f"{'  ' * min(node.depth, 20)}{sign} ", ""), (node.text, "strong" if node.depth == 0 else ""))

    # --- opening and closing ---

    def _set(self, index: int, opened: bool) -> None:
        self._used = True
        (self._opened.add if opened else self._opened.discard)(self._keys[index])
        self._lay_out(self._keys[index])

    def action_unfold(self) -> None:
        if self.index >= 0:
            self._set(self.index, self._keys[self.index] not in self._opened)

    def action_open(self) -> None:
        if self.index >= 0:
            self._set(self.index, True)

    def action_close(self) -> None:
        """Close the node, or go to the one that it stands below."""
        if (index := self.index) < 0 or not self.tree_shown:
            return
        nodes = self.tree_shown.nodes
        if self._keys[index] in self._opened and nodes[index].end > index + 1:
            self._set(index, False)
        elif nodes[index].depth:
            above = next(at for at in range(index, -1, -1) if nodes[at].depth < nodes[index].depth)
            self.choose(self._visible.index(above))

    def action_all(self, opened: bool) -> None:
        if not self.tree_shown:
            return
        self._used = True
        kept = self._keys[self.index] if self.index >= 0 else ""
        self._opened = set(self._keys) if opened else set()
        self._lay_out(kept)


def _keys(tree: Tree) -> list[str]:
    """A name for each node that is the same in the next frame: the fields above it and its own, and which of those of one name it is."""
    keys: list[str] = []
    path: list[str] = []
    seen: dict[str, int] = {}
    for node in tree.nodes:
        del path[node.depth :]
        own = f"{path[-1] if path else ''}/{node.name or node.text[:20]}"
        seen[own] = seen.get(own, 0) + 1
        path.append(f"{own}#{seen[own]}")
        keys.append(path[-1])
    return keys
