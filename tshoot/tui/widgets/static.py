"""Textual's Static, whose size follows every change of its text.

Where a text changes twice and is measured in between for a neighbour's sake, Textual (8.2) keeps the first size for good: what it
measured is kept under a count that grows once for both changes. The last keys of a question were out of sight then.
"""

from __future__ import annotations

from typing import Self

from textual.geometry import Region
from textual.widgets import Static as _Static


class Static(_Static, inherit_css=True):
    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        if layout:
            self._box_model_cache.clear()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
