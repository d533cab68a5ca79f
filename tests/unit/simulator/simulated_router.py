"""A router made for the tests: what its command line answers."""

from __future__ import annotations

from pathlib import Path

from tshoot.simulator.device import Cli, CommandEntry, Device
from tshoot.simulator.scenario import Expected, Scenario

ROUTE = b'Routing entry for 2001:DB9:121:1::/64\n  Known via "bgp 65012", distance 200\n  Last updated \xe2\x80\xb9age\xe2\x80\xba ago\n'
IGP = b'Routing entry for 2001:DB9:121:1::/64\n  Known via "eigrp 1", distance 250\n  Last updated \xe2\x80\xb9age\xe2\x80\xba ago\n'
LONG = b"".join(b"line %d\n" % number for number in range(60))


def entry(text: str, *turns: tuple[bytes, float | None], **more: object) -> CommandEntry:
    given = {"is_pattern": False, "stderr": b"", "exit_status": 0, "seconds": 0.0, "fails": None, **more}
    return CommandEntry(text=text, turns=turns, **given)  # type: ignore[arg-type]


COMMANDS = (
    entry("show ipv6 route 2001:DB9:121:1::/64", (ROUTE, 3600.0), (IGP, 3600.0)),
    entry("show long", (LONG, None)),
    entry("show raw", (b"crlf\r\nescape \x1b[2J bell \x07 no end", None)),
    entry("show nothing", (b"", None)),
    entry(r"show ip route 192\.0\.2\.\d+", (b"found\n", None), is_pattern=True),
    entry("show running-config | section router bgp", (b"router bgp 65012\n", None)),
    entry("show slow", (b"one\ntwo\n", None), seconds=600.0),
    entry("show hang", (b"half\n", None), fails="timeout"),
    entry("show cut", (b"half\n", None), fails="closed"),
)


def router(platform: str = "cisco_ios", cli: Cli | None = None, **more: object) -> Scenario:
    device = Device(platform, "R2", COMMANDS, cli=cli or Cli(), sftp=False, **more)  # type: ignore[arg-type]
    return Scenario(Path("route/case"), "route", "a test", "one.", {}, {"host": device}, (), Expected("healthy"))
