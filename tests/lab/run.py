"""Run the laboratory: every case (or CASE=nfs-mount/denied, or --case) in namespaces of its own, and a table of how it went.

KEEP=1 with one case keeps its world up afterwards and tells how to enter each host. RECORD=1 makes a scenario of fixtures/scenarios of each case that
came out right. OBSERVE=1 runs no playbook, but keeps what the world's commands print and its captures. Each case's session, capture, outputs
and logs stay in tests/lab/results/<case>. Exit status 0 when every case came out right, 1 otherwise, 130 after Ctrl-C. Where a machine cannot be a
laboratory, it says why and ends with 0; with CI set, with 1.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.lab.case import HERE, case_names  # noqa: E402

RESULTS = HERE / "results"
PATIENCE = 300  # seconds a case may take
JOBS = 6  # cases at a time: they mostly wait
PACKAGES = {  # program -> Debian's packages
    "ganesha.nfsd": "nfs-ganesha nfs-ganesha-vfs",
    "rpcbind": "rpcbind",
    "rpc.mountd": "nfs-kernel-server",
    "vtysh": "frr",
    "bird": "bird2",
    "sysctl": "procps",
    "nfs-ls": "libnfs-utils",
    "nft": "nftables",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "tcpdump": "tcpdump",
    "nc": "netcat-openbsd",
    "ping": "iputils-ping",
    "ip": "iproute2",
    "ethtool": "ethtool",
    "unshare": "util-linux",
    "tshark": "tshark",
    "faillock": "libpam-modules-bin",
    "openssl": "openssl",
}
MODULES = {"pam_google_authenticator.so": "libpam-google-authenticator"}  # of PAM -> Debian's package


def main() -> int:
    arguments = parsed()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if reason := why_not():
        print(f"the laboratory cannot run here: {reason}", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    names = case_names(arguments.case)
    mode = next((mode for mode in ("keep", "record", "observe") if getattr(arguments, mode)), "end")
    if mode == "keep" and len(names) > 1:
        sys.exit("only one world can be kept: name its case")
    laboratory = Laboratory(mode)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ThreadPoolExecutor(arguments.jobs) as pool:
            try:
                rows = list(pool.map(laboratory.run, names))
            except BaseException:
                laboratory.end()
                raise
    except KeyboardInterrupt:
        print("interrupted; nothing is left running", file=sys.stderr)
        return 130
    return 0 if show(names, rows) else 1


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/lab/run.py", description=__doc__)
    parser.add_argument("--case", action="append", default=os.environ.get("CASE", "").split(), help="a case, or the folder of several")
    for mode, about in (("keep", "keep the one case's world up"), ("record", "make scenarios"), ("observe", "look without tshoot")):
        parser.add_argument(f"--{mode}", action="store_true", default=os.environ.get(mode.upper(), "") not in ("", "0"), help=about)
    parser.add_argument("--jobs", type=int, default=JOBS, help="cases at a time: they mostly wait")
    return parser.parse_args()


def why_not() -> str:
    """What this machine lacks to be a laboratory; "" where it has all."""
    if sys.platform != "linux":
        return f"it needs the namespaces of Linux, and this is {sys.platform}"
    if missing := missing_packages():
        return "missing programs; apt-get install " + " ".join(missing)
    tried = subprocess.run([*UNSHARE, *user(), "mount", "-t", "tmpfs", "lab", "/run"], capture_output=True, text=True)
    if tried.returncode:
        needs = "" if os.getuid() == 0 else "; run it as root, or install uidmap and give this user a range in /etc/subuid and /etc/subgid"
        return f"no namespaces can be made ({tried.stderr.strip()}){needs}"
    return ""


def missing_packages() -> list[str]:
    lacking = [packages for program, packages in PACKAGES.items() if not shutil.which(program)]
    modules = {file.name for folder in ("/lib", "/usr/lib") for file in Path(folder).glob("*/security/*.so")}
    return lacking + [package for module, package in MODULES.items() if module not in modules]


UNSHARE = ["unshare", "-n", "-m", "-u", "-p", "--fork", "--kill-child", "--mount-proc"]


def user() -> list[str]:
    """As root nothing; else a user namespace with this user's whole range of ids, as servers change to users of their own."""
    return [] if os.getuid() == 0 else ["-U", "--map-root-user", "--map-auto"]


