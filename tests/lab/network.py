"""Cables, switches and firewalls between hosts, with nothing that leads out.

Every switch is a bridge in one host `switches`; every interface a veth whose other end is a port of its bridge. Offloads are
off: a capture would show segments larger than the MTU. Bridges flood all multicast: none of them snoops.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from tests.lab.access.case import AccessCase
from tests.lab.case import Case, Interface
from tests.lab.host import Host

ROOT = Path("/run/lab")
OPERATOR = "operator"  # the host that this process is


def build(case: Case | AccessCase) -> dict[str, Host]:
    """All hosts, connected and filtered as the case says; the operator's is this process's own namespace."""
    folder = ROOT / OPERATOR
    folder.mkdir(parents=True)
    hosts = {name: Host.create(name, ROOT / name) for name in case.world.interfaces if name != OPERATOR}
    hosts[OPERATOR] = Host(OPERATOR, folder, os.getpid())
    connect(hosts, Host.create("switches", ROOT / "switches"), case.world.interfaces)
    for name, commands in case.world.setup.items():
        if commands:
            hosts[name].run("sh", "-e", "-s", text="\n".join(commands))
    for name, rules in case.firewall.items():
        hosts[name].run("nft", "-f", "-", text=_ruleset(rules))
    return hosts


def connect(hosts: Mapping[str, Host], switches: Host, interfaces: Mapping[str, tuple[Interface, ...]]) -> None:
    plugged = [(hosts[host], one) for host, of in interfaces.items() for one in of if one.switch]
    names = sorted({one.switch for _, one in plugged})
    lines = [f"link add {name} type bridge forward_delay 0 mcast_snooping 0\nlink set {name} mtu 9000 up" for name in names]
    for number, (host, one) in enumerate(plugged):
        port, mac = f"port{number}", one.mac or _mac(host.name, one.name)
        lines += [
            f"link add {port} mtu {one.port_mtu or one.mtu} type veth peer name {one.name} mtu {one.mtu} address {mac} netns {host.pid}",
            f"link set {port} master {one.switch} up",
        ]
    switches.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")  # a switch says nothing of its own
    switches.run("ip", "-batch", "-", text="\n".join(lines))
    for number, (host, one) in enumerate(plugged):
        switches.run("ethtool", "-K", f"port{number}", *_OFFLOADS)
        host.run("ethtool", "-K", one.name, *_OFFLOADS)
    for name, host in hosts.items():
        host.run("sh", "-e", "-s", text="\n".join(_commands(interfaces[name])))


def _mac(host: str, interface: str) -> str:
    """The same at each run, so that what is recorded does not change without a reason; locally administered."""
    return "02:00:" + hashlib.sha256(f"{host} {interface}".encode()).digest()[:4].hex(":")


_OFFLOADS = [word for feature in ("tx", "rx", "tso", "gso", "gro", "sg") for word in (feature, "off")]


def _commands(interfaces: tuple[Interface, ...]) -> list[str]:
    lines = ["ip link set lo up"]
    for one in interfaces:
        if not one.dad:
            lines.append(f"sysctl -qw net.ipv6.conf.{one.name}.accept_dad=0")
        if one.switch:
            lines.append(f"ip link set {one.name} up")
        lines += [f"ip addr add {address} {_kind(address, one)} dev {one.name}" for address in one.address]
        if one.gateway:
            lines.append(f"ip route add default via {one.gateway} dev {one.name}")
    return lines


def _kind(address: str, one: Interface) -> str:
    if ":" not in address:
        return "broadcast +" if one.switch else ""
    return "" if one.dad else "nodad"


def _ruleset(rules: tuple[str, ...]) -> str:
    body = "\n".join(rules)
    return f"table inet lab {{\nchain input {{\ntype filter hook input priority 0; policy accept;\n{body}\n}}\n}}\n"
