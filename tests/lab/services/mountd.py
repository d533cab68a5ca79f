"""Linux's own mount daemon, rpc.mountd on port 635, without a kernel NFS server behind it. Options: `export` (a path under /mnt), `clients`.

Without the kernel it can give no file handle, so no mount succeeds; but how it says no is real: MNT3ERR_ACCES as Ganesha, and
MNT3ERR_NOENT or NOTDIR for what is missing, or no folder, below an export.
"""

from __future__ import annotations

from typing import Any

from tests.lab.host import Host

_SCRIPT = """mount -t tmpfs volumes /mnt; mkdir -p "$1"; echo a datastore of the laboratory > "$1/readme.txt"; mkfifo "$1/pipe"
mount --bind /run/exports /etc/exports; touch /var/lib/nfs/etab /var/lib/nfs/rmtab
exportfs -ra || true
"""


def start(host: Host, options: dict[str, Any]) -> None:
    export = str(options["export"])
    (host.folder / "exports").write_text(f"{export} {' '.join(f'{client}(rw,no_subtree_check)' for client in options['clients'])}\n")
    host.run("sh", "-ec", _SCRIPT, "sh", export)
    host.start("mountd", "rpc.mountd", "-F", "-p", "635", "-N", "4")
    host.ready("mountd", lambda: host.listens(635))
