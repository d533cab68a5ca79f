"""A target tried before a run: one login by the run's own transport, one command that only reads, and closed again.

Nothing is tried twice, for repeated logins lock accounts; what failed is told as a run would tell it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError, TshootError
from tshoot.model.events import CommandRan, TargetSpec
from tshoot.model.text import clean_line, decode
from tshoot.performers.heard import Heard
from tshoot.platforms.loader import Platform, load_platform, platform_names
from tshoot.transports.base import Prompter, Transport
from tshoot.transports.settings import SshSettings

_PATIENCE = 15.0  # seconds for the one command
_LONGEST = 200
OnStep = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it. `kind` is "" where the login worked, else a FailureKind, and `problem` and `hint` say what failed.

    `version` is the first line of what the device says of itself, "" where it says nothing; `remarks` are what did not
    work beside the login. `rejected`: the target refused who logged in, so that one more attempt counts against the account.
    `platforms` is what the device says it is, where it was asked, or says another than it was taken for.
    """

    target: TargetSpec
    seconds: float
    version: str = ""
    remarks: tuple[str, ...] = ()
    kind: str = ""
    problem: str = ""
    hint: str = ""
    rejected: bool = False
    platforms: tuple[str, ...] = ()


def try_connection(
    target: TargetSpec, prompter: Prompter, settings: SshSettings | None, cancel: CancelToken, on_step: OnStep, ask_version: bool = True
) -> Tried:
    """Log in once, ask for the version, log out. Raises Cancelled alone; `on_step` is told what is under way."""
    from tshoot.transports.choose import transport_for  # brings paramiko

    platform, heard, remarks = load_platform(target.platform), Heard(prompter), list[str]()
    transport = transport_for(platform, target.host, heard, settings, lambda said: remarks.append(clean_line(said)))
    started = time.monotonic()
    try:
        on_step("logging in")
        transport.connect(cancel)
        version, instead = _version(platform, transport, cancel, on_step, remarks) if ask_version else ("", ())
        return Tried(target, time.monotonic() - started, version, tuple(remarks), platforms=instead)
    except TargetError as error:
        rejected = error.kind == "auth-rejected" and not heard.unanswered
        return _failed(target, started, error, error.kind, rejected)
    except TshootError as error:
        cancel.check()
        return _failed(target, started, error, "internal", False)
    finally:
        transport.close()


def _failed(target: TargetSpec, started: float, error: TshootError, kind: str, rejected: bool) -> Tried:
    problem, hint = clean_line(error.message), clean_line(error.hint)
    return Tried(target, time.monotonic() - started, kind=kind, problem=problem, hint=hint, rejected=rejected)


def _version(platform: Platform, transport: Transport, cancel: CancelToken, on_step: OnStep, remarks: list[str]) -> tuple[str, tuple[str, ...]]:
    """The first line that the platform's own command prints, and the platform that says so where it is another; a command that fails is a remark."""
    if not platform.version:
        return "", ()
    on_step(platform.version)
    try:
        ran = transport.run(platform.version, timeout=_PATIENCE, cancel=cancel)
    except TargetError as error:
        remarks.append(clean_line(error.message))
        return "", ()
    said = _first_line(ran)
    refusal = platform.refusal(decode(ran.stdout))
    if ran.exit_status or refusal:
        status = f" (exit {ran.exit_status})" if ran.exit_status else ""
        remarks.append(f"`{platform.version}` was not understood{status}: {refusal or said or 'no word'}; is it a {platform.title}?")
        return "", ()
    instead = _instead(platform, decode(ran.stdout))
    if instead:
        remarks.append(f"it is no {platform.title}: it says that it is {load_platform(instead).title} ({instead})")
    return said, (instead,) if instead else ()


def _instead(platform: Platform, said: str) -> str:
    """The one platform that the answer to the same command tells, where it does not tell this one; "" where it is this one, or none."""
    if platform.recognise is None or platform.recognised(said):
        return ""
    others = [other for other in map(load_platform, platform_names()) if other.version == platform.version and other.recognised(said)]
    return others[0].name if len(others) == 1 else ""


def _first_line(ran: CommandRan) -> str:
    lines = decode(ran.stdout[:4096] or ran.stderr[:4096]).splitlines()
    return next((text for line in lines if (text := clean_line(line).strip()[:_LONGEST])), "")
