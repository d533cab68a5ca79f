"""`esxcli storage nfs list` and `esxcli storage nfs41 list`: the NFS datastores of an ESXi host.

    Volume Name  Host          Share                 Accessible  Mounted  Read-Only   isPE  Hardware Acceleration
    -----------  ------------  --------------------  ----------  -------  ---------  -----  ---------------------
    nfsbackup    192.168.1.22  /volume1/vmnfsbackup        true     true      false  false  Not Supported

5.x has neither Read-Only nor isPE; nfs41 says Host(s) and adds Security. Names may hold spaces: rows are cut where the
dashes under the header are. A host without datastores prints nothing.
"""

from __future__ import annotations

from typing import Any

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._reading import Reading, cells, dashed_columns

FACTS = {
    "volumes": "list of str: the datastores in order of appearance",
    "volumes.*": "str: one datastore",
    "by_name": "dict: what is known of each datastore, by its name",
    "by_name.*": "dict: one datastore",
    "by_name.*.host": "str: NFS server (4.1: servers) as configured",
    "by_name.*.share": "str: exported path",
    "by_name.*.accessible": "bool: the host reaches it now",
    "by_name.*.mounted": "bool: it is mounted",
    "by_name.*.read_only": "bool or None: mounted read-only; None where the host does not say (5.x)",
}

_TRUTH = {"true": True, "false": False}


def parse(text: CommandText) -> Parsed:
    reading = Reading("esxcli_storage_nfs_list", text)
    by_name: dict[str, Any] = {}
    columns: dict[str, slice] = {}
    for line, below in zip(reading.lines, [*reading.lines[1:], None], strict=True):
        if line.text.startswith("Volume Name") and below and (found := dashed_columns(line, below)):
            columns = found
            reading.skip(below)
            for name in ("volumes", "by_name"):
                reading.note([name], line)
        elif columns and (volume := _volume(cells(line.text, columns))):
            name = volume.pop("name")
            reading.note(["volumes"], line)
            if name not in by_name:
                reading.note(["volumes", len(by_name)], line)
            by_name[name] = volume
            reading.note_fields(["by_name", name], volume, line)
    if columns or (text.exit_status == 0 and not (text.stdout + text.stderr).strip()):
        reading.facts |= {"volumes": list(by_name), "by_name": by_name}
    if not by_name and reading.rows_unread():
        reading.forget("volumes", "by_name")
    return reading.parsed()


def _volume(row: dict[str, str]) -> dict[str, Any] | None:
    """One datastore; None where the row is none."""
    accessible, mounted = _TRUTH.get(row.get("Accessible", "")), _TRUTH.get(row.get("Mounted", ""))
    host = row.get("Host", row.get("Host(s)"))
    if not row["Volume Name"] or not host or accessible is None or mounted is None:
        return None
    read_only = _TRUTH.get(row.get("Read-Only", ""))
    return {
        "name": row["Volume Name"],
        "host": host,
        "share": row.get("Share", ""),
        "accessible": accessible,
        "mounted": mounted,
        "read_only": read_only,
    }
