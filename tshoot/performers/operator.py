"""AskOperator: whoever sits at the terminal or the screen; nobody, where there is neither."""

from __future__ import annotations

from typing import Protocol

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.effects import AskOperator
from tshoot.model.events import OperatorAnswered


class Operator(Protocol):
    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        """The answer ("yes"/"no", one of the choices, text); None where nobody can be asked."""
        ...


def ask_operator(effect: AskOperator, operator: Operator, cancel: CancelToken) -> OperatorAnswered:
    answer = operator.ask(effect, cancel)
    cancel.check()
    if answer is None:
        raise TargetError(
            "declined", f"nobody could be asked: {effect.question}", "run it in a terminal, or with --yes where yes is the right answer"
        )
    return OperatorAnswered(answer)
