"""tshoot against one case: the run as an engineer would do it, then what must hold of its verdict and its capture.

The operator of the laboratory answers what the playbook asks, after doing it: a retried mount is a command over an SSH
connection of their own, by OpenSSH's client; on a host without SSH a command at its console.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.lab.case import Case
from tests.lab.host import Host
from tests.lab.network import OPERATOR
from tests.lab.record import Recorder, write_scenario
from tests.lab.services import ssh as sshd
from tshoot.cancel import CancelToken
from tshoot.model.effects import AskOperator
from tshoot.model.evidence import FrameCitation
from tshoot.model.verdicts import Verdict
from tshoot.packets.analysis import Analysis, analyze_capture
from tshoot.session.plain import verdict_json
from tshoot.transports.base import Nobody
from tshoot.transports.settings import SshSettings
from tshoot.wiring import Settings, prepare, start


class LabOperator:
    """Does what is asked (`answers` by step) on: an address, over SSH, or a host, at its console. What it printed is in `said`."""

    def __init__(self, answers: dict[str, dict[str, str]], hosts: dict[str, Host], key: Path, known_hosts: Path) -> None:
        self.answers, self.hosts, self.said = answers, hosts, [""]
        self.ssh = ["ssh", "-F", "none", "-i", str(key), "-o", f"UserKnownHostsFile={known_hosts}", "-o", "BatchMode=yes", "-l", "root"]

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        answer = self.answers.get(question.key.partition("/")[0])
        if answer is None:
            return None
        if "run" in answer:
            self.do(answer)
        return answer["answer"]

    def do(self, step: dict[str, str]) -> None:
        host = self.hosts.get(step["on"])
        words = host.inside("sh", "-c", step["run"]) if host else [*self.ssh, step["on"], step["run"]]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        self.said.append(f"{step['on']}# {step['run']}\n{done.stdout}exit status {done.returncode}\n")


def drive(case: Case, hosts: dict[str, Host], results: Path, record: bool = False) -> dict[str, Any]:
    """{"verdict", "cause", "decided_at", "problems": [...]}; session, capture and outputs are kept in `results`.

    `record` makes a scenario of a run that came out right.
    """
    key, known_hosts = sshd.operator_key(), results / "known_hosts"
    public = (key.parent / "host_key.pub").read_text()
    known_hosts.write_text("".join(f"{target.address} {public}" for target in case.targets.values()))
    operator = LabOperator(case.answers, hosts, key, known_hosts)
    for step in case.before:
        operator.do(step)
    there = files_on(hosts)
    ssh = SshSettings(config_file=None, known_hosts=(known_hosts,), global_known_hosts=(), identity_files=(key,), default_keys=(), use_agent=False)
    settings = Settings(record=results / "sessions", state=results / "state", ssh=ssh)
    targets = {role: f"root@{target.address}" for role, target in case.targets.items()}
    recorder = Recorder()
    platforms = {role: target.platform for role, target in case.targets.items() if target.platform}
    started = start(prepare(case.playbook, targets, case.inputs, platforms), settings, operator=operator, prompter=Nobody(), views=[recorder])
    verdict = started.run()
    (results / "operator.txt").write_text("\n".join(operator.said))
    if verdict is None:
        return {"verdict": "none", "cause": "", "decided_at": "", "problems": ["the run ended without a verdict"]}
    (results / "verdict.json").write_text(json.dumps(verdict_json(verdict), indent=1))
    captures = pulled(started.folder, results)
    decided_at = verdict.path[-1].node if verdict.path else ""
    problems = [
        *wrong_verdict(case, verdict, decided_at),
        *wrong_capture(case, verdict, captures, results),
        *[f"left on {file}" for file in sorted(files_on(hosts) - there)],
    ]
    if record and not problems:
        write_scenario(case, recorder, verdict, started.folder / "evidence")
    return {"verdict": verdict.kind, "cause": verdict.cause, "decided_at": decided_at, "problems": problems}


def pulled(session: Path, results: Path) -> dict[str, Path]:
    """The captures among the session's evidence, by sha256, linked as `capture.pcap` for the reader."""
    found = {}
    for file in sorted((session / "evidence").iterdir()):
        if file.read_bytes()[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1", b"\n\r\r\n"):
            found[file.name] = file
            copy = results / f"capture{len(found) if len(found) > 1 else ''}.pcap"
            copy.write_bytes(file.read_bytes())
    return found


def wrong_verdict(case: Case, verdict: Verdict, decided_at: str) -> list[str]:
    expected = case.expect
    problems = []
    if (verdict.kind, verdict.cause) != (expected.verdict, expected.cause):
        problems.append(f"expected {expected.verdict} {expected.cause}, got {verdict.kind} {verdict.cause}: {verdict.reason}")
    if expected.decided_at and decided_at != expected.decided_at:
        problems.append(f"decided at {decided_at}, not at {expected.decided_at}")
    return problems


def wrong_capture(case: Case, verdict: Verdict, captures: dict[str, Path], results: Path) -> list[str]:
    """The frames cited are frames of a pulled capture, and `tshoot analyze` on a capture alone agrees."""
    frames = [one for one in verdict.evidence if isinstance(one, FrameCitation)]
    if not captures:
        return ["no capture was pulled"] if frames or case.expect.capture else []
    analyses = {sha256: analyze_capture(file, cancel=CancelToken()) for sha256, file in captures.items()}
    problems = [
        f"frame {one.frame} cited is not in the capture" for one in frames if one.sha256 not in captures or one.frame > analyses[one.sha256].packets
    ]
    if verdict.kind == "fault" and case.expect.capture and not frames:
        problems.append("the verdict cites no frame")
    for analysis in analyses.values():
        (results / "analyze.json").write_text(json.dumps(asdict(analysis), default=str, indent=1))
        problems += disagreement(case, analysis)
    return problems


def disagreement(case: Case, analysis: Analysis) -> list[str]:
    """`expect.analyze`: a cause, or a kind of verdict."""
    expected = case.expect.analyze or case.expect.cause or case.expect.verdict
    got = analysis.verdict.cause or analysis.verdict.kind
    return [] if got == expected else [f"analyze says {got}, not {expected}: {analysis.verdict.reason}"]


def files_on(hosts: dict[str, Host]) -> set[str]:
    """What lies in the folders that tshoot may write to, from which it has to take everything away."""
    listing = "find /tmp /var/tmp -mindepth 1 -not -path '/var/tmp/frr/*'"  # FRR's daemons keep crash logs there
    return {f"{host.name}: {file}" for host in hosts.values() if host.name != OPERATOR for file in host.run("sh", "-c", listing).splitlines()}
