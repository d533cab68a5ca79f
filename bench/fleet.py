"""100 targets and 5 commands on each: `tshoot run` side by side, a pool of netmiko threads, ansible ad hoc, and paramiko alone: what SSH costs.
Writes a section of docs/benchmarks.md.

    tshoot    one process: a playbook of 5 nodes, 16 targets at once; a session with its evidence for each target, durable, and one for the whole
    netmiko   one process: 16 threads, `linux`, 5 times `send_command`; nothing is kept
    ansible   5 processes, one a command, 16 forks, one login a target (ControlPersist). Twice: by `-m command`, which is what `ansible all -a uptime`
              does (a Python program copied to the target and run there), and by `-m raw`, the cheapest that there is (the bare command)
    paramiko  one process: 16 threads, a login and 5 exec channels, no host keys, no sessions, no bounds: nobody could use it

The targets are OpenSSH servers on 100 addresses of 127.0.0.0/8 (ten processes), whose user has `dash` as its shell: neither Python nor the rc
files of this machine cost the servers anything. What they take all the same (a fork, a key exchange and five commands a target) is told beside each
client's own: on few cores it slows all of them, and the fast ones most; so the ratios of processor time are the clients' alone.

Needs root (the shell of that user is a bind mount in a namespace of the servers' own). Exit status 1, and why, where tshoot is not ten times as fast
as ansible ad hoc (`command`), is slower than netmiko, takes 400 MB, where any of the clients misses an answer, or where Ctrl-C takes tshoot 2 s
or leaves a session on a target. Without a round of ansible (ANSIBLE_ROUNDS=0) the first cannot be said, and the page is left as it is.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import page

TARGETS, AT_ONCE, ROUNDS = int(os.environ.get("TARGETS", "100")), 16, int(os.environ.get("ROUNDS", "3"))
SLOW_ROUNDS = int(os.environ.get("ANSIBLE_ROUNDS", "2"))
PORT, SERVERS = 2299, 10  # one sshd listens on 16 addresses at most
LEAST_FASTER, MOST_MB, MOST_SECONDS = 10, 400, 2.0  # than ansible; of memory; after Ctrl-C
COMMANDS = ("ip route", "ip -s link", "df -kP", "cat /proc/loadavg", "uptime")
ADDRESSES = [f"127.0.77.{number}" for number in range(1, TARGETS + 1)]
PYTHON = sys.executable
TITLE = "A fleet of 100 targets"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tshoot-bench"

PLAYBOOK = """\
id: host-health
title: A Linux host by five commands that only read
symptoms: [a host is slow]
description: What the benchmark of fleets asks of each target, one after the other.
targets:
  host: {platform: [linux], help: the host}
start: n0
nodes:
"""
NODE = """\
  n{at}:
    why: what `{command}` says
    run: {command}
    on: host
    decide:
      - when: n{at}.exit_status == 0
        {then}
      - otherwise: {{inconclusive: a command failed, next: look at its output}}
"""

NETMIKO = """
import sys
from concurrent.futures import ThreadPoolExecutor
from netmiko import ConnectHandler
port, key, at_once, commands, hosts = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4].split(";"), sys.argv[5].split(",")
def one(host):
    with ConnectHandler(device_type="linux", host=host, port=port, username="root", use_keys=True, key_file=key, conn_timeout=60,
                        banner_timeout=60, auth_timeout=60) as link:
        return [link.send_command(command, read_timeout=60) for command in commands]
with ThreadPoolExecutor(at_once) as pool:
    print(sum(bool(text.strip()) for texts in pool.map(one, hosts) for text in texts))
"""
PARAMIKO = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor
import paramiko
port, key, at_once, commands, hosts = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4].split(";"), sys.argv[5].split(",")
key = paramiko.Ed25519Key.from_private_key_file(key)
def one(host):
    sock = socket.create_connection((host, port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link = paramiko.Transport(sock)
    link.start_client(timeout=60)
    link.auth_publickey("root", key)
    said = []
    for command in commands:
        channel = link.open_session()
        channel.exec_command(command)
        said.append(channel.makefile().read())
    link.close()
    return said
with ThreadPoolExecutor(at_once) as pool:
    print(sum(bool(text.strip()) for texts in pool.map(one, hosts) for text in texts))
"""


