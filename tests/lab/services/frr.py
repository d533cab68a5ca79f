"""A router of FRR: zebra and the daemons named, then one configuration as `vtysh -b` loads it at a start.

Options: `daemons` (default: bgpd ospf6d), `config` (lines of frr.conf), `more` (lines that a case adds after them). The log is
/var/log/frr/frr.log. Ready when the configuration is in; neighbours come up some seconds later.
"""

from __future__ import annotations

from typing import Any

from tests.lab.host import Host

_FOLDERS = """mount -t tmpfs frr /etc/frr; mkdir -p /run/frr /var/log/frr
echo 'frrvty:x:0:root' >/run/frr/group; grep -v '^frr' /etc/group >>/run/frr/group; mount --bind /run/frr/group /etc/group
cp /run/frr.conf /etc/frr/frr.conf; echo 'service integrated-vtysh-config' >/etc/frr/vtysh.conf
sysctl -qw net.ipv6.conf.all.forwarding=1
"""


def start(host: Host, options: dict[str, Any]) -> None:
    config = f"hostname {host.name}\nlog file /var/log/frr/frr.log\nlog timestamp precision 3\n{options['config']}\n{options.get('more', '')}\n"
    (host.folder / "frr.conf").write_text(config)
    host.run("sh", "-es", text=_FOLDERS)
    for daemon in ("zebra", *str(options.get("daemons", "bgpd ospf6d")).split()):
        host.start(daemon, f"/usr/lib/frr/{daemon}", "-u", "root", "-g", "root")
        host.ready(daemon, (host.folder / "frr" / f"{daemon}.vty").exists)
    host.run("vtysh", "-b")
