"""What the bridge tells the run screen, and the question that waits for its answer. Nothing else crosses between the threads."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Literal

from textual.message import Message

from tshoot.cancel import CancelToken
from tshoot.errors import TshootError
from tshoot.model.effects import Effect
from tshoot.model.verdicts import Verdict
from tshoot.steering import Approval
from tshoot.tui.story import Change, UnderWay


@dataclass(eq=False)
class Question:
    """Asked by a thread of the run, answered once by the operator. `text` and `detail` are not clean.

    The form "approve" has the `effect` that waits to be performed, and is answered with an Approval (`steering.approvals_for` says with which).
    `lets_run`: a command waits for the answer, and is not sent before it.
    A question may be withdrawn (`answered` without anybody having answered): the run went another way, or was cancelled.
    """

    form: Literal["confirm", "choice", "text", "secret", "approve"]
    text: str
    detail: str = ""
    choices: tuple[str, ...] = ()
    effect: Effect | None = None
    lets_run: bool = False
    _value: str | Approval | None = field(default=None, repr=False)  # it may be a password
    _done: threading.Event = field(default_factory=threading.Event)

    def answer(self, value: str | Approval | None) -> None:
        """Give the answer; None where there is none. Later answers change nothing."""
        if not self._done.is_set():
            self._value = value
            self._done.set()

    def wait(self, cancel: CancelToken) -> str | Approval | None:
        """The answer, None once the run is cancelled. Blocks: never on the screen's thread."""
        with cancel.on_cancel(lambda: self.answer(None)):
            self._done.wait()
        return self._value

    @property
    def answered(self) -> bool:
        return self._done.is_set()


class RunMoved(Message):
    """What is to be shown anew, what is under way now, and the verdict once there is one. `taken` is set when it is on the screen."""

    def __init__(self, changes: tuple[Change, ...], under_way: tuple[UnderWay, ...], verdict: Verdict | None) -> None:
        super().__init__()
        self.changes = changes
        self.under_way = under_way
        self.verdict = verdict
        self.taken = threading.Event()


class RunOpened(Message):
    """The session is open; `folder` is where it is kept, "" where it is not."""

    def __init__(self, session: str, folder: str) -> None:
        super().__init__()
        self.session = session
        self.folder = folder


class Asked(Message):
    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question


class RunClosed(Message):
    """Nothing runs any more: a verdict, none (cancelled), or the error that ended it."""

    def __init__(self, verdict: Verdict | None, error: TshootError | None) -> None:
        super().__init__()
        self.verdict = verdict
        self.error = error
