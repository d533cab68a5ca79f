"""Look at a case's world without tshoot, over the same SSH: what its commands print, again and again, and what passes its cables.

A world's `observe` says which: {seconds, every, captures: {name: {on, interface, filter}}, sampled: {service: [command]}, commands:
{service: [command]}}: the commands of every host that runs the service or has that name, `sampled` every so many seconds and then the others once,
`{name}` standing for the inputs. It leaves `<host>/<command>.txt`, each sample
below a line `=== seconds`, and `<name>.pcap`. This proves a world before there is a playbook for it, and is where real outputs
for fixtures come from.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.lab.case import Case
from tests.lab.host import Host
from tests.lab.network import OPERATOR
from tests.lab.services import ssh

_SETTLE = 1.6  # seconds; a capture ended sooner can lack its last packets


def observe(case: Case, hosts: dict[str, Host], folder: Path) -> None:
    seen = case.world.observe
    captures = {name: _capture(hosts[str(one["on"])], name, one) for name, one in seen.get("captures", {}).items()}
    watched = [
        (folder / name, _asker(case, hosts[name]), _commands(case, name, "sampled"), _commands(case, name, "commands"))
        for name in case.world.interfaces
        if name != OPERATOR
    ]
    with ThreadPoolExecutor(len(watched)) as pool:
        begin = time.monotonic()
        seconds, every = float(seen.get("seconds", 10)), float(seen.get("every", 5))
        for done in [pool.submit(_watch, *one, begin, seconds, every) for one in watched]:
            done.result()
    time.sleep(_SETTLE)
    for name, process in captures.items():
        process.terminate()
        process.wait(60)
        (folder / f"{name}.pcap").write_bytes((hosts[str(seen["captures"][name]["on"])].folder / f"{name}.pcap").read_bytes())


def _asker(case: Case, host: Host) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """How its commands are run: over SSH, at its address on the operator's switch; without SSH at its console."""
    reached = {one.switch for one in case.world.interfaces[OPERATOR]}
    for one in case.world.interfaces[host.name]:
        if one.switch in reached:
            return partial(_over_ssh, one.address[0].partition("/")[0])
    return lambda command: host.attempt("sh", "-c", command)


def _commands(case: Case, host: str, kind: str) -> list[str]:
    wanted = case.world.observe.get(kind, {})
    commands = [command for one in (*case.world.services[host], host) for command in wanted.get(one, ())]
    if "vtysh" in case.world.services[host].get("ssh", {}).get("shell", ""):
        commands = [found[1] for command in commands if (found := re.fullmatch(r"vtysh -c '(.+)'", command))]
    for name, value in case.inputs.items():
        commands = [command.replace(f"{{{name}}}", value) for command in commands]
    return commands


def _watch(
    folder: Path,
    ask: Callable[[str], subprocess.CompletedProcess[str]],
    sampled: list[str],
    commands: list[str],
    begin: float,
    seconds: float,
    every: float,
) -> None:
    folder.mkdir()

    def keep(command: str) -> None:
        done = ask(command)
        with (folder / f"{re.sub(r'[^A-Za-z0-9:.]+', '-', command).strip('-')}.txt").open("a") as out:
            out.write(f"=== {time.monotonic() - begin:.2f} exit {done.returncode}\n{done.stdout}")

    sample = 0
    while time.monotonic() < begin + seconds:
        for command in sampled:
            keep(command)
        sample += 1
        time.sleep(max(0.0, begin + sample * every - time.monotonic()))
    for command in commands:
        keep(command)


def _over_ssh(address: str, command: str) -> subprocess.CompletedProcess[str]:
    options = [
        "-F",
        "none",
        "-i",
        str(ssh.operator_key()),
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-o",
        "LogLevel=ERROR",
    ]
    words = ["ssh", *options, "-o", "BatchMode=yes", f"root@{address}", command]
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=30)


def _capture(host: Host, name: str, about: dict[str, str]) -> subprocess.Popen[bytes]:
    words = host.inside("tcpdump", "-Z", "root", "-n", "-U", "-s", "0", "-i", about["interface"], "-w", f"/run/{name}.pcap", about["filter"])
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr
    process.stderr.readline()  # "listening on …"
    return process
