"""Wireshark's fields in a person's words: what the field is, and what its number means.

Meanings: NFS and MOUNT RFC 1813, NFSv4 RFC 8881 section 15, RPC RFC 5531 section 9, BGP RFC 4271 section 4.5,
ICMP RFC 792 and 4443. A field that is not listed keeps its name.
"""

from __future__ import annotations

from collections.abc import Mapping

_FIELDS: Mapping[str, str] = {
    "arp.src.hw_mac": "MAC address that the sender claims",
    "arp.src.proto_ipv4": "IP address that the sender claims",
    "bgp.mp_reach_nlri_ipv4_prefix": "prefix announced",
    "bgp.mp_reach_nlri_ipv6_prefix": "prefix announced",
    "bgp.mp_unreach_nlri_ipv4_prefix": "prefix withdrawn",
    "bgp.mp_unreach_nlri_ipv6_prefix": "prefix withdrawn",
    "bgp.nlri_prefix": "prefix announced",
    "bgp.notify.major_error": "the session is ended for",
    "bgp.notify.minor_error_cease": "more exactly, code",
    "bgp.notify.minor_error": "more exactly, code",
    "bgp.notify.minor_error_state": "more exactly, code",
    "bgp.notify.minor_error_open": "more exactly, code",
    "bgp.notify.minor_error_update": "more exactly, code",
    "bgp.open.myas": "AS of the sender",
    "bgp.type": "BGP message",
    "bgp.update.path_attribute.mp_reach_nlri.next_hop.ipv6": "next hop",
    "bgp.update.path_attribute.mp_reach_nlri.next_hop.ipv4": "next hop",
    "bgp.update.path_attribute.next_hop": "next hop",
    "bgp.withdrawn_prefix": "prefix withdrawn",
    "eth.dst": "MAC address it was sent to",
    "eth.src": "MAC address it came from",
    "icmp.code": "code",
    "icmp.mtu": "MTU of the next hop",
    "icmp.type": "ICMP type",
    "icmpv6.code": "code",
    "icmpv6.mtu": "MTU of the next hop",
    "icmpv6.nd.na.target_address": "address that is advertised",
    "icmpv6.nd.ns.target_address": "address that is asked for",
    "icmpv6.opt.src_linkaddr": "MAC address that the sender claims",
    "icmpv6.opt.target_linkaddr": "MAC address that is advertised",
    "icmpv6.type": "ICMPv6 type",
    "ip.dst": "to",
    "ip.src": "from",
    "ip.ttl": "time to live",
    "ipv6.dst": "to",
    "ipv6.hlim": "hop limit",
    "ipv6.src": "from",
    "mount.export.directory": "path that is exported",
    "mount.path": "path to mount",
    "mount.status": "answer to the mount",
    "nfs.nfsstat4": "answer",
    "nfs.pathname.component": "name looked up",
    "nfs.status2": "answer",
    "nfs.status3": "answer",
    "portmap.port": "port that the portmapper names",
    "portmap.uaddr": "address that the portmapper names",
    "rpc.procedure": "procedure",
    "rpc.program": "program",
    "rpc.programversion": "version asked for",
    "rpc.programversion.max": "highest version it has",
    "rpc.programversion.min": "lowest version it has",
    "rpc.state_accept": "answer of RPC",
    "rpc.state_auth": "refused because of",
    "rpc.state_reject": "rejected for",
    "tcp.analysis.retransmission": "sent again",
    "tcp.analysis.zero_window": "receive window closed",
    "tcp.dstport": "to TCP port",
    "tcp.flags.ack": "ACK",
    "tcp.flags.fin": "end of the connection (FIN)",
    "tcp.flags.reset": "connection refused or torn down (RST)",
    "tcp.flags.syn": "connection attempt (SYN)",
    "tcp.len": "bytes of data",
    "tcp.srcport": "from TCP port",
    "tcp.stream": "connection number",
    "tcp.window_size_value": "receive window",
    "udp.dstport": "to UDP port",
    "udp.srcport": "from UDP port",
}
_NFS = {
    "1": "not owner", "2": "no such file or directory", "5": "I/O error", "13": "access denied", "20": "not a directory",
    "22": "invalid argument", "28": "no space left", "30": "read-only file system", "63": "name too long", "69": "quota exceeded",
    "70": "stale file handle", "10004": "not supported", "10006": "server fault", "10008": "try again later",
}  # fmt: skip
_VALUES: Mapping[str, Mapping[str, str]] = {
    "mount.status": _NFS,
    "nfs.status2": _NFS,
    "nfs.status3": _NFS,
    "nfs.nfsstat4": {
        **_NFS, "10010": "share denied", "10011": "expired", "10013": "grace period", "10016": "wrong security flavor",
        "10018": "resource", "10021": "minor version not supported", "10022": "stale client id", "10023": "stale state id", "10052": "bad session",
    },
    "portmap.port": {"0": "none: the program is not registered"},
    "rpc.state_accept": {
        "0": "success", "1": "program not available", "2": "program version not supported", "3": "procedure not available",
        "4": "arguments not understood", "5": "system error",
    },
    "rpc.state_auth": {
        "1": "bad credentials", "2": "session must begin anew", "3": "bad verifier", "4": "verifier expired or replayed",
        "5": "security too weak", "13": "credential problem", "14": "context problem",
    },
    "rpc.state_reject": {"0": "its RPC version", "1": "its authentication"},
    "bgp.type": {"1": "OPEN", "2": "UPDATE", "3": "NOTIFICATION", "4": "KEEPALIVE", "5": "ROUTE-REFRESH"},
    "bgp.notify.major_error": {
        "1": "message header error", "2": "OPEN message error", "3": "UPDATE message error", "4": "hold timer expired",
        "5": "finite state machine error", "6": "cease", "7": "ROUTE-REFRESH error", "8": "send hold timer expired",
    },
    "icmp.type": {"3": "destination unreachable", "11": "time exceeded", "12": "parameter problem"},
    "icmpv6.type": {
        "1": "destination unreachable", "2": "packet too big", "3": "time exceeded", "133": "router solicitation",
        "134": "router advertisement", "135": "neighbor solicitation", "136": "neighbor advertisement",
    },
}  # fmt: skip
_FLAGS = frozenset({"tcp.flags.ack", "tcp.flags.fin", "tcp.flags.reset", "tcp.flags.syn", "tcp.analysis.retransmission", "tcp.analysis.zero_window"})


def in_words(field: str, value: str) -> str:
    """`answer to the mount: access denied (13)`."""
    name = _FIELDS.get(field, field)
    if field in _FLAGS and value.lower() in ("1", "true", ""):
        return name
    if field in _FLAGS and value.lower() in ("0", "false"):
        return f"no {name}"
    meaning = _VALUES.get(field, {}).get(value)
    return f"{name}: {meaning} ({value})" if meaning else f"{name}: {value}"


def as_filter(field: str, value: str) -> str:
    """`mount.status == 13`, by Wireshark's names."""
    if not value:
        return field
    if value.replace(".", "").replace(":", "").isalnum():
        return f"{field} == {value}"
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{field} == "{quoted}"'
