"""AskOperator: whoever sits at the terminal or the screen; nobody, where there is neither."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.effects import AskOperator, Effect
from tshoot.model.events import OperatorAnswered
from tshoot.steering import Approval


class Operator(Protocol):
    def ask(self, question: AskOperator, cancel: CancelToken) -> str | None:
        """The answer ("yes"/"no", one of the choices, text); None where nobody can be asked."""
        ...


@runtime_checkable
class Approver(Protocol):
    """An operator who can also say what is to be done in step mode."""

    def approve(self, effect: Effect, cancel: CancelToken) -> Approval:
        """What to do with an effect on a target before it is performed (`steering.approvals_for` says what can be said)."""
        ...


def ask_operator(effect: AskOperator, operator: Operator, cancel: CancelToken, over: CancelToken) -> OperatorAnswered:
    """`over` is set where nothing waits for the answer any more: then the question is withdrawn."""
    answer = operator.ask(effect, over)
    cancel.check()
    if over.cancelled:
        raise TargetError("declined", f"the question was withdrawn, the run went another way: {effect.question}")
    if answer is None:
        raise TargetError(
            "declined", f"nobody could be asked: {effect.question}", "run it in a terminal, or with --yes where yes is the right answer"
        )
    return OperatorAnswered(answer)
