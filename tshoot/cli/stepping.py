"""Step mode at a plain terminal: each command or capture is shown before it runs, and the operator says what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

from tshoot.cancel import CancelToken
from tshoot.cli import diagnostics
from tshoot.model.effects import Effect, RunCommand, StartCapture
from tshoot.model.text import clean_line
from tshoot.steering import Approval, ByHand, Edit, Run, Skip, approvals_for

ReadLine = Callable[[CancelToken], str | None]
_NAMES: dict[str, type[Approval]] = {"run": Run, "edit": Edit, "skip": Skip, "by hand": ByHand}
_MOST = 20_000  # lines that can be pasted


def approval_at(read_line: ReadLine, forget_typed: Callable[[], None], effect: Effect, cancel: CancelToken) -> Approval:
    """Ask until it is said. `read_line` gives None where nobody answers any more: then nothing runs.

    `forget_typed` drops the lines that were typed before the command was to be seen.
    """
    names = [name for name, kind in _NAMES.items() if kind in approvals_for(effect)]
    forget_typed()
    told = _told(effect)
    diagnostics.note(told)
    while True:
        diagnostics.ask(f"[{' / '.join(names)}] ", told)
        said = read_line(cancel)
        if said is None:
            return Skip("nobody answered")
        fitting = [name for name in names if name.startswith(said.lower())] if said else []
        if len(fitting) != 1:
            forget_typed()
            diagnostics.note(f"answer one of: {', '.join(names)}; the first letter will do")
            continue
        found = _said(_NAMES[fitting[0]], read_line, cancel)
        if found is not None:
            return found


def _told(effect: Effect) -> str:
    if isinstance(effect, RunCommand):
        what = f"$ {clean_line(effect.command)}"
    elif isinstance(effect, StartCapture):
        what = f"capture on {clean_line(effect.interface)}: {clean_line(effect.filter)}"
    else:
        what = type(effect).__name__
    return f"next on {clean_line(getattr(effect, 'target', ''))} {what}" + (f"   ({clean_line(effect.why)})" if effect.why else "")


def _said(kind: type[Approval], read_line: ReadLine, cancel: CancelToken) -> Approval | None:
    """None: back to the question."""
    if kind is Edit:
        diagnostics.ask("run in its place: ")
        command = read_line(cancel)
        return Edit(command) if command else None
    if kind is Skip:
        diagnostics.ask("why (may be left empty): ")
        return Skip(read_line(cancel) or "")
    if kind is ByHand:
        return _pasted(read_line, cancel)
    return Run()


def _pasted(read_line: ReadLine, cancel: CancelToken) -> Approval | None:
    diagnostics.note("paste what it printed, then a line with nothing but a dot")
    lines: list[str] = []
    while (line := read_line(cancel)) is not None and line != "." and len(lines) < _MOST:
        lines.append(line)
    return ByHand("".join(f"{line}\n" for line in lines)) if lines else None
