"""What a region of lines shows: drawn row by row, so that a million of them cost no more than the few on the screen.

Lines live in named sections, in the order in which the sections came (`sections`): a section can be put anew (a node
that has decided, a command that has ended) or grow (output as it arrives). The view follows its end until the operator
moves up. With `wrap` long lines are broken at the width, else they scroll sideways. With `cursor` one line is the chosen
one, and what is chosen, found or marked has its sign in the first column, so that no colour is needed to see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.segment import Segment
from textual.events import Resize
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tshoot.tui.lines import Line
from tshoot.tui.widgets.lines.drawing import drawn
from tshoot.tui.widgets.lines.looks import Looks
from tshoot.tui.widgets.lines.prompt import Prompt
from tshoot.tui.widgets.lines.sections import Place, Sections, top_for


class LinesRegion(Looks, can_focus=True):
    """`wrap`: break long lines. `follow`: keep the end in sight. `most`: lines kept in all. `cursor`: a line can be chosen.

    `Moved` is posted where another line was chosen, or the end is followed or not any more.
    """

    ALLOW_SELECT = False

    class Moved(Message):
        def __init__(self, view: LinesRegion) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> LinesRegion:
            return self.view

    def __init__(self, *, id: str | None = None, wrap: bool = True, follow: bool = False, most: int = 200_000, cursor: bool = False) -> None:
        super().__init__(id=id)
        self._wrap, self._follow, self.has_cursor = wrap, follow, cursor
        self.sections = Sections(most, wrap=wrap)
        self.prompt = Prompt(self)
        self._widest = 0
        self._following = follow
        self._cursor: Place | None = None
        self._marked: tuple[Place, Place] | None = None
        self._unseen = 0
        self.raw = False

    # --- what is shown ---

    def put(self, section: str, lines: Iterable[Line]) -> None:
        """Show `lines` as `section`, in its old place where it has one."""
        self.apply([(section, lines, False)])

    def apply(self, changes: Iterable[tuple[str, Iterable[Line], bool]]) -> None:
        """Each change: a section, lines, and whether they come after what the section has."""
        before = self.sections.ever
        for section, lines, append in changes:
            self.sections.put(section, lines, append)
        self._settle()
        self._unseen = 0 if self._following else self._unseen + max(0, self.sections.ever - before)

    def clear(self) -> None:
        self.sections.clear()
        self._cursor = self._marked = None
        self._settle()
        self.scroll_home(animate=False)

    @property
    def details(self) -> bool:
        return self.sections.details

    def show_details(self, shown: bool) -> None:
        self.sections.details = shown
        self._lay_out()

    def show_raw(self, raw: bool) -> None:
        """Lines as they came, their control characters visible, or cleaned."""
        self.raw = raw
        self.prompt.again()
        self.refresh()

    def hide(self, hidden: Callable[[str], bool]) -> None:
        """Leave out the sections whose name is `hidden`."""
        self.sections.hide(hidden)
        self.prompt.again()
        self._settle()

    @property
    def text(self) -> str:
        """All lines as plain text, before they are broken at the width."""
        return "\n".join(line.text for _, line in self.sections.lines())

    # --- the chosen line ---

    @property
    def follows(self) -> bool:
        """Whether this region follows its end unless it is held."""
        return self._follow

    @property
    def following(self) -> bool:
        return self._following

    @property
    def unseen(self) -> int:
        """Lines that came since the end was left."""
        return self._unseen

    @property
    def cursor(self) -> Place | None:
        """The chosen line; None where the end is followed."""
        return self._cursor if self._cursor and self.sections.line(self._cursor) else None

    def first_in_sight(self) -> Place | None:
        row = self.scroll_offset.y
        return self.sections.place(row) if row < self.sections.rows else None

    def choose(self, place: Place) -> None:
        """Make a line the chosen one, and bring it into sight; nothing where it is not shown."""
        rows = self.sections.rows_of(place)
        if rows is None:
            return
        self._cursor = place if self.has_cursor else None
        self._set_following(False)
        self.bring_into_sight(rows)
        self.post_message(self.Moved(self))
        self.refresh()

    def go_to(self, section: str, line_number: int, last: int | None = None) -> bool:
        """Choose and mark lines `line_number` (from 0) to `last` of `section`; False where they are not kept any more."""
        place = Place(section, line_number)
        if self.sections.rows_of(place) is None:
            return False
        self._marked = (place, Place(section, last if last is not None else line_number))
        self.choose(place)
        self._set_following(False)
        return True

    def bring_into_sight(self, rows: range) -> None:
        to = top_for(rows, self.scroll_offset.y, max(1, self.room))
        if to is not None:
            self.scroll_to(y=to, animate=False, immediate=True)

    @property
    def room(self) -> int:
        return self.scrollable_content_region.height - (1 if self.prompt.shown else 0)

    def follow(self) -> None:
        """Keep the end in sight again."""
        self._cursor = None
        self._set_following(self._follow)
        self.scroll_end(animate=False, x_axis=False)
        self.refresh()

    def hold(self) -> None:
        """Stay where one is, whatever comes."""
        self._set_following(False)

    def _set_following(self, following: bool) -> None:
        if following:
            self._unseen = 0
        if following != self._following:
            self._following = following
            self.post_message(self.Moved(self))

    # --- how it is laid out ---

    def _settle(self) -> None:
        self.sections.settle()
        self.prompt.look()
        self.resized()
        if self._following:
            self._cursor = None
            self.scroll_end(animate=False, x_axis=False)
        self.refresh()

    def resized(self) -> None:
        """The size of all that is shown; a row more while something stands over the last one."""
        self.virtual_size = Size(0 if self._wrap else self._widest, self.sections.rows + (1 if self.prompt.shown else 0))

    def _lay_out(self) -> None:
        self.sections.lay_out(max(0, self.scrollable_content_region.width - self.signs))
        self._settle()

    @property
    def signs(self) -> int:
        """Columns that the signs take."""
        return 1 if self.has_cursor else 0

    def watch_show_vertical_scrollbar(self) -> None:
        self.call_after_refresh(self._fit)  # it takes a column, and no resize tells so

    def watch_show_horizontal_scrollbar(self) -> None:
        if self._following:  # it takes a row, and comes when a wide one was seen
            self.scroll_end(animate=False, x_axis=False)

    def _fit(self) -> bool:
        """Lay out anew where the width is another; whether it was."""
        fitting = not self._wrap or self.sections.width == self.scrollable_content_region.width - self.signs
        if not fitting:
            self._lay_out()
        return not fitting

    def on_resize(self, event: Resize) -> None:
        if not self._fit():
            self.watch_show_horizontal_scrollbar()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if new_value < old_value or new_value >= self.max_scroll_y:
            self._set_following(self._follow and new_value >= self.max_scroll_y and self._cursor is None and not self.prompt.shown)

    # --- drawing ---

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        width, number = self.size.width, scroll_y + y
        if self.prompt.shown and y == self.room:
            return self.prompt.strip(width)
        if number >= self.sections.rows:
            return Strip([Segment(" " * width, self.look(""))], width)
        strip, cells = drawn(self, number, scroll_x, width)
        if not self._wrap and cells > self._widest:  # only rows that were seen count for scrolling sideways
            self._widest = cells
            self.call_later(self.resized)
        return strip

    def is_marked(self, place: Place) -> bool:
        return self._marked is not None and self._marked[0] <= place <= self._marked[1]
