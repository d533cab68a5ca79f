"""What usually speaks on a port: a guess from the headers, shown with a question mark until tshark has looked inside."""

from __future__ import annotations

from tshoot.packets.headers import ICMP, ICMP6, TCP, UDP

_BOTH = {
    53: "DNS",
    88: "Kerberos",
    111: "Portmap",
    389: "LDAP",
    514: "Syslog",
    635: "MOUNT",
    2049: "NFS",
    4045: "NLM",
    20048: "MOUNT",
}
_TCP = {
    21: "FTP",
    22: "SSH",
    23: "Telnet",
    25: "SMTP",
    80: "HTTP",
    179: "BGP",
    443: "TLS",
    445: "SMB2",
    587: "SMTP",
    636: "TLS",
    902: "VMware",
    3260: "iSCSI",
}
_UDP = {67: "DHCP", 68: "DHCP", 69: "TFTP", 123: "NTP", 161: "SNMP", 162: "SNMP", 443: "QUIC", 500: "ISAKMP", 546: "DHCPv6", 547: "DHCPv6"}
_UDP |= {902: "VMware", 1701: "L2TP", 3784: "BFD", 4500: "ESP", 4789: "VXLAN", 6081: "Geneve", 8472: "VXLAN"}
_PROTOCOLS = {ICMP: "ICMP", 2: "IGMP", 4: "IPIP", TCP: "TCP", UDP: "UDP", 41: "IPv6", 47: "GRE", 50: "ESP", 51: "AH", ICMP6: "ICMPv6"}
_PROTOCOLS |= {88: "EIGRP", 89: "OSPF", 103: "PIM", 112: "VRRP", 132: "SCTP"}
_TYPES = {
    0x0806: "ARP",
    0x8809: "LACP",
    0x88CC: "LLDP",
    0x8847: "MPLS",
    0x8848: "MPLS",
    0x8863: "PPPoED",
    0x8864: "PPPoES",
    0x888E: "EAPOL",
    1: "LLC",
}


def protocol_name(version: int, protocol: int, ports: tuple[int, int], kind: int) -> str:
    """`version` 4 or 6 with IP's `protocol`, or 0 with the EtherType `kind` (0: a link that is not understood)."""
    if not version:
        return _TYPES.get(kind, f"{kind:#06x}" if kind else "?")
    guess = _BOTH | (_TCP if protocol == TCP else _UDP) if protocol in (TCP, UDP) else {}
    for port in sorted(ports):
        if port in guess:
            return f"{guess[port]}?"
    return _PROTOCOLS.get(protocol, f"IP {protocol}")
