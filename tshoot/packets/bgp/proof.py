"""The titles of BGP's findings, which are those of their causes."""

from __future__ import annotations

from collections.abc import Mapping

TITLES: Mapping[str, str] = {
    "bgp.next-hop-in-own-prefix": "A BGP route leads to its next hop through itself",
    "bgp.periodic-flap": "A BGP prefix comes and goes with a steady period",
    "bgp.session-reset": "A BGP session was reset",
    "bgp.open-rejected": "A BGP peer rejects the session",
}
