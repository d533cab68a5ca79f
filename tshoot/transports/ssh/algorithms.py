"""Lists of algorithms: what an ssh_config makes of a default, and what both sides offer (no paramiko here)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tshoot.transports.config.host_settings import needs_openssh
from tshoot.transports.config.patterns import fits_list


@dataclass(frozen=True, slots=True)
class Offer:
    """What one side lists in its KEXINIT (RFC 4253 section 7.1); ciphers and MACs of the direction to the client."""

    kex: tuple[str, ...]
    host_keys: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]


def assemble(written: str, default: Sequence[str]) -> tuple[str, ...]:
    """The list that `written` makes of `default`: `+a,b` adds, `-a*` takes away, `^a` puts in front, else it replaces (ssh_config(5), Ciphers)."""
    if not written:
        return tuple(default)
    names = tuple(name for name in written[written[0] in "+-^" :].split(",") if name)
    match written[0]:
        case "+":
            return tuple(dict.fromkeys((*default, *names)))
        case "-":
            return tuple(name for name in default if not fits_list(name, names))
        case "^":
            return tuple(dict.fromkeys((*names, *default)))
    return tuple(dict.fromkeys(names))


def allowed(written: str, known: Sequence[str], option: str, host: str) -> tuple[str, ...]:
    """What of the `known` algorithms of the library `written` allows; NeedsOpenSsh where it is none."""
    left = tuple(name for name in assemble(written, known) if name in known)
    if not left:
        raise needs_openssh(host, f"the ssh_config allows only algorithms that the SSH library here lacks ({option} {written[:100]})")
    return left
