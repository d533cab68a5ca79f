"""Mount requests and what became of them: the MOUNT protocol (RFC 1813 appendix I) and NFS v4's walk to the export.

A later success of the same mount (client, server, path) turns a refusal into a warning: it has been mended
meanwhile. NFS v4 has no MOUNT; `sessions.py` says when a LOOKUP was a step to the export and hands it over.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tshoot.model.findings import FieldValue, Finding
from tshoot.packets.nfs.directory import Directory
from tshoot.packets.nfs.proof import finding, shown_path
from tshoot.packets.proof import MOST, between, frame_list
from tshoot.packets.rpc import MOUNT, Exchange

_MNT, _EXPORT = 1, 5
_REMEMBERED = 2_000
CAUSES = {13: "nfs.mount-denied", 1: "nfs.mount-denied", 2: "nfs.export-not-found", 20: "nfs.export-not-found"}
_NAMES = {13: "ACCES", 1: "PERM", 2: "NOENT", 20: "NOTDIR"}


@dataclass(slots=True)
class _Refused:
    status: int
    version: str
    port: int
    last: float = 0.0
    times: int = 0
    decisive: list[FieldValue] = field(default_factory=list)
    calls: list[FieldValue] = field(default_factory=list)


class Mounts:
    """Fed with every exchange; `roots` are the handles that mounts were given."""

    def __init__(self, directory: Directory, seen: Counter[str]) -> None:
        self._directory, self._seen = directory, seen
        self._refused: dict[tuple[str, str, str, int], _Refused] = {}
        self._mounted: dict[tuple[str, str, str], float] = {}
        self._exports: dict[str, tuple[int, frozenset[str]]] = {}
        self.roots: set[tuple[str, str, str]] = set()

    def exchange(self, exchange: Exchange) -> None:
        if exchange.program != MOUNT or not exchange.executed or exchange.body is None:
            return
        if exchange.procedure == _EXPORT and len(self._exports) < _REMEMBERED:
            listed = exchange.body.fields.get("mount.export.directory", ())
            self._exports[exchange.ends.server] = exchange.frame, frozenset(map(_plain, listed))
        status = exchange.result("mount.status") if exchange.procedure == _MNT else None
        if status is None:
            return
        path = exchange.argument("mount.path")
        if status == 0:
            self.granted(exchange, path, exchange.body.first("nfs.fhandle") or exchange.body.first("nfs.fh.hash"))
        else:
            call = FieldValue(exchange.call_frame, "mount.path", shown_path(path)) if path else None
            self.refused(exchange, path, status, FieldValue(exchange.frame, "mount.status", str(status)), call)

    def granted(self, exchange: Exchange, path: str, root: str) -> None:
        """A mount succeeded; `root` is the handle it was given, empty where unknown."""
        ends = exchange.ends
        self._seen["nfs.mount-ok"] += 1
        if len(self._mounted) < _REMEMBERED:
            self._mounted[ends.client, ends.server, _plain(path)] = exchange.time
            if root:
                self.roots.add((ends.client, ends.server, root))

    def refused(self, exchange: Exchange, path: str, status: int, decisive: FieldValue, call: FieldValue | None) -> None:
        """A mount was answered with `status`; other statuses than those of CAUSES are only counted."""
        self._seen["nfs.mount-failed"] += 1
        key = exchange.ends.client, exchange.ends.server, _plain(path), status
        if status not in CAUSES or (len(self._refused) >= _REMEMBERED and key not in self._refused):
            return
        version = "NFSv4" if decisive.field == "nfs.nfsstat4" else f"MOUNT v{exchange.version}"
        refused = self._refused.setdefault(key, _Refused(status, version, exchange.ends.server_port))
        refused.last, refused.times = exchange.time, refused.times + 1
        if len(refused.decisive) < MOST:
            refused.decisive.append(decisive)
            refused.calls += [call] if call else []

    def findings(self) -> list[Finding]:
        return [self._finding(key, refused) for key, refused in self._refused.items()]

    def _finding(self, key: tuple[str, str, str, int], refused: _Refused) -> Finding:
        client, server, path, status = key
        mended = self._mounted.get((client, server, path), 0.0) > refused.last
        v4 = refused.version == "NFSv4"
        name = f"{'NFS4ERR' if v4 else 'MNT3ERR'}_{'ACCESS' if v4 and status == 13 else _NAMES[status]}"
        where = frame_list(item.frame for item in refused.decisive)
        shown = shown_path(path)
        explanation = f"{client} asked {server} to mount {shown or 'a path that was not captured'}; the server answered {name} ({status}) in {where}."
        listed, note = self._listed(server, path)
        explanation += note
        if mended:
            explanation += " Later the same mount succeeded: the fault has been mended meanwhile."
        said = self._directory.said_for(server, MOUNT, refused.decisive[0].frame)
        return finding(
            CAUSES[status],
            explanation,
            refused.decisive,
            [*refused.calls, *([said] if said and not v4 else []), *listed],
            show=between(client, server, "nfs" if v4 else "(portmap || mount)"),
            severity="warning" if mended else "fault",
            facts={
                "client": client, "server": server, "path": shown, "port": refused.port,
                "status": status, "status_name": name, "version": refused.version, "times": refused.times,
            },
        )  # fmt: skip

    def _listed(self, server: str, path: str) -> tuple[list[FieldValue], str]:
        """What the server's own export list, where it was captured, says of the path."""
        if server not in self._exports:
            return [], ""
        frame, exports = self._exports[server]
        if path in exports:
            return [FieldValue(frame, "mount.export.directory", shown_path(path))], " Its export list has the path, so the rule lacks this client."
        return [], f" Its export list (frame {frame}) does not have the path."


def _plain(path: str) -> str:
    return path.rstrip("/") or path
