"""One case, as process 1 of its own namespaces: build the world, break it, let tshoot find out, write the result.

Never run by hand: it mounts over /run. `tests/lab/run.py` starts it with `unshare`.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from tests.lab.case import Case, load_case
from tests.lab.drive import drive
from tests.lab.host import Host
from tests.lab.network import build


def main(name: str, results: Path, keep: str) -> None:
    """Write `result.json`: {"expected", "verdict", "cause", "decided_at", "start", "seconds", "problems", "hosts"}."""
    begin = time.monotonic()
    result: dict[str, Any] = {"expected": "", "verdict": "error", "cause": "", "decided_at": "", "start": 0.0, "problems": [], "hosts": {}}
    try:
        case = load_case(name)
        result["expected"] = case.expect.cause or case.expect.verdict
        hosts = set_up(case)
        result |= {"start": time.monotonic() - begin, "hosts": {host.name: host.pid for host in hosts.values()}}
        result |= drive(case, hosts, results)
        keep_logs(hosts, results)
    except Exception as error:
        (results / "error.txt").write_text(traceback.format_exc())
        result["problems"].append(f"{type(error).__name__}: {error}")
    result["seconds"] = time.monotonic() - begin
    (results / "result.json").write_text(json.dumps(result, indent=1))
    if keep == "keep":
        print("kept", flush=True)
        sys.stdin.read()


def set_up(case: Case) -> dict[str, Host]:
    """The case's world, as broken as it says."""
    subprocess.run(["mount", "-t", "tmpfs", "lab", "/run"], check=True)
    hosts = build(case)
    for name, services in case.world.services.items():
        for service, options in services.items():
            importlib.import_module(f"tests.lab.services.{service}").start(hosts[name], options)
    for name, stopped in case.stop.items():
        for service, signal in stopped.items():
            hosts[name].stop(service, signal)
    return hosts


def keep_logs(hosts: dict[str, Host], results: Path) -> None:
    for host in hosts.values():
        for log in [*host.folder.glob("*.log"), *host.folder.glob("*.txt")]:
            (results / f"{host.name}-{log.name}").write_bytes(log.read_bytes())
    (results / "vmkernel.log").write_text(hosts["esx"].run("cat", "/var/log/vmkernel.log"))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
