"""What explains what between the same hosts, and which of several faults is the root."""

from __future__ import annotations

import pytest

from tshoot.model.findings import Confidence, Finding, Severity
from tshoot.packets.detect import detectors
from tshoot.packets.relations import _SAME_HOST, _SAME_HOSTS, explained_by, root_of


def finding(cause: str, frame: int = 1, confidence: Confidence = "high", severity: Severity = "fault", **facts: str) -> Finding:
    return Finding(cause, cause, severity, confidence, (frame,), (), cause, "", facts)


ENDS = {"client": "192.0.2.1", "server": "192.0.2.2"}
TURNED = {"client": "192.0.2.2", "server": "192.0.2.1"}
OTHERS = {"client": "192.0.2.1", "server": "192.0.2.3"}


@pytest.mark.parametrize(
    ("found", "explained"),
    [
        ([finding("path.mtu-mismatch", **ENDS), finding("tcp.retransmissions", **TURNED)], {"tcp.retransmissions": "path.mtu-mismatch"}),
        ([finding("path.mtu-mismatch", **ENDS), finding("tcp.retransmissions", **OTHERS)], {}),
        ([finding("path.mtu-mismatch", **ENDS), finding("tcp.retransmissions", **ENDS), finding("tcp.retransmissions", **OTHERS)], {}),
        ([finding("path.mtu-mismatch", severity="warning", **ENDS), finding("tcp.retransmissions", **ENDS)], {}),
        (
            [finding("tcp.zero-window", **ENDS), finding("tcp.retransmissions", severity="warning", **ENDS)],
            {"tcp.retransmissions": "tcp.zero-window"},
        ),
        (
            [
                finding("tcp.retransmissions", severity="warning", **OTHERS),
                finding("tcp.zero-window", **ENDS),
                finding("tcp.retransmissions", **ENDS),
            ],
            {"tcp.retransmissions": "tcp.zero-window"},
        ),
        ([finding("nfs.nfsd-blocked", **ENDS), finding("path.filtered", **ENDS)], {"path.filtered": "nfs.nfsd-blocked"}),
        ([finding("nfs.mount-denied", **ENDS), finding("path.refused", **ENDS)], {"path.refused": "nfs.mount-denied"}),
        (
            [finding("bgp.next-hop-in-own-prefix", neighbor="192.0.2.1", receiver="192.0.2.2"), finding("tcp.retransmissions", **ENDS)],
            {"tcp.retransmissions": "bgp.next-hop-in-own-prefix"},
        ),
        ([finding("arp.duplicate-address", address="192.0.2.2"), finding("path.unreachable", **ENDS)], {"path.unreachable": "arp.duplicate-address"}),
        ([finding("arp.duplicate-address", address="192.0.2.9"), finding("path.unreachable", **ENDS)], {}),
        (
            [finding("ndp.duplicate-address", address="2001:db8::1"), finding("path.filtered", client="2001:DB8:0::1", server="2001:db8::2")],
            {"path.filtered": "ndp.duplicate-address"},
        ),
        ([finding("path.mtu-mismatch"), finding("tcp.retransmissions")], {}),
    ],
)
def test_between_the_same_hosts(found: list[Finding], explained: dict[str, str]) -> None:
    assert explained_by(found, {}) == explained
    assert explained_by(found[::-1], {}) == explained


def test_rings_are_cut_and_there_is_a_root() -> None:
    ring = {"a.one": ("a.two",), "a.two": ("a.three",), "a.three": ("a.one",)}
    found = [finding(cause) for cause in ring]
    explained = explained_by(found, ring)
    assert len(explained) == 2
    assert root_of(found, explained).cause not in explained


@pytest.mark.parametrize(
    ("found", "root"),
    [
        ([finding("path.filtered", 1, "medium"), finding("nfs.mount-denied", 9)], "nfs.mount-denied"),
        ([finding("tcp.retransmissions", 1), finding("path.filtered", 9)], "path.filtered"),
        ([finding("path.filtered", 9), finding("path.refused", 1)], "path.refused"),
        ([finding("ndp.no-router", 1), finding("tcp.retransmissions", 9, "low")], "tcp.retransmissions"),
        ([finding("ndp.no-router", 1)], "ndp.no-router"),
    ],
)
def test_the_root_of_several(found: list[Finding], root: str) -> None:
    assert root_of(found, {}).cause == root
    assert root_of(found[::-1], {}).cause == root


def test_only_causes_that_somebody_finds_are_named() -> None:
    known = {cause for detector in detectors() for cause in detector.causes}
    for relations in (_SAME_HOSTS, _SAME_HOST):
        assert known >= {*relations, *(effect for effects in relations.values() for effect in effects)}
