"""A session reads as a story: what was asked, what came of it, what was concluded; and no device writes to the terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import session_samples as samples
from hypothesis import given
from session_samples import START, short_session

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled
from tshoot.model.effects import Decode, RunCommand, StartCapture, StopCapture
from tshoot.model.events import (
    EVENTS,
    CaptureStarted,
    CaptureTaken,
    CommandRan,
    Decoded,
    EffectAnswered,
    EffectRequested,
    Event,
    Ok,
    UnknownEvent,
)
from tshoot.model.evidence import EvidenceRef
from tshoot.model.findings import FieldValue, Finding
from tshoot.session.log import SessionLog
from tshoot.session.replay import LONGEST_GAP, replay
from tshoot.session.summary import summarize
from tshoot.session.transcript import transcript_lines

SHORT = """\
nfs-mount, 2026-11-21 03:41:07 UTC
    host         esx01.example (vmware_esxi)
    server       192.0.2.10
    mountd_port  635

03:41:07  find the VMkernel interface that carries NFS
03:41:07  host $ esxcfg-vmknic -l
    Interface  Port Group/DVPort/Opaque Network        IP Family IP Address  Netmask         Broadcast    MAC Address       MTU     TSO MSS   Enabled Type
    vmk0       Management Network                      IPv4      192.0.2.21  255.255.255.0   192.0.2.255  88:e9:a4:6b:b8:54 1500    65535     true    STATIC

03:41:07  does nfsd's port answer?
03:41:07  host $ nc -z -w 5 192.0.2.10 2049
    stderr: half
    failed (timeout): no answer within 30 s
        hint: look at the firewall
03:41:37  ? Retry the mount now. Was it retried? [yes / no]
    answer: yes
03:41:57  trace -> nfs.mount-denied
    one mount attempt on the wire shows who says no
    false    interfaces.by_name[vmk].mtu > 9000 (interfaces.by_name.vmk0.mtu =
             1500)
    true     trace.found('nfs.mount-denied')

FAULT  nfs.mount-denied: the NFS server denies the mount
  The server 192.0.2.10 answered the mount of /vol/ds1 with MNT3ERR_ACCES
  (13).

  Evidence
    192.0.2.10 denied the mount of /vol/ds1 to 192.0.2.21.
    frame 18: mount.status = 13
    interfaces.by_name.vmk0.mtu = 1500  (host $ esxcfg-vmknic -l line 2)
      vmk0       Management Network                      IPv4      192.0.2.21  255.255.255.0   192.0.2.255  88:e9:a4:6b:b8:54 1500    65535     true    STATIC
    asked: Retry the mount now. Was it retried? Answer: yes
    host $ nc -z -w 5 192.0.2.10 2049: timeout: no answer within 30 s

  Ruled out
    path.mtu-mismatch: full-size packets come back

  Fix (owner: storage)
    Add 192.0.2.21 to the export rule of /vol/ds1.

  Verify
    Mount it again.

