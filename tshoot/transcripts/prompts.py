"""A line that begins with a prompt: who was asked, by which kind of command line, and what was typed.

    R2#show ipv6 route · R2(config-router)# · switch-1> · bird> show route · [root@esx01:~] esxcli …
    root@lab:/tmp# ip neigh · [root@lab ~]# date · ~ # vmkping … (ESXi 5) · $ ssh r2 'show ipv6 route'

A router's prompt is hard to tell from output (`a>b`): it counts only where what was typed begins as a command of a
router does, where the same prompt stands elsewhere in the file with such a command, or where it stands alone on several
lines. Time stamps in front are taken off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tshoot.transcripts.times import stamped

Kind = Literal["cli", "shell", "esxi", "bird"]

_CLI = re.compile(r"(?P<host>[A-Za-z0-9](?:[\w.:/@-]{0,61}[A-Za-z0-9])?)(?P<mode>\([\w ./:-]{1,60}\))?(?P<mark>[#>]) ?(?P<typed>.{0,600})")
_SHELLS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("esxi", re.compile(r"\[(?P<user>[\w.\\-]{1,32})@(?P<host>[\w.-]{1,64}):(?P<at>[^\]]{1,200})\] ?(?P<typed>.{0,2000})")),
    ("shell", re.compile(r"\[(?P<user>[\w.-]{1,32})@(?P<host>[\w.-]{1,64}) (?P<at>[^\]]{1,200})\][#$] ?(?P<typed>.{0,2000})")),
    (
        "shell",
        re.compile(r"(?:\([\w.-]{1,64}\) ?)?(?P<user>[\w.-]{1,32})@(?P<host>[\w.-]{1,64}):(?P<at>[^#$\n]{1,200})[#$%](?: (?P<typed>.{0,2000}))?$"),
    ),
    ("esxi", re.compile(r"(?P<host>)(?P<at>[~/][\w./-]{0,200}) # ?(?P<typed>.{0,2000})")),
    ("shell", re.compile(r"(?P<host>)\$ (?P<typed>.{1,2000})")),
    (
        "shell",
        re.compile(
            r"(?P<host>)# (?P<typed>(?:ip|ping6?|vmkping|tcpdump|nc|esxcli|esxcfg-\w{1,20}|arp|birdc|vtysh|ssh|cat|grep|tail|date)\b.{0,2000})"
        ),
    ),
)
_BIRD = re.compile(r"(?P<host>)bird> ?(?P<typed>.{0,600})")
# the words that a router's command begins with, written out; typed ones may be cut short
_FIRST_WORDS = re.findall(
    r"\S+",
    "show do debug undebug no configure terminal clear ping traceroute trace exit end enable disable copy write ip ipv6 router "
    "interface address-family neighbor redistribute network route-map match set prefix-list bash vtysh date logging more dir test "
    "monitor reload quit logout log telnet ssh who where distance bgp exit-address-family description shutdown watch tcpdump ",
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """`host` is empty where the prompt names none; `time` is that of a stamp in front (seconds, see times.py), None without one."""

    host: str
    kind: Kind
    mode: str
    command: str
    time: float | None = None
    width: int = 0  # of the line as it stands


def router_prompts(lines: Iterable[str]) -> frozenset[str]:
    """The hosts whose router's prompt stands before a command somewhere in `lines`, or alone on two lines."""
    found: dict[str, int] = {}
    for line in lines:
        if "#" not in line and ">" not in line:
            continue
        if match := _CLI.match(stamped(line)[1]):
            weight = 2 if _is_command(match["typed"]) else 0 if match["typed"].strip() else 1
            found[match["host"]] = found.get(match["host"], 0) + weight
    return frozenset(host for host, weight in found.items() if weight > 1 and host != "bird")


def prompt_of(line: str, routers: frozenset[str]) -> Prompt | None:
    """The prompt that `line` begins with; `routers` as `router_prompts` found them in the file."""
    if not line or not ("#" in line or ">" in line or "$" in line or "%" in line or line.startswith(("[", "(")) or "]" in line):
        return None
    time, rest = stamped(line)
    if match := _BIRD.match(rest):
        return Prompt("", "bird", "", match["typed"].strip(), time, len(line))
    match = _CLI.match(rest)
    if match and match["host"] in routers:
        return Prompt(match["host"], "cli", (match["mode"] or "").strip("()"), match["typed"].strip(), time, len(line))
    for kind, pattern in _SHELLS:
        if match := pattern.match(rest):
            return Prompt(match["host"], kind, "", (match["typed"] or "").strip(), time, len(line))
    return None


def _is_command(typed: str) -> bool:
    words = typed.lower().split(None, 1)
    if not words:
        return False
    first = words[0]
    if first in {"!", "?"} or first.startswith("$"):  # a comment; a long line that IOS has scrolled
        return True
    return first.isascii() and any(full.startswith(first) for full in _FIRST_WORDS) and (len(first) > 1 or len(words) > 1)
