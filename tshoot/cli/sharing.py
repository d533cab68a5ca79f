"""tshoot sessions export, redact, reveal: sessions as single files, for others to read."""

from __future__ import annotations

import sys
import tempfile
from argparse import Namespace
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.cli.interrupt import cancellable
from tshoot.cli.opened import opened
from tshoot.cli.output import say
from tshoot.errors import TshootError, UsageError
from tshoot.session.packed.export import SUFFIX, export_session
from tshoot.session.store import Session

_MOST_TYPED = 16 << 20  # characters that `reveal` reads from standard input


def run(root: Path, arguments: Namespace) -> int:
    action = {"export": _export, "redact": _redact, "reveal": _reveal}[arguments.action]
    return action(root, arguments)


def _export(root: Path, arguments: Namespace) -> int:
    with opened(root, arguments.session) as session:
        target = Path(arguments.output or f"{session.header.session}{SUFFIX}")
        size = cancellable(lambda cancel: export_session(session, target, force=arguments.force, cancel=cancel))
    say(f"{target}: {size} bytes", "it holds everything, names and addresses included; `tshoot sessions redact` makes one for strangers")
    return diagnostics.HEALTHY


def _redact(root: Path, arguments: Namespace) -> int:
    from tshoot.redaction.key import default_key_file, key_at

    target = Path(arguments.output)
    if not arguments.force and target.exists():
        raise UsageError(f"{target}: is there already", "name another file with -o, or overwrite it with --force")
    key_file = Path(arguments.key_file) if arguments.key_file else default_key_file(root)
    key, new = key_at(key_file)
    if new:
        say(f"{key_file}: a new key; keep it, and to yourself: whoever has it can turn the redaction back")
    return cancellable(lambda cancel: _redacted(root, arguments, key, target, cancel))


def _redacted(root: Path, arguments: Namespace, key: bytes, target: Path, cancel: CancelToken) -> int:
    from tshoot.redaction.disguise import SessionMap
    from tshoot.redaction.session import redacted
    from tshoot.redaction.vocabulary import vocabulary

    with opened(root, arguments.session) as session, tempfile.TemporaryDirectory(prefix="tshoot-") as place:
        mapping = SessionMap(key, vocabulary().and_of([session.header.playbook_text]))
        with redacted(session, mapping, Path(place), cancel) as (shared, remarks):
            size = export_session(shared, target, force=arguments.force, cancel=cancel)
            say(f"{target}: {size} bytes, session {shared.header.session}", *(f"remark: {remark}" for remark in remarks))
            return _judged(session, shared, cancel)


def _judged(session: Session, shared: Session, cancel: CancelToken) -> int:
    """Say whether the redacted session proves what the original does."""
    from tshoot.redaction.same_verdict import compare_verdicts

    try:
        compared = compare_verdicts(session, shared, cancel)
    except TshootError as error:
        say(f"whether it is judged the same could not be tried: {error.message}")
        return diagnostics.INCONCLUSIVE
    verdict = compared.redacted
    told = "no verdict" if verdict is None else f"{verdict.kind} {verdict.cause}".strip()
    if not compared.differences:
        say(f"judged again, it says the same as the original: {told}, by the same frames and lines")
        return diagnostics.HEALTHY
    say(f"judged again, it says something else than the original: {told}", *(f"  {difference}" for difference in compared.differences))
    return diagnostics.INCONCLUSIVE


def _reveal(root: Path, arguments: Namespace) -> int:
    from tshoot.redaction.disguise import SessionMap
    from tshoot.redaction.key import default_key_file, load_key
    from tshoot.redaction.vocabulary import vocabulary

    key_file = Path(arguments.key_file) if arguments.key_file else default_key_file(root)
    texts = SessionMap(load_key(key_file), vocabulary(), back=True).texts
    text = sys.stdin.read(_MOST_TYPED) if arguments.text == ["-"] else " ".join(arguments.text)
    say(*texts.lines(text.removesuffix("\n")).split("\n"))
    return diagnostics.HEALTHY
