"""NFS on ESXi, from what is printed: the VMkernel's log, esxcli's refusal, and the list of datastores.

A port that `nc` cannot open, or can, proves nothing here (see judge/path.py): only the server's own refusal does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tshoot.model.findings import Finding, LineValue
from tshoot.transcripts.judgement import Judgement, cited, finding, proof
from tshoot.transcripts.reading import Reads

_DENIED = re.compile(
    r"The (?:mount request was denied by the NFS server|NFS server denied the mount request)|NFS mount \S{1,300} failed: .{0,60}denied", re.IGNORECASE
)
_ADD = re.compile(r"esxcli storage nfs(?:41)? add\b(?P<rest>.{0,400})")
_HOST = re.compile(r"(?:-H|--hosts?)[ =](?P<server>[^\s,]{1,255})")
_SHARE = re.compile(r"(?:-s|--share)[ =](?P<share>\S{1,255})")
_CAUSES = {"denied": "nfs.mount-denied", "not-found": "nfs.export-not-found"}


class _Nfs:
    family = "nfs"
    causes: Mapping[str, str] = {
        "nfs.mount-denied": "the VMkernel or esxcli says that the server denied the mount; mounted later: a warning",
        "nfs.export-not-found": "the VMkernel says that the share does not exist; mounted later: a warning",
    }
    seen: Mapping[str, str] = {
        "nfs.mount-failures": "failed mounts and lost connections in logs",
        "nfs.datastores": "NFS datastores listed",
    }

    def judge(self, reads: Reads) -> Judgement:
        mounted = _mounted(reads)
        findings = (*_logged(reads, mounted), *_refused(reads, mounted))
        unique = {(one.cause, one.facts.get("share", ""), one.facts.get("server", "")): one for one in reversed(findings)}
        if len(unique) > 1:  # what names neither server nor share tells of one of the others
            unique = {key: one for key, one in unique.items() if key[1] or key[2]} or unique
        counts: Counter[str] = Counter()
        failures = [failure for read in reads.answers if read.parsed.parser == "vmkernel_log_nfs" for failure in read.facts.get("failures") or ()]
        counts["nfs.mount-failures"] = len(failures)
        counts["nfs.datastores"] = sum(1 for _, _, usable, _ in _datastores(reads) if usable)
        others = [str(failure.get("reason", "")) for failure in failures if failure.get("kind") not in _CAUSES]
        missing = [f"why a mount failed ({others[-1]}): a capture of the next attempt (`tcpdump-uw`, ports 111, 635 and 2049)"] if others else []
        missing += [
            f"why {share} of {server} is not accessible: the VMkernel's log of it" for server, share, usable, _ in _datastores(reads) if not usable
        ]
        return Judgement(tuple(reversed(unique.values())), {name: count for name, count in counts.items() if count}, tuple(missing))


def _datastores(reads: Reads) -> Iterable[tuple[str, str, bool, int]]:
    """Server, share, whether it is accessible, and the line, of each datastore that was listed."""
    for read in reads.answers:
        if read.parsed.parser != "esxcli_storage_nfs_list":
            continue
        for name, entry in (read.facts.get("by_name") or {}).items():
            lines = read.lines(f"by_name.{name}")
            yield str(entry.get("host", "")), str(entry.get("share", "")), entry.get("accessible") is True, lines[-1].number if lines else 0


def _mounted(reads: Reads) -> Mapping[tuple[str, str], int]:
    """(server, share) that is accessible -> the last line that says so."""
    return {(server, share): line for server, share, usable, line in _datastores(reads) if usable}


def _logged(reads: Reads, mounted: Mapping[tuple[str, str], int]) -> Iterable[Finding]:
    for read in reads.answers:
        if read.parsed.parser != "vmkernel_log_nfs":
            continue
        for at, failure in enumerate(read.facts.get("failures") or ()):
            cause = _CAUSES.get(str(failure.get("kind")))
            if cause is not None:
                evidence = proof(read, f"failures.{at}", failure.get("reason", ""))
                yield _found(cause, str(failure.get("server", "")), str(failure.get("share") or ""), evidence, mounted)


def _refused(reads: Reads, mounted: Mapping[tuple[str, str], int]) -> Iterable[Finding]:
    """What esxcli itself answers, or a log line of another form."""
    for read in reads.answers:
        if read.parsed.parser == "vmkernel_log_nfs" and read.facts.get("failures"):
            continue
        for line in read.piece.lines:
            if _DENIED.search(line.text):
                asked = _ADD.search(read.piece.command)
                server, share = (_HOST.search(asked["rest"]), _SHARE.search(asked["rest"])) if asked else (None, None)
                evidence = (cited(line, "denied", "the server denied the mount"),)
                yield _found("nfs.mount-denied", server["server"] if server else "", share["share"] if share else "", evidence, mounted)
                break


def _found(cause: str, server: str, share: str, evidence: Sequence[LineValue], mounted: Mapping[tuple[str, str], int]) -> Finding:
    last = max((value.line for value in evidence), default=0)
    later = mounted.get((server, share), 0) > last
    what = f"the mount of {share or 'the share'}" + (f" from {server}" if server else "")
    said = "was denied by the server" if cause == "nfs.mount-denied" else "failed: the server has no such export"
    text = f"{what[0].upper()}{what[1:]} {said}. The request reached the server and was answered: the network carries it."
    text += " Later in the text the datastore is accessible." if later else ""
    if cause == "nfs.mount-denied" and not later:
        text += " Some servers deny a path that is not exported at all in the same words."
    facts: dict[str, str | int] = {name: value for name, value in (("server", server), ("share", share), ("path", share)) if value}
    return finding(cause, text, evidence, facts, severity="warning" if later else "fault")


JUDGE = _Nfs()
