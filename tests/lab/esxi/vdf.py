"""`vdf -h` from the real sizes of this host's RAM disks."""

import os
import sys


def human(size: int) -> str:
    for unit, factor in (("G", 2**30), ("M", 2**20), ("K", 2**10)):
        if size >= 10 * factor or (unit == "K"):
            return f"{size // factor}{unit}"
    return str(size)


if sys.argv[1:] != ["-h"]:
    sys.exit("usage: vdf -h")
print("Tardisk                  Space      Used")
print("-----")
print("Ramdisk                   Size      Used Available Use% Mounted on")
for name, path in (("tmp", "/tmp"),):
    space = os.statvfs(path)
    size, free = space.f_blocks * space.f_frsize, space.f_bavail * space.f_frsize
    used = size - free
    print(f"{name:<22} {human(size):>7} {human(used):>9} {human(free):>9} {100 * used // size:>3}% --")
