"""The way in: `tshoot --version` at once, everything else through the command line's parser."""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    if words in (["--version"], ["-V"]):
        from tshoot import __version__

        if sys.stdout is not None:  # None where tshoot was started with its output closed
            sys.stdout.write(f"tshoot {__version__}\n")
        return 0
    from tshoot.cli.main import run_words
    from tshoot.core_files import leave_none

    leave_none()
    return run_words(words)


if __name__ == "__main__":
    sys.exit(main())
