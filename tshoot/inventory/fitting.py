"""Whether what a target is known to be fits a role of a playbook, and which of the role's platforms it then plays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tshoot.inventory.inventory import KnownTarget
from tshoot.platforms.loader import load_platform


def fitting(platforms: Iterable[str], allowed: Sequence[str]) -> str:
    """The first of what a device can be used as that a role allows; a router's daemon on Linux is a Linux, too. "" where none fits."""
    known = [name for platform in platforms for name in (platform, load_platform(platform).base) if name]
    return next((name for name in dict.fromkeys(known) if name in allowed), "")


def unfit(target: KnownTarget, role: str, allowed: Sequence[str]) -> str:
    """Why the target cannot play the role, as far as is known; "" where it can, or where nothing is known of it."""
    if target.platforms and not fitting(target.platforms, allowed):
        what = load_platform(target.platforms[0]).title
        ask = f"; `tshoot targets detect {target.name}` asks it anew" if target.seen else ""
        return f"{target.name} is {what} ({target.platform_from}), and `{role}` can be {', '.join(allowed)}; --platform {role}=… overrules that{ask}"
    if target.told and not target.platforms:
        return (
            f"{target.name} is none of tshoot's platforms ({target.platform_from}), and `{role}` can be {', '.join(allowed)};"
            f" --platform {role}=… overrules that"
        )
    return ""
