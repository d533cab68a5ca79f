"""What tshark writes into its columns Protocol and Info, read from its XML of columns, where no packet can forge a row.

A small capture is told once and whole; of a large one the frames that are on the screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tshoot.cancel import CancelToken
from tshoot.model.text import clean_line
from tshoot.packets.browse.context import Excerpt
from tshoot.packets.browse.tshark import Tsharks
from tshoot.packets.pdml import parsed_packet

LONGEST_INFO = 400  # characters
_COLUMNS = '"No.","%m","Protocol","%p","Info","%i"'
# The fields whose numbers appear in Info; a list of all 867 such fields would make tshark dissect for each of them.
_NAMED: tuple[str, ...] = ("rpc.repframe", "rpc.reqframe", "tcp.reassembled_in", "ip.reassembled_in", "ipv6.reassembled_in")
_NAMED += ("icmp.resp_in", "icmp.resp_to", "icmpv6.resp_in", "icmpv6.resp_to", "tcp.analysis.duplicate_ack_frame")


@dataclass(frozen=True, slots=True)
class Told:
    number: int
    protocol: str
    info: str


def told(tsharks: Tsharks, source: Excerpt, numbers: Sequence[int] | None, cancel: CancelToken) -> Iterator[Told]:
    """Of the frames `numbers`, or (None) of all that `source` has, as they come. Raises MissingProgram, Cancelled."""
    with tsharks.run(_options(source, numbers), cancel) as running:
        for packet in running.packets():
            parsed = parsed_packet(packet)
            sections = [section.text or "" for section in parsed] if parsed is not None else []
            if len(sections) >= 3 and sections[0].isdecimal() and (number := source.number(int(sections[0]))):
                referred = [text.strip() for text in sections[3].split(",")] if len(sections) > 3 else []
                info = source.renumbered(sections[2], [text for text in referred if text.isdecimal()])
                yield Told(number, clean_line(sections[1])[:20], clean_line(info)[:LONGEST_INFO])


def _options(source: Excerpt, numbers: Sequence[int] | None) -> list[str]:
    columns = _COLUMNS
    if named := [name for name in _NAMED if name in source.references]:
        columns += f',"Frames","%Cus:{" or ".join(named)}"'
    options = ["-2", "-r", str(source.chosen.path.resolve()), "-T", "psml", "-o", f"gui.column.format:{columns}"]
    if numbers is not None:
        options += ["-Y", frames_filter(source.own(numbers))]
    return options


def frames_filter(own: Sequence[int]) -> str:
    """A display filter for these frames; for none where there are none."""
    return f"frame.number in {{{','.join(map(str, own))}}}" if own else "frame.number == 0"