class Laboratory:
    """Starts cases and remembers their processes, to end them by their ids."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.running: set[subprocess.Popen[str]] = set()
        self.lock = threading.Lock()
        self.ended = False

    def run(self, name: str) -> dict[str, Any]:
        """What `inside.main` wrote, or why it wrote nothing."""
        results = RESULTS / name
        results.parent.mkdir(parents=True, exist_ok=True)
        with results.with_name(f"{results.name}.lock").open("w") as mine:
            try:
                fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return failed("another run of this case is under way in this checkout")
            shutil.rmtree(results, ignore_errors=True)
            results.mkdir()
            return self._run(name, results)

    def _run(self, name: str, results: Path) -> dict[str, Any]:
        with self.lock:
            if self.ended:
                return failed("not run")
            process = launch(name, results, self.mode)
            self.running.add(process)
        try:
            if self.mode == "keep" and process.stdout and process.stdout.readline() == "kept\n":
                self.invite(process, results)
            else:
                process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return failed(f"no end within {PATIENCE} s")
        finally:
            stop(process)
            with self.lock:
                self.running.discard(process)
        file = results / "result.json"
        result: dict[str, Any] = (
            json.loads(file.read_text())
            if file.exists()
            else failed((results / "inside.txt").read_text().strip()[-300:] or "it ended without a result")
        )
        return result

    def invite(self, process: subprocess.Popen[str], results: Path) -> None:
        """Tell how to enter, until Enter is pressed."""
        result = json.loads((results / "result.json").read_text())
        first = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]
        user = "" if os.getuid() == 0 else "-U --preserve-credentials "
        for host, pid in result["hosts"].items():
            print(f"{host:>10}: nsenter -t {first} {user}-m -p -n -u nsenter -t {pid} -n -m -u bash")
        input("Enter ends it. ")

    def end(self) -> None:
        with self.lock:
            self.ended = True
            for process in self.running:
                stop(process)


def launch(name: str, results: Path, mode: str) -> subprocess.Popen[str]:
    """Its namespaces and all in them end with `unshare`, which ends with us, and when its standard input ends."""
    words = ["setpriv", "--pdeathsig", "KILL", *UNSHARE, *user(), sys.executable, "-m", "tests.lab.inside", name, str(results), mode]
    with (results / "inside.txt").open("w") as errors:
        return subprocess.Popen(words, text=True, cwd=ROOT, start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)


def stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


def failed(why: str) -> dict[str, Any]:
    return {"expected": "?", "verdict": "error", "cause": "", "decided_at": "", "start": 0.0, "seconds": 0.0, "problems": [why]}


def show(names: list[str], rows: list[dict[str, Any]]) -> bool:
    """Print the table; whether all is right."""
    wide = max(len(name) for name in names)
    print(f"{'case':<{wide}}  {'expected':<30}  {'verdict':<30}  {'decided at':<12}  start  total")
    for name, row in zip(names, rows, strict=True):
        verdict = row["cause"] or row["verdict"]
        print(f"{name:<{wide}}  {row['expected']:<30}  {verdict:<30}  {row['decided_at']:<12}  {row['start']:4.1f}s {row['seconds']:5.1f}s")
        for problem in row["problems"]:
            print(f"  WRONG: {problem}")
    wrong = sum(bool(row["problems"]) for row in rows)
    print(f"{len(rows) - wrong} of {len(rows)} right; what they left to read: {RESULTS.relative_to(ROOT)}")
    return not wrong


if __name__ == "__main__":
    sys.exit(main())
