"""One case, as process 1 of its own namespaces: build the world, break it, let tshoot find out, write the result.

Never run by hand: it mounts over /run. `tests/lab/run.py` starts it with `unshare`, and holds its standard input: when that ends,
process 1 ends, and with it all of its namespaces.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from tests.lab.access.case import AccessCase, is_access, load_access
from tests.lab.case import Case, load_case
from tests.lab.host import Host, wait_for
from tests.lab.network import OPERATOR, build
from tests.lab.observe import observe


def main(name: str, results: Path, mode: str) -> None:
    """`mode`: end, keep, record or observe. Write `result.json`: {"expected", "verdict", "cause", "decided_at", "start", "seconds", "problems", "hosts"}."""
    let_go = threading.Event()
    threading.Thread(target=end_with_the_runner, args=(let_go,), daemon=True).start()
    begin = time.monotonic()
    result: dict[str, Any] = {"expected": "", "verdict": "error", "cause": "", "decided_at": "", "start": 0.0, "problems": [], "hosts": {}}
    hosts: dict[str, Host] = {}
    try:
        subprocess.run(["mount", "-t", "tmpfs", "lab", "/run"], check=True)
        case = load_access(name) if is_access(name) else load_case(name)
        result["expected"] = case.expected if isinstance(case, AccessCase) else case.expect.cause or case.expect.verdict
        hosts = build(case)
        set_up(case, hosts)
        result |= {"start": time.monotonic() - begin, "hosts": {host.name: host.pid for host in hosts.values()}}
        if isinstance(case, AccessCase):
            from tests.lab.access.driving import get_in, look_plainly

            result |= look_plainly(case, hosts, results) if mode == "observe" else get_in(case, hosts, results)
        elif mode == "observe":
            observe(case, hosts, results)
            result["verdict"] = "observed"
        else:
            from tests.lab.drive import drive

            result |= drive(case, hosts, results, record=mode == "record")
    except Exception as error:
        (results / "error.txt").write_text(traceback.format_exc())
        result["problems"].append(f"{type(error).__name__}: {error}")
    keep_logs(hosts, results)
    result["seconds"] = time.monotonic() - begin
    (results / "result.json").write_text(json.dumps(result, indent=1))
    if mode == "keep":
        print("kept", flush=True)
        let_go.wait()


def end_with_the_runner(let_go: threading.Event) -> None:
    """A signal at the parent's death does not outlive the change of user that a user namespace is; the end of this pipe does."""
    sys.stdin.read()
    let_go.set()
    os._exit(0)


def set_up(case: Case | AccessCase, hosts: dict[str, Host]) -> None:
    """Services up, then what the case ends of them."""
    for name, services in case.world.services.items():
        for service, options in services.items():
            importlib.import_module(f"tests.lab.services.{service}").start(hosts[name], options)
    for name, stopped in case.stop.items():
        for service, signal in stopped.items():
            hosts[name].stop(service, signal)
    for name, command in case.ready.items():
        wait_for(lambda: hosts[name].attempt("sh", "-c", command).returncode == 0, 30, f"{name}: {command}", pause=0.2)  # noqa: B023 (called before the next turn)


def keep_logs(hosts: dict[str, Host], results: Path) -> None:
    for host in hosts.values():
        if host.name == OPERATOR:  # whose /var/log is this machine's
            continue
        for log in [*host.folder.glob("*.log"), *host.folder.glob("*.txt")]:
            (results / f"{host.name}-{log.name}").write_bytes(log.read_bytes())
        for name in host.run("sh", "-c", "find /var/log -name '*.log'").split():
            (results / f"{host.name}-{Path(name).name}").write_text(host.run("cat", name))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
