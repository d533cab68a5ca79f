"""An ntc-templates TextFSM template run over an output, so that every record knows its lines.

TextFSM gives rows without saying where they came from; `_machine` notes for each value the line that set it.
Here it is kept within bounds of lines and of their length, for templates repeat without bounds: what lies
beyond is unread.

textfsm is imported when the first such parser runs.
"""

from __future__ import annotations

import threading
from functools import cache
from importlib import resources
from io import StringIO
from typing import TYPE_CHECKING

from tshoot.parsers._reading import Reading
from tshoot.parsers._records import Record

if TYPE_CHECKING:
    from tshoot.parsers._machine import Machine

_LONGEST_LINE = 200
_WIDEST_START = 60  # spaces; templates try them in every division
_MOST_LINES = 50_000
_one_at_a_time = threading.Lock()  # a machine holds the state of its run


def template_records(reading: Reading, template: str, key: str) -> list[Record]:
    """The records of `template` (`cisco_ios_show_ip_arp`) in the standard output, fields in lower case, that have a value for `key`.

    The other lines that a rule matched are understood; those of a key are left to the caller, who may find it to be none.
    """
    lines = [line for line in reading.lines if line.stream == "stdout"][:_MOST_LINES]
    with _one_at_a_time:
        machine = _machine(template)
        try:
            records = machine.read([line._replace(text=line.text.rstrip()) for line in lines if _fits(line.text)])
            understood = machine.understood
        finally:
            machine.Reset()  # for the next run; nothing of this output is kept
    keyed = [record for record in records if record.fields.get(key) and record.lines[key]]
    theirs = {line.number for record in keyed for line in record.lines[key]}
    reading.skip(*(line for line in understood if line.number not in theirs))
    return keyed


def _fits(text: str) -> bool:
    return len(text) <= _LONGEST_LINE and len(text) - len(text.lstrip()) <= _WIDEST_START


@cache
def _machine(template: str) -> Machine:
    import ntc_templates

    from tshoot.parsers._machine import Machine  # brings textfsm

    text = resources.files(ntc_templates).joinpath("templates", f"{template}.textfsm").read_text(encoding="utf-8")
    return Machine(StringIO(text))
