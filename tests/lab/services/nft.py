"""nftables rules of any family in this host. Options: `rules`, as `nft -f` reads them. (A case's `firewall` is the short form for input filters.)"""

from __future__ import annotations

from typing import Any

from tests.lab.host import Host


def start(host: Host, options: dict[str, Any]) -> None:
    host.run("nft", "-f", "-", text=str(options["rules"]))
