"""Reading the paths of one prefix of the BGP table as Cisco IOS prints them, and Arista EOS and NX-OS after it.

A path is its AS path, then `next hop (metric 11) from neighbour (router id)`, then its origin, then words about it
(`valid, internal, best`; NX-OS puts those before). What is said before the next hop belongs to the path that follows.
What the paths mean together is said in `_bgp_route`.
"""

from __future__ import annotations

import re

from tshoot.parsers._bgp_route import origin, put_no_prefix, put_paths, sender
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record
from tshoot.parsers._values import canonical_address, canonical_prefix

_IP = r"[0-9A-Fa-f:.]{2,45}(?:%[\w./-]{1,32})?"
_ENTRY = re.compile(rf"BGP routing table entry for ({_IP}/[0-9]{{1,3}})(?:,.{{0,80}})?", re.IGNORECASE)
_ABSENT = re.compile(r"\s{0,9}% ?(?:Network|Subnet) not in table\.?\s{0,9}", re.IGNORECASE)
_COUNT = re.compile(r"\s{0,9}Paths: (?:[0-9]{1,5} available|\([0-9]{1,5} available, (no best ?path|best #[0-9]{1,5})).{0,160}", re.IGNORECASE)
_SOURCE = re.compile(
    rf"\s{{2,9}}(?P<hop>{_IP}|-)(?: \([^()]{{1,60}}\)){{0,3}} from (?P<from>{_IP}|-)(?: \([^()]{{1,60}}\)){{0,2}}\s{{0,9}}", re.IGNORECASE
)
_LINK_LOCAL = re.compile(rf"\s{{2,9}}\((?:{_IP})\)(?: \([^()]{{1,60}}\)){{0,2}} from .{{1,80}}|\s{{2,9}}\({_IP}\)(?: \(used\))?", re.IGNORECASE)
_ORIGIN = re.compile(r"\s{2,12}Origin (IGP|EGP|incomplete)\b(.{0,300})", re.IGNORECASE)
_AS_PATH = re.compile(r"\s{1,6}(?:(Local)|([0-9.{}(), ]{1,1000}?))(?:, \([^()]{1,60}\)){0,3}(?:, imported path.{0,80})?\s{0,9}")
_AS = re.compile(r"[{(]?[0-9]{1,10}(?:\.[0-9]{1,5})?(?:,[0-9.,]{1,60})?[})]?,?")


def as_path(text: str) -> str | None:
    """The AS path that is all of a line: `Local`, or AS numbers, some of them in braces; None where the line is something else."""
    found = _AS_PATH.fullmatch(text)
    if found is None or found[1]:
        return found and "Local"
    words = found[2].split()
    return " ".join(words) if words and all(_AS.fullmatch(word) for word in words) else None


class Paths:
    """The paths so far of one prefix."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._prefix: Record = Record()
        self._paths: list[Record] = []
        self._before = Record()  # what was said of the path whose next hop has not come yet
        self._absent: list[Line] = []
        self._announced: tuple[bool, Line] | None = None
        self._open = False  # the next hop of the last path was read, and nothing of a next one

    def take(self, line: Line) -> bool:
        """Read one of the lines that the dialects share; False where it is none of them, or is torn."""
        if found := _ENTRY.fullmatch(line.text):
            return self._entry(line, found[1])
        if _ABSENT.fullmatch(line.text):
            self._absent.append(line)
        elif found := _COUNT.fullmatch(line.text):
            if found[1]:
                self._announced = found[1].lower().startswith("best #") and found[1][6:] != "0", line
        elif (found := _ORIGIN.fullmatch(line.text)) and self.current is not None:
            self.current.put("origin", origin(found[1]), line)
            self.words(line, found[2])
        else:
            return self._source(line)
        return True

    def _entry(self, line: Line, prefix: str) -> bool:
        known = canonical_prefix(prefix)
        if known and "prefix" not in self._prefix:
            self._prefix.put("prefix", known, line)
        return known is not None

    def before(self, name: str, value: object, line: Line) -> None:
        """Something of a path whose next hop is still to come."""
        self._before.put(name, value, line)
        self._open = False

    @property
    def current(self) -> Record | None:
        """The path that further lines are about."""
        return self._paths[-1] if self._open else None

    def _source(self, line: Line) -> bool:
        """`next hop (…) from neighbour (…)`: a path begins."""
        found = _SOURCE.fullmatch(line.text)
        hop, neighbor = (self._address(found["hop"]), self._address(found["from"])) if found else (None, None)
        if hop is None or neighbor is None or "prefix" not in self._prefix:
            return _LINK_LOCAL.fullmatch(line.text) is not None and self.current is not None
        path, self._before = self._before, Record()
        path.put("next_hop", hop, line)
        path.put("from", sender(neighbor), line)
        inaccessible = re.search(r"\((?:inaccessible|unreachable)\b", line.text, re.IGNORECASE) is not None
        path.put("accessible", not inaccessible, line)
        self._paths.append(path)
        self._open = True
        return True

    def _address(self, word: str) -> str | None:
        """EOS prints `-` where the others print the unspecified address: the path is the device's own."""
        if word == "-":
            return "::" if ":" in str(self._prefix.fields.get("prefix")) else "0.0.0.0"  # noqa: S104  # no socket is bound
        return canonical_address(word)

    def words(self, line: Line, words: str) -> None:
        """`valid, internal, best` about the current path."""
        if self.current is not None:
            _status(self.current, line, words)

    def finish(self) -> None:
        """Set the facts."""
        if "prefix" in self._prefix:
            put_paths(self._reading, self._prefix.fields["prefix"], self._prefix.lines["prefix"], self._paths, self._announced)
        elif self._absent:
            put_no_prefix(self._reading, *self._absent)


def _status(path: Record, line: Line, words: str) -> None:
    """What a list such as `metric 0, localpref 100, valid, internal, best` says of its path."""
    said = {word.strip().lower() for word in words.split(",")}
    if not said & {"valid", "invalid", "internal", "external", "sourced", "local", "confed-internal", "confed-external", "aggregated"}:
        return
    path.put("valid", "valid" in said, line)
    path.put("best", "best" in said, line)
    if said & {"internal", "external", "confed-internal", "confed-external"}:
        path.put("internal", bool(said & {"internal", "confed-internal"}), line)
    elif said & {"sourced", "local"}:
        path.put("internal", False, line)