03:41:58  finished after 51 s, 2 commands, 1 failed
"""


def test_a_short_session_reads_like_this() -> None:
    assert "".join(f"{line}\n" for line in transcript_lines(short_session())) == SHORT


def test_a_capture_and_its_findings_are_told() -> None:
    finding = Finding(
        "nfs.mount-denied",
        "the mount is denied",
        "fault",
        "high",
        (17, 18),
        (FieldValue(18, "mount.status", "13"),),
        "192.0.2.10 said no.",
        "mount.status == 13",
    )
    start = StartCapture("trace/1@host", "trace", "host", "vmk0", "port 2049 or port 111", 9014, 60, 5000, 20, "see who says no")
    stop = StopCapture("trace:stop/1@host", "trace", "host", start.key, start.why)
    decode = Decode("trace:decode/1@host", "trace", "host", "ab" * 32, ("nfs",), start.why)
    taken = CaptureTaken(EvidenceRef("ab" * 32, 3912, "capture", "esx01 vmk0"), "operator", 12.34, 24, 3, removed=False)
    answers = [CaptureStarted("/tmp/t.pcap", 2101, "tcpdump-uw"), taken, Decoded(24, (finding,), {})]
    events: list[Event] = []
    for effect, answer in zip((start, stop, decode), answers, strict=True):
        events += [EffectRequested(START, effect), EffectAnswered(START, effect.key, Ok(answer))]  # type: ignore[arg-type]
    assert list(transcript_lines(events)) == [
        "",
        "03:41:07  see who says no",
        "03:41:07  host capture on vmk0: port 2049 or port 111 (at most 60 s, 5,000 packets, 20 MB)",
        "    capturing with tcpdump-uw, process 2101, into /tmp/t.pcap",
        "03:41:07  host stop the capture and fetch it",
        "    captured 24 packets, 3,912 bytes after 12.3 s, stopped by operator: evidence abababababab",
        "    3 packets dropped by the target: what is missing may have been there",
        "    the file could not be removed from the target",
        "03:41:07  decode capture abababababab for nfs",
        "    24 packets",
        "    fault nfs.mount-denied (frames 17, 18)",
        "        192.0.2.10 said no.",
        "        filter: mount.status == 13",
    ]


def run(key: str, command: str) -> EffectRequested:
    return EffectRequested(START, RunCommand(key, "n", "host", command))


def ran(key: str, stdout: bytes, exit_status: int = 0) -> EffectAnswered:
    return EffectAnswered(START, key, Ok(CommandRan(exit_status, stdout, b"", 0.1)))


def test_answers_that_cross_name_their_request_again() -> None:
    lines = list(transcript_lines([run("a", "first"), run("b", "second"), ran("a", b"1"), ran("b", b"", 2)]))
    assert [line.removeprefix("03:41:07  ") for line in lines] == [
        "host $ first",
        "host $ second",
        "host $ first",
        "    1",
        "host $ second",
        "    exit status 2",
    ]


def test_a_long_output_is_cut_and_counted() -> None:
    output = b"".join(b"line %d\n" % number for number in range(100_000))
    lines = list(transcript_lines([run("a", "show tech"), ran("a", output)], most=10))
    assert lines[-2:] == ["    line 9", "    (99,990 more lines are in the session's evidence)"]
    assert len(list(transcript_lines([run("a", "show tech"), ran("a", output)], most=None))) == 100_001


def test_an_unknown_event_is_shown() -> None:
    assert list(transcript_lines([UnknownEvent(START, "PhaseEntered", {"phase": 3})])) == [
        '03:41:07  PhaseEntered (not known to this version): {"phase": 3}'
    ]


HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m[/foo][red]\r\n\u202egnp.exe\u200b\x00\udcff"


def hostile(value: object) -> object:
    """Every text of a frozen record, however deep, made hostile."""
    if isinstance(value, str):
        return value + HOSTILE
    if isinstance(value, bytes):
        return value + HOSTILE.encode("utf-8", "surrogateescape")
    if isinstance(value, tuple):
        return tuple(hostile(item) for item in value)
    if hasattr(value, "__dataclass_fields__"):
        return replace(value, **{name: hostile(getattr(value, name)) for name in value.__dataclass_fields__})  # type: ignore[type-var]
    return value


def test_no_device_writes_to_the_terminal() -> None:
    text = "\n".join(transcript_lines([hostile(event) for event in short_session()]))  # type: ignore[misc]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202e]", text)
    assert "owned" not in text and "[/foo][red]" in text


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_any_event_gives_single_clean_lines(kind: type[Event]) -> None:
    @given(samples.of_type(kind))
    def check(event: Event) -> None:
        for line in transcript_lines([event]):
            assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", line)

    check()


def test_the_numbers_of_a_session() -> None:
    summary = summarize(short_session())
    assert (summary.playbook, summary.commands, summary.captures, summary.failures, round(summary.seconds)) == ("nfs-mount", 2, 0, 1, 51)
    assert summary.verdict is not None and summary.verdict.cause == "nfs.mount-denied" and summary.ended is not None


# --- replay --------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with SessionLog.create(tmp_path, "nfs-mount", "", {}) as log:
        for event in short_session():
            log.append(event)
    return log.folder


def waits(folder: Path, **how: object) -> list[float]:
    seen: list[Event] = []
    waited: list[float] = []
    replay(folder, seen.append, cancel=CancelToken(), wait=waited.append, **how)  # type: ignore[arg-type]
    assert seen == short_session()
    return [round(wait, 3) for wait in waited]


def test_a_replay_feeds_the_view_with_the_recorded_timing(folder: Path) -> None:
    assert waits(folder) == []
    assert waits(folder, speed=1.0) == [0.1, 0.4, 0.1, LONGEST_GAP, 0.1, LONGEST_GAP, 0.1, 0.1, 0.1]
    assert waits(folder, speed=2.0, exact=True) == [0.05, 0.2, 0.05, 15.0, 0.05, 10.0, 0.05, 0.05, 0.05]


def test_a_replay_stops_when_asked(folder: Path) -> None:
    cancel, seen = CancelToken(), list[Event]()

    def view(event: Event) -> None:
        seen.append(event)
        cancel.cancel()

    with pytest.raises(Cancelled):
        replay(folder, view, speed=0.001, cancel=cancel)
    assert seen == short_session()[:1]
