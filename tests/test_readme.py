"""Every command that a page shows in a ```console block is run, and what the block shows of its output must be there.

`esx01` is a simulated host that a real ssh_config names; the operator at a pseudo-terminal says yes to its host key and to the
question of the playbook. A command that this test does not know how to run fails it. A page whose blocks name their file (a YAML block in its first
line, any block in the line above it) is followed in a copy of the project that holds these files. Links within the pages must lead somewhere.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.answering import run_answering
from tshoot.playbook.functions import FILTERS, TESTS
from tshoot.simulator.scenario import load_scenario
from tshoot.simulator.serving import serve

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FILE = re.compile(r"^```yaml\n# (\S+/\S+\.yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"^`(\S+/\S+)`:\n\n```(?:yaml|python|text|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Shown:
    page: str
    command: str
    output: tuple[str, ...]


def shown_in(page: Path) -> Iterator[Shown]:
    for block in BLOCK.findall(page.read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *output = part.replace("\\\n", " ").splitlines()
            yield Shown(page.name, command, tuple(line.strip() for line in output if line.strip() not in ("", "…")))


SHOWN = [shown for page in PAGES for shown in shown_in(page)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose ssh_config knows `esx01`, the host of the demo, and which holds one session."""
    home = tmp_path_factory.mktemp("home")
    with serve(load_scenario(ROOT / "fixtures/scenarios/nfs-mount/export-policy")) as served:
        user, _, place = served.devices["host"].address.partition("@")
        address, _, port = place.rpartition(":")
        (home / ".ssh").mkdir(mode=0o700)
        lines = ("Host esx01", f"HostName {address}", f"Port {port}", f"User {user}", f"IdentityFile {served.key_file}")
        (home / ".ssh/config").write_text("\n    ".join(lines) + "\n")
        run(home, [sys.executable, "-m", "tshoot", "demo", "nfs-mount/no-such-vmkernel"])
        yield home


@pytest.fixture(scope="module")
def checkout_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder in which a page is followed: this checkout, or a copy with the files that the page writes."""

    @cache
    def of(page: str) -> Path:
        text = next(path for path in PAGES if path.name == page).read_text()
        files = [(name, f"# {name}\n{body}") for name, body in FILE.findall(text)] + NAMED.findall(text)
        if not files:
            return ROOT
        copy = tmp_path_factory.mktemp("checkout")
        shutil.copy(ROOT / "pyproject.toml", copy)
        for folder in ("tshoot", "playbooks", "fixtures", "tests"):
            shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
        for name, body in files:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_text(body)
        return copy

    return of


def run(home: Path, words: list[str], answer: bytes = b"", folder: Path = ROOT) -> tuple[int, str]:
    """Exit status and all that was printed; `answer` is typed at a terminal, to each question."""
    environment = {**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "SSH_AUTH_SOCK": "", "COLUMNS": "200", "PYTHONPATH": ""}
    if answer:
        return run_answering(words, answer, env=environment, cwd=folder)
    ran = subprocess.run(
        words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=150
    )
    return ran.returncode, ran.stdout


def status_of(words: list[str]) -> int:
    """What ends well ends in 0, what finds the fault that is there in 1, what shows a gap in 2."""
    if words[:2] == ["playbooks", "coverage"]:
        return 2
    finds = words[0] in ("demo", "analyze") or (words[0] == "run" and "--plan" not in words)
    return 1 if finds and "--list" not in words else 0


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown.page}: {shown.command}")
def test_it_does_what_the_page_says(shown: Shown, home: Path, checkout_of: Callable[[str], Path], tmp_path: Path) -> None:
    folder = checkout_of(shown.page)
    command, *rest = shown.command.split(" | ")
    match shlex.split(command):
        case ["tshoot", *words]:
            answer = b"yes\n" if "host=esx01" in words else b""
            status, output = run(home, [sys.executable, "-m", "tshoot", *words], answer, folder)
            assert status == status_of(words), output
        case ["pytest", *words]:
            assert folder != ROOT, "only in the copy: these tests are those of the page's own files"
            status, output = run(home, [sys.executable, "-m", "pytest", *words], folder=folder)
            assert status == 0, output
        case ["make", "test" | "bench" as verb]:  # not within itself, and not beside other work: its recipe must be there
            status, output = run(home, ["make", "--dry-run", verb])
            assert status == 0, output
            assert {"test": "pytest", "bench": "measure.py"}[verb] in output
        case ["make", *verbs]:
            status, output = run(home, ["make", *verbs, "SETUP=:", f"PYTHON={sys.executable}"])
            assert status == 0, output
        case ["pipx", "install", "."]:
            offline = ["--no-deps", "--no-index", "--no-build-isolation", "--quiet"]
            status, output = run(home, [sys.executable, "-m", "pip", "install", *offline, "--target", str(tmp_path), "."])
            assert status == 0, output
            assert (tmp_path / "bin/tshoot").exists()
        case _:
            pytest.fail(f"this test does not know how to run `{shown.command}`")
    for filter_ in rest:
        output = subprocess.run(shlex.split(filter_), input=output, capture_output=True, text=True, check=True).stdout
    squeezed = [" ".join(line.split()) for line in output.splitlines()]
    for line in shown.output:
        assert any(" ".join(line.split()) in real for real in squeezed), output


def test_a_page_that_is_followed_writes_new_files() -> None:
    named = {name for page in PAGES for name, _ in (*FILE.findall(page.read_text()), *NAMED.findall(page.read_text()))}
    assert {"tshoot/parsers/uptime.py", "tshoot/platforms/openwrt.yaml", "playbooks/service-port.yaml"} <= named
    assert not [name for name in named if (ROOT / name).exists()]


def test_the_pages_show_commands() -> None:
    assert sum(shown.page == "README.md" for shown in SHOWN) >= 10
    assert all(block.startswith("$ ") for page in PAGES for block in BLOCK.findall(page.read_text()))


def test_the_page_on_playbooks_names_every_filter_and_test() -> None:
    named = re.search(r"the filters\s`([^`]+)` and the tests\n`([^`]+)`", (ROOT / "docs/playbooks.md").read_text())
    assert named and (named[1].split(), set(named[2].split())) == (sorted(FILTERS), set(TESTS))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if not re.match(r"https?:", link):
            file, _, anchor = link.partition("#")
            target = (page.parent / file).resolve() if file else page
            assert target.exists(), link
            headings = [
                re.sub(r"[^a-z0-9 _-]", "", line.lstrip("# ").lower()).replace(" ", "-")
                for line in target.read_text().splitlines()
                if line.startswith("#")
            ]
            assert not anchor or anchor in headings, link
