"""`grep -i nfs /var/log/vmkernel.log | tail -n 50`: what the VMkernel said of NFS mounts that failed.

    2012-04-03T17:24:25.522Z cpu21:3239)NFS: 190: NFS mount 10.0.0.9:/ds failed: The mount request was denied by the NFS server. Check that the export exists and that the client is permitted to mount it.
    Nov 8 10:10:53 vmkernel: 0:01:19:58.809 cpu10:4922)WARNING: NFS: 898: RPC error 13 (RPC was aborted due to timeout) trying to get port for Mount Program (100005) Version (3) Protocol (TCP) on Server (10.178.250.10)
    2023-12-07T05:07:09.945Z Wa(180) vmkwarning: cpu3:2097803)WARNING: NFS: 283: Lost connection to the server 10.0.0.9 mount point /ds, mounted as bf7ce3db-42c081a2-0000-000000000000 ("ds")

Other lines about NFS stay unread: what they mean for a mount is not known here.
"""  # noqa: E501

from __future__ import annotations

import re
from typing import Any

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._reading import Line, Reading

FACTS = {
    "failures": "list: failed mounts and lost connections, oldest first",
    "failures.*": "dict: one failure",
    "failures.*.time": "str: its time as the log has it",
    "failures.*.server": "str: NFS server",
    "failures.*.share": "str or None: exported path; None where the message names none",
    "failures.*.reason": "str: the VMkernel's words",
    "failures.*.kind": "str: denied, timeout, not-found, unreachable or other",
    "denied": "bool: some mount was denied by the server",
    "count": "int: number of failures",
    "last": "dict or None: the latest failure",
    "last.time": "str: its time",
    "last.server": "str: its server",
    "last.share": "str or None: its share",
    "last.reason": "str: its reason",
    "last.kind": "str: its kind",
}

_ENTRY = re.compile(
    r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z?|[A-Z][a-z]{2} {1,2}[0-9]{1,2} [0-9:]{8})\s"
    r".{0,120}?cpu[0-9]{1,4}:[0-9]{1,10}[^()]{0,60}\)(?P<message>.*)"
)
_MOUNT = re.compile(r"NFS: [0-9]{1,5}: NFS mount (?P<target>.+)")
_RPC = re.compile(r"NFS: [0-9]{1,5}: (?P<reason>RPC error [0-9]{1,6} \([^()]{1,100}\)[^()]{0,60}.{0,120}) on Server \((?P<server>[^()]{1,255})\)")
_LOST = re.compile(
    r"NFS: [0-9]{1,5}: (?P<reason>Lost connection to (?:the )?server) (?P<server>\S{1,255}),? mount point (?P<share>/.{0,255}?), mounted as"
)
_KINDS = (
    ("denied", re.compile(r"denied", re.IGNORECASE)),
    ("not-found", re.compile(r"not a directory|does not exist|no such file", re.IGNORECASE)),
    ("timeout", re.compile(r"time-?out|timed out", re.IGNORECASE)),
    ("unreachable", re.compile(r"unable to connect|lost connection|unreachable|host is down|no route|refused", re.IGNORECASE)),
)


def parse(text: CommandText) -> Parsed:
    reading = Reading("vmkernel_log_nfs", text)
    failures: list[dict[str, Any]] = []
    last: Line | None = None
    entries = 0
    for line in reading.lines:
        entry = _ENTRY.match(line.text) if line.stream == "stdout" else None
        entries += entry is not None
        if entry and (failure := _failure(entry["message"])):
            failures.append({"time": entry["time"], **failure})
            reading.note_fields(["failures", len(failures) - 1], failures[-1], line)
            if failure["kind"] == "denied":
                reading.note(["denied"], line)
            reading.note(["count"], line)
            last = line
    nothing = not text.stdout.strip() and text.exit_status in (0, 1)
    if failures or (not text.stderr.strip() and (entries or nothing)):
        denied = any(failure["kind"] == "denied" for failure in failures)
        reading.facts |= {"failures": failures, "denied": denied, "count": len(failures), "last": failures[-1] if failures else None}
        if last:
            reading.note_fields(["last"], failures[-1], last)
    return reading.parsed()


def _failure(message: str) -> dict[str, Any] | None:
    """Server, share, reason and kind of one log message; None where it tells of no failure."""
    share: str | None = None
    if found := _MOUNT.search(message):
        target, failed, reason = found["target"].partition(" failed: ")
        server, colon, path = target.partition(":/")
        if not failed or not colon:
            return None
        share = f"/{path}"
    elif found := _RPC.search(message):
        server, reason = found["server"], found["reason"]
    elif found := _LOST.search(message):
        server, reason, share = found["server"], found["reason"], found["share"]
    else:
        return None
    kind = next((kind for kind, pattern in _KINDS if pattern.search(reason)), "other")
    return {"server": server, "share": share, "reason": reason.strip(), "kind": kind}
