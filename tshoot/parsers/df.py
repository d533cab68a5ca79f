"""`df -kP` and `df -h` of Linux, `df` and `df -h` of ESXi: the room in mounted file systems.

    Filesystem     1024-blocks    Used Available Capacity Mounted on
    /dev/vda1         41152736 9215876  30174640      24% /

    Filesystem   Size   Used Available Use% Mounted on
    VMFS-6     237.8G  45.2G    192.5G  19% /vmfs/volumes/datastore 1

Both ends of a row may hold spaces, so it is cut at the percentage before the path.
"""

from __future__ import annotations

import re
from typing import Any

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._reading import Reading
from tshoot.parsers._space import block_size, room

FACTS = {
    "mounts": "dict: the file systems by the path they are mounted on",
    "mounts.*": "dict: one file system",
    "mounts.*.size_mb": "float: its size in megabytes (2**20 bytes)",
    "mounts.*.available_mb": "float: what is free of it, in megabytes",
}

_CAPACITY = re.compile(r"\s(?:[0-9]{1,3}%|-)\s+(?=/)")


def parse(text: CommandText) -> Parsed:
    reading = Reading("df", text)
    mounts: dict[str, Any] = {}
    block: int | None = None
    for line in reading.lines:
        if line.text.startswith("Filesystem") and line.text.rstrip().endswith("Mounted on"):
            block = block_size(line.text)
            reading.put("mounts", mounts, line)
            continue
        capacity = _CAPACITY.search(line.text)
        words = line.text[: capacity.start()].split() if capacity else []
        if capacity and len(words) >= 4 and (found := room(words[-3], words[-1], block)):
            path = line.text[capacity.end() :].rstrip()
            mounts[path] = found
            reading.note_fields(["mounts", path], found, line)
    if mounts:
        reading.facts["mounts"] = mounts
    elif reading.rows_unread():
        reading.forget("mounts")
    return reading.parsed()
