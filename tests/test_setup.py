"""`tools/setup` and the verbs of the Makefile on machines that lack something: every other program is a stand-in on a PATH of its own."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ("bash", "sh", "dirname", "basename", "readlink", "cksum", "cat", "env", "make", "sed", "expand", "true")
NO_PYTHON = "#!/bin/sh\nexit 1\n"
NO_VENV = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n'
APT = '#!/bin/sh\necho "$@" >>{log}\ncase "$*" in *update*) exit 0;; *" tshark"*) printf "#!/bin/sh\\n" >{bin}/tshark; {chmod} +x {bin}/tshark;; *) exit 1;; esac\n'


@dataclass
class Machine:
    checkout: Path
    bin: Path

    def program(self, name: str, text: str = "#!/bin/sh\n") -> Path:
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "HOME": str(self.checkout)}
        return subprocess.run(words, cwd=self.checkout, env=environment, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)

    def setup(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run("tools/setup", *words)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A checkout in a folder with a space, set up already, on a machine with tshark and tcpdump."""
    machine = Machine(tmp_path / "a check out", tmp_path / "bin")
    machine.bin.mkdir()
    for tool in TOOLS:
        (machine.bin / tool).symlink_to(shutil.which(tool) or tool)
    machine.program("id", "#!/bin/sh\necho 0\n")
    for name in ("tshark", "tcpdump"):
        machine.program(name)
    (machine.checkout / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools/setup", machine.checkout / "tools/setup")
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, machine.checkout / name)
    (machine.checkout / ".venv/bin").mkdir(parents=True)
    machine.program("../a check out/.venv/bin/python", '#!/bin/sh\necho "$@" >>.venv/calls\n')
    assert machine.setup().returncode == 0
    return machine


def calls(machine: Machine) -> list[str]:
    """What the stand-in for .venv's Python was asked to do, but for being looked at."""
    return [line for line in (machine.checkout / ".venv/calls").read_text().splitlines() if line.strip() != "-c"]


def test_nothing_is_done_twice(machine: Machine) -> None:
    assert len(calls(machine)) == 1
    again = machine.setup()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert len(calls(machine)) == 1


def test_a_changed_pyproject_is_installed_anew(machine: Machine) -> None:
    with (machine.checkout / "pyproject.toml").open("a") as out:
        out.write("\n# changed\n")
    assert "installing tshoot into .venv" in machine.setup().stderr
    assert calls(machine)[-1].endswith("-e .")


def test_no_python_is_said(machine: Machine) -> None:
    shutil.rmtree(machine.checkout / ".venv")
    for name in ("python3", "python3.11", "python3.12"):
        machine.program(name, NO_PYTHON)
    ran = machine.setup()
    assert ran.returncode == 5
    assert "no Python 3.11 or later was found" in ran.stderr


def test_a_python_without_venv_is_said(machine: Machine) -> None:
    shutil.rmtree(machine.checkout / ".venv")
    machine.program("python3", NO_VENV)
    ran = machine.setup()
    assert ran.returncode == 5
    assert "python3 has no venv module" in ran.stderr


@pytest.mark.parametrize("user", ["root", "with sudo"])
def test_a_missing_program_is_installed_and_named(machine: Machine, user: str) -> None:
    log = machine.checkout / "apt.log"
    chmod = shutil.which("chmod")
    machine.program("apt-get", APT.format(log=f"'{log}'", bin=machine.bin, chmod=chmod))
    if user == "with sudo":
        machine.program("id", "#!/bin/sh\necho 1000\n")
        machine.program("sudo", '#!/bin/sh\n[ "$1" = -n ] && shift\nexec "$@"\n')
    (machine.bin / "tshark").unlink()
    ran = machine.setup()
    assert (ran.returncode, ran.stderr) == (0, "setup: installing tshark\n")
    assert log.read_text().splitlines() == ["install -y -qq --no-install-recommends tshark"]


@pytest.mark.parametrize("missing", ["tshark", "tcpdump"])
def test_a_program_that_cannot_be_installed(machine: Machine, missing: str) -> None:
    """Without tshark nothing works; without tcpdump simulated devices only capture more than they were asked for."""
    (machine.bin / missing).unlink()
    ran = machine.setup()
    assert ran.returncode == (5 if missing == "tshark" else 0)
    assert f"could not install {'wireshark' if missing == 'tshark' else 'tcpdump'}" in ran.stderr


@pytest.mark.parametrize(("status", "passes"), [(1, True), (0, False), (4, False), (130, False)])
def test_the_demo_must_find_its_fault(machine: Machine, status: int, passes: bool) -> None:
    python = machine.program("python", f"#!/bin/sh\nexit {status}\n")
    assert (machine.run("make", "demo", f"PYTHON={python}").returncode == 0) is passes


def test_the_laboratory_is_started_with_its_case(machine: Machine) -> None:
    python = machine.program("python", '#!/bin/sh\necho "CASE=$CASE $*"\n')
    assert machine.run("make", "lab", "SETUP=:", f"PYTHON={python}", "CASE=nfs-mount/denied").stdout == "CASE=nfs-mount/denied tests/lab/run.py\n"


def test_a_laboratory_that_cannot_be_installed_is_said(machine: Machine) -> None:
    """The run then says what is missing, and whether that is a failure."""
    for name in ("sshd", "ssh", "tmux", "busybox", "shellcheck", "jq"):
        machine.program(name)
    machine.program("../a check out/.venv/bin/python", "#!/bin/sh\necho frr bird2\n")
    ran = machine.setup("--lab")
    assert ran.returncode == 0
    assert "could not install frr bird2; the laboratory is for Debian and its kin" in ran.stderr


def test_each_verb_explains_itself(machine: Machine) -> None:
    told = machine.run("make").stdout
    assert [line.split()[1] for line in told.splitlines()] == [
        "help",
        "setup",
        "demo",
        "test",
        "thorough",
        "lint",
        "lab",
        "bench",
        "mutants",
        "killed",
        "redactions",
        "picture",
    ]


def test_ci_runs_the_tests_and_the_laboratory_with_ci_set(machine: Machine) -> None:
    (machine.bin / "make").unlink()
    machine.program("make", '#!/bin/sh\necho "CI=$CI THOROUGH=$THOROUGH $*"\n')
    shutil.copytree(ROOT / ".ci", machine.checkout / ".ci")
    assert machine.run("bash", ".ci/run").stdout == "CI=true THOROUGH=1 test\nCI=true THOROUGH= lab\n"
