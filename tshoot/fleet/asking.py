"""What the members of a fleet ask, one after the other: whoever answers sees one question at a time, and whose it is.

A question waits for its turn as long as another is being answered, and is let go where the run is stopped. `turn` is entered around each:
a screen that shows the members keeps still meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled
from tshoot.model.effects import AskOperator
from tshoot.model.text import clean_line
from tshoot.performers.operator import Operator
from tshoot.transports.base import HostKey, Prompter
from tshoot.transports.login.reusable import asks_for_password

_TICK = 0.2
Turn = Callable[[], AbstractContextManager[object]]


class Asking:
    """One for a fleet; `operator_of` and `prompter` are what its members are given. `shares`: the group whose targets share a password, or ""."""

    def __init__(self, operator: Operator, prompter: Prompter, cancel: CancelToken, turn: Turn, shares: str = "") -> None:
        self.operator, self.asked, self.cancel, self.shares = operator, prompter, cancel, shares
        self._turn, self._one = turn, threading.Lock()

    @contextmanager
    def turn(self, *over: CancelToken) -> Iterator[bool]:
        """The turn of one question; False where nobody waits for its answer any more."""
        tokens = (self.cancel, *over)
        while not self._one.acquire(timeout=_TICK):
            if any(token.cancelled for token in tokens):
                yield False
                return
        try:
            with self._turn():
                yield not any(token.cancelled for token in tokens)
        finally:
            self._one.release()

    def operator_of(self, host: str) -> Operator:
        return _MemberOperator(self, host)

    @property
    def prompter(self) -> Prompter:
        return _InTurn(self)


class _MemberOperator:
    def __init__(self, asking: Asking, host: str) -> None:
        self._asking, self._host = asking, clean_line(host)

    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        with self._asking.turn(cancel) as mine:
            if not mine:
                raise Cancelled("the question was withdrawn")
            return self._asking.operator.ask(replace(question, question=f"{self._host}: {question.question}"), cancel)


class _InTurn:
    """A stopped run waits for no answer: whoever asks for a secret then gets none, and no key is trusted."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def accept_host_key(self, key: HostKey) -> bool:
        with self._asking.turn() as mine:
            return mine and self._asking.asked.accept_host_key(key)

    def secret(self, prompt: str, host: str, echo: bool) -> str | None:
        if self._asking.shares and not echo and asks_for_password(prompt):
            prompt = f"{prompt.rstrip().removesuffix(':')} (for every target of {clean_line(self._asking.shares)} with this user): "
        with self._asking.turn() as mine:
            return self._asking.asked.secret(prompt, host, echo) if mine else None

    def agree(self, question: str, why: str) -> bool:
        with self._asking.turn() as mine:
            return mine and self._asking.asked.agree(question, why)
