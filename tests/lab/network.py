"""Cables, switches and firewalls between hosts, with nothing that leads out.

Every switch is a bridge in one host `switches`; every interface a veth whose other end is a port of its bridge. Offloads are
off: a capture would show segments larger than the MTU.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tests.lab.case import Case, Interface
from tests.lab.host import Host

ROOT = Path("/run/lab")
OPERATOR = "operator"  # the host that this process is


def build(case: Case) -> dict[str, Host]:
    """All hosts, connected and filtered as the case says; the operator's is this process's own namespace."""
    folder = ROOT / OPERATOR
    folder.mkdir(parents=True)
    hosts = {name: Host.create(name, ROOT / name) for name in case.world.interfaces if name != OPERATOR}
    hosts[OPERATOR] = Host(OPERATOR, folder, os.getpid())
    connect(hosts, Host.create("switches", ROOT / "switches"), case.world.interfaces)
    for name, rules in case.firewall.items():
        hosts[name].run("nft", "-f", "-", text=_ruleset(rules))
    return hosts


def connect(hosts: Mapping[str, Host], switches: Host, interfaces: Mapping[str, tuple[Interface, ...]]) -> None:
    plugged = [(hosts[host], one) for host, of in interfaces.items() for one in of]
    names = sorted({one.switch for _, one in plugged})
    lines = [f"link add {name} type bridge forward_delay 0\nlink set {name} mtu 9000 up" for name in names]
    for number, (host, one) in enumerate(plugged):
        port = f"port{number}"
        lines += [
            f"link add {port} mtu {one.port_mtu or one.mtu} type veth peer name {one.name} mtu {one.mtu} netns {host.pid}",
            f"link set {port} master {one.switch} up",
        ]
    switches.run("ip", "-batch", "-", text="\n".join(lines))
    for number, _ in enumerate(plugged):
        switches.run("ethtool", "-K", f"port{number}", *_OFFLOADS)
    for host in hosts.values():
        host.run("ip", "-batch", "-", text="\n".join(["link set lo up", *(line for one in interfaces[host.name] for line in _set_up(one))]))
        for one in interfaces[host.name]:
            host.run("ethtool", "-K", one.name, *_OFFLOADS)


_OFFLOADS = [word for feature in ("tx", "rx", "tso", "gso", "gro", "sg") for word in (feature, "off")]


def _set_up(one: Interface) -> list[str]:
    lines = [f"addr add {one.address} broadcast + dev {one.name}", f"link set {one.name} up"]
    return [*lines, f"route add default via {one.gateway} dev {one.name}"] if one.gateway else lines


def _ruleset(rules: tuple[str, ...]) -> str:
    body = "\n".join(rules)
    return f"table inet lab {{\nchain input {{\ntype filter hook input priority 0; policy accept;\n{body}\n}}\n}}\n"
