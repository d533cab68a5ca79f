"""What a walk over a capture file's records found, and the limits that such a walk keeps.

The walkers (`pcap.py`, `pcapng.py`) read headers only and skip the packets, so memory stays flat. They
stop where tshark would stop too, so that the count is the number of frames that can be decoded.
"""

from __future__ import annotations

from dataclasses import dataclass

# pcap-linktype(7), by the names that Wireshark gives them
LINK_TYPES = {
    0: "NULL/Loopback",
    1: "Ethernet",
    6: "Token Ring",
    9: "PPP",
    10: "FDDI",
    12: "Raw IP",
    14: "Raw IP",
    50: "PPP",
    51: "PPPoE",
    101: "Raw IP",
    104: "Cisco HDLC",
    105: "IEEE 802.11 Wireless LAN",
    107: "Frame Relay",
    108: "OpenBSD NULL/Loopback",
    113: "Linux cooked-mode capture v1",
    117: "PFLOG",
    119: "IEEE 802.11 plus Prism II monitor mode radio header",
    127: "IEEE 802.11 plus radiotap radio header",
    192: "Per-Packet Information header",
    197: "Extensible Record Format",
    228: "Raw IPv4",
    229: "Raw IPv6",
    239: "NFLOG",
    276: "Linux cooked-mode capture v2",
}
TOGETHER = 1 << 17  # packets looked at together: a piece of a file may hold four times as many, if they are empty
LONGEST_PACKET = 262_144  # bytes: libpcap and Wireshark refuse longer records
LONGEST_OF_LINK = {231: 1 << 27, 249: 1 << 27, 279: 1 << 25}  # but for D-Bus, USBPcap and EBHSCR


@dataclass(frozen=True, slots=True)
class Survey:
    """`stopped` is empty for a file that was read to its end, else a sentence with the byte and the packet where reading ended.

    The first `whole` bytes of a file that is not read to its end make a sound capture (0: not known).
    """

    format: str
    link_types: tuple[str, ...]
    packets: int
    stopped: str = ""
    whole: int = 0


def link_name(number: int) -> str:
    return LINK_TYPES.get(number, f"link type {number}")


def longest_packet(link: int) -> int:
    return LONGEST_OF_LINK.get(link, LONGEST_PACKET)


def torn(packets: int, offset: int, size: int) -> str:
    return f"the file is cut short: packet {packets + 1}, which starts at byte {offset}, is not complete (the file ends at byte {size})"
