"""What a session file may hold: beyond these bounds it is refused, before it fills a disk."""

from __future__ import annotations

from tshoot.errors import SessionError

FILES = 10_000  # the log and its evidence
MANIFEST = 4 << 20  # bytes
LOG_BYTES = 1 << 30
ONE_FILE = 4 << 30
ALL_FILES = 16 << 30
RATIO, FREE = 200, 256 << 20  # unpacked bytes for one compressed byte, where more than FREE are unpacked
WINDOW = 1 << 27  # bytes that the decompressor may keep in memory

TOLD = "at most 10000 files, 4 GiB each (the log 1 GiB), 16 GiB in all, and 200 times the size of the file where that is more than 256 MiB"


def check_sizes(sizes: list[int], log: int, packed: int | None, place: str) -> None:
    """SessionError where files of `sizes` bytes (the log's is `log`), compressed to `packed` bytes (None: not yet known), are beyond the limits."""
    problem = ""
    if len(sizes) > FILES:
        problem = f"{len(sizes)} files, more than {FILES}"
    elif log > LOG_BYTES:
        problem = f"a log of {log} bytes, more than {LOG_BYTES >> 20} MiB"
    elif any(size > ONE_FILE for size in sizes):
        problem = f"a file of {max(sizes)} bytes, more than {ONE_FILE >> 30} GiB"
    elif sum(sizes) > ALL_FILES:
        problem = f"{sum(sizes)} bytes, more than {ALL_FILES >> 30} GiB"
    elif packed is not None and sum(sizes) > max(FREE, RATIO * packed):
        problem = f"{sum(sizes)} bytes in a file of {packed}: more than {RATIO} to 1"
    if problem:
        raise SessionError(f"{place}: holds {problem}", f"a session file holds {TOLD}; send the folder of the session instead")
