"""The bodies of portmap, rpcbind (RFC 1833) and MOUNT (RFC 1813, appendix I): numbers stay, paths, names and universal addresses are mapped."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv6Address

from tshoot.packets.rewriting.cut import Cut

_NETIDS = (b"tcp", b"udp", b"tcp6", b"udp6", b"ticlts", b"ticots", b"ticotsord", b"local", b"sctp", b"rdma")


def portmap_call(cut: Cut, version: int, procedure: int) -> None:
    if version == 2:
        if procedure in (1, 2, 3):
            cut.keep(16)
    elif procedure in (1, 2, 3, 9, 11):
        _binding(cut)


def portmap_reply(cut: Cut, version: int, procedure: int) -> None:
    if version == 2:
        if procedure in (1, 2, 3):
            cut.keep(4)
        while procedure == 4 and cut.number():
            cut.keep(16)
    elif procedure in (3, 9):
        universal_address(cut)
    elif procedure == 4:
        while cut.number():
            _binding(cut)
    elif procedure in (1, 2):
        cut.keep(4)


def mount_call(cut: Cut, version: int, procedure: int) -> None:
    if procedure in (1, 3):
        cut.xdr_text()


def mount_reply(cut: Cut, version: int, procedure: int) -> None:
    if procedure == 1 and cut.number() == 0:
        if version < 3:
            cut.hide(32)
            return
        cut.xdr_hidden()
        cut.keep(4 * min(cut.number(), 64))
    elif procedure == 2:
        while cut.number():
            cut.xdr_text()
            cut.xdr_text()
    elif procedure in (5, 6):
        while cut.number():
            cut.xdr_text()
            while cut.number():
                cut.xdr_text()


def _binding(cut: Cut) -> None:
    """Program, version, netid, universal address, owner."""
    cut.keep(8)
    netid(cut)
    universal_address(cut)
    cut.xdr_text()


def netid(cut: Cut) -> None:
    size = cut.number()
    if cut.data[cut.at : cut.at + size] in _NETIDS:
        cut.keep(size)
    else:
        cut.text(size)
    cut.skip(-size % 4)


def universal_address(cut: Cut) -> None:
    """`192.0.2.1.8.1`: address and port as text, in as many bytes as before: with leading zeros, or without an address where none fits."""
    size = cut.number()
    text = cut.skip(size)
    cut.at -= size
    address, *port = text.rsplit(b".", 2)
    told = _mapped(cut, address) if len(port) == 2 and all(part.isdigit() and len(part) <= 3 for part in port) else None
    if told is not None:
        cut.put(b".".join([_fitted(told, len(address)), *port]))
    else:
        cut.skip(size)
    cut.skip(-size % 4)


def _mapped(cut: Cut, address: bytes) -> bytes | None:
    try:
        if b":" in address:
            return str(IPv6Address(cut.disguise.ip6(IPv6Address(address.decode("ascii")).packed))).encode()
        return str(IPv4Address(cut.disguise.ip4(IPv4Address(address.decode("ascii")).packed))).encode()
    except (AddressValueError, UnicodeDecodeError, ValueError):
        return None


def _fitted(address: bytes, size: int) -> bytes:
    if len(address) > size:
        address = b"::" if b":" in address else b"0.0.0.0"  # an address that says nothing
    if b":" in address:
        return (b"0" * (size - len(address)) + address) if not address.startswith(b":") else b"0" * max(0, size - 2) + b"::"[: min(size, 2)]
    return b"0" * (size - len(address)) + address
