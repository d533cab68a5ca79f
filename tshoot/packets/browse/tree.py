"""The protocol tree of a frame, from tshark's XML: what it says of every layer and field, and at which bytes of the frame.

A field that lies in reassembled or decrypted bytes has its place there, not in the frame: `Tree.place` gives only places whose bytes
are those that the field was read from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tshoot.model.text import clean_line
from tshoot.packets.browse.context import Excerpt
from tshoot.packets.pdml import parsed_packet

MOST_NODES = 20_000
LONGEST_TEXT = 500
_SILENT = ("geninfo",)


@dataclass(frozen=True, slots=True)
class Node:
    """`depth` 0 is a layer. The nodes below it are those up to (not with) index `end`. `raw` is the field's value in hex, where tshark gives one."""

    depth: int
    name: str
    text: str
    show: str
    position: int
    size: int
    raw: str
    end: int


@dataclass(frozen=True, slots=True)
class Tree:
    number: int
    nodes: tuple[Node, ...]
    remark: str = ""

    def place(self, index: int, packet: bytes) -> tuple[int, int] | None:
        """First byte and the one behind the last, in `packet`, of the node; None where the node lies in other bytes or in none."""
        node = self.nodes[index]
        if node.size <= 0 or node.position < 0 or node.position + node.size > len(packet):
            return None
        proof = next((_matches(self.nodes[at], packet) for at in range(index, node.end) if _provable(self.nodes[at])), None)
        if proof is None:  # nothing below it has a value of whole bytes: its layer speaks for it
            layer = next(at for at in range(index, -1, -1) if self.nodes[at].depth == 0)
            proof = next((_matches(self.nodes[at], packet) for at in range(layer, self.nodes[layer].end) if _provable(self.nodes[at])), True)
        return (node.position, node.position + node.size) if proof else None


def _provable(node: Node) -> bool:
    return node.size > 0 and len(node.raw) == 2 * node.size


def _matches(node: Node, packet: bytes) -> bool:
    return packet[node.position : node.position + node.size].hex() == node.raw.lower()


def tree_of(xml: bytes, source: Excerpt) -> Tree:
    """The tree that a `<packet>…</packet>` of PDML describes; ValueError where it is none."""
    packet = parsed_packet(xml)
    if packet is None:
        raise ValueError(f"tshark printed something that is no packet: {xml[:80]!r}")
    nodes: list[Node] = []
    number = 0
    for depth, element in _walk(packet):
        if element.get("name") in ("num", "frame.number") and not number:
            number = source.number(int(element.get("show", "0")))
        if depth < 0:
            continue
        if len(nodes) >= MOST_NODES:
            break
        nodes.append(_node(depth, element, source))
    remark = source.remark
    if len(nodes) >= MOST_NODES:
        remark = f"only the first {MOST_NODES:,} fields are shown" + (f"; {remark}" if remark else "")
    return Tree(number, tuple(_closed(nodes)), remark)


def _walk(packet: Any) -> Iterator[tuple[int, Any]]:
    """Depth and element in document order, without what tshark hides; depth -1 within `geninfo`. No recursion: packets choose the depth."""
    stack = [(0, element) for element in reversed(packet)]
    while stack:
        depth, element = stack.pop()
        if not isinstance(element.tag, str) or element.get("hide") == "yes":
            continue
        silent = depth < 0 or element.get("name") in _SILENT
        yield -1 if silent else depth, element
        stack += [(-1 if silent else depth + 1, child) for child in reversed(element)]


def _node(depth: int, element: Any, source: Excerpt) -> Node:
    name, show = element.get("name", ""), element.get("show", "")
    text = element.get("showname") or (f"{name}: {show}" if name and show else show or name)
    if name in source.references and show.isdecimal():
        text, show = source.field(text, show), str(source.number(int(show)))
    if name == "frame" and not depth and not source.whole:  # "Frame 3: 98 bytes on wire …"
        before, _, behind = text.partition(":")
        text = f"Frame {source.number(_number(before.rpartition(' ')[2]))}:{behind}"
    if name == "fake-field-wrapper":
        text = "Data"
    raw = element.get("unmaskedvalue") or element.get("value") or ""
    return Node(
        depth,
        clean_line(name)[:100],
        clean_line(text)[:LONGEST_TEXT],
        clean_line(show[:LONGEST_TEXT]),
        _number(element.get("pos")),
        _number(element.get("size")),
        raw,
        0,
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _closed(nodes: list[Node]) -> Iterator[Node]:
    """The nodes with their `end`."""
    ends = [len(nodes)] * len(nodes)
    open_at: list[int] = []
    for index, node in enumerate(nodes):
        while open_at and nodes[open_at[-1]].depth >= node.depth:
            ends[open_at.pop()] = index
        open_at.append(index)
    for node, end in zip(nodes, ends, strict=True):
        yield Node(node.depth, node.name, node.text, node.show, node.position, node.size, node.raw, end)
