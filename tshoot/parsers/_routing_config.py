"""`router bgp`, route-maps and prefix-lists of a running configuration, as IOS, NX-OS, EOS and FRR write them.

Read by indentation: a line belongs to the nearest line above it that is indented less. Understood are one `router
bgp` block with its address families, neighbours and peer groups; blocks of a VRF are another routing table and stay
unread, as does whatever else the text holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._records import Record, ends, put_list, put_table, put_words
from tshoot.parsers._values import canonical_address, canonical_prefix, protocol_named

_ROUTER = re.compile(r"router bgp ([0-9.]{1,16})\s{0,9}", re.IGNORECASE)
_FAMILY = re.compile(r"address-family (ipv4|ipv6)(?: (?:unicast|labeled-unicast))?\s{0,9}", re.IGNORECASE)
_OTHER_TABLE = re.compile(r"(?:address-family .{1,60}|vrf \S{1,64}|vni \d{1,8}|template .{1,80})\s{0,9}", re.IGNORECASE)
_REDISTRIBUTE = re.compile(r"redistribute (?P<protocol>[a-z][a-z0-9-]{1,16})(?P<rest>\s.{0,160})?", re.IGNORECASE)
_ROUTE_MAP = re.compile(r"\sroute-map (\S{1,80})", re.IGNORECASE)
_NETWORK = re.compile(r"network (?P<prefix>[0-9A-Fa-f:./]{2,49})(?: mask (?P<mask>[0-9.]{7,15}))?(?:\s.{0,80})?", re.IGNORECASE)
_NEIGHBOR = re.compile(r"neighbor (?P<who>[\w.:%/-]{1,64})(?: (?P<what>.{1,200}))?", re.IGNORECASE)
_REMOTE_AS = re.compile(r"remote-as ([0-9.]{1,16}|internal|external)\s{0,9}", re.IGNORECASE)
_SOURCE = re.compile(r"update-source (\S{1,64})\s{0,9}", re.IGNORECASE)
_GROUP = re.compile(r"(?:peer[ -]group|inherit (?:peer|peer-session)) (\S{1,64})\s{0,9}", re.IGNORECASE)
_WORDLESS = re.compile(
    r"(?:bgp |no |router-id |maximum-paths |distance |timers |aggregate-address |exit|!|#|end\b|log-neighbor-changes|activate|"
    r"send-community|soft-reconfiguration|description |ebgp-multihop|address-family |password |auto-summary|synchronization|default-|table-map )",
    re.IGNORECASE,
)
_MAP_ENTRY = re.compile(r"route-map (?P<name>\S{1,80}) (?P<action>permit|deny) (?P<sequence>[0-9]{1,5})\s{0,9}", re.IGNORECASE)
_MATCH = re.compile(r"match (.{1,200}?)\s{0,9}", re.IGNORECASE)
_MAP_WORDLESS = re.compile(r"(?:set |call |on-match |continue|description |exit|!)", re.IGNORECASE)
_LIST_LINE = re.compile(
    r"(?:ipv6|ip) prefix-list (?P<name>\S{1,80}) (?:seq [0-9]{1,10} )?(?P<action>permit|deny)"
    r" (?P<prefix>[0-9A-Fa-f:.]{2,45}/[0-9]{1,3}|any)(?P<rest>(?: (?:ge|le|eq) [0-9]{1,3}){0,3})\s{0,9}",
    re.IGNORECASE,
)
_LIST_HEAD = re.compile(r"(?:ipv6|ip) prefix-list (\S{1,80})\s{0,9}", re.IGNORECASE)  # EOS: its lines stand below
_LIST_ITEM = re.compile(
    r"(?:seq [0-9]{1,10} )?(?P<action>permit|deny) (?P<prefix>[0-9A-Fa-f:.]{2,45}/[0-9]{1,3}|any)(?P<rest>(?: (?:ge|le|eq) [0-9]{1,3}){0,3})\s{0,9}",
    re.IGNORECASE,
)
_LISTS = {"redistribute": "redistribute", "networks": "network", "neighbors": "neighbor"}  # fact -> the word that its lines begin with
_FRAME = re.compile(r"!.{0,120}|end|exit|Building configuration\.\.\.|Current configuration.{0,60}", re.IGNORECASE)


class RoutingConfig:
    """What the lines so far configure. `families`: which address families a statement outside of any belongs to."""

    def __init__(self, reading: Reading, families: Sequence[str]) -> None:
        self._reading = reading
        self._outside = tuple(families)
        self._as: Record | None = None
        self._redistribute: list[Record] = []
        self._networks: list[tuple[str, tuple[Line, ...]]] = []
        self._peers: dict[str, Record] = {}  # neighbours and peer groups by name
        self._groups: dict[str, str] = {}
        self._maps: list[Record] = []
        self._matches: list[list[tuple[str, Line]]] = []  # of each of them
        self._lists: list[Record] = []
        self._torn: set[str] = set()  # lists that miss a line which was not understood
        self._block: list[tuple[int, str, str]] = []  # the lines above, less indented: indentation, kind, name

    def take(self, line: Line) -> bool:
        """Read one line; False where it is not understood."""
        words = line.text.strip()
        if not words:
            return True
        indentation = len(line.text) - len(line.text.lstrip())
        while self._block and self._block[-1][0] >= indentation:
            self._block.pop()
        kinds = [kind for _, kind, _ in self._block]
        if "other" in kinds:
            return False
        if "router" in kinds:
            return self._in_router(line, words, indentation)
        if kinds and kinds[-1] == "map":
            return self._in_map(line, words)
        if kinds and kinds[-1] == "list":
            return (item := _LIST_ITEM.fullmatch(words)) is not None and self._list_line(line, self._block[-1][2], item)
        return self._outermost(line, words, indentation)

    def _outermost(self, line: Line, words: str, indentation: int) -> bool:
        if found := _ROUTER.fullmatch(words):
            if self._as is not None:
                self._block.append((indentation, "other", ""))
                return False
            self._as = Record()
            self._as.put("as", found[1], line)
            self._block.append((indentation, "router", ""))
        elif found := _MAP_ENTRY.fullmatch(words):
            entry = Record()
            for name, value in (("name", found["name"]), ("action", found["action"].lower()), ("sequence", int(found["sequence"]))):
                entry.put(name, value, line)
            self._maps.append(entry)
            self._matches.append([])
            self._block.append((indentation, "map", ""))
        elif found := _LIST_LINE.fullmatch(words):
            return self._list_line(line, found["name"], found)
        elif found := _LIST_HEAD.fullmatch(words):
            self._block.append((indentation, "list", found[1]))
        else:
            return _FRAME.fullmatch(words) is not None
        return True

    def _in_map(self, line: Line, words: str) -> bool:
        if found := _MATCH.fullmatch(words):
            self._matches[-1].append((found[1], line))
            return True
        return _MAP_WORDLESS.match(words) is not None

    def _list_line(self, line: Line, name: str, found: re.Match[str]) -> bool:
        prefix = found["prefix"] if found["prefix"].lower() == "any" else canonical_prefix(found["prefix"])
        if prefix is None:
            return False
        entry = Record()
        for key, value in (("name", name), ("action", found["action"].lower()), ("prefix", prefix)):
            entry.put(key, value, line)
        for key, length in re.findall(r"(ge|le) ([0-9]{1,3})", found["rest"].lower()):
            entry.put(key, int(length), line)
        self._lists.append(entry)
        return True

    def _in_router(self, line: Line, words: str, indentation: int) -> bool:
        """A line of the `router bgp` block, at whatever depth."""
        if found := _FAMILY.fullmatch(words):
            self._block.append((indentation, "family", found[1].lower()))
        elif _OTHER_TABLE.fullmatch(words):
            self._block.append((indentation, "other", ""))
            return False
        elif found := _REDISTRIBUTE.fullmatch(words):
            self._put_redistribution(line, found)
        elif found := _NETWORK.fullmatch(words):
            prefix = canonical_prefix(found["prefix"], found["mask"] or "")
            if prefix is None:
                self._torn.add("networks")
                return False
            self._networks.append((prefix, (line,)))
        elif found := _NEIGHBOR.fullmatch(words):
            return self._neighbor(line, found, indentation)
        elif not ((peer := self._peer_above()) and self._about(peer, line, words)) and not _WORDLESS.match(words):
            self._torn |= {name for name, word in _LISTS.items() if word.startswith(words.lower().split()[0]) or words.lower().startswith(word)}
            return False
        return True

    def _families(self) -> tuple[str, ...]:
        """Of the address family that the line stands in, or of none."""
        inside = [name for _, kind, name in self._block if kind == "family"]
        return (inside[-1],) if inside else self._outside

    def _put_redistribution(self, line: Line, found: re.Match[str]) -> None:
        route_map = _ROUTE_MAP.search(found["rest"] or "")
        for family in self._families():
            record = Record()
            protocol = protocol_named(found["protocol"])[0]
            record.put("protocol", found["protocol"].lower() if protocol == "other" else protocol, line)
            record.put("family", family, line)
            record.put("route_map", route_map[1] if route_map else "", line)
            self._redistribute.append(record)

    def _peer_above(self) -> str:
        return next((name for _, kind, name in reversed(self._block) if kind == "peer"), "")

    def _neighbor(self, line: Line, found: re.Match[str], indentation: int) -> bool:
        """`neighbor X remote-as 1`, or `neighbor X` with its lines below (NX-OS)."""
        who = canonical_address(found["who"]) or found["who"]
        what = found["what"] or ""
        inline = _REMOTE_AS.fullmatch(what)
        if not what or inline:
            self._block.append((indentation, "peer", who))
        if not what or what.lower().strip() in ("peer-group", "peer group"):
            self._peer(who).put("named", True, line)
            return True
        self._about(who, line, what)
        return True  # `neighbor X activate` and the like say nothing that is asked for

    def _peer(self, who: str) -> Record:
        return self._peers.setdefault(who, Record())

    def _about(self, who: str, line: Line, words: str) -> bool:
        peer = self._peer(who)
        if found := _REMOTE_AS.fullmatch(words):
            peer.put("remote_as", found[1], line)
        elif found := _SOURCE.fullmatch(words):
            peer.put("update_source", found[1], line)
        elif words.lower().startswith("next-hop-self"):
            peer.put("next_hop_self", True, line)
        elif found := _GROUP.fullmatch(words):
            self._groups[who] = found[1]
            peer.put("named", True, line)
        else:
            return False
        return True

    def finish(self) -> None:
        """Set the facts. What the text has no line of may stand elsewhere in the configuration: it is unknown."""
        reading = self._reading
        for entry, matches in zip(self._maps, self._matches, strict=True):
            entry.put("matches", [words for words, _ in matches], *ends([*entry.lines["name"], *(line for _, line in matches)]))
        if self._maps:
            put_list(reading, "route_maps", self._maps)
        for at, matches in enumerate(self._matches):
            for index, (_, line) in enumerate(matches):
                reading.note(["route_maps", at, "matches", index], line)
        if self._lists:
            put_list(reading, "prefix_lists", self._lists)
        if self._as is None:
            return
        reading.put("as", self._as.fields["as"], *self._as.lines["as"])
        if "redistribute" not in self._torn:
            put_list(reading, "redistribute", self._redistribute)
        if "networks" not in self._torn:
            put_words(reading, "networks", self._networks)
        neighbors = {who: self._inherited(who) for who in self._peers if canonical_address(who)}
        if neighbors or "neighbors" not in self._torn:
            put_words(reading, "neighbors", ((who, record.all_lines()) for who, record in neighbors.items()))
            put_table(reading, "by_neighbor", neighbors, ("remote_as", "update_source", "next_hop_self"))
        for record in self._peers.values():
            reading.skip(*record.all_lines())

    def _inherited(self, who: str) -> Record:
        """The neighbour with what it has from its peer group."""
        peer, group = self._peers[who], self._peers.get(self._groups.get(who, ""))
        for name in ("remote_as", "update_source", "next_hop_self"):
            if group is not None and name not in peer and name in group:
                peer.put(name, group.fields[name], *group.lines[name])
        if "next_hop_self" not in peer:
            peer.put("next_hop_self", False, *peer.all_lines()[:1])
        return peer
