"""Rows of an ARP or neighbour table as the facts of NEIGHBORS, whatever the columns of the table were."""

from __future__ import annotations

from collections.abc import Iterable

from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record, put_table, put_words
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


def neighbor(mac: str, interface: str, age: int | None, state: str | None, lines: tuple[Line, ...]) -> Record | None:
    """One entry; `mac` may be a word for an incomplete one. None where it is neither."""
    address = canonical_mac(mac)
    incomplete = mac.lower().strip("()") in ("incomplete", "incmp") or (mac == "-" and state is not None and state.lower().startswith("inc"))
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
    return record


def put_neighbors(reading: Reading, rows: Iterable[tuple[str, Record]], headers: Iterable[Line]) -> None:
    """Set the facts; a table whose header was read and that has no row is known to be empty, without either nothing is known.

    One link-local address may stand on several interfaces: the first stands for it, `by_mac` has them all.
    """
    heads = tuple(headers)
    found: dict[str, Record] = {}
    by_mac: dict[str, list[str]] = {}
    for address, record in rows:
        if (known := canonical_address(address)) is None:
            continue
        found.setdefault(known, record)
        reading.skip(*record.all_lines())
        _put_mac(reading, by_mac, record, known)
    if not found and not heads:
        return
    put_words(reading, "addresses", ((address, record.all_lines()) for address, record in found.items()))
    put_table(reading, "by_address", found)
    reading.facts["by_mac"] = by_mac
    for name in ("addresses", "by_address", "by_mac"):
        reading.note([name], *heads)


def _put_mac(reading: Reading, by_mac: dict[str, list[str]], record: Record, address: str) -> None:
    mac = record.fields["mac"]
    if mac and address not in by_mac.get(mac, ()):
        by_mac.setdefault(mac, []).append(address)
        for path in (["by_mac"], ["by_mac", mac], ["by_mac", mac, len(by_mac[mac]) - 1]):
            reading.note(path, *record.all_lines())
