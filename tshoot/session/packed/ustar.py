"""The headers of a tar, the one form that a session file uses: POSIX ustar (IEEE 1003.1-2008, pax: ustar Interchange Format), plain files only.

A header that is not, to the byte, what `header` writes is refused: so links, devices, long names of GNU, extended headers of PAX and
sparse files cannot even be said.
"""

from __future__ import annotations

BLOCK = 512
END = bytes(2 * BLOCK)


def header(name: str, size: int) -> bytes:
    """512 bytes: a regular file `name` (ASCII, at most 100) of `size` bytes (below 8 GiB), mode 0600, of nobody, at no time."""
    fields = [
        name.encode("ascii").ljust(100, b"\0"),
        b"0000600\0",  # mode
        b"0000000\0",  # uid
        b"0000000\0",  # gid
        b"%011o\0" % size,
        b"00000000000\0",  # mtime
        b" " * 8,  # checksum, as it counts itself
        b"0",  # a regular file
        bytes(100),  # link name
        b"ustar\0",
        b"00",
        bytes(32),  # user name
        bytes(32),  # group name
        b"0000000\0",  # device
        b"0000000\0",
        bytes(155),  # prefix of the name
        bytes(12),
    ]
    block = b"".join(fields)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def padding(size: int) -> int:
    """How many zero bytes follow a file of `size` bytes."""
    return -size % BLOCK
