"""One case of access as its YAML file describes it: a situation, and what the operator sees who tries to get in.

`world`, `change`, `stop`, `firewall`, `ready` are those of every case (tests/lab/case.py). Each of `tries` is a row of the table in docs/access.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.lab.case import CASES, World, world_of
from tshoot.yamltext import load_yaml_file

FOLDER = "access"


@dataclass(frozen=True)
class Operator:
    """What the operator has: by default a known host key of every host, a key without a passphrase, no agent.

    `unknown` and `stranger` name hosts whose key is not known, or is known to be another; `known_hosts` are lines in place of those of all
    hosts, with `{authority NAME}` and `{key HOST}` for public keys. `certificate` (authority, principals, valid) lies beside the key.
    `hashed`: names are hashed there.
    `key`: plain, encrypted, agent (only there), crowd (in the agent behind many others, and as ~/.ssh/devices), or none. `places`: other files below the home. `without`: programs that are missing.
    """

    unknown: tuple[str, ...] = ()
    stranger: tuple[str, ...] = ()
    known_hosts: str | None = None
    hashed: bool = False
    certificate: dict[str, Any] | None = None
    key: str = "plain"
    places: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Try:
    """One command line and what comes of it. `title`: the situation, where it is another one than that of the case.

    `run`: words after `tshoot`; `look` stands for the playbook that asks a host for its name. `transport` is the one that it goes by.
    `at`: terminal or nobody. `answers`: (prompt, what is typed), in their order; `{code}` is the code of now. `says`: lines of the output, in
    their order, with `…` for what changes from run to run. `never`: what must not stand in it. `plain`: exit status of `ssh HOST true`
    by OpenSSH without anybody to ask, where the row says that it is the same way. `within`: seconds it may take.
    `after`: {on, run, prints, means} - what a host itself says afterwards: a regular expression for all of it, and the same in words.
    """

    run: str
    exit: int
    says: tuple[str, ...]
    title: str = ""
    transport: str = "paramiko"
    at: str = "nobody"
    answers: tuple[tuple[str, str], ...] = ()
    never: tuple[str, ...] = ()
    plain: dict[str, int] = field(default_factory=dict)
    within: float = 30.0
    after: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True)
class AccessCase:
    name: str
    title: str
    section: str
    world: World
    base_config: str
    ssh_config: str
    tries: tuple[Try, ...]
    operator: Operator = Operator()
    stop: dict[str, dict[str, str]] = field(default_factory=dict)
    ready: dict[str, str] = field(default_factory=dict)
    firewall: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        return "exit " + " ".join(str(one.exit) for one in self.tries)


def is_access(name: str) -> bool:
    return name.startswith(f"{FOLDER}/")


def load_access(name: str) -> AccessCase:
    """TypeError or KeyError for a description with an unknown or a missing key."""
    given = load_yaml_file(CASES / f"{name}.yaml")
    ssh_config = str(given.pop("ssh_config", ""))
    world, merged = world_of(given)
    return AccessCase(
        name=name,
        world=world,
        base_config=merged.pop("ssh_config", ""),
        ssh_config=ssh_config,
        tries=tuple(_try(one) for one in merged.pop("tries")),
        operator=_operator(merged.pop("operator", {})),
        firewall={host: tuple(rules) for host, rules in merged.pop("firewall", {}).items()},
        **merged,
    )


def _operator(about: dict[str, Any]) -> Operator:
    lists = {key: tuple(about[key]) for key in ("unknown", "stranger", "without") if key in about}
    return Operator(**{**about, **lists})


def _try(about: dict[str, Any]) -> Try:
    lines = {key: tuple(str(about[key]).splitlines()) for key in ("says", "never") if key in about}
    answers = tuple((str(prompt), str(answer)) for one in about.get("answers", ()) for prompt, answer in one.items())
    return Try(**{**about, **lines, "answers": answers, "after": tuple(about.get("after", ()))})
