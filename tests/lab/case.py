"""One fault of the laboratory as its YAML file describes it.

A case names a world (hosts, links, services that work) and says what is different: `change` is merged into the world,
`stop` ends services once all are up, `firewall` filters what a host receives. `expect` says what tshoot must conclude.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tshoot.yamltext import load_yaml_file

HERE = Path(__file__).parent
CASES = HERE / "cases"


@dataclass(frozen=True)
class Interface:
    """`port_mtu` is the MTU of the switch port at the other end of the cable (default: the same); without `switch` it is the loopback.

    IPv6 addresses are used at once; with `dad` only after duplicate address detection.
    """

    name: str
    switch: str = ""
    address: tuple[str, ...] = ()
    mac: str = ""
    mtu: int = 1500
    port_mtu: int = 0
    gateway: str = ""
    dad: bool = False


@dataclass(frozen=True)
class World:
    """`services`: host -> service -> its options, in the order of starting. `setup`: host -> commands once its cables are plugged in."""

    interfaces: dict[str, tuple[Interface, ...]]
    setup: dict[str, tuple[str, ...]]
    services: dict[str, dict[str, dict[str, Any]]]
    observe: dict[str, Any]


@dataclass(frozen=True)
class Target:
    """`platform`: where the playbook's role lets the operator choose; "" is its first."""

    address: str
    platform: str = ""


@dataclass(frozen=True)
class Expectation:
    """`decided_at` is the node whose decision ends the run; `capture` says that this is by a capture, which a fault then cites.

    `analyze` is what a pulled capture alone must say: a cause, or a kind of verdict (default: the cause, or the verdict).
    """

    verdict: str
    cause: str = ""
    decided_at: str = ""
    capture: bool = False
    analyze: str = ""


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    playbook: str
    world: World
    targets: dict[str, Target]
    inputs: dict[str, str]
    expect: Expectation
    before: tuple[dict[str, str], ...] = ()  # {on: address, run: command}, before tshoot starts
    answers: dict[str, dict[str, str]] = field(default_factory=dict)  # step -> {on: address, run: command, answer: text}
    stop: dict[str, dict[str, str]] = field(default_factory=dict)  # host -> service -> signal
    ready: dict[str, str] = field(default_factory=dict)  # host -> command that succeeds once the world is as the case means it
    firewall: dict[str, tuple[str, ...]] = field(default_factory=dict)  # host -> nft rules of its input chain


def case_names(wanted: list[str]) -> list[str]:
    """All cases, or those that begin with one of `wanted`; SystemExit for a word that fits none."""
    known = sorted(str(file.relative_to(CASES).with_suffix("")) for file in CASES.rglob("*.yaml"))
    for word in wanted:
        if not any(fits(name, word) for name in known):
            raise SystemExit(f"no such case: {word}; there are {', '.join(known)}")
    return [name for name in known if not wanted or any(fits(name, word) for word in wanted)]


def fits(name: str, word: str) -> bool:
    return name == word or name.startswith(word.rstrip("/") + "/")


def load_case(name: str) -> Case:
    """TypeError or KeyError for a description with an unknown or a missing key."""
    world, merged = world_of(load_yaml_file(CASES / f"{name}.yaml"))
    return Case(
        name=name,
        world=world,
        targets={role: Target(**about) if isinstance(about, dict) else Target(about) for role, about in merged.pop("targets").items() if about},
        inputs={key: str(value) for key, value in merged.pop("inputs").items()},
        expect=Expectation(**merged.pop("expect")),
        before=tuple(dict(step) for step in merged.pop("before", ())),
        firewall={host: tuple(rules) for host, rules in merged.pop("firewall", {}).items()},
        **merged,
    )


def world_of(given: dict[str, Any]) -> tuple[World, dict[str, Any]]:
    """The world that a case's description names, with its changes, and what else both say, merged."""
    merged = _merged(_world(given.pop("world")), {**given.pop("change", {}), **given})
    hosts = merged.pop("hosts")
    interfaces = {host: tuple(_interface(name, about) for name, about in of["interfaces"].items() if about) for host, of in hosts.items()}
    setup = {host: tuple(of.get("setup", ())) for host, of in hosts.items()}
    services = {
        host: {service: dict(options or {}) for service, options in of.get("services", {}).items() if options is not False}
        for host, of in hosts.items()
    }
    return World(interfaces, setup, services, merged.pop("observe", {})), merged


def _world(name: str) -> Any:
    """A world may be another one (`world`) with changes."""
    given = load_yaml_file(HERE / "worlds" / f"{name}.yaml")
    return _merged(_world(given.pop("world")), given) if "world" in given else given


def _interface(name: str, about: dict[str, Any]) -> Interface:
    addresses = about.get("address", ())
    return Interface(name, **{**about, "address": (addresses,) if isinstance(addresses, str) else tuple(addresses)})


def _merged(base: Any, change: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return change
    return {**base, **{key: _merged(base.get(key), value) for key, value in change.items()}}
