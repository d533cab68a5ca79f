"""The portmapper: Debian's rpcbind on port 111."""

from __future__ import annotations

from typing import Any

from tests.lab.host import Host


def start(host: Host, options: dict[str, Any]) -> None:
    host.start("rpcbind", "rpcbind", "-f", "-i")
    host.ready("rpcbind", lambda: host.listens(111))
