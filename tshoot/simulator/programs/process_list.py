"""Stands in for `ps` on a simulated device: the device's own processes, never this machine's.

    process_list.py FOLDER NAME [-p PID] [-c | -eww -o pid=,args= | …]

Whatever the other options, a line a process: its pid and its whole command line. With `-p` only that one, and status 1 where it is not
there. FOLDER is the device's, which its processes have in their environment; where there is no /proc (it is looked into) the list is empty.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path


def main(folder: str, _: str, *options: str) -> int:
    mark = f"TSHOOT_SIMULATED_DEVICE={folder}".encode()
    only = options[options.index("-p") + 1] if "-p" in options[:-1] else ""
    found = False
    for process in sorted(Path("/proc").glob(only if only.isdecimal() else "[0-9]*"), key=lambda path: int(path.name)):
        with suppress(OSError):
            if mark in (process / "environ").read_bytes().split(b"\0"):
                words = (process / "cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").replace(b"\n", b" ")
                found = True
                sys.stdout.write(f"{process.name:>7} {words.decode('utf-8', 'replace')}\n")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
