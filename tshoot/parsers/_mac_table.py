"""Rows of a switch's MAC address table as the facts of MAC_TABLE."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tshoot.parsers._reading import Line, Reading, is_separator
from tshoot.parsers._records import Record, put_list, put_table, put_words
from tshoot.parsers._template import template_records
from tshoot.parsers._values import canonical_mac


def mac_row(mac: str, vlan: str, port: str, kind: str, lines: Sequence[Line]) -> Record | None:
    """One entry; None where `mac` is none."""
    address = canonical_mac(mac)
    if address is None:
        return None
    record = Record()
    for name, value in (("mac", address), ("vlan", vlan), ("port", port), ("type", kind.lower())):
        record.put(name, value, *lines)
    return record


def put_mac_table(reading: Reading, rows: Sequence[Record], headers: Iterable[Line]) -> None:
    """Set the facts; of a MAC in several VLANs the first stands for it. A header without any row says that the table is empty."""
    heads = tuple(headers)
    reading.skip(*heads)
    if not rows and (not heads or reading.rows_unread(*heads)):
        return
    by_mac: dict[str, Record] = {}
    for row in rows:
        by_mac.setdefault(row.fields["mac"], row)
    put_words(reading, "macs", ((mac, row.all_lines()) for mac, row in by_mac.items()))
    put_table(reading, "by_mac", by_mac, ("vlan", "port", "type"))
    put_list(reading, "entries", rows)
    for name in ("macs", "by_mac", "entries"):
        reading.note([name], *heads)


def put_template_table(reading: Reading, template: str, mac: str, header: re.Pattern[str], frame: re.Pattern[str]) -> None:
    """The rows as an ntc-template reads them, which calls the address `mac`; `header` and `frame` match the lines around them."""
    rows = []
    for record in template_records(reading, template, mac):
        fields, lines = record.fields, tuple(record.all_lines())
        row = mac_row(fields[mac], fields["vlan_id"], " ".join(fields["destination_port"]), fields["type"], lines)
        if row is not None:
            rows.append(row)
    headers = [line for line in reading.lines if header.fullmatch(line.text)]
    reading.skip(*(line for line in reading.lines if frame.match(line.text) or is_separator(line.text.rstrip())))
    put_mac_table(reading, rows, headers)
