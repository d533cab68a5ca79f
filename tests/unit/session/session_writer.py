"""A process that writes a session until it is killed: prints the folder, then the number of each event once `append` has returned."""

from __future__ import annotations

import sys
from pathlib import Path

from tshoot.model.events import CommandRan, EffectAnswered, NoteAdded, Ok
from tshoot.session.log import SessionLog


def main(root: Path) -> None:
    with SessionLog.create(root, "nfs-mount", "id: nfs-mount\n" * 50, {}) as log:
        print(log.folder, flush=True)
        for number in range(1_000_000):
            if number % 2:
                log.append(EffectAnswered(float(number), f"k{number}", Ok(CommandRan(0, b"%d\n" % number * 2000, b"", 0.1))))
            else:
                log.append(NoteAdded(float(number), "x" * (number % 7) * 1000, "writer"))
            print(number, flush=True)


main(Path(sys.argv[1]))
