"""`vdf -h` and `vdf` of ESXi: the RAM disks, which `df` does not show. /tmp is one of them.

    Tardisk                  Space      Used
    sb.v00                    168M      168M
    -----
    Ramdisk                   Size      Used Available Use% Mounted on
    root                       32M        3M       28M  10% --
    tmp                       256M      255M      364K  99% --

`Mounted on` is empty there: the RAM disk `tmp` is /tmp and `root` (older: MAINSYS) is /. Without -h numbers are KiB.
"""

from __future__ import annotations

from typing import Any

from tshoot.model.facts import CommandText, Parsed
from tshoot.parsers._reading import Reading, is_separator
from tshoot.parsers._space import block_size, megabytes, room

FACTS = {
    "mounts": "dict: the RAM disks by path",
    "mounts.*": "dict: one RAM disk",
    "mounts.*.size_mb": "float: its size in megabytes (2**20 bytes)",
    "mounts.*.available_mb": "float: what is free of it, in megabytes",
}


def parse(text: CommandText) -> Parsed:
    reading = Reading("vdf", text)
    mounts: dict[str, Any] = {}
    table, block = "", 1024
    for line in reading.lines:
        words = line.text.split()
        if words[:1] == ["Tardisk"] and "Used" in words:
            table = "Tardisk"
            reading.skip(line)
        elif words[:1] == ["Ramdisk"] and "Available" in words:
            table, block = "Ramdisk", block_size(line.text) or 1024
            reading.put("mounts", mounts, line)
        elif is_separator(line.text) or (table == "Tardisk" and len(words) == 3 and megabytes(words[1], 1024) is not None):
            reading.skip(line)
        elif table == "Ramdisk" and len(words) >= 5 and words[4].endswith("%") and (found := room(words[1], words[3], block)):
            path = "/" if words[0] in ("root", "MAINSYS") else f"/{words[0]}"
            mounts[path] = found
            reading.note_fields(["mounts", path], found, line)
    if not mounts and reading.rows_unread():
        reading.forget("mounts")
    return reading.parsed()
