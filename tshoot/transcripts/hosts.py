"""Which platform a host is, told with its reason: by its prompt, by what was typed there, by words that only one maker prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tshoot.transcripts.pieces import Piece

BY_KIND = {"cli": "cisco_ios", "esxi": "vmware_esxi", "shell": "linux", "bird": "bird", "": ""}
_TYPED = (
    ("vmware_esxi", re.compile(r"\b(?:esxcli|esxcfg-\w+|vmkping|vim-cmd|pktcap-uw|tcpdump-uw)\b")),
    ("bird", re.compile(r"\bbirdc6?\b")),
    ("frr", re.compile(r"\bvtysh\b")),
)
_SAID = (
    ("cisco_nxos", re.compile(r"NX-OS|Cisco Nexus|\*(?:via|ucast)|IPv6 (?:Routing|Adjacency) Table for |IP Route Table for VRF|\bubest/mbest\b")),
    ("arista_eos", re.compile(r"Arista|^VRF: \S+$|Displaying \d+ of \d+ IPv6 routing entries|^ Paths: \d+ available", re.MULTILINE)),
    (
        "frr_vtysh",
        re.compile(
            r"FRRouting|Quagga|Codes: K - kernel route|Last update \S+ ago$|^Paths: \(\d+ available.{0,60}vrf default\)",
            re.MULTILINE,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class HostGuess:
    """What a host is taken for, and why."""

    platform: str
    why: str


def guessed_hosts(pieces: Iterable[Piece]) -> dict[str, HostGuess]:
    """Host -> guess, for each host that a prompt names, and for what stands without one."""
    grouped: dict[str, list[Piece]] = {}
    for piece in pieces:
        grouped.setdefault(piece.host, []).append(piece)
    return {host: _guess(host, group) for host, group in grouped.items()}


def _guess(host: str, pieces: Sequence[Piece]) -> HostGuess:
    kinds = [piece.kind for piece in pieces if piece.kind]
    kind = max(dict.fromkeys(kinds), key=kinds.count, default="")
    platform, why = BY_KIND[kind], f"its prompt is that of {'a router' if kind == 'cli' else 'a shell'}"
    typed = "\n".join(piece.command for piece in pieces)
    for name, pattern in _TYPED if kind in {"shell", "esxi", ""} else ():
        if found := pattern.search(typed):
            return HostGuess(name, f"`{found[0]}` was typed there")
    if kind == "cli":
        for name, pattern in _SAID:
            for piece in pieces:
                if found := pattern.search(piece.text[:20_000]):
                    return HostGuess(name, f"it printed `{found[0].strip()[:60]}`")
    return HostGuess(platform, why)
