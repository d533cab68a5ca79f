"""`vmkping -I vmk0 -d -s 1472 -c 3 HOST`, and the ping of Linux (iputils), which prints much the same.

    PING 172.16.10.102 (172.16.10.102): 8972 data bytes
    8980 bytes from 172.16.10.102: icmp_seq=0 ttl=64 time=0.254 ms

    --- 172.16.10.102 ping statistics ---
    3 packets transmitted, 3 packets received, 0% packet loss
    round-trip min/avg/max = 0.198/0.221/0.254 ms

Too large for the interface itself: `sendto() failed (Message too long)`, once a packet. Too large further on: silence, or
`36 bytes from 10.0.0.1: frag needed and DF set (MTU 1400)`; Linux says `From 10.0.0.1 icmp_seq=1 …` and then repeats the
learned path MTU as `local error: message too long`, which is therefore no proof of the interface's MTU.
Without a line that ping is known to print there are no facts; without statistics no counts.
"""

from __future__ import annotations

import re
from typing import Any

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._reading import Line, Reading
from tshoot.parsers._values import address

FACTS = {
    "sent": "int: packets transmitted",
    "received": "int: answers received",
    "loss": "int or float: percent of the packets without answer",
    "too_long": "bool: larger than the MTU of the sending interface itself",
    "unknown_host": "bool: the name could not be resolved",
    "no_interface": "bool: there is no such interface (in this TCP/IP stack)",
    "send_error": "str or None: why the host could not send, such as Network is unreachable or Host is down",
    "refused_by": "list of str: addresses that answered unreachable, filtered, or fragmentation needed",
    "refused_by.*": "str: one such address",
    "rtt_avg_ms": "float or None: average round trip in milliseconds; None without answers",
    "reply_bytes": "int or None: size of an answer in bytes (the size asked for and 8); None without answers",
}

_STATISTICS = re.compile(
    r"([0-9]{1,9}) packets transmitted, ([0-9]{1,9}) (?:packets )?received, (?:\+[0-9]{1,9} [a-z]{1,12}, ){0,3}"
    r"([0-9]{1,3}(?:\.[0-9]{1,9})?)% packet loss"
)
_ROUND_TRIP = re.compile(r"(?:round-trip|rtt) min/avg/max(?:/[a-z-]{1,12})? = [0-9.]{1,20}/([0-9]{1,9}(?:\.[0-9]{1,9})?)/")
_ANSWER = re.compile(r"([0-9]{1,6}) bytes from \S{1,300}(?: \([^() ]{1,60}\))?[:,] ?icmp_seq[= ]?[0-9]")
_REFUSAL = re.compile(
    r"(?:[0-9]{1,6} bytes from|From) (?:\S{1,260} \()?([0-9A-Fa-f:.]{2,45}?(?:%[\w.-]{1,32}?)?)\)?:? .{0,60}"
    r"(?:unreachable|prohibited|filtered|frag(?:mentation)? needed|packet too big)",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(r"sendto\(\) failed \(message too long\)|(?:sendmsg|sendto|local error): message too long", re.IGNORECASE)
_PATH_MTU = re.compile(r"frag(?:mentation)? needed|packet too big", re.IGNORECASE)
_NO_SEND = re.compile(
    r"sendto\(\) failed \(([^()]{1,80})\)"
    r"|(?:connect|sendmsg|sendto): (network is unreachable|no route to host|host is down|operation not permitted)",
    re.IGNORECASE,
)
_UNKNOWN_HOST = re.compile(
    r"unknown host|name or service not known|name resolution|cannot resolve|bad address|no address associated|not known$", re.IGNORECASE
)
_NO_INTERFACE = re.compile(
    r"(?:unknown|invalid|no such) (?:interface|iface|vmk|vmknic|virtual network adapter)|no such device|invalid interface|SO_BINDTO\w+ \S{1,64}: ",
    re.IGNORECASE,
)
_FROM_SOMEONE = re.compile(r"(?:[0-9]{1,6} bytes from|From) \S")
_FRAME = re.compile(r"PING6?[ (].*bytes|--- \S{1,300} (?:ping6? )?statistics ---|Request timeout for icmp_seq|no answer yet for icmp_seq")


def parse(text: CommandText) -> Parsed:
    reading = Reading("vmkping", text)
    facts: dict[str, Any] = {"too_long": False, "unknown_host": False, "no_interface": False, "send_error": None, "refused_by": []}
    proof: dict[str, list[Line]] = {name: [] for name in facts}
    understood = [line for line in reading.lines if _message(reading, line, facts, proof) or _measure(reading, line)]
    if any(_PATH_MTU.search(line.text) for line in proof["refused_by"]):
        facts["too_long"] = False  # the local errors repeat what the path said
    elsewhere = ([line for line in understood if _STATISTICS.match(line.text)] or understood)[-1:]
    if understood:
        for name, value in facts.items():
            reading.put(name, value, *(proof[name] or elsewhere))
    if not reading.facts.get("refused_by") and any(_FROM_SOMEONE.match(line.text) for line in reading.unread()):
        reading.forget("refused_by")  # somebody answered, and it is not known what
    if "sent" in reading.facts:
        for name in ("rtt_avg_ms", "reply_bytes"):
            reading.facts.setdefault(name, None)
    return reading.parsed()


def _message(reading: Reading, line: Line, facts: dict[str, Any], proof: dict[str, list[Line]]) -> bool:
    """Read one of the lines that say what went wrong."""
    name = ""
    if _TOO_LONG.search(line.text):
        name, facts["too_long"] = "too_long", True
    elif found := _NO_SEND.search(line.text):
        name, facts["send_error"] = "send_error", facts["send_error"] or found[1] or found[2]
    elif (found := _REFUSAL.match(line.text)) and address(found[1]):
        name = "refused_by"
        if found[1] not in facts[name]:
            reading.note([name, len(facts[name])], line)
            facts[name].append(found[1])
    elif _NO_INTERFACE.search(line.text):
        name, facts["no_interface"] = "no_interface", True
    elif _UNKNOWN_HOST.search(line.text):
        name, facts["unknown_host"] = "unknown_host", True
    if name:
        proof[name].append(line)
    return bool(name)


def _measure(reading: Reading, line: Line) -> bool:
    """Read a header, an answer, or one of the two lines of statistics."""
    if found := _STATISTICS.match(line.text):
        loss = float(found[3])
        reading.put("sent", int(found[1]), line)
        reading.put("received", int(found[2]), line)
        reading.put("loss", int(loss) if loss.is_integer() else loss, line)
    elif found := _ROUND_TRIP.match(line.text):
        reading.put("rtt_avg_ms", float(found[1]), line)
    elif found := _ANSWER.match(line.text):
        if "reply_bytes" in reading.facts:
            reading.skip(line)
        else:
            reading.put("reply_bytes", int(found[1]), line)
    elif _FRAME.match(line.text):
        reading.skip(line)
    else:
        return False
    return True
