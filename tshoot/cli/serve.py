"""`tshoot serve`: the full-screen interface in a browser of this machine, behind a token."""

from __future__ import annotations

import os
from argparse import Namespace

from tshoot.cli import diagnostics
from tshoot.cli.output import say
from tshoot.errors import UsageError


def run(arguments: Namespace) -> int:
    if not 0 <= arguments.port <= 65535:
        raise UsageError(f"{arguments.port} is no port", "0 to 65535; 0 takes one that is free")
    from tshoot.inventory.sources import VARIABLE, absolute
    from tshoot.tui.serving import serve

    if arguments.inventory:  # for the processes of the pages
        os.environ[VARIABLE] = os.pathsep.join(absolute(file) for file in arguments.inventory)

    def tell(url: str) -> None:
        say(url)
        diagnostics.note("whoever has this URL can do what you can; it is for a browser of this machine. Ctrl-C ends it, and every page with it")

    serve(arguments.port, tell)
    return 0
