"""How a platform's command line speaks where no entry of the scenario answers: refusals and the set-up of a session.

Every line is what the vendor's own command line says, as far as clients look for it. A platform that is not
listed speaks as Cisco IOS.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """`refusal` takes the command, the column of its first word on the screen and the first character that is wrong."""

    refusal: Callable[[str, int, int], str]
    settings: tuple[tuple[str, str], ...] = ((r"terminal .+", ""),)

    def setting(self, command: str) -> str | None:
        """What a command that only sets up the session prints (often nothing); None: it is another command."""
        for expression, answer in self.settings:
            if found := re.fullmatch(expression, command):
                return found.expand(answer)
        return None


def _marker(said: str) -> Callable[[str, int, int], str]:
    return lambda command, column, wrong: f"{' ' * (column + wrong)}^\n{said}\n"


def _eos(command: str, column: int, wrong: int) -> str:
    words = command.split()
    at = min(len(command[:wrong].split()), len(words) - 1)
    return f"% Invalid input (at token {at}: '{words[at]}')\n"


_IOS = Dialect(_marker("% Invalid input detected at '^' marker.\n"))
_DIALECTS = {
    "cisco_nxos": Dialect(_marker("% Invalid command at '^' marker.")),
    "arista_eos": Dialect(
        _eos, ((r"terminal length 0", "Pagination disabled.\n"), (r"terminal width (\d+)", r"Width set to \1 columns.\n"), (r"terminal .+", ""))
    ),
    "frr_vtysh": Dialect(lambda command, column, wrong: f"% Unknown command: {command}\n", ((r"terminal (no )?(length|monitor|paginate).*", ""),)),
}


def dialect(platform: str) -> Dialect:
    return _DIALECTS.get(platform, _IOS)
