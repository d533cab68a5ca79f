"""Rows of an ARP or neighbour table as the facts of NEIGHBORS, whatever the columns of the table were.

A reader of a dialect makes `neighbor`s of its rows, by hand or from a template, and hands them over with the table's headers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record, put_table, put_words
from tshoot.parsers._template import template_records
from tshoot.parsers._values import canonical_address, canonical_mac

_STATES = {
    "reach": "reachable",
    "reachable": "reachable",
    "stale": "stale",
    "delay": "delay",
    "probe": "probe",
    "incmp": "incomplete",
    "incomplete": "incomplete",
    "failed": "failed",
    "static": "permanent",
    "perm": "permanent",
    "permanent": "permanent",
}


def neighbor(
    mac: str, interface: str | None, age: int | None, state: str | None, lines: tuple[Line, ...], router: bool | None = None
) -> Record | None:
    """One entry; `mac` may be a word for an incomplete one. None where it is neither."""
    address = canonical_mac(mac)
    incomplete = mac.lower().strip("()<>") in ("incomplete", "incmp") or (mac == "-" and state is not None and state.lower().startswith("inc"))
    if address is None and not incomplete:
        return None
    record = Record()
    record.put("mac", address or "", *lines)
    record.put("interface", interface, *lines)
    if incomplete:
        record.put("state", "incomplete", *lines)
    elif state is not None:
        record.put("state", _STATES.get(state.lower(), state.lower()), *lines)
    record.put("age_seconds", age, *lines)
    record.put("router", router, *lines)
    return record


def template_neighbors(reading: Reading, template: str, key: str, read: Callable[[Record], Record | None]) -> Iterator[tuple[str, Record]]:
    """The entries that a template of ntc-templates finds, `key` being its name for the address; `read` makes an entry of one of its records."""
    for record in template_records(reading, template, key):
        address = record.fields[key]
        entry = read(record) if canonical_address(address) else None
        if entry is not None:
            yield address, entry


def headers(reading: Reading, header: re.Pattern[str]) -> list[Line]:
    """The lines that are a header of the table."""
    return [line for line in reading.lines if line.stream == "stdout" and header.fullmatch(line.text.rstrip("\r"))]


def put_neighbors(reading: Reading, rows: Iterable[tuple[str, Record]], heads: Sequence[Line], empty: bool = False) -> None:
    """Set the facts. A table whose header was read and that has no row at all is known to be empty; so is one that prints no header, where
    `empty` says that no output means that. Without a row that was read, and with one that was not, nothing is known.

    One link-local address may stand on several interfaces: the first stands for it, `by_mac` has them all.
    """
    found: dict[str, Record] = {}
    by_mac: dict[str, dict[str, None]] = {}
    for address, record in rows:
        if (known := canonical_address(address)) is None:
            continue
        found.setdefault(known, record)
        reading.skip(*record.all_lines())
        _put_mac(reading, by_mac, record, known)
    reading.skip(*heads)
    if not found and (not (heads or empty) or reading.rows_unread(*heads)):
        return
    put_words(reading, "addresses", ((address, record.all_lines()) for address, record in found.items()))
    put_table(reading, "by_address", found)
    for name in ("addresses", "by_address"):
        reading.note([name], *heads)
    reading.put_unless_torn("by_mac", {mac: list(addresses) for mac, addresses in by_mac.items()}, *heads)


def _put_mac(reading: Reading, by_mac: dict[str, dict[str, None]], record: Record, address: str) -> None:
    mac = record.fields["mac"]
    if mac and address not in by_mac.get(mac, ()):
        by_mac.setdefault(mac, {})[address] = None
        for path in (["by_mac"], ["by_mac", mac], ["by_mac", mac, len(by_mac[mac]) - 1]):
            reading.note(path, *record.all_lines())
