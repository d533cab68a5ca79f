"""Pieces that are more or less than one answer: a command that the terminal wrapped, several answers without prompts between."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from tshoot.transcripts.commands import known_command
from tshoot.transcripts.hosts import BY_KIND
from tshoot.transcripts.pieces import Piece


def join_wrapped(pieces: list[Piece]) -> None:
    """A command that reaches the terminal's edge goes on in the next line, if only then it is one that is known."""
    for piece in pieces:
        if not piece.lines or not piece.command:
            continue
        platforms = (BY_KIND[piece.kind], "cisco_nxos", "arista_eos", "frr_vtysh", "frr", "bird", "vmware_esxi")
        following = piece.lines[0].text
        if piece.command.endswith("\\") and piece.kind in {"shell", "esxi"}:
            piece.command = f"{piece.command[:-1].rstrip()} {following.removeprefix('>').strip()}"
        elif piece.width >= 60 and following and not any(known_command(name, piece.command) for name in platforms):
            joined = [f"{piece.command}{between}{following.strip()}" for between in ("", " ")]
            whole = next((one for one in joined if any(known_command(name, one) for name in platforms)), None)
            if whole is None:
                continue
            piece.command = whole
        else:
            continue
        piece.lines = piece.lines[1:]


_ENTRY = re.compile(r"\s{0,4}(?:Routing entry for |BGP routing table entry for |BGP router identifier |PING |IPv6 Routing Table )")


def parts(piece: Piece) -> Iterable[Piece]:
    """Text without a prompt, and an answer of a loop, may hold several answers: each begins where its head stands again."""
    if piece.command and not piece.repeated and not re.search(r"\b(?:while|for|watch)\b", piece.command):
        return [piece]
    starts = [at for at, line in enumerate(piece.lines) if _ENTRY.match(line.text)]
    if len(starts) < 2 or re.search(r"Last update \S+ ago$", piece.text, re.MULTILINE):
        return [piece]
    starts[0] = 0
    ends = [*starts[1:], len(piece.lines)]
    first = [piece.at] + [None] * (len(starts) - 1)
    return [replace(piece, lines=piece.lines[start:end], at=at) for start, end, at in zip(starts, ends, first, strict=True)]
