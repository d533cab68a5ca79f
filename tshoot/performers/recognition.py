"""Which platform a device is, asked of the device itself: one login, version commands that only read, and what it literally says.

Asked in this order, each command once, over the one login: what command lines answer (`show version`), what shells answer (`uname -a`), and,
on a shell that was recognised, what runs on it (vtysh, birdc). The rule is the platform's own (`version` and `recognise` of its
file). What fits none is unknown, and what fits two is unknown, too: nothing is guessed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError, TshootError
from tshoot.model.text import clean_line, decode
from tshoot.performers.heard import Heard
from tshoot.platforms.loader import Platform, load_platform, platform_names
from tshoot.transports.base import Prompter, Transport
from tshoot.transports.settings import SshSettings

_PATIENCE = 15.0  # seconds for each command
_MOST = 16384  # bytes of an answer that are looked at
_LONGEST = 200
OnStep = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Recognised:
    """What came of it. `platforms` is all that the device can be used as, the most specific first; () where it is unknown.

    `command` and `said` are the question and the line of the answer that decided; `heard` is each command with the first line that came.
    `kind` is "" where the login worked, else a FailureKind, and `problem` and `hint` say what failed; `rejected`: the login was turned down.
    `lost`: the device ended the connection, as some command lines do after a single command, or at one.
    """

    host: str
    seconds: float = 0.0
    platforms: tuple[str, ...] = ()
    command: str = ""
    said: str = ""
    heard: tuple[tuple[str, str], ...] = ()
    kind: str = ""
    problem: str = ""
    hint: str = ""
    rejected: bool = False
    lost: bool = False

    @property
    def told(self) -> str:
        """In words: what it is, or why that is not known."""
        if self.platforms:
            return f"{self.host} is {load_platform(self.platforms[0]).title}: it says `{self.said}` to `{self.command}`"
        if self.kind:
            return self.problem
        answers = "; ".join(f"`{command}`: {said or 'nothing'}" for command, said in self.heard)
        return f"{self.host} is none of the platforms that tshoot knows, as far as it tells ({answers or 'it answered nothing'})"


def recognise(host: str, prompter: Prompter, settings: SshSettings | None, cancel: CancelToken, on_step: OnStep) -> Recognised:
    """Log in once, ask, log out; a device that takes no single commands is asked at its command line, with one login more. Raises Cancelled alone."""
    heard, started = Heard(prompter), time.monotonic()
    transport = asking_transport(host, heard, settings)
    try:
        found = ask_platform(transport, host, cancel, on_step)
    finally:
        transport.close()
    if not found.kind and not found.heard:
        again = _at_the_command_line(host, heard, settings, cancel, on_step)
        found = found if again.kind and again.kind != "auth-rejected" else again
    rejected = found.kind == "auth-rejected" and not heard.unanswered
    return replace(found, seconds=time.monotonic() - started, rejected=rejected)


def asking_transport(host: str, prompter: Prompter, settings: SshSettings | None) -> Transport:
    """One that runs single commands, which is how shells are spoken to, and most command lines can be; not connected yet."""
    from tshoot.transports.choose import transport_for  # brings paramiko

    shell = next(platform for platform in _shells() if not platform.base)
    return transport_for(shell, host, prompter, settings, lambda said: None)


def ask_platform(transport: Transport, host: str, cancel: CancelToken, on_step: OnStep = lambda text: None) -> Recognised:
    """Log in with `transport` where that is still to be done, and ask; it stays connected. Raises Cancelled alone."""
    asking = _Asking(transport, cancel, on_step)
    try:
        on_step("logging in")
        transport.connect(cancel)
    except TargetError as error:
        return Recognised(host, kind=error.kind, problem=clean_line(error.message), hint=clean_line(error.hint))
    except TshootError as error:
        cancel.check()
        return Recognised(host, kind="internal", problem=clean_line(error.message), hint=clean_line(error.hint))
    return replace(_decided(asking), host=host, heard=tuple(asking.heard.items()), lost=asking.lost)


def _decided(asking: _Asking) -> Recognised:
    lines, shells = _command_lines(), _shells()
    found = asking.matching(lines)
    if found:
        return _as(found)
    found = asking.matching(platform for platform in shells if not platform.base)
    if len(found) != 1:
        return Recognised("")
    base = found[0]
    above = asking.matching(platform for platform in shells if platform.base == base[0].name)
    return _as([*above, base])


def _as(found: list[tuple[Platform, str]]) -> Recognised:
    """Several command lines that one answer fits are none; of shells the one whose file includes the other comes first."""
    if len(found) > 1 and all(platform.cli is not None for platform, _ in found):
        return Recognised("")
    first, said = found[0]
    return Recognised("", platforms=tuple(platform.name for platform, _ in found), command=first.version, said=said[:_LONGEST])


class _Asking:
    """Each command once. After a connection that was lost nothing more is asked: that would be a login more."""

    def __init__(self, transport: Transport, cancel: CancelToken, on_step: OnStep) -> None:
        self._transport, self._cancel, self._on_step = transport, cancel, on_step
        self._answers: dict[str, str] = {}
        self.lost = False
        self.heard: dict[str, str] = {}

    def matching(self, platforms: Iterable[Platform]) -> list[tuple[Platform, str]]:
        """The platforms that say so themselves, each with the line by which it does."""
        found = ((platform, platform.recognised(self._answer(platform))) for platform in platforms)
        return [(platform, said) for platform, said in found if said]

    def _answer(self, platform: Platform) -> str:
        command = platform.version
        if command not in self._answers:
            self._answers[command] = "" if self.lost else self._asked(platform)
        return self._answers[command]

    def _asked(self, platform: Platform) -> str:
        """What it prints; "" where it fails. The platform's own rules are asked once more: only what only reads is sent."""
        if platform.rule_for(platform.version) is None:
            return ""
        self._on_step(platform.version)
        try:
            ran = self._transport.run(platform.version, timeout=_PATIENCE, cancel=self._cancel)
        except TargetError as error:
            self.lost = error.kind in ("closed", "unreachable", "unresponsive")
            return ""
        said = decode(ran.stdout[:_MOST])
        lines = (clean_line(line) for line in f"{said}\n{decode(ran.stderr[:_MOST])}".split("\n", 50)[:50])
        self.heard[platform.version] = next((line[:_LONGEST] for line in lines if line), "")
        return said if ran.exit_status in (0, None) else ""


def _at_the_command_line(host: str, prompter: Prompter, settings: SshSettings | None, cancel: CancelToken, on_step: OnStep) -> Recognised:
    """Of a device that lets in but runs no single command; asked by the plainest of the command lines, which wants no `enable`."""
    from tshoot.transports.choose import transport_for

    plain = next(platform for platform in _command_lines() if platform.cli is not None and not platform.cli.enable)
    transport = transport_for(plain, host, prompter, settings, lambda said: None)
    try:
        return ask_platform(transport, host, cancel, on_step)
    finally:
        transport.close()


def _known() -> list[Platform]:
    platforms = map(load_platform, platform_names())
    return [platform for platform in platforms if platform.recognise is not None]


def _command_lines() -> list[Platform]:
    return [platform for platform in _known() if platform.cli is not None]


def _shells() -> list[Platform]:
    return [platform for platform in _known() if platform.cli is None]
