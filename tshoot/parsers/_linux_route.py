"""One route as iproute2 writes it: `[TYPE] PREFIX [from …] [via GATEWAY] [dev INTERFACE] [proto NAME] [metric N] …`."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from tshoot.parsers._values import canonical_address, protocol_named

TYPES = ("unicast", "local", "broadcast", "multicast", "anycast", "unreachable", "blackhole", "prohibit", "throw")
DROPS = ("unreachable", "blackhole", "prohibit", "throw")

_TARGET = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?|default")
_VALUES = ("via", "dev", "proto", "metric", "src", "from", "table", "scope", "nhid", "pref", "expires", "weight", "uid", "mtu", "iif", "oif")
_MOST_WORDS = 60


class LinuxRoute(NamedTuple):
    """`kind` is its type, `target` the prefix or address as written, the rest empty where it is not printed."""

    kind: str
    target: str
    gateway: str
    interface: str
    proto: str
    metric: int | None

    def protocol(self) -> str | None:
        """As in `_shapes.PROTOCOLS`, by the name in /etc/iproute2/rt_protos; None where none is printed."""
        if self.kind == "local":
            return "local"
        if self.proto == "kernel":
            return "kernel" if self.gateway or self.kind in DROPS else "connected"
        if self.proto in ("boot", "static"):
            return "static"
        return "nd" if self.proto == "ra" else protocol_named(self.proto)[0] if self.proto else None


def read_route(text: str) -> LinuxRoute | None:
    """The route that the line is; None where it is none."""
    words = text.split()[:_MOST_WORDS]
    kind = words.pop(0) if words and words[0] in TYPES else "unicast"
    if not words or not _TARGET.fullmatch(words[0]):
        return None
    rest = words[1:]
    if kind == "unicast" and not {"dev", "via", "metric", "proto", "nhid", "scope"} & set(rest[0:1]) and rest and rest[0] != "from":
        return None
    values = {name: value for name, value in pairwise(rest) if name in _VALUES}
    via = [canonical_address(word) for before, word in pairwise(rest) if before in ("via", "inet6") and word != "inet6"]
    if None in via:
        return None
    metric = values.get("metric", "")
    return LinuxRoute(
        kind,
        words[0],
        next((address for address in via if address), ""),
        values.get("dev", "")[:32],
        values.get("proto", "")[:32],
        int(metric) if re.fullmatch("[0-9]{1,10}", metric) else None,
    )
