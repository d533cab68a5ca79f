"""Something that comes and goes: `commands` in turn for ever, one each `every` seconds by the clock, the first once the world is up."""

from __future__ import annotations

import threading
import time
from typing import Any

from tests.lab.host import Host


def start(host: Host, options: dict[str, Any]) -> None:
    commands, every = list(options["commands"]), float(options["every"])

    def go_on() -> None:
        begin, turn = time.monotonic(), 0
        while True:
            time.sleep(max(0.0, begin + turn * every - time.monotonic()))
            done = host.attempt("sh", "-c", commands[turn % len(commands)])
            with (host.folder / "alternate.log").open("a") as log:
                log.write(f"{turn * every:g} s: {commands[turn % len(commands)]}\n{done.stdout}{done.stderr}")
            turn += 1

    threading.Thread(target=go_on, daemon=True).start()
