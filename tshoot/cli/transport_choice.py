"""`--transport [ROLE=]NAME`: by what the targets of a run are connected to, said once for all or for one role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tshoot.errors import UsageError

if TYPE_CHECKING:
    from tshoot.transports.settings import SshSettings

NAMES = ("auto", "paramiko", "openssh")


def ssh_by(words: Iterable[str], hosts: Mapping[str, Iterable[str]]) -> SshSettings | None:
    """The settings that `words` make; None where nothing was said. `hosts`: role -> what was typed. MissingProgram without the `ssh` asked for."""
    chosen: dict[str, str] = {}
    said: dict[str, str] = {}
    for word in words:
        role, equals, name = word.rpartition("=")
        if name not in NAMES or bool(equals) != bool(role):
            raise UsageError(f"--transport {word}: expected [ROLE=]NAME, NAME one of {', '.join(NAMES)}", "for example --transport router=openssh")
        if role and role not in hosts:
            raise UsageError(f"--transport {word}: there is no target `{role}`", f"the targets are: {', '.join(hosts) or 'none'}")
        if said.setdefault(role, name) != name:
            about = f" for {role}" if role else ""
            raise UsageError(f"--transport {word}: {said[role]} was said{about} before", "say it once for all, or once for each role")
        chosen |= dict.fromkeys(hosts[role] if role else ("",), name)
    if not chosen:
        return None
    if "openssh" in chosen.values():
        from tshoot.transports.openssh.master import ssh_program

        ssh_program()  # before a run that could only fail
    from tshoot.transports.settings import SshSettings

    return SshSettings(transports=chosen)
