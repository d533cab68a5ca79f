"""`esxcli storage nfs add|list`: a real mount attempt by libnfs, and what this host has mounted so far. Where /run/mount-over-udp
exists the mount itself goes over UDP (`mount-udp`), and only what follows over TCP by libnfs.

After a mount the host writes its heartbeat to the datastore, as ESXi does with its own files: the first full-size segments.
"""

import argparse
import datetime
import json
import pathlib
import subprocess
import sys

VOLUMES = pathlib.Path("/run/volumes")
LOG = pathlib.Path("/var/log/vmkernel.log")
DENIED = "The mount request was denied by the NFS server. Check that the export exists and that the client is permitted to mount it."
NO_DIRECTORY = "The specified mount path was not a directory."
UNABLE = "Unable to connect to NFS server."
PATIENCE = "10"  # seconds; libnfs has no time-out of its own
HEARTBEAT = 65536  # bytes


def log(message: str) -> None:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    with LOG.open("a") as file:
        file.write(f"{now}Z cpu1:2097690 opID=5c1f3a2e)NFS: {message}\n")


def libnfs(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["timeout", PATIENCE, program, *words], capture_output=True, text=True)


def add(server: str, share: str, name: str) -> None:
    url = f"nfs://{server}{share}"
    log(f"173: Command: (mount) Server: ({server}) IP: ({server}) Path: ({share}) Label: ({name}) Options: (None)")
    over_udp = pathlib.Path("/run/mount-over-udp").exists()
    done = subprocess.run(["mount-udp", server, share], capture_output=True, text=True) if over_udp else libnfs("nfs-ls", f"{url}?version=3")
    if done.returncode:
        said = done.stdout + done.stderr
        sys.stderr.write(said)
        reason = DENIED if "ACCES" in said or "PERM" in said else NO_DIRECTORY if "NOENT" in said or "NOTDIR" in said else UNABLE
        log(f"190: NFS mount {server}:{share} failed: {reason}")
        sys.exit(f"Unable to complete Sysinfo operation.  Please see the VMkernel log file for more details.: {reason}")
    log(f"238: NFS mount {server}:{share} status: Success")
    (VOLUMES / name).write_text(json.dumps({"server": server, "share": share}))
    heartbeat = pathlib.Path("/tmp/heartbeat")
    heartbeat.write_bytes(bytes(HEARTBEAT))
    written = libnfs("nfs-cp", str(heartbeat), f"{url}/.heartbeat?version=3")
    heartbeat.unlink()
    if written.returncode:
        sys.stderr.write(written.stdout + written.stderr)
        log(f'283: Lost connection to the server {server} mount point {share}, mounted as bf7ce3db-42c081a2-0000-000000000000 ("{name}")')


def show() -> None:
    rows = []
    for file in sorted(VOLUMES.iterdir()):
        about = json.loads(file.read_text())
        reached = libnfs("nfs-ls", f"nfs://{about['server']}{about['share']}?version=3").returncode == 0
        rows.append((file.name, about["server"], about["share"], "true" if reached else "false"))
    if not rows:
        return
    heads = ("Volume Name", "Host", "Share")
    widths = [max(len(head), *(len(row[column]) for row in rows)) for column, head in enumerate(heads)]
    start = "  ".join(f"{{:<{width}}}" for width in widths)
    print(start.format(*heads) + "  Accessible  Mounted  Read-Only   isPE  Hardware Acceleration")
    print("  ".join("-" * width for width in widths) + "  ----------  -------  ---------  -----  ---------------------")
    for *names, accessible in rows:
        print(start.format(*names) + f"  {accessible:>10}  {'true':>7}  {'false':>9}  {'false':>5}  Not Supported")


if sys.argv[1:] == ["storage", "nfs", "list"]:
    show()
elif sys.argv[1:4] == ["storage", "nfs", "add"]:
    parser = argparse.ArgumentParser(prog="esxcli storage nfs add")
    parser.add_argument("-H", dest="server", required=True)
    parser.add_argument("-s", dest="share", required=True)
    parser.add_argument("-v", dest="name", required=True)
    asked = parser.parse_args(sys.argv[4:])
    add(asked.server, asked.share, asked.name)
else:
    sys.exit("Error: Unknown command or namespace " + " ".join(sys.argv[1:]))
