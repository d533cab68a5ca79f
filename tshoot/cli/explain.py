"""tshoot explain: one cause, as the verdict would tell it."""

from __future__ import annotations

from argparse import Namespace

from tshoot.cli.output import paragraphs, say
from tshoot.playbook.causes import cause, filled


def run(arguments: Namespace) -> int:
    known = cause(arguments.cause)
    say(f"{known.id}: {known.title}", "")
    paragraphs(
        ("On the wire", filled(known.on_the_wire, {})),
        ("Who owns the fix", known.owner),
        ("Fix", filled(known.fix, {})),
        ("Verify", filled(known.verify, {})),
        ("References", "; ".join(known.references)),
    )
    return 0
