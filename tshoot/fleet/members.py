"""Which role of a run names several targets, and what each of its members is.

One role fans out, the others name one target each: two lists would need a rule that says who meets whom, and a wrong guess logs in to the wrong
device. All members are prepared, and all their problems told, before anything is connected to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tshoot.errors import UsageError
from tshoot.model.events import TargetSpec
from tshoot.model.text import clean_line
from tshoot.playbook.tree import Playbook
from tshoot.wiring import Prepared, names_several

MOST = 10_000  # members
_TOLD = 5  # problems

Prepare = Callable[[Mapping[str, str]], Prepared]


@dataclass(frozen=True)
class FanOut:
    """`role` is played by all of `hosts`, each once and in the order in which they were named; `typed` is how that was said."""

    role: str
    hosts: tuple[str, ...]
    typed: str


@dataclass(frozen=True)
class Fleet:
    """The runs of one playbook, one a member; the first named begins first."""

    playbook: Playbook
    role: str
    members: tuple[Prepared, ...]
    typed: str = ""

    @property
    def is_group(self) -> bool:
        """Whether they were named as one group: then they share what logs in."""
        return self.typed.startswith("@") and "," not in self.typed

    @property
    def shares(self) -> str:
        """The group whose targets share a password, "" where it is asked whether they do."""
        return self.typed if self.is_group else ""

    def target(self, member: Prepared) -> TargetSpec:
        """The device of a member that differs from the other members'."""
        return member.targets[self.role]


def fan_out(targets: Mapping[str, str], expand: Callable[[str], Sequence[str]]) -> FanOut | None:
    """The role that names several targets, None where none does. UsageError where two do, where a group is empty or a name is missing."""
    several = [role for role, typed in targets.items() if names_several(typed)]
    if not several:
        return None
    if len(several) > 1:
        message = f"{' and '.join(several)} name several targets each: only one role can fan out"
        raise UsageError(message, "name one target for all roles but one, and run it once for each of the others")
    role = several[0]
    typed = targets[role]
    hosts = tuple(dict.fromkeys(expand(typed)))
    if not hosts or not all(host.strip() for host in hosts) or not all(word.strip() for word in typed.split(",")):
        raise UsageError(f"--target {role}={clean_line(typed)}: a name is missing, or a group is empty", f"for example --target {role}=esx01,esx02")
    if len(hosts) > MOST:
        raise UsageError(f"--target {role}={clean_line(typed)} means {len(hosts):,} targets: at most {MOST:,}", "name a smaller group")
    return FanOut(role, hosts, typed)


def assemble_fleet(fan: FanOut, targets: Mapping[str, str], prepare: Prepare) -> Fleet:
    """Every member by `prepare`, which is given all roles; UsageError with the problems of those that could not run."""
    members: list[Prepared] = []
    problems: list[UsageError] = []
    for host in fan.hosts:
        try:
            members.append(prepare({**targets, fan.role: host}))
        except UsageError as error:
            problems.append(error)
    if problems:
        raise _together(fan, problems)
    members = [replace(member, playbook=members[0].playbook, inputs=members[0].inputs) for member in members]  # one of each for all
    return Fleet(members[0].playbook, fan.role, tuple(members), fan.typed)


def _together(fan: FanOut, problems: Sequence[UsageError]) -> UsageError:
    """One error of several; what is wrong for every member alike (an input, another role) is said once."""
    said = tuple(dict.fromkeys(error.message for error in problems))
    left = f"; and {len(said) - _TOLD} more" if len(said) > _TOLD else ""
    about = f"{len(problems)} of the {len(fan.hosts)} targets of --target {fan.role}={clean_line(fan.typed)} cannot be run: " if len(said) > 1 else ""
    return UsageError(f"{about}{'; '.join(said[:_TOLD])}{left}", problems[0].hint)