@dataclass(frozen=True)
class Spent:
    """Seconds of one run: on the clock, of the client's processor, of the servers'; `megabytes` is the largest of its processes; `answers` of 500."""

    wall: float
    client: float
    servers: float
    megabytes: float
    answers: int


# --- the targets ------------------------------------------------------------------------------------------


class Targets:
    """OpenSSH servers on all addresses; `folder` holds their keys and the home of whoever logs in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        self._servers: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        ssh = self.home / ".ssh"
        ssh.mkdir(parents=True, mode=0o700)
        for name in (self.folder / "host_key", ssh / "id_ed25519"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(name)], check=True)
        public = (self.folder / "host_key.pub").read_text()
        (ssh / "known_hosts").write_text("".join(f"[{address}]:{PORT} {public}" for address in ADDRESSES))
        (ssh / "config").write_text(f"Host 127.0.77.*\n  User root\n  Port {PORT}\n")
        users = Path("/etc/passwd").read_text().splitlines()
        lines = [f"{line.rpartition(':')[0]}:/bin/dash" if line.startswith("root:") else line for line in users]
        (self.folder / "passwd").write_text("\n".join(lines) + "\n")
        Path("/run/sshd").mkdir(exist_ok=True)
        self._servers = [self._server(number) for number in range(SERVERS)]
        wait_until(lambda: all(reached(address) for address in ADDRESSES[:SERVERS]), "the servers")

    def _server(self, number: int) -> subprocess.Popen[bytes]:
        config = self.folder / f"sshd-{number}"
        listen = "".join(f"ListenAddress {address}\n" for address in ADDRESSES[number::SERVERS])
        config.write_text(
            f"Port {PORT}\nHostKey {self.folder}/host_key\nAuthorizedKeysFile {self.home}/.ssh/id_ed25519.pub\nStrictModes no\nPidFile none\n"
            f"PermitRootLogin yes\nUsePAM no\nMaxStartups 300\nMaxSessions 50\nLogLevel QUIET\nPrintMotd no\nPrintLastLog no\n{listen}"
        )
        mounted = f'mount --bind {self.folder}/passwd /etc/passwd && exec "$@"'
        server = [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", str(config)]
        words = ["unshare", "-m", "--propagation", "private", "sh", "-c", mounted, "sh", *server]
        return subprocess.Popen(words, stderr=subprocess.DEVNULL)

    def seconds(self) -> float:
        """Of processor time, of the servers and all their children that have ended."""
        ticks = 0
        for server in self._servers:
            fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def sessions(self) -> int:
        """How many connections the servers have now."""
        children = (Path(f"/proc/{one.pid}/task/{one.pid}/children") for one in self._servers)
        return sum(len(file.read_text().split()) for file in children)

    def stop(self) -> None:
        for server in self._servers:
            server.terminate()
            server.wait()


def reached(address: str) -> bool:
    import socket

    try:
        socket.create_connection((address, PORT), 1).close()
    except OSError:
        return False
    return True


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
        time.sleep(0.05)


@contextmanager
def targets() -> Iterator[Targets]:
    with tempfile.TemporaryDirectory(prefix="tshoot-fleet-") as folder:
        found = Targets(Path(folder))
        try:
            found.start()
            yield found
        finally:
            found.stop()


# --- the clients ------------------------------------------------------------------------------------------


class Clients:
    def __init__(self, at: Targets, ansible: Path) -> None:
        self.at, self._ansible = at, ansible
        self._playbook = at.folder / "host-health.yaml"
        thens = [*(f"go: n{number}" for number in range(1, len(COMMANDS))), "healthy: every command was answered"]
        nodes = (NODE.format(at=at, command=command, then=then) for at, (command, then) in enumerate(zip(COMMANDS, thens, strict=True)))
        self._playbook.write_text(PLAYBOOK + "".join(nodes))
        self._inventory = at.folder / "inventory"
        self._inventory.write_text("[all]\n" + "\n".join(ADDRESSES) + f"\n[all:vars]\nansible_port={PORT}\nansible_user=root\n")
        self._key = str(at.home / ".ssh" / "id_ed25519")

    def tshoot_words(self) -> list[str]:
        return [PYTHON, "-m", "tshoot", "run", str(self._playbook), "--target", f"host={','.join(ADDRESSES)}", "--parallel", str(AT_ONCE), "--json"]

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SSH_", "ANSIBLE_", "XDG_"))}
        return {**kept, "HOME": str(self.at.home), "XDG_DATA_HOME": str(self.at.folder / "data")}

    def tshoot(self) -> Spent:
        spent, out = self._spend([self.tshoot_words()])
        rows = json.loads(out)["results"]
        return self._counted(spent, sum(len(COMMANDS) for row in rows if row["verdict"] and row["verdict"]["kind"] == "healthy"))

    def netmiko(self) -> Spent:
        return self._pool(NETMIKO)

    def paramiko(self) -> Spent:
        return self._pool(PARAMIKO)

    def _pool(self, program: str) -> Spent:
        spent, out = self._spend([[PYTHON, "-c", program, str(PORT), self._key, str(AT_ONCE), ";".join(COMMANDS), ",".join(ADDRESSES)]])
        return self._counted(spent, int(out))

    def ansible(self, module: str) -> Spent:
        common = f"-F none -o UserKnownHostsFile={self.at.home}/.ssh/known_hosts"
        words = [str(self._ansible), "all", "-i", str(self._inventory), "-f", str(AT_ONCE), "--private-key", self._key, "--ssh-common-args", common]
        words += ["-e", f"ansible_python_interpreter={PYTHON} ansible_remote_tmp={self.at.folder}/remote", "-m", module]
        spent, out = self._spend([[*words, "-a", command] for command in COMMANDS])
        wait_until(lambda: self.at.sessions() == 0, "the end of ansible's kept connections", 120)
        return self._counted(spent, out.count(b"| CHANGED | rc=0 >>"))

    def _spend(self, calls: list[list[str]]) -> tuple[Spent, bytes]:
        """All calls one after the other; client seconds are those of their processes and of the children that they waited for."""
        before, servers, began = resource.getrusage(resource.RUSAGE_CHILDREN), self.at.seconds(), time.monotonic()
        out, largest = b"", 0.0
        for words in calls:
            with tempfile.TemporaryFile() as said:
                process = subprocess.Popen(words, stdout=said, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=self.environment())
                _, _, usage = os.wait4(process.pid, 0)
                said.seek(0)
                out, largest = out + said.read(), max(largest, usage.ru_maxrss / 1024)
        wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        client = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        wait = time.monotonic() + 3
        while self.at.sessions() and time.monotonic() < wait:  # their time counts when they have ended; ansible keeps its own
            time.sleep(0.05)
        return Spent(wall, client, self.at.seconds() - servers, largest, 0), out

    @staticmethod
    def _counted(spent: Spent, answers: int) -> Spent:
        return Spent(spent.wall, spent.client, spent.servers, spent.megabytes, answers)


def stopped(clients: Clients) -> tuple[float, int]:
    """Ctrl-C in the middle: seconds until it ended, and how many connections the targets have then."""
    wait_until(lambda: clients.at.sessions() == 0, "the end of all connections")
    process = subprocess.Popen(clients.tshoot_words(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clients.environment())
    wait_until(lambda: clients.at.sessions() >= AT_ONCE // 2, "logins")
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    status = process.wait(60)
    seconds = time.monotonic() - began
    assert status == 130, f"exit status {status} after Ctrl-C"
    time.sleep(0.5)
    return seconds, clients.at.sessions()


def the_ansible() -> Path:
    """That of this environment, else one of its own below the user's cache, from PyPI."""
    beside = Path(PYTHON).parent / "ansible"
    own = CACHE / "ansible" / "bin" / "ansible"
    if not beside.exists() and not own.exists():
        subprocess.run([PYTHON, "-m", "venv", str(CACHE / "ansible")], check=True)
        subprocess.run([str(own.parent / "pip"), "install", "-q", "ansible-core"], check=True)
    return beside if beside.exists() else own


