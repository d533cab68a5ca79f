"""The Internet checksum (RFC 1071) after a change, from the change alone (RFC 1624): right stays right, wrong stays wrong, snapped or not."""

from __future__ import annotations


def changed(checksum: int, before: bytes, after: bytes) -> int:
    """`checksum` of data in which `before` became `after`; both begin at an even place and are of one length."""
    total = (checksum ^ 0xFFFF) + _sum(after) + (_sum(before) ^ 0xFFFF)
    return _folded(total) ^ 0xFFFF


def mend(out: bytearray, before: bytes, place: int, extra: tuple[bytes, bytes] = (b"", b""), *, none_is_zero: bool = False) -> None:
    """Set the checksum at `place` of `out`, which was `before`; `extra` is what else it covers (a pseudo header), before and after.

    `none_is_zero`: UDP's, where 0 means that there is none.
    """
    if len(before) < place + 2:
        return
    old = int.from_bytes(before[place : place + 2], "big")
    out[place : place + 2] = before[place : place + 2]
    if none_is_zero and old == 0:
        return
    new = changed(old, extra[0] + before, extra[1] + bytes(out))
    if none_is_zero and new == 0:
        new = 0xFFFF
    out[place : place + 2] = new.to_bytes(2, "big")


def _sum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    # modulo 65535 is the one's complement sum; zero only where all is zero
    number = int.from_bytes(data, "big")
    return (number % 0xFFFF or 0xFFFF) if number else 0


def _folded(total: int) -> int:
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
