"""Which fault explains which, across families, and which of several is the root.

A detector says of its own family what explains what (`explains`), and of others where it is always so. Here stands what holds
between families for the same two hosts only: loss between two others is a fault of its own. The more particular cause is the root: an export
that is denied explains the retries it causes, a path that carries no large packets the segments that are sent again.

Among roots that nothing explains: the surer first, then the one that does more harm (a service that fails before one that is slow), then
the earlier. `ndp.no-router` is the last choice: a link without IPv6 routers is often meant so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address

from tshoot.model.findings import CONFIDENCES, Finding

_LOSS = ("tcp.retransmissions", "tcp.zero-window")
_SILENCE = ("path.filtered", "path.refused", "path.unreachable")
_SAME_HOSTS: Mapping[str, tuple[str, ...]] = {
    "nfs.portmapper-unreachable": _SILENCE,
    "nfs.mountd-blocked": _SILENCE,
    "nfs.nfsd-blocked": _SILENCE,
    "nfs.mount-denied": ("path.refused",),
    "nfs.export-not-found": ("path.refused",),
    "nfs.program-not-registered": ("path.refused",),
    "nfs.version-unsupported": ("path.refused",),
    "bgp.next-hop-in-own-prefix": ("bgp.session-reset", "path.unreachable", "path.filtered", "path.refused", *_LOSS),
    "bgp.open-rejected": ("path.refused",),
    "bgp.session-reset": ("path.refused",),
    "path.mtu-mismatch": ("bgp.session-reset", *_LOSS),
    "path.unreachable": ("path.filtered", "tcp.retransmissions"),
    "path.filtered": ("tcp.retransmissions",),
    "path.asymmetric": ("path.reset-injected", "path.filtered", "tcp.retransmissions"),
    "path.reset-injected": ("path.refused", "bgp.session-reset"),
    "tcp.zero-window": ("tcp.retransmissions",),
}
# Neighbours are below everything that runs over them: whose address two claim, or whose MAC is rewritten, is not reached.
_SAME_HOST: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    ("ndp.source-mac-rewritten", "ndp.duplicate-address", "ndp.unanswered-solicitation", "arp.duplicate-address"),
    (*_SILENCE, "path.asymmetric", *_LOSS, "nfs.portmapper-unreachable", "nfs.mountd-blocked", "nfs.nfsd-blocked", "bgp.session-reset"),
)
_SLOW = {*_LOSS, "path.asymmetric"}
_LAST = {"ndp.no-router"}


def explained_by(findings: Sequence[Finding], always: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Causes all of whose findings a fault explains: cause -> the one that explains it. `always`: wherever they are found.

    Of a cause that has faults, only these count; warnings are explained where there is nothing worse. Notes are not.
    """
    faults = _by_cause(findings, "fault")
    by_cause = {**_by_cause(findings, "warning"), **faults}
    explained: dict[str, str] = {}
    for cause, roots in faults.items():
        for effect in _effects(cause, always):
            if effect not in by_cause or effect == cause or effect in explained or effect in _chain(cause, explained):
                continue
            if effect in always.get(cause, ()) or all(_same(cause, effect, other, roots) for other in by_cause[effect]):
                explained[effect] = cause
    return explained


def _by_cause(findings: Sequence[Finding], severity: str) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.severity == severity:
            found.setdefault(finding.cause, []).append(finding)
    return found


def root_of(faults: Sequence[Finding], explained: Mapping[str, str]) -> Finding:
    """The finding that the verdict rests on; `faults` are not empty."""
    unexplained = [finding for finding in faults if finding.cause not in explained]
    return min(unexplained or faults, key=_rank)


def _rank(finding: Finding) -> tuple[bool, int, bool, int]:
    return finding.cause in _LAST, CONFIDENCES.index(finding.confidence), finding.cause in _SLOW, min(finding.frames, default=0)


def _effects(cause: str, always: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from dict.fromkeys((*always.get(cause, ()), *_SAME_HOSTS.get(cause, ()), *_SAME_HOST.get(cause, ())))


def _chain(cause: str, explained: Mapping[str, str]) -> Iterator[str]:
    """What explains `cause`, what explains that, and so on; there are no rings."""
    while cause := explained.get(cause, ""):
        yield cause


def _same(cause: str, effect: str, other: Finding, roots: Sequence[Finding]) -> bool:
    """Whether `other` lies between the same hosts as one of `roots`."""
    theirs = _hosts(other)
    if effect in _SAME_HOST.get(cause, ()):
        return any(theirs & _hosts(root) for root in roots)
    return len(theirs) > 1 and any(theirs == _hosts(root) for root in roots)


_ENDS = (("client", "server"), ("neighbor", "receiver"), ("sender", "receiver"))


def _hosts(finding: Finding) -> frozenset[str]:
    """The two ends that the finding is about, or the address that it is about."""
    facts = finding.facts
    ends = next(([str(facts[one]), str(facts[other])] for one, other in _ENDS if one in facts and other in facts), None)
    if ends is None:
        ends = [str(facts[name]) for name in ("address", "target", "client") if name in facts]
    return frozenset(_plain(end) for end in ends)


def _plain(address: str) -> str:
    try:
        return str(ip_address(address.split("%", maxsplit=1)[0]))
    except ValueError:
        return address
