"""TextFSM's machine, noting for each value of a record the lines that set it.

The templates' `Error` rules are taken as what they are for us: a line that nothing understood. A log line in
the middle of a table therefore costs itself, not the table. Imported late: it brings textfsm.
"""

from __future__ import annotations

from typing import Any

from textfsm import TextFSM, TextFSMError

from tshoot.parsers._reading import Line
from tshoot.parsers._records import Record

_MOST_STRANGE = 2_000


class Machine(TextFSM):  # type: ignore[misc]  # textfsm has no types
    """TextFSM that knows the line it is at. `understood`: the lines that a rule matched, in the run since `Reset`."""

    def Reset(self) -> None:
        super().Reset()
        self.understood: list[Line] = []
        self._records: list[Record] = []
        self._where: dict[str, list[Line]] = {}
        self._line: Line | None = None
        self._matched = False
        self._strange = 0  # lines that no rule matched

    def read(self, lines: list[Line]) -> list[Record]:
        """The records; it ends early where `_MOST_STRANGE` lines fitted no rule: the text is none for this template."""
        for self._line in lines:
            self._take(self._line)
            if self._cur_state_name in ("End", "EOF"):
                return self._records
            if self._strange > _MOST_STRANGE:
                break
        if "EOF" not in self.states:
            self._AppendRecord()
        return self._records

    def _take(self, line: Line) -> None:
        self._matched = False
        try:
            self._CheckLine(line.text)
        except TextFSMError:
            self._matched = False  # a rule `-> Error`
        if self._matched:
            self.understood.append(line)
        else:
            self._strange += 1

    def _AssignVar(self, matched: Any, value: str) -> None:
        super()._AssignVar(matched, value)
        if self._line is not None:
            known = self._where.setdefault(value, [])
            if "List" in self._GetValue(value).OptionNames():
                known.append(self._line)
            else:
                known[:] = [self._line]

    def _Operations(self, rule: Any, line: str) -> bool:
        self._matched = True
        return bool(super()._Operations(rule, line))

    def _AppendRecord(self) -> None:
        where, before = {name: tuple(lines) for name, lines in self._where.items()}, len(self._result)
        super()._AppendRecord()
        if len(self._result) > before:
            record = Record()
            for name, value in zip(self.header, self._result[-1], strict=True):
                record.put(name.lower(), value, *where.get(name, ()))
            self._records.append(record)

    def _ClearRecord(self) -> None:
        super()._ClearRecord()
        self._where = {name: lines for name, lines in self._where.items() if self._GetValue(name).value}

    def _ClearAllRecord(self) -> None:
        super()._ClearAllRecord()
        self._where = {}
