"""Connections to a server that never log in, as a scan or a hung client leaves them. Options: `to` (address), `seconds` (default: for ever), `count` (1)."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

from tests.lab.host import Host

PORT = 22


def start(host: Host, options: dict[str, Any]) -> None:
    """From this process's own network, which is the operator's; each has the server's greeting before this returns, so it counts there."""
    held = []
    for _ in range(int(options.get("count", 1))):
        held.append(socket.create_connection((options["to"], PORT), 5))
        held[-1].recv(100)
    threading.Thread(target=_let_go, args=(held, float(options.get("seconds", 3600))), daemon=True).start()


def _let_go(held: list[socket.socket], seconds: float) -> None:
    time.sleep(seconds)
    for one in held:
        one.close()
