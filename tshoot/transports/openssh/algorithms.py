"""Algorithms that OpenSSH no longer offers by itself: which of them a server's offer makes necessary, and which of those agreed on are weak.

Only what the server has nothing better for is added, one of each sort, the least bad that this `ssh` still has
(`ssh -Q`). Sources: ssh_config(5), the release notes of OpenSSH 7.0, 7.2, 8.8; RFC 8270, RFC 9142.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NO_MATCH = re.compile(r"no matching (key exchange method|host key type|cipher|MAC) found\. Their offer: (\S+)")
_WEAK = re.compile(r"-sha1$|^ssh-(?:rsa|dss)(?:$|-cert)|-cbc(?:$|@)|^arcfour|^(?:3des|blowfish|cast128|des)\b|^hmac-(?:sha1|md5|ripemd)|-96|^umac-64")
_LEAST_BAD = (
    "diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1", "ssh-rsa", "ssh-dss",
    "aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc", "hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sort:
    """One thing to agree on: its name in our words, the option that holds its list, what `ssh -Q` is asked for."""

    name: str
    option: str
    query: str


SORTS = {
    "key exchange method": Sort("kex", "KexAlgorithms", "kex"),
    "host key type": Sort("host key", "HostKeyAlgorithms", "HostKeyAlgorithms"),
    "cipher": Sort("cipher", "Ciphers", "cipher"),
    "MAC": Sort("MAC", "MACs", "mac"),
}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What `ssh` said it could not agree on, with the server's offer."""

    sort: Sort
    offer: tuple[str, ...]

    @property
    def words(self) -> str:
        return f"no common {self.sort.name}: it offers only {', '.join(self.offer)[:300]}"


def mismatch(line: str) -> Mismatch | None:
    found = _NO_MATCH.search(line)
    return Mismatch(SORTS[found[1]], tuple(found[2].split(","))) if found else None


def needed(found: Mismatch, supported: frozenset[str]) -> str | None:
    """The one algorithm of the offer to add; None where this `ssh` has none of them."""
    usable = [name for name in found.offer if name in supported]
    return min(usable, key=lambda name: _LEAST_BAD.index(name) if name in _LEAST_BAD else -1, default=None)


def weak(agreed: dict[str, str]) -> tuple[str, ...]:
    """Those agreed on that are weak, as `kex diffie-hellman-group14-sha1`."""
    return tuple(f"{sort} {name}" for sort, name in agreed.items() if _WEAK.search(name))
