"""The program that `ssh` runs where it would ask at a terminal (SSH_ASKPASS): it asks the tshoot that started it.

Run by its path with the standard library alone. The question goes over a socket in tshoot's private folder, with
the run's token; the answer comes back the same way and is printed for `ssh`, which reads it from a pipe.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

PLACE = "TSHOOT_ASKPASS"  # the environment variable that names the folder


def main() -> int:
    """0 with the answer on standard output; 1 where there is none."""
    try:
        folder = Path(os.environ[PLACE])
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(folder / "ask"))
            question = {
                "token": (folder / "token").read_text(encoding="ascii"),
                "prompt": " ".join(sys.argv[1:]),
                "form": os.environ.get("SSH_ASKPASS_PROMPT", ""),
            }
            link.sendall(json.dumps(question).encode() + b"\n")
            said = b""
            while not said.endswith(b"\n") and (data := link.recv(4096)):
                said += data
        answer = json.loads(said)["answer"]
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()
    except (OSError, KeyError, ValueError, TypeError):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
