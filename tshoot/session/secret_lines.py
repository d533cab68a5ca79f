"""Lines without their secrets: each rule over each line that holds one of its words.

A very long line (a whole configuration as JSON) is gone through in windows, so that no rule's time grows faster than the line. A window reaches some
kB further than where a match may begin, and a match that comes near its end is looked at again with more: so it is what the uncut line gives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from tshoot.session.secret_rules import RULES

_WINDOW = 16_384  # bytes in which a match may begin
_FURTHER = 8_192  # bytes behind them that it may need
_Rule = tuple[Sequence[bytes], re.Pattern[bytes]]  # its words, and its expression


def masked_lines(piece: bytes, there: Sequence[bytes]) -> bytes:
    """Whole lines, in which all words of rules that they hold are `there`."""
    held = set(there)
    rules = [(tuple(held.intersection(words)), _expression(pattern)) for words, pattern in RULES if not held.isdisjoint(words)]
    return b"".join(_masked_line(line, there, rules) for line in piece.splitlines(keepends=True))


@cache
def _expression(pattern: bytes) -> re.Pattern[bytes]:
    """Compiled when the first piece holds one of its words: all together take longer than the whole of a short run's masking."""
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE)


def _masked_line(line: bytes, there: Sequence[bytes], rules: Sequence[_Rule]) -> bytes:
    small = line.lower()
    if not any(word in small for word in there):
        return line
    for words, rule in rules:
        if any(word in small for word in words):
            line = rule.sub(_starred, line) if len(line) <= _WINDOW else _masked_long(line, rule)
    return line


def _masked_long(line: bytes, rule: re.Pattern[bytes]) -> bytes:
    found = list(_matches(line, rule))
    if not found:
        return line
    masked = bytearray(line)
    for match in found:
        masked[match.start() : match.end()] = _starred(match)
    return bytes(masked)


def _matches(line: bytes, rule: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """What `finditer` gives, in time that grows with the line. What a rule looks back at, `^` and borders of words, is that of the whole line."""
    at = 0
    while at < len(line):
        end = min(len(line), at + _WINDOW + _FURTHER)
        match = rule.search(line, at, end)
        if match is None or (match.start() >= at + _WINDOW and end < len(line)):
            at += _WINDOW
            continue
        while match.end() + _FURTHER > end and end < len(line):
            end = min(len(line), 2 * end - match.start())
            match = rule.match(line, match.start(), end) or match
        yield match
        at = match.end()


def _starred(match: re.Match[bytes]) -> bytes:
    """The match with all its groups hidden."""
    whole, start = bytearray(match.group()), match.start()
    for number in range(1, (match.re.groups or 0) + 1):
        if match.group(number):
            begin, end = match.span(number)
            whole[begin - start : end - start] = _stars(match.group(number))
    return bytes(whole)


def _stars(secret: bytes) -> bytes:
    """As many asterisks; quotes around it and blanks behind it stay."""
    body = secret.rstrip()
    edge = 1 if body[:1] in (b'"', b"'") else 0
    close = 1 if edge and len(body) > 1 and body[-1:] == body[:1] else 0
    inner = len(body) - edge - close
    return body[:edge] + b"*" * inner + body[len(body) - close :] + secret[len(body) :]
