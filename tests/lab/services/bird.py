"""A router of BIRD 2. Options: `config` (the text of bird.conf). The log is /var/log/bird.log; birdc works as usual."""

from __future__ import annotations

from typing import Any

from tests.lab.host import Host


def start(host: Host, options: dict[str, Any]) -> None:
    (host.folder / "bird.conf").write_text(str(options["config"]))
    (host.folder / "bird").mkdir()
    host.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
    host.start("bird", "bird", "-f", "-c", "/run/bird.conf", "-s", "/run/bird/bird.ctl")
    host.ready("bird", (host.folder / "bird" / "bird.ctl").exists)
