"""Protocol trees, decoded some frames at a time so that moving to the next one does not wait; a bounded number is kept, as tshark's XML."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError
from tshoot.packets.browse.context import Excerpt
from tshoot.packets.browse.told import frames_filter
from tshoot.packets.browse.tree import Tree, tree_of
from tshoot.packets.browse.tshark import Tsharks

KEPT_BYTES, LONGEST_KEPT = 32 << 20, 1 << 20  # of XML in all, and of one frame


class Trees:
    def __init__(self, tsharks: Tsharks) -> None:
        self._tsharks = tsharks
        self._kept: OrderedDict[int, tuple[bytes, Excerpt]] = OrderedDict()
        self._bytes = 0

    def has(self, number: int) -> bool:
        return number in self._kept

    def kept(self, number: int) -> Tree | None:
        """The tree of frame `number`, if it has been decoded already."""
        found = self._kept.get(number)
        return tree_of(*found) if found else None

    def tree(self, number: int, numbers: Sequence[int], source: Excerpt, cancel: CancelToken) -> Tree:
        """The tree of frame `number`; `numbers` (it is one of them) are decoded with it."""
        options = ["-2", "-r", str(source.chosen.path.resolve()), "-T", "pdml", "-Y", frames_filter(source.own(numbers))]
        wanted: Tree | None = None
        with self._tsharks.run(options, cancel) as running:
            for xml in running.packets():
                tree = tree_of(xml, source)
                wanted = tree if tree.number == number else wanted
                self._keep(tree.number, xml, source)
            why = running.refused()
        if wanted is None:
            raise CaptureFileError(f"tshark says nothing of frame {number}" + (f": {why}" if why else ""), "its bytes are shown all the same")
        return wanted

    def _keep(self, number: int, xml: bytes, source: Excerpt) -> None:
        if len(xml) > LONGEST_KEPT or number in self._kept:
            return
        self._kept[number] = (xml, source)
        self._bytes += len(xml)
        while self._bytes > KEPT_BYTES:
            self._bytes -= len(self._kept.popitem(last=False)[1][0])