# --- all of it --------------------------------------------------------------------------------------------


def main() -> int:
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"]).returncode:
        print("bench/fleet.py needs root and a mount namespace for its servers", file=sys.stderr)
        return 1
    ansible = the_ansible()
    with targets() as at:
        clients = Clients(at, ansible)
        names = {"tshoot": clients.tshoot, "netmiko": clients.netmiko, "paramiko alone": clients.paramiko}
        found: dict[str, list[Spent]] = {name: [] for name in (*names, "ansible raw", "ansible command")}
        for number in range(ROUNDS):
            for name, run in names.items():
                found[name].append(told(name, run()))
            for module in ("raw", "command") if number < SLOW_ROUNDS else ():
                found[f"ansible {module}"].append(told(f"ansible {module}", clients.ansible(module)))
        ended, left = stopped(clients)
    return report(found, ended, left, subprocess.run([str(ansible), "--version"], capture_output=True, text=True).stdout.partition("\n")[0])


def told(name: str, spent: Spent) -> Spent:
    times = f"{spent.wall:6.1f} s, client {spent.client:5.1f} s, servers {spent.servers:5.1f} s"
    print(f"{name:15} {times}, {spent.megabytes:.0f} MB, {spent.answers} answers", flush=True)
    return spent


def report(found: dict[str, list[Spent]], ended: float, left: int, version: str) -> int:
    import netmiko
    import paramiko

    wanted = TARGETS * len(COMMANDS)
    versions = f"netmiko {netmiko.__version__}, paramiko {paramiko.__version__}, {version}"
    what = f"{TARGETS} OpenSSH servers on loopback, {len(COMMANDS)} commands on each, {AT_ONCE} at once, alternating runs of whole processes"
    heads = ("", "tshoot beside it, on the clock", "processor time", "seconds", "client's processor", "servers'", "MB", f"answers of {wanted}")
    lines = [f"{what}; {versions}.", "", f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for name, runs in ((name, runs) for name, runs in found.items() if runs):
        wall, client = (ratio(found["tshoot"], runs, of) for of in (lambda one: one.wall, lambda one: one.client))
        middle = [statistics.median(getattr(one, field) for one in runs) for field in ("wall", "client", "servers")]
        largest = max(one.megabytes for one in runs)
        cells = (wall, client, *(f"{value:.1f}" for value in middle), f"{largest:.0f}", str(min(one.answers for one in runs)))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    mine = found["tshoot"]
    times = {name: statistics.median(of_walls(runs, mine)) for name, runs in found.items() if runs}
    if "ansible command" in times:
        lines += [
            "",
            f"{times['ansible command']:.0f} times as fast as ansible's own module, {times['ansible raw']:.1f} times as fast as its raw one.",
        ]
    lines += [f"After Ctrl-C in the middle it ended within {ended:.1f} s; sessions left on targets: {left}."]
    print("\n".join(lines))
    if "ansible command" in times:
        page.put(TITLE, [*lines, "", *NOTES])
    missed = sum(wanted - one.answers for runs in found.values() for one in runs)
    largest = max(one.megabytes for one in mine)
    wrong = {
        "ansible was not asked": "ansible command" not in times,
        f"less than {LEAST_FASTER} times as fast as ansible's own module": times.get("ansible command", LEAST_FASTER) < LEAST_FASTER,
        f"slower than netmiko: {1 / times['netmiko']:.2f} times as long": times["netmiko"] < 1,
        f"{missed} answers are missing": missed != 0,
        f"{largest:.0f} MB": largest >= MOST_MB,
        f"{ended:.1f} s after Ctrl-C": ended >= MOST_SECONDS,
        f"{left} sessions left on targets": left != 0,
    }
    for what in (what for what, is_so in wrong.items() if is_so):
        print(f"FAILED: {what}", file=sys.stderr)
    return 1 if any(wrong.values()) else 0


def of_walls(theirs: list[Spent], mine: list[Spent]) -> list[float]:
    """How many times as long they took as tshoot in the same round, whose load they shared."""
    return [other.wall / one.wall for other, one in zip(theirs, mine, strict=False)]


def ratio(mine: list[Spent], theirs: list[Spent], of: Callable[[Spent], float]) -> str:
    ratios = [of(one) / of(other) for one, other in zip(mine, theirs, strict=False)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


NOTES = (
    "ansible: one call a command, as ad hoc is used; `command` is its default module, `raw` the bare command. Its kept connections are not counted.",
    "netmiko: one thread a target, a terminal, nothing kept. tshoot checks host keys, keeps every answer durably and decides on it.",
    "paramiko alone is what SSH itself costs in Python. What the servers take comes on top for everybody, on the same processors.",
)


if __name__ == "__main__":
    sys.exit(main())
