"""What a playbook asks, found among commands that somebody typed on the same device.

The same command is the same question however it was typed: cut short (`sh ipv6 ro X`), an address in other letters, options in another order, another
count or time to wait. Each answer is used once, in its order. A series of samples has as many as were recorded: where there are no more, nothing is
known of the time after. What nobody typed has no answer: captures, questions, and the first sample of a series.
"""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Mapping

from tshoot.model.effects import Effect, RunCommand, Wait, sample_key
from tshoot.model.events import EffectAnswered, Failed, Ok, TargetSpec, Waited
from tshoot.retrace.free.typed_record import TypedRecord
from tshoot.transcripts.commands import known_command

_LATER = 1e-6  # of a place in the order
_HOW_LONG = frozenset(("-c", "-w", "-W", "-i"))  # how often and how long: not what is asked
_CUT = ("while ", "for ", "watch ")


class TypedAnswers:
    """`devices` maps a playbook's role to the role that its device has in the session, `targets` to the device itself."""

    def __init__(self, recording: TypedRecord, devices: Mapping[str, str], targets: Mapping[str, TargetSpec]) -> None:
        self._recording, self._devices, self._targets = recording, devices, targets
        self._free: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        platforms = {devices[role]: spec.platform for role, spec in targets.items() if role in devices}
        for key, effect in recording.requests.items():
            if key in recording.answers and not effect.command.startswith(_CUT):
                asked = question(platforms.get(effect.target, ""), effect.command)
                self._free.setdefault((effect.target, asked), []).append(key)
        self._ended: set[str] = set()  # series whose samples are used up
        self._now: dict[str, float] = {}  # series -> time of its last answer
        self._place, self._at = 0.0, recording.started.at

    def find(self, effect: Effect) -> tuple[float, EffectAnswered] | None:
        """The place in the order, and the answer under the key of `effect`; None where nothing of the kind was recorded."""
        if isinstance(effect, Wait):
            return self._waited(effect)
        if not isinstance(effect, RunCommand) or effect.target not in self._devices:
            return None
        sample = sample_key(effect.key)
        place = self._devices[effect.target], question(self._targets[effect.target].platform, effect.command)
        keys = self._free.get(place, [])
        if not keys:
            return self._no_more(effect, sample.series, len(keys)) if sample and sample.number > 1 else None
        number, answered = self._recording.answers[keys.pop(0)]
        self._place, self._at = float(number), answered.at
        if sample:
            self._now[sample.series] = answered.at
            if not keys:
                self._ended.add(sample.series)
        return self._place, EffectAnswered(answered.at, effect.key, answered.outcome)

    def _waited(self, effect: Wait) -> tuple[float, EffectAnswered]:
        """Between recorded samples no time passes but theirs; after the last one it does, so that the series ends."""
        sample = sample_key(effect.key)
        at = self._at
        if sample:
            at = self._now.get(sample.series, at)
            if sample.series in self._ended:
                at += max(effect.seconds, 1.0)
                self._now[sample.series] = at
        return self._place + _LATER, EffectAnswered(at, effect.key, Ok(Waited(effect.seconds)))

    def _no_more(self, effect: RunCommand, series: str, count: int) -> tuple[float, EffectAnswered]:
        failed = Failed("timeout", f"the recording holds no later answer to `{effect.command}`")
        return self._place + _LATER, EffectAnswered(self._now.get(series, self._at), effect.key, failed)


def question(platform: str, command: str) -> tuple[str, ...]:
    """What a command asks on a platform, whatever way it was typed."""
    known = known_command(platform, command) if platform else None
    text = known.command if known else command.strip()
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    if "|" in words or any(word in ("-e", ";", "&&") for word in words):
        return tuple(map(_plain, words))
    options, rest = [], list[str]()
    for place, word in enumerate(words):
        if word in _HOW_LONG or (place and words[place - 1] in _HOW_LONG and word.replace(".", "").isdigit()):
            continue
        if word.startswith("-") or (place and words[place - 1].startswith("-") and words[place - 1] not in _HOW_LONG and place < len(words) - 1):
            options.append(word)
        else:
            rest.append(_plain(word))
    return (*rest, *sorted(_plain(word) for word in options))


def _plain(word: str) -> str:
    """An address or a prefix as Python writes it; other words as they are."""
    try:
        return str(ipaddress.ip_interface(word)) if "/" in word else str(ipaddress.ip_address(word))
    except ValueError:
        return word
