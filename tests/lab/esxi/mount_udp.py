"""`mount-udp SERVER PATH`: what an NFS v3 client does before its first call, over UDP as old ones do: GETPORT of mountd, then MNT.

No NFS client of Debian's mounts over UDP without the kernel's. This one is ours: it encodes two RPC calls (RFC 5531; RFC 1833
section 3; RFC 1813 appendix I) and reads their answers. Exit status 0: mounted; else the status is printed by its name.
"""

import os
import socket
import struct
import sys

NAMES = {1: "MNT3ERR_PERM", 2: "MNT3ERR_NOENT", 5: "MNT3ERR_IO", 13: "MNT3ERR_ACCES", 20: "MNT3ERR_NOTDIR", 22: "MNT3ERR_INVAL"}
TRIES, PATIENCE = 3, 2.0  # as libnfs and most clients: the call again every other second


def opaque(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content + bytes(-len(content) % 4)


def call(server: str, port: int, program: int, version: int, procedure: int, arguments: bytes) -> bytes:
    """The results of an accepted call; SystemExit where nobody answers or the call is refused."""
    number = int.from_bytes(os.urandom(4), "big")
    credential = opaque(struct.pack(">I", 0) + opaque(os.uname().nodename.encode()) + struct.pack(">III", 0, 0, 0))
    head = struct.pack(">IIIIII", number, 0, 2, program, version, procedure) + struct.pack(">I", 1) + credential + struct.pack(">II", 0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(PATIENCE)
        bind_reserved(link)
        link.connect((server, port))
        for _ in range(TRIES):
            try:
                link.send(head + arguments)
                answer = link.recv(65536)
            except TimeoutError:
                continue
            except OSError as error:
                sys.exit(f"udp/{port}: {error.strerror}")
            break
        else:
            sys.exit(f"udp/{port}: no answer")
    got, kind, state, _flavour, length = struct.unpack(">IIIII", answer[:20])
    accepted = struct.unpack(">I", answer[20 + length : 24 + length])[0] if len(answer) >= 24 + length else -1
    if (got, kind, state, accepted) != (number, 1, 0, 0):
        sys.exit(f"udp/{port}: the call was not accepted")
    return answer[24 + length :]


def bind_reserved(link: socket.socket) -> None:
    """A port below 1024, as servers demand (`secure`)."""
    for port in range(1023, 900, -1):
        try:
            link.bind(("", port))
        except OSError:
            continue
        return


if len(sys.argv) != 3:
    sys.exit("usage: mount-udp SERVER PATH")
server, path = sys.argv[1:]
(port,) = struct.unpack(">I", call(server, 111, 100000, 2, 3, struct.pack(">IIII", 100005, 3, 17, 0))[:4])
if port == 0:
    sys.exit("mountd is not registered")
(status,) = struct.unpack(">I", call(server, port, 100005, 3, 1, opaque(path.encode()))[:4])
if status:
    sys.exit(NAMES.get(status, f"mount status {status}"))
print("mounted")
