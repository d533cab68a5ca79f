"""One packet of tshark's XML (PDML) as a Frame.

Each protocol layer is kept apart and in order; fields are the raw `show` values, those of sub-trees
included, unnamed ones skipped. A packet quoted inside another (ICMP) stays within the fields of the
layer that quotes it, so that `Frame.get("tcp")` never is a quotation.
"""

from __future__ import annotations

from functools import lru_cache
from sys import intern
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from tshoot.packets.frames import Frame, Layer

LONGEST_VALUE = 4096  # characters kept of one field: payload dumps are longer, nothing that is judged is
_SHORT = 40
_FORBIDDEN = bytes(code for code in range(0x20) if code not in b"\t\n\r")


def frame_of(xml: bytes) -> Frame:
    """The frame that `<packet>…</packet>` describes; ValueError where it is no packet at all."""
    packet = parsed_packet(xml)
    general, *protocols = packet.findall("proto") if packet is not None else [None]
    if general is None:
        raise ValueError(f"tshark printed something that is no packet: {xml[:80]!r}")
    said = {field.get("name"): field for field in general}
    return Frame(
        number=int(said["num"].get("show")),
        time=_seconds(said["timestamp"].get("value", "")),
        length=int(said["len"].get("show")),
        captured=int(said["caplen"].get("show")),
        layers=tuple(_layer(protocol) for protocol in protocols),
    )


def parsed_packet(xml: bytes) -> Any:
    """The element of one `<packet>…</packet>` of tshark's XML (PDML or PSML); None where nothing of it can be read."""
    try:
        return etree.fromstring(xml, etree.XMLParser(huge_tree=True, resolve_entities=False))
    except etree.XMLSyntaxError:  # a field held bytes that XML forbids
        text = xml.translate(None, _FORBIDDEN).decode("utf-8", errors="replace")
        return etree.fromstring(text.encode(), etree.XMLParser(huge_tree=True, recover=True, resolve_entities=False))


def _layer(protocol: Any) -> Layer:
    fields: dict[str, tuple[str, ...]] = {}
    repeated: dict[str, list[str]] = {}
    for element in protocol.iterdescendants("field", "proto"):
        name, value = intern(element.get("name", "")), element.get("show", "")[:LONGEST_VALUE]
        if name in fields:
            repeated.setdefault(name, [*fields[name]]).append(value)
        elif name:
            fields[name] = _single(value) if len(value) <= _SHORT else (value,)
    fields.update((name, tuple(values)) for name, values in repeated.items())
    return Layer(intern(protocol.get("name", "")), fields)


@lru_cache(maxsize=1 << 16)
def _single(value: str) -> tuple[str]:
    """Most values of a capture repeat in every frame (addresses, flags, zeros): kept once, that halves its memory."""
    return (value,)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:  # tshark prints odd fractions for damaged timestamps ("1.-5")
        return float(text.partition(".")[0] or 0)
