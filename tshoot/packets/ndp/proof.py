"""The titles of neighbour discovery's findings, which are those of their causes."""

from __future__ import annotations

from collections.abc import Mapping

TITLES: Mapping[str, str] = {
    "ndp.source-mac-rewritten": "The source MAC address is rewritten on the way, but not in neighbour discovery",
    "ndp.unanswered-solicitation": "Neighbour solicitations for an address are not answered",
    "ndp.duplicate-address": "Two devices claim one IPv6 address",
    "ndp.no-router": "Router solicitations are not answered",
}
