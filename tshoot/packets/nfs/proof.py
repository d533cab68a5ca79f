"""From what was seen to a Finding: titles, the order of evidence, and filters that show just the proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tshoot.model.findings import Confidence, FieldValue, Finding, Severity
from tshoot.model.text import clean_line

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
MOST = 30  # occurrences that one finding cites: the first ones


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
    """`decisive` fields come first in the evidence, `context` (the call, the portmapper's answer) after them; `show` is the display filter."""
    evidence = tuple(dict.fromkeys((*decisive, *context)))
    frames = tuple(sorted({item.frame for item in evidence}))
    kept = {name: value for name, value in facts.items() if value not in ("", None)}
    return Finding(cause, TITLES[cause], severity, confidence, frames, evidence, explanation, show, kept)


def frame_list(frames: Iterable[int]) -> str:
    """`frame 7`, `frames 7, 9 and 11`, `frames 7, 9, 11 and 4 more`."""
    numbers = list(frames)
    if len(numbers) == 1:
        return f"frame {numbers[0]}"
    if len(numbers) > 4:
        return f"frames {', '.join(map(str, numbers[:3]))} and {len(numbers) - 3} more"
    return f"frames {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def between(client: str, server: str, rest: str) -> str:
    """A display filter: packets between the two that also match `rest`."""
    field = "ipv6.addr" if ":" in client else "ip.addr"
    return f"{field} == {client} && {field} == {server} && {rest}"


def shown_path(text: str) -> str:
    """A path or name from the wire, fit to print."""
    return clean_line(text)[:200]
