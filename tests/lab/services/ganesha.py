"""A storage array's NFS v3: NFS-Ganesha with mountd on port 635. Options: `export` (a path under /mnt), `clients` (addresses in its export rule).

Whoever is not among the clients gets a real MNT3ERR_ACCES; so does whoever asks for another path.
"""

from __future__ import annotations

from typing import Any

from tests.lab.host import Host

_CONFIG = """NFS_CORE_PARAM {{
  Protocols = 3; NFS_Port = 2049; MNT_Port = 635; Enable_NLM = false; Enable_RQUOTA = false; mount_path_pseudo = false;
}}
NFSv4 {{ Graceless = true; RecoveryBackend = fs; }}
EXPORT {{
  Export_Id = 1; Path = {export}; Access_Type = None; Squash = No_Root_Squash;
  CLIENT {{ Clients = {clients}; Access_Type = RW; }}
  FSAL {{ Name = VFS; }}
}}
"""


def start(host: Host, options: dict[str, Any]) -> None:
    export = str(options["export"])
    (host.folder / "ganesha").mkdir()
    script = 'mount -t tmpfs volumes /mnt; mkdir -p "$1"; echo a datastore of the laboratory > "$1/readme.txt"; mkdir -p /var/lib/nfs/ganesha'
    host.run("sh", "-ec", script, "sh", export)
    config = _CONFIG.format(export=export, clients=", ".join(options["clients"]))
    (host.folder / "ganesha.conf").write_text(config)
    host.start("ganesha", "ganesha.nfsd", "-F", "-f", "/run/ganesha.conf", "-L", "/run/ganesha.txt", "-p", "/run/ganesha/pid", "-N", "NIV_EVENT")
    log = host.folder / "ganesha.txt"
    host.ready(
        "ganesha", lambda: host.listens(2049) and host.listens(635) and log.exists() and "SERVER INITIALIZED" in log.read_text(errors="replace")
    )
