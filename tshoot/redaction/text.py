"""The map of texts: every address, name and unknown word of a line is replaced, and lines stay lines.

First addresses in all their spellings, then what is between them, word by word: words of the vocabulary stay, all others become words of the
same length and case. A word with dots, dashes, underscores or digits in it, and a path, stays as a whole or is mapped part by part, ordinary
words included; digits stay. Where an address becomes longer or shorter, blanks behind it make up for that, so that columns stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tshoot.redaction.addresses import AddressMap
from tshoot.redaction.letters import LetterPermutation
from tshoot.redaction.spellings import ADDRESS, packed
from tshoot.redaction.spelt import SpeltAddresses
from tshoot.redaction.vocabulary import Vocabulary

_CHUNK = re.compile(r"(?<![\\/])[\\/]*[\w\u0080-\uffff][\w\u0080-\uffff.@/\\~%+$-]*")
_RUN = re.compile(r"[A-Za-z]{2,}|[^\x00-\x7f]+")
_LETTERS = re.compile(r"[A-Za-z]+|[^\x00-\x7f]+")
_INTERFACE = re.compile(
    r"(?:vmk|vmnic|vmhba|if|eth|ens|eno|enp|wlan|bond|br|team|lo|tun|tap|dummy|veth|swp|vlan|vl|vxlan|gigabitethernet|gig?|tengigabitethernet|te|twe|"
    r"twentyfivegige|fortygigabitethernet|fo|hundredgige|hu|fastethernet|fa|ethernet|et|po|port-?channel|loopback|tunnel|management|mgmt|ma|serial|se|"
    r"null|nve|bdi|bvi|irb|ge|xe|ae|vrf|as|nfs|nfsv|ipv|ip|icmpv|v|rfc|frame|line|row|node|sample|packet|cpu|opid|hop|r|b|s|i|n|e|l|o)"
    r"(?:0|[1-9][0-9]*)(?:[a-z][0-9]+)*(?:[/.:][0-9]+)*",  # vmk01 is somebody's name
)
_SHORT_HOST = re.compile(r"[a-z][0-9]+(?:\.[a-z0-9-]+)*(?:\.[a-z]{2,})?")  # of one letter: r2, r2.example.net
_LABEL_ENDS = re.compile("[@._-]")  # root@r2, r2-eth0
_MNEMONIC = re.compile(r"%?[A-Z0-9_]+-(?:[A-Z0-9_]+-)?[0-7]-[A-Z0-9_]+")  # of a message of IOS, NX-OS, EOS
_TAG = re.compile(r"(?:bgp|ospf|ospfv3|eigrp|isis|rip|ripng|static|direct|local|hsrp|vrrp|vpc)-[0-9]+")  # of a route, NX-OS
_MOST_LETTERS = 255  # as many as LetterPermutation takes together
_SYSTEM = frozenset(("bin", "boot", "dev", "etc", "lib", "lib64", "opt", "proc", "run", "sbin", "scratch", "sys", "tmp", "usr", "var", "vmfs"))


class TextMap:
    """`line` maps one line of running text, `name` all of a name or path. With `back` maps of addresses and letters, the way back.

    `names` are the hosts that were learnt: such a word is one of them even where it might be an interface (r2, node12).
    """

    def __init__(self, addresses: AddressMap, letters: LetterPermutation, words: Vocabulary, *, back: bool = False) -> None:
        self._letters, self._words, self._back = letters, words, back
        self.addresses = SpeltAddresses(addresses, letters, self._between, back=back)
        self.names: set[str] = set()
        self._lines: dict[str, str] = {}

    def learn_host(self, host: str) -> None:
        """Take note of a host that somebody named, user and port and all; words of the vocabulary stay ordinary ones."""
        for part in re.split(r"[@:,;\s]", host.lower()):
            self.names |= {label for label in (part, *part.split(".")) if _SHORT_HOST.fullmatch(label) or self._like_an_interface(label)}

    def keep_interfaces(self, names: Iterable[str]) -> None:
        """Take note that these are interfaces, whoever else may be called so."""
        self.names -= {name.lower() for name in names}

    def _like_an_interface(self, name: str) -> bool:
        return _INTERFACE.fullmatch(name) is not None and name not in self._words.compounds

    # --- the map ---

    def lines(self, text: str) -> str:
        return "\n".join(map(self.line, text.split("\n")))

    def line(self, line: str) -> str:
        found = self._lines.get(line)
        if found is None:
            found = self._line(line)
            if len(line) < 1000 and len(self._lines) < 1 << 16:
                self._lines[line] = found
        return found

    def _line(self, line: str) -> str:
        out, at, debt = list[str](), 0, 0
        for match in ADDRESS.finditer(line):
            self.addresses.check()
            words, debt = _settled(self._between(line[at : match.start()]), debt)
            mapped = self.addresses.mapped(match, line)
            debt += len(mapped) - len(match.group())
            out += [words, mapped]
            at = match.end()
        words, _ = _settled(self._between(line[at:]), debt)
        return "".join([*out, words])

    def addresses_only(self, text: str) -> str:
        """`text` with its addresses mapped and all words as they are."""

        def mapped(match: re.Match[str]) -> str:
            return self.addresses.mapped(match, match.string) if packed(match) else match.group()

        return "\n".join(ADDRESS.sub(mapped, line) for line in text.split("\n"))

    def name(self, name: str) -> str:
        """A name or a path: all its words, ordinary ones included."""
        out, at = list[str](), 0
        for match in ADDRESS.finditer(name):
            out += [self._path_or_name(name[at : match.start()]), self.addresses.mapped(match, name)]
            at = match.end()
        return "".join([*out, self._path_or_name(name[at:])])

    def whole(self, value: str) -> str:
        """A value: one word is mapped as a name, unless it is one of tshoot's own; several are text."""
        if " " in value or "\n" in value:
            return self.lines(value)
        lower = value.lower()
        ours = lower in self._words.words or (_INTERFACE.fullmatch(lower) and lower not in self.names)
        return value if ours else self.line(value)

    def _path_or_name(self, text: str) -> str:
        return self.addresses.known_mapped(text, lambda part: self._path(part) if part.startswith(("/", "\\")) else self._forced(part))

    # --- words ---

    def _between(self, text: str) -> str:
        return self.addresses.known_mapped(text, self._chunks)

    def _chunks(self, text: str) -> str:
        return _CHUNK.sub(lambda match: self._chunk(match.group()), text)

    def _chunk(self, chunk: str) -> str:
        self.addresses.check()
        core = chunk.rstrip(".-~%+$@/\\") or chunk
        rest, lower = chunk[len(core) :], core.lower()
        if not self.names.isdisjoint((lower, *_LABEL_ENDS.split(lower))) or ("." in lower and _SHORT_HOST.fullmatch(lower) and lower[-1].isalpha()):
            return self._forced(core) + rest
        if not _RUN.search(chunk) and "/" not in core and "\\" not in core:
            return chunk
        if _INTERFACE.fullmatch(lower) or lower in self._words.compounds:
            return chunk
        if "/" in core or "\\" in core:
            return self._path(core) + rest
        if _MNEMONIC.fullmatch(core) or _TAG.fullmatch(lower):
            return re.sub("[A-Za-z]+", lambda match: self._word(match.group()), core) + rest
        name, at, parent = core.partition("@")
        if at and (parent == "NONE" or (_INTERFACE.fullmatch(parent.lower()) and parent.lower() not in self.names)):  # eth0@if7
            return f"{self._chunk(name)}@{parent}{rest}"
        if core.isascii() and core.isalpha():
            return self._word(core) + rest
        amount = re.fullmatch(r"([0-9][0-9.]*%?)([A-Za-z]+)", core)
        if amount:
            return amount[1] + self._word(amount[2]) + rest
        return _RUN.sub(lambda match: self._forced_run(match.group()), core) + rest

    def _word(self, word: str) -> str:
        return word if len(word) < 2 or word.lower() in self._words.words else self._forced_run(word)

    def _taken(self, word: str) -> bool:
        return word in self._words.words

    def _path(self, path: str) -> str:
        parts = re.split(r"([/\\]+)", path)
        names = [part for part in parts[::2] if part]
        if not path.startswith(("/", "\\")):
            return "".join(part if index % 2 else self._chunk(part) for index, part in enumerate(parts))
        system = bool(names) and names[0].lower() in _SYSTEM
        out, own = list[str](), not system
        for index, part in enumerate(parts):
            plain = index % 2 == 1 or not part
            out.append(part if plain else self._forced(part) if own else self._chunk(part))
            own = own or part == "volumes"
        return "".join(out)

    def _forced(self, text: str) -> str:
        return _LETTERS.sub(lambda match: self._forced_run(match.group()), text)

    def _forced_run(self, run: str) -> str:
        if not run.isascii():
            return "".join("x" if letter.isalnum() else letter for letter in run)
        if len(run) > _MOST_LETTERS:
            self.addresses.check()
            return "".join(self._forced_run(run[at : at + _MOST_LETTERS]) for at in range(0, len(run), _MOST_LETTERS))
        if len(run) == 1:  # every letter is a word somewhere
            return self._letters.forced(run)
        if self._back or self._taken(run.lower()):
            return self._letters.ordinary(run, self._taken)
        return self._letters.word(run, self._taken)


def _settled(text: str, debt: int) -> tuple[str, int]:
    """`text` with blanks taken away or added where there are several, for the `debt` characters that a line became longer."""
    if not debt:
        return text, 0

    def mend(match: re.Match[str]) -> str:
        nonlocal debt
        size = max(1, len(match.group()) - debt)
        debt -= len(match.group()) - size
        return " " * size

    return re.sub(" {2,}", mend, text), debt
