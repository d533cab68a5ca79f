"""Every capture of fixtures/captures against the truth beside it: one case a capture, made by the scripts there.

The whole way of a file is tried (container, decode, detectors). A healthy capture must leave no fault and no
warning; a faulty one must give its cause, with its severity, at its frames, with its fields.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.thorough import sample
from tshoot.cancel import CancelToken
from tshoot.packets.analysis import Analysis, analyze_capture
from tshoot.packets.detect import detectors
from tshoot.playbook.causes import all_causes

CAPTURES = Path(__file__).parents[2] / "fixtures" / "captures"
CASES = {str(path.relative_to(CAPTURES).with_suffix("")): path for path in sorted(CAPTURES.glob("*/*.pcap"))}
JUDGED = [case for case in CASES if case.split(".")[0] in ("nfs", "bgp", "ndp", "arp")]
ONE_A_CAUSE = list({case.split("/")[0]: case for case in JUDGED}.values())  # for what costs a program more
VERIFYING = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.try_heuristic_first:TRUE"]
BROKEN = "_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || icmp.checksum.status == 0"

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def truth_of(pcap: Path) -> dict:
    return json.loads(pcap.with_suffix(".json").read_text())


def check(analysis: Analysis, truth: dict, *, numbered: bool = True) -> None:
    told = [finding for finding in analysis.findings if finding.severity != "note"]
    if truth["cause"] is None:
        assert not told
        return
    finding = next(finding for finding in told if finding.cause == truth["cause"])
    assert finding.severity == truth["severity"]
    others = {found.cause for found in told if found.severity == "fault"} - {finding.cause} - set(analysis.explained)
    assert not others, "one fault, one cause"
    if numbered:
        assert set(truth["frames"]) <= set(finding.frames)
        proof = {(item.field, item.value) for item in finding.evidence if item.frame in truth["frames"]}
        assert set(truth["fields"].items()) <= proof
        assert finding.evidence[0].frame in truth["frames"], "the evidence begins with what decides"
    assert list(finding.frames) == sorted(finding.frames)
    facts = truth.get("facts", {name: truth[name] for name in ("client", "server") if name in truth})
    assert facts.items() <= finding.facts.items()
    if "server" in truth:
        assert truth["server"] in finding.explanation


@needs_tshark
@pytest.mark.parametrize("case", sample(CASES, 2))
def test_the_truth_is_found(case: str) -> None:
    check(analyze_capture(CASES[case], cancel=CancelToken()), truth_of(CASES[case]))


@needs_tshark
@pytest.mark.parametrize("case", ONE_A_CAUSE)
def test_the_proof_is_shown_by_its_display_filter(case: str) -> None:
    """What the finding tells the operator to type into Wireshark shows at least the deciding frames."""
    truth = truth_of(CASES[case])
    analysis = analyze_capture(CASES[case], families=[case.split(".", maxsplit=1)[0]], cancel=CancelToken())
    finding = next(finding for finding in analysis.findings if finding.cause == truth["cause"])
    tshark = ["tshark", "-r", str(CASES[case]), "-o", "tcp.try_heuristic_first:TRUE", "-Y", finding.display_filter]
    shown = subprocess.run([*tshark, "-T", "fields", "-e", "frame.number"], capture_output=True, text=True, check=True).stdout
    assert set(truth["frames"]) <= set(map(int, shown.split()))


# What may hide a packet of interest: fragments, tunnels, labels.
_WRAPS = (
    "(ip[6:2] & 0x1fff != 0)",
    *(f"(ip proto {number})" for number in (4, 41, 47, 51, 94, 97, 115, 137)),
    "(ip6 and not (ip6[6] = 6 or ip6[6] = 17 or ip6[6] = 58))",
    *(f"(udp port {port})" for port in (1701, 2152, 3544, 4789, 6081, 6635, 8472)),
    *(f"(ether proto {kind:#x})" for kind in (0x6558, 0x8847, 0x8848, 0x8864, 0x88E7, 0x894F)),
)


def selection(capture_filters: list[str]) -> str:
    """Someone's own capture filter: all that the detectors want, and what may hide it; "" for everything."""
    if not all(capture_filters):
        return ""
    wanted = " or ".join((*(f"({expression})" for expression in capture_filters), *_WRAPS))
    # `vlan` shifts what follows it, to the end of the expression: so the third part is two tags deep.
    return f"{wanted} or (vlan and ({wanted})) or (vlan and ({wanted} or vlan))"


@needs_tshark
@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="tcpdump is not installed")
@pytest.mark.parametrize("case", ONE_A_CAUSE)
def test_the_capture_filter_lets_the_proof_through(case: str, tmp_path: Path) -> None:
    """A large capture is cut down by the capture filter first: what is left must decide the same."""
    left, family = tmp_path / "left.pcap", case.split(".", maxsplit=1)[0]
    expression = selection([detector.capture_filter for detector in detectors([family])])
    subprocess.run(["tcpdump", "-r", str(CASES[case]), "-w", str(left), expression], capture_output=True, check=True)
    check(analyze_capture(left, families=[family], cancel=CancelToken()), truth_of(CASES[case]), numbered=False)


@needs_tshark
def test_the_packets_are_well_formed(tmp_path: Path) -> None:
    """All of them read as one capture, for that costs tshark one start; a frame that is damaged among them shows."""
    broken, every = tmp_path / "broken.pcap", tmp_path / "every.pcapng"
    raw = bytearray(next(path for case, path in CASES.items() if case.startswith("nfs.")).read_bytes())
    raw[24 + 16 + 14 + 10] ^= 1  # the header checksum of the first frame
    broken.write_bytes(raw)
    subprocess.run(["mergecap", "-a", "-w", every, broken, *CASES.values()], capture_output=True, check=True)
    wrong = subprocess.run(
        ["tshark", "-r", every, *VERIFYING, "-Y", BROKEN, "-T", "fields", "-e", "frame.number"], capture_output=True, text=True, check=True
    )
    assert wrong.stdout == "1\n"


def test_the_captures_are_what_their_scripts_make() -> None:
    pytest.importorskip("scapy")
    made = subprocess.run([sys.executable, str(CAPTURES / "build.py"), "--check"], capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr


def test_every_cause_of_a_capture_is_explained() -> None:
    named = {truth_of(path)["cause"] for path in CASES.values()} - {None}
    assert named <= set(all_causes())
    assert all(re.fullmatch(r"[a-z0-9]+\.[a-z0-9-]+/[a-z0-9-]+|healthy/[a-z0-9-]+", case) for case in CASES)
