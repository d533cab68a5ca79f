"""tshoot sessions compare: two recorded sessions, node by node."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from tshoot.cli.interrupt import cancellable
from tshoot.cli.opened import opened
from tshoot.cli.output import emit_json, say
from tshoot.retrace.compare import Comparison, compare
from tshoot.retrace.compare_text import comparison_json, comparison_lines

SAME, DIFFERENT = 0, 1


def run(root: Path, arguments: Namespace) -> int:
    def work(cancel: object) -> Comparison:
        with opened(root, arguments.session) as first, opened(root, arguments.other) as second:
            return compare(first, second)

    comparison = cancellable(work)
    if arguments.json:
        emit_json(comparison_json(comparison))
    else:
        say(*comparison_lines(comparison))
    return SAME if comparison.same else DIFFERENT
