"""Which of the routes that a lookup printed is the one in use, and its facts in the shape ROUTE.

A reader of a dialect collects entries, one a next hop, in the order printed. A lookup prints one prefix; a whole
table, or a list of subnets, prints several, and then the one in use is the longest that covers what the command
asked for. Where that is none, only `found` and `entries` are known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record, put_list, put_words
from tshoot.parsers._values import network

# one entry; beside these it may have `process`, `age_seconds` and `recursive`, which the route in use needs
_ENTRY = ("prefix", "protocol", "distance", "metric", "next_hop", "interface", "active", "selected")
_OF_THE_ROUTE = ("prefix", "protocol", "process", "distance", "metric", "next_hop", "interface", "recursive", "age_seconds", "active")
_LONGEST_COMMAND = 400


def put_route(reading: Reading, command: str, entries: Sequence[Record], absent: Sequence[Line]) -> None:
    """Set the facts. `absent`: the lines by which the device said that it has no such route; without those and without entries nothing is known."""
    if not entries:
        if absent:
            reading.put("found", False, *absent)
            reading.put("entries", [], *absent)
        return
    reading.put("found", True, *(line for entry in entries for line in entry.lines["prefix"]))
    used = _in_use(command, entries)
    for entry in entries:
        entry.put("selected", entry.fields.get("selected", True), *entry.lines["prefix"])
    put_list(reading, "entries", entries, _ENTRY)
    chosen = [entry for entry in used if entry.fields["selected"]] or used
    if chosen:
        _put_chosen(reading, chosen)


def _put_chosen(reading: Reading, chosen: Sequence[Record]) -> None:
    first = chosen[0]
    for name in _OF_THE_ROUTE:
        if name in first:
            reading.put(name, first.fields[name], *first.lines[name])
    ages = [entry for entry in chosen if "age_seconds" in entry]
    if ages:
        youngest = min(ages, key=lambda entry: int(entry.fields["age_seconds"]))
        reading.put("age_seconds", youngest.fields["age_seconds"], *youngest.lines["age_seconds"])
    if all("next_hop" not in entry for entry in chosen):
        return  # torn before the first
    hops: dict[str, tuple[Line, ...]] = {}
    for entry in chosen:
        if entry.fields.get("next_hop"):
            hops.setdefault(entry.fields["next_hop"], entry.lines["next_hop"])
    put_words(reading, "next_hops", hops.items())


def _in_use(command: str, entries: Sequence[Record]) -> list[Record]:
    """The entries of the prefix that the lookup was about."""
    prefixes = dict.fromkeys(str(entry.fields["prefix"]) for entry in entries)
    if len(prefixes) == 1:
        return list(entries)
    wanted = asked_for(command)
    best = ""
    for prefix in prefixes:
        if wanted and _covers(prefix, wanted) and (not best or _length(prefix) > _length(best)):
            best = prefix
    return [entry for entry in entries if entry.fields["prefix"] == best]


def asked_for(command: str) -> str:
    """The prefix or address that a command such as `show ip route 10.0.0.0 255.255.255.0` names; empty where it names none."""
    words = re.findall(r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?", command[:_LONGEST_COMMAND])
    found = [str(net) for net in map(network, (word for word in words if re.search("[.:]", word))) if net is not None]
    if len(found) > 1 and words[-1].startswith("255."):
        masked = network(f"{found[-2].partition('/')[0]}/{words[-1]}")
        return str(masked) if masked else ""
    return found[-1] if found else ""


def _covers(prefix: str, wanted: str) -> bool:
    outer, inner = network(prefix), network(wanted)
    if outer is None or inner is None or outer.version != inner.version:
        return False
    return outer.prefixlen <= inner.prefixlen and inner.network_address in outer


def _length(prefix: str) -> int:
    return int(prefix.rpartition("/")[2])
