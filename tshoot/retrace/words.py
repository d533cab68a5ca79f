"""A request in a few words, for a sentence that names it."""

from __future__ import annotations

from tshoot.model.effects import AskOperator, Decode, Effect, RunCommand, StartCapture, StopCapture, Wait


def what(effect: Effect) -> str:
    """What a request asks, in words: `vmkping -c 3 192.0.2.1 on host`."""
    match effect:
        case RunCommand():
            return f"`{effect.command}` on {effect.target}"
        case StartCapture():
            return f"a capture on {effect.target}, {effect.interface}: {effect.filter}".rstrip(": ")
        case StopCapture():
            return f"the end of the capture on {effect.target}"
        case Decode():
            return f"the capture {effect.sha256[:12]} of {effect.target}"
        case AskOperator():
            return f"the operator: {effect.question}"
        case Wait():
            return f"a wait of {effect.seconds:g} s"
