"""The titles of the family's findings, and names from the wire made fit to print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tshoot.model.findings import Confidence, FieldValue, Finding, Severity
from tshoot.model.text import clean_line
from tshoot.packets import proof

TITLES: Mapping[str, str] = {
    "nfs.mount-denied": "The NFS server refuses this host the mount",
    "nfs.export-not-found": "The NFS server has no such export path",
    "nfs.program-not-registered": "The server runs no service for this RPC program",
    "nfs.version-unsupported": "The server does not serve this version of NFS or MOUNT",
    "nfs.rpc-auth-rejected": "The server rejects the RPC credentials",
    "nfs.portmapper-unreachable": "The server's portmapper (port 111) cannot be reached",
    "nfs.mountd-blocked": "The portmapper answers, but mountd's port is blocked",
    "nfs.nfsd-blocked": "The NFS port 2049 is blocked",
    "nfs.access-denied": "The mount is granted, but the file system denies the operation",
    "nfs.stale-handle": "The server no longer knows the file handle",
}


def finding(
    cause: str,
    explanation: str,
    decisive: Iterable[FieldValue],
    context: Iterable[FieldValue] = (),
    *,
    show: str,
    facts: Mapping[str, str | int],
    severity: Severity = "fault",
    confidence: Confidence = "high",
) -> Finding:
    """`proof.finding` under the title of its cause; the `context` of an answer is its call and what the portmapper said."""
    return proof.finding(cause, TITLES[cause], explanation, decisive, context, show=show, facts=facts, severity=severity, confidence=confidence)


def shown_path(text: str) -> str:
    """A path or name from the wire, fit to print."""
    return clean_line(text)[:200]
