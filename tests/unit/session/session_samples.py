"""Events for the tests: any that the types allow (hypothesis), and a short believable session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from tshoot.model.effects import AskOperator, RunCommand
from tshoot.model.events import (
    EVENTS,
    CommandRan,
    DecisionTaken,
    EffectAnswered,
    EffectRequested,
    Event,
    Failed,
    Ok,
    OperatorAnswered,
    RunEnded,
    RunStarted,
    TargetSpec,
    UnknownEvent,
    VerdictReached,
)
from tshoot.model.evidence import AnswerCitation, FailureCitation, FrameCitation, LineCitation
from tshoot.model.verdicts import ConditionValue, Decision, Reading, RuledOut, Verdict

# what Python makes of bytes that are no UTF-8 in a file name is text too
TEXT = st.text(st.characters() | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF, categories=["Cs"]), max_size=12)
TIMES = st.floats(0, 253370764799, allow_nan=False).filter(lambda at: at == 0 or at > 1e-4) | st.floats(1.7e9, 2e9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    bytes: st.binary(max_size=40),
    int: st.integers(),
    bool: st.booleans(),
    float: st.floats(allow_nan=False),
    NoneType: st.none(),
    object: JSON,
}


def of_type(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that the model uses, every field drawn."""
    if hint in PLAIN:
        return PLAIN[hint]
    args = get_args(hint)
    if get_origin(hint) is Literal:
        return st.sampled_from(args)
    if get_origin(hint) in (Union, UnionType):
        return st.one_of([of_type(arg) for arg in args])
    if get_origin(hint) is tuple:
        return st.lists(of_type(args[0]), max_size=2).map(tuple)
    if get_origin(hint) is Mapping:
        return st.dictionaries(of_type(args[0]), of_type(args[1]), max_size=2)
    assert is_dataclass(hint), hint
    hints = get_type_hints(hint)
    return st.builds(hint, **{item.name: TIMES if item.name == "at" else of_type(hints[item.name]) for item in fields(hint)})


UNKNOWN = st.builds(
    UnknownEvent,
    at=TIMES,
    name=TEXT.filter(lambda name: name not in {event.__name__ for event in EVENTS}),
    body=st.dictionaries(TEXT.filter(lambda key: key not in {"n", "at", "event", "prev"}), JSON, max_size=3),
)

START = 1795232467.123456
VMKNIC = b"""\
Interface  Port Group/DVPort/Opaque Network        IP Family IP Address  Netmask         Broadcast    MAC Address       MTU     TSO MSS   Enabled Type
vmk0       Management Network                      IPv4      192.0.2.21  255.255.255.0   192.0.2.255  88:e9:a4:6b:b8:54 1500    65535     true    STATIC
"""
MTU = LineCitation("interfaces", "host", "esxcfg-vmknic -l", "stdout", 2, 2, VMKNIC.decode().splitlines()[1], "by_name.vmk0.mtu", "1500", "ab" * 32)
DENIED = FrameCitation("trace", "host", 18, "mount.status", "13", "192.0.2.10 denied the mount of /vol/ds1 to 192.0.2.21.", "cd" * 32)
RETRIED = AnswerCitation("retry", "Retry the mount now. Was it retried?", "yes")
SILENT = FailureCitation("nfsd_port", "host", "nc -z -w 5 192.0.2.10 2049", "timeout", "no answer within 30 s")
CHOSEN = ConditionValue(
    "trace.found('nfs.mount-denied')", "true", "nfs.mount-denied", "", (Reading("trace.found('nfs.mount-denied')", "True", (DENIED,)),)
)
PASSED = ConditionValue(
    "interfaces.by_name[vmk].mtu > 9000", "false", "path.mtu-mismatch", "", (Reading("interfaces.by_name.vmk0.mtu", "1500", (MTU,)),)
)
DECISION = Decision("trace", 1, CHOSEN.condition, "nfs.mount-denied", (PASSED, CHOSEN), "one mount attempt on the wire shows who says no")
VERDICT = Verdict(
    "fault",
    "The server 192.0.2.10 answered the mount of /vol/ds1 with MNT3ERR_ACCES (13).",
    "nfs.mount-denied",
    "the NFS server denies the mount",
    "storage",
    "Add 192.0.2.21 to the export rule of /vol/ds1.",
    "Mount it again.",
    (DENIED, MTU, RETRIED, SILENT),
    (RuledOut("path.mtu-mismatch", "the path's MTU is too small", "full-size packets come back", (MTU,)),),
    (DECISION,),
    details={"client": "192.0.2.21", "status": 13},
)


def short_session() -> list[Event]:
    """One command, a question, a failure, a decision and its verdict."""
    run = RunCommand("interfaces/1@host", "interfaces", "host", "esxcfg-vmknic -l", "find the VMkernel interface that carries NFS")
    probe = RunCommand("nfsd_port/1@host", "nfsd_port", "host", "nc -z -w 5 192.0.2.10 2049", "does nfsd's port answer?")
    ask = AskOperator("retry/1", "trace", "Retry the mount now. Was it retried?")
    return [
        RunStarted(START, "nfs-mount", (TargetSpec("host", "esx01.example", "vmware_esxi"),), {"server": "192.0.2.10", "mountd_port": 635}),
        EffectRequested(START + 0.1, run),
        EffectAnswered(START + 0.5, run.key, Ok(CommandRan(0, VMKNIC, b"", 0.4))),
        EffectRequested(START + 0.6, probe),
        EffectAnswered(
            START + 30.6, probe.key, Failed("timeout", "no answer within 30 s", "look at the firewall", CommandRan(None, b"", b"half", 30.0))
        ),
        EffectRequested(START + 30.7, ask),
        EffectAnswered(START + 50.7, ask.key, Ok(OperatorAnswered("yes"))),
        DecisionTaken(START + 50.8, DECISION),
        VerdictReached(START + 50.9, VERDICT),
        RunEnded(START + 51.0, "finished"),
    ]
