"""tshoot sessions distil: a draft playbook and its scenario from what somebody typed; both are tried before the verb says that they are good."""

from __future__ import annotations

import re
from argparse import Namespace
from pathlib import Path

from tshoot.cli import diagnostics
from tshoot.cli.opened import opened
from tshoot.cli.output import say
from tshoot.errors import TshootError, UsageError
from tshoot.knowledge import ShippedKnowledge
from tshoot.playbook.check import check_playbook
from tshoot.playbook.loader import load_playbook
from tshoot.session.store import Session
from tshoot.shipped import shipped
from tshoot.whole_file import put_whole

_MOST_TOLD = 20


def run(root: Path, arguments: Namespace) -> int:
    from tshoot.retrace.distil.draft import draft_of
    from tshoot.retrace.distil.steps import steps_of
    from tshoot.session.summary import summarize

    target = Path(arguments.output)
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,59}", target.stem) or target.suffix != ".yaml":
        raise UsageError(f"{target}: a playbook's file is named like its id: small letters, digits, hyphens, and .yaml", "for example slow-link.yaml")
    with opened(root, arguments.session) as session:
        folder = Path(arguments.scenario) if arguments.scenario else _folder(target, session)
        _refuse(target, folder, arguments.force)
        steps = steps_of(session.events())
        draft = draft_of(steps, target.stem, session.header.session, summarize(session.events()).verdict)
    _write(target, draft.playbook.encode("utf-8"))
    for name, content in draft.files.items():
        _write(folder / name, content)
    say(f"{target}: {len(steps.steps)} steps", f"{folder}: {len(draft.files)} files")
    for text in draft.left_out[:_MOST_TOLD]:
        say(f"  left out: {text}")
    if len(draft.left_out) > _MOST_TOLD:
        say(f"  left out: {len(draft.left_out) - _MOST_TOLD} more, named at the end of the playbook")
    return _tried(target, folder)


def _folder(target: Path, session: Session) -> Path:
    """In a checkout where scenarios are, else beside the playbook."""
    case = f"from-{session.header.session.rpartition('-')[2]}"
    case = case if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", case) else "from-a-session"
    home = target.resolve().parent
    places = shipped("fixtures/scenarios") if home == shipped("playbooks").resolve() else target.parent / "scenarios"
    return places / target.stem / case


def _refuse(target: Path, folder: Path, force: bool) -> None:
    there = [path for path in (target, folder) if path.exists() or path.is_symlink()]
    if there and not force:
        raise UsageError(f"{there[0]}: is there already", "name another file with -o, or overwrite it with --force")
    if force and folder.is_symlink():
        raise UsageError(f"{folder}: is a link", "name another folder with --scenario")


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        put_whole(path, content)
    except OSError as error:
        raise TshootError(f"{path}: cannot be written: {error.strerror}", "name another file with -o") from error


def _tried(target: Path, folder: Path) -> int:
    """Lint the draft and play its scenario, as `playbooks lint` and `playbooks test` do."""
    from tshoot.rehearsal import rehearse
    from tshoot.simulator.scenario import load_scenario

    playbook = load_playbook(target)
    problems = [*check_playbook(playbook, ShippedKnowledge())]
    if not problems:
        problems = list(rehearse(load_scenario(folder), playbook).problems)
    if problems:
        say("the draft is not good yet:", *(f"  {text}" for text in problems))
        return diagnostics.USAGE
    say("it lints, and its scenario passes; now write its conditions (TODO in the file)")
    say(f"  tshoot playbooks lint {target}", f"  tshoot playbooks test {target} --scenarios {folder.parent.parent}")
    return diagnostics.HEALTHY
