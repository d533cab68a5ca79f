"""The command lines of a case as its operator types them, and what must hold of what they show.

The operator has a home of their own (`/run/home`), an environment with nothing of this machine's, and sits in this process's own network.
What is shown is compared line by line, blanks and line breaks apart, with `…` where a run differs from the next: fingerprints, session ids, times.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.lab.access.accounts import PASSPHRASE, PASSWORD, WRONG_PASSWORD
from tests.lab.access.case import AccessCase, Try
from tests.lab.access.home import HOME, TEMPORARY, furnish
from tests.lab.access.terminal import Shown, type_at
from tests.lab.host import Host, wait_for

LOOK = Path(__file__).with_name("look.yaml")
_CHANGES = re.compile(
    r"(?<=SHA256:)[A-Za-z0-9+/]{43}|[0-9]{8}T[0-9]{6}Z-[a-z0-9-]+|\b[0-9]+\.[0-9]+ s\b|\b[0-9]+ times within [0-9]+ s\b|\b[0-9]{1,2}:[0-9]{2}:[0-9]{2}Z?\b|\b[0-9]{4}-[0-9]{2}-[0-9]{2}\s+[0-9]{2}:[0-9]{2}(?=\s+UTC)"
)
_BLANKS = re.compile(r"\s+")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def get_in(case: AccessCase, hosts: dict[str, Host], results: Path) -> dict[str, Any]:
    """{"verdict", "cause", "decided_at", "problems"}; what each command line showed is kept in `results`."""
    environment = furnish(case, hosts)
    ends, problems = [], []
    for number, one in enumerate(case.tries, 1):
        shown = type_at([sys.executable, "-m", "tshoot", *words(one)], environment, one)
        (results / f"try{number}.txt").write_text(f"$ tshoot {one.run}\n{shown.text}\nexit status {shown.status}, {shown.seconds:.1f} s\n")
        ends.append(str(shown.status))
        wrong = [*wrong_end(one, shown), *wrong_words(one, shown), *left_behind(), *wrong_hosts(one, hosts), *wrong_plainly(one, environment)]
        problems += [f"try {number} ({one.transport}): {problem}" for problem in wrong]
    return {"verdict": f"exit {' '.join(ends)}", "cause": "", "decided_at": "", "problems": problems}


def look_plainly(case: AccessCase, hosts: dict[str, Host], results: Path) -> dict[str, Any]:
    """What OpenSSH's own client shows at the same terminal, instead of tshoot."""
    environment = furnish(case, hosts)
    for number, one in enumerate(case.tries, 1):
        for name in re.findall(r"host=(\S+)", one.run):
            shown = type_at(["ssh", "-o", "NumberOfPasswordPrompts=1", name, "hostname"], environment, one)
            (results / f"try{number}-ssh-{name}.txt").write_text(
                f"$ ssh {name} hostname\n{shown.text}\nexit status {shown.status}, {shown.seconds:.1f} s\n"
            )
    return {"verdict": "observed"}


def words(one: Try) -> list[str]:
    return [str(LOOK) if word == "look" else word for word in one.run.split()]


def wrong_end(one: Try, shown: Shown) -> list[str]:
    problems = [] if shown.status == one.exit else [f"exit status {shown.status}, not {one.exit}; it shows: {shown.text[-600:]}"]
    if shown.seconds > one.within:
        problems.append(f"it took {shown.seconds:.1f} s, more than {one.within:g}")
    return [*problems, *(f"it never asked `{prompt}`" for prompt, _ in shown.unasked)]


def wrong_words(one: Try, shown: Shown) -> list[str]:
    """Each line of `says` after the one before it; none of `never`, and no secret that was typed."""
    text, at, problems = plainly(shown.text), 0, []
    for line in one.says:
        found = text.find(plainly(line), at)
        if found < 0:
            problems.append(f"it does not say `{line}`; it says: {text[at:][:800]}")
        else:
            at = found + len(plainly(line))
    problems += [f"it says `{line}`" for line in one.never if plainly(line) in text]
    return problems + [f"it shows the secret `{secret}`" for secret in (PASSWORD, WRONG_PASSWORD, PASSPHRASE) if secret in text]


def plainly(text: str) -> str:
    """What a reader sees of it, on one line."""
    return _BLANKS.sub(" ", _CHANGES.sub("…", _ESCAPES.sub("", text).replace(str(HOME), "~"))).strip()


def wrong_hosts(one: Try, hosts: dict[str, Host]) -> list[str]:
    """What the hosts themselves say afterwards: `prints` is a regular expression for all of it."""
    problems = []
    for check in one.after:
        done = hosts[check["on"]].attempt("sh", "-c", check["run"])
        said = (done.stdout + done.stderr).strip()
        if not re.fullmatch(str(check["prints"]).strip(), said, re.DOTALL):
            problems.append(f"{check['on']}# {check['run']} prints `{said[-300:]}`, not `{check['prints']}`")
    return problems


def left_behind() -> list[str]:
    """Connections that go on and files that nobody needs any more, once tshoot has ended."""
    with suppress(TimeoutError):
        wait_for(lambda: not clients(), 2, "no ssh")
    return [*(f"left running: {client}" for client in clients()), *(f"left lying: {file}" for file in TEMPORARY.rglob("*"))]


def clients() -> list[str]:
    """All processes `ssh` of this process namespace; the servers are `sshd`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (folder / "comm").read_text().strip() == "ssh" and (words := (folder / "cmdline").read_bytes()):
                found.append(words.replace(b"\0", b" ").decode(errors="replace").strip())
    return found


def wrong_plainly(one: Try, environment: dict[str, str]) -> list[str]:
    """OpenSSH's own client on the same way."""
    problems = []
    for host, status in one.plain.items():
        done = plain_ssh(["-o", "BatchMode=yes", host, "true"], environment)
        if done.returncode != status:
            problems.append(f"`ssh {host}` ends with {done.returncode}, not {status}: {done.stderr.strip()[-300:]}")
    return problems


def plain_ssh(arguments: Sequence[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["ssh", *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
