"""Room on the target for a capture, judged before it starts: ESXi's /tmp is a small RAM disk that logs need too."""

from __future__ import annotations

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.facts import CommandText
from tshoot.model.text import decode
from tshoot.parsers import parse
from tshoot.platforms.loader import CaptureRecipe
from tshoot.transports.base import Transport

_TIMEOUT = 20.0


def directory_with_room(transport: Transport, recipe: CaptureRecipe, directory: str | None, megabytes: float, cancel: CancelToken) -> str:
    """`directory`, or the recipe's first one that keeps enough free beside `megabytes`; TargetError "no-space" tells what there is and is needed."""
    ran = transport.run(recipe.free_space, timeout=_TIMEOUT, cancel=cancel)
    text = CommandText(recipe.free_space, decode(ran.stdout), decode(ran.stderr), ran.exit_status)
    mounts = parse(recipe.free_space_parser, text).facts.get("mounts") or {}
    if not mounts:
        message = f"{transport.host}: `{recipe.free_space}` did not say how much room there is"
        raise TargetError("unreadable", message, "run it by hand there; no capture starts without knowing")
    need = megabytes + recipe.keep_free_megabytes
    seen = []
    for place in (directory,) if directory else recipe.directories:
        mount = max((path for path in mounts if _holds(path, place)), key=len, default=None)
        available = mounts[mount]["available_mb"] if mount is not None else 0.0
        if available >= need:
            return place.rstrip("/") or "/"
        seen.append(f"{place} has {available:.0f} MB")
    parts = f"{megabytes:.0f} MB and {recipe.keep_free_megabytes:.0f} MB kept free"
    message = f"{transport.host}: no room for a capture: {', '.join(seen)}; needed are {need:.0f} MB ({parts})"
    raise TargetError("no-space", message, "free some space there, name another directory, or bound the capture to fewer megabytes")


def _holds(mount: str, place: str) -> bool:
    return mount in ("/", place) or place.startswith(f"{mount.rstrip('/')}/")
