"""NFS: from the portmapper's answer to the first listing, who refused what.

RPC messages are matched to their calls (`packets/rpc.py`) and judged by four sides, one file each in
`packets/nfs/`: the ports (`ports`), the RPC layer (`refusals`), the mount (`mounts`), the file system
(`sessions`). All state is bounded; a capture of any size passes through once.

Bulk data is not asked for: reads and writes that succeed are left out by the display filter. mountd may
listen anywhere, so the capture filter takes MOUNT calls and replies by their content, and handshakes of
clients with a reserved port, on every port (by content on IPv4 alone: BPF cannot index into TCP over IPv6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tshoot.packets.frames import Detection, Frame
from tshoot.packets.nfs.directory import Directory
from tshoot.packets.nfs.mounts import Mounts
from tshoot.packets.nfs.ports import Ports
from tshoot.packets.nfs.refusals import Refusals
from tshoot.packets.nfs.sessions import Sessions
from tshoot.packets.rpc import MOUNT, NFS, PORTMAP, Call, Exchange, RpcReader

_TCP_DATA = "tcp[((tcp[12]&0xf0)>>2)"  # the index where TCP's payload begins; a record mark of 4 bytes comes first
_SYN_OR_RST = "tcp[tcpflags]&(tcp-syn|tcp-rst)!=0"
_CAPTURE = " or ".join(
    (
        "port 111 or port 635 or port 2049 or port 20048",
        "icmp[icmptype]=3 or (icmp6 and ip6[40]=1)",
        f"({_SYN_OR_RST} and tcp src portrange 1-1023 and tcp[tcpflags]&tcp-ack=0)",
        f"({_SYN_OR_RST} and tcp dst portrange 1-1023 and tcp[tcpflags]&tcp-ack!=0)",
        f"({_TCP_DATA}+8:4]=0 and {_TCP_DATA}+12:4]=2 and {_TCP_DATA}+16:4]={MOUNT})",
        f"({_TCP_DATA}+8:4]=1 and {_TCP_DATA}+12:4]<=1 and {_TCP_DATA}:4]>=0x80000000)",
        f"(udp[12:4]=0 and udp[16:4]=2 and udp[20:4]={MOUNT})",
        "(udp[12:4]=1 and udp[16:4]<=1)",
    )
)
_BULK = " || ".join(
    (
        "(nfs.procedure_v2 in {6, 8} && (rpc.msgtyp == 0 || nfs.status2 == 0))",
        "(nfs.procedure_v3 in {6, 7} && (rpc.msgtyp == 0 || nfs.status3 == 0))",
        "(nfs.opcode in {25, 38, 68} && (rpc.msgtyp == 0 || !(nfs.nfsstat4 > 0)))",
    )
)
_DISPLAY = f"((rpc.msgtyp && !({_BULK})) || tcp.flags.syn == 1 || tcp.flags.reset == 1 || icmp.type == 3 || icmpv6.type == 1)"


class _Nfs:
    family = "nfs"
    causes: Mapping[str, str] = {
        "nfs.mount-denied": "MNT reply status 13 or 1, or NFSv4's walk to the export denied; mended later: a warning",
        "nfs.export-not-found": "MNT reply status 2 or 20, or NFSv4's walk from the root ends there; a missing file in a session is healthy",
        "nfs.program-not-registered": "GETPORT answered with port 0, or PROG_UNAVAIL; another version or transport that is registered: a note",
        "nfs.version-unsupported": "PROG_MISMATCH or NFS4ERR_MINOR_VERS_MISMATCH that no later success of the program follows",
        "nfs.rpc-auth-rejected": "MSG_DENIED with AUTH_ERROR that no later success of the program follows",
        "nfs.portmapper-unreachable": "SYN or call to 111 repeated without answer for 2 s, RST to the SYN, or ICMP unreachable",
        "nfs.mountd-blocked": "the same for the port that the portmapper named; RST after the handshake is healthy",
        "nfs.nfsd-blocked": "the same for 2049, or the port that the portmapper named for NFS",
        "nfs.access-denied": "status 13 or 1 on the mount's root, or three times without a success; else a warning",
        "nfs.stale-handle": "status 70 on the mount's root, or three times without a later success; else a warning",
    }
    seen: Mapping[str, str] = {
        "nfs.getport-call": "questions for a port to the portmapper (GETPORT, GETADDR)",
        "nfs.getport-reply": "answers of the portmapper (GETPORT, GETADDR)",
        "nfs.mount-call": "mount requests (MNT)",
        "nfs.mount-reply": "answers to mount requests, whatever they say",
        "nfs.mount-ok": "mounts granted: MNT status 0, or an NFSv4 walk that arrived",
        "nfs.mount-failed": "mounts refused, with any status",
        "nfs.call": "NFS calls; reads and writes are not counted, nor all that succeed in a large capture",
        "nfs.reply": "NFS replies; reads and writes that succeed are not counted, nor all others that succeed in a large capture",
        "nfs.ok": "NFS replies with status OK, NULL not counted; in a large capture a sample",
        "nfs.failed": "NFS replies with another status, NOENT included",
        "nfs.rpc-refused": "answers of the RPC layer that refuse: port 0, PROG_UNAVAIL, PROG_MISMATCH, AUTH_ERROR",
        "nfs.tcp-tried-111": "TCP connections tried to the portmapper, repetitions not counted",
        "nfs.tcp-tried-mountd": "TCP connections tried to mountd, repetitions not counted",
        "nfs.tcp-tried-2049": "TCP connections tried to nfsd, repetitions not counted",
        "nfs.tcp-open-111": "SYN-ACKs of the portmapper",
        "nfs.tcp-open-mountd": "SYN-ACKs of mountd",
        "nfs.tcp-open-2049": "SYN-ACKs of nfsd",
    }
    # The ICMP report of a blocked port is the same event, seen from the path.
    explains: Mapping[str, Sequence[str]] = dict.fromkeys(
        ("nfs.portmapper-unreachable", "nfs.mountd-blocked", "nfs.nfsd-blocked"), ("path.filtered", "path.refused", "path.unreachable")
    )
    capture_filter = _CAPTURE
    without_bulk = "rpc"
    display_filter = _DISPLAY
    decode_as: Sequence[str] = ()

    def detect(self, frames: Iterable[Frame]) -> Detection:
        seen: Counter[str] = Counter()
        reader, directory = RpcReader(), Directory()
        ports, refusals, mounts = Ports(directory, seen), Refusals(seen), Mounts(directory, seen)
        sessions = Sessions(mounts, seen)
        for frame in frames:
            ports.frame(frame)
            for event in reader.read(frame):
                _count(event, seen)
                if isinstance(event, Call):
                    ports.call(event)
                    continue
                directory.met(event)
                directory.learn(event)
                for judge in (ports, refusals, mounts, sessions):
                    judge.exchange(event)
        found = [finding for judge in (ports, refusals, mounts, sessions) for finding in judge.findings()]
        return Detection(tuple(sorted(found, key=lambda finding: finding.frames)), dict(seen))


def _count(event: Call | Exchange, seen: Counter[str]) -> None:
    kind = "call" if isinstance(event, Call) else "reply"
    if event.program == NFS:
        seen[f"nfs.{kind}"] += 1
    elif event.program == PORTMAP and event.procedure == 3:
        seen[f"nfs.getport-{kind}"] += 1
    elif event.program == MOUNT and event.procedure == 1:
        seen[f"nfs.mount-{kind}"] += 1


DETECTOR = _Nfs()
