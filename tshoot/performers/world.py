"""Everything a run touches, behind one `perform`: transports, captures, evidence, the operator.

One transport a target, logged in at its first use and never again after a failure. All that goes wrong
becomes `Failed` here; whatever still captures when the run ends is stopped and removed by `close`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tshoot.cancel import CancelToken
from tshoot.errors import Cancelled, CaptureFileError, MissingProgram, TargetError, TshootError
from tshoot.model.effects import AskOperator, Decode, Effect, RunCommand, StartCapture, StopCapture, Wait
from tshoot.model.events import Answer, Failed, FailureKind, Ok, Outcome, Progress, TargetSpec
from tshoot.performers.capture import Captures
from tshoot.performers.capture_place import place_of
from tshoot.performers.command import check_allowed, run_command
from tshoot.performers.decode import decode_capture
from tshoot.performers.operator import Operator, ask_operator
from tshoot.performers.recognition import Recognised, ask_platform, asking_transport
from tshoot.performers.wait import wait
from tshoot.platforms.loader import Platform, load_platform
from tshoot.session.log import SessionLog
from tshoot.steering import Steering
from tshoot.transports.base import CommandTimeout, Prompter, Transport

if TYPE_CHECKING:
    from tshoot.transports.settings import SshSettings

Show = Callable[[Progress], None]


class World:
    """Performs effects. Safe from several threads. `on_note` is told what was found and cleared on a target."""

    def __init__(
        self,
        targets: Mapping[str, TargetSpec],
        log: SessionLog,
        operator: Operator,
        prompter: Prompter,
        cancel: CancelToken,
        ssh: SshSettings | None,
        capture_directories: Mapping[str, str],
        state: Path,
        steering: Steering | None = None,
    ) -> None:
        self._targets = targets
        self._log = log
        self._operator = operator
        self._prompter = prompter
        self._cancel = cancel
        self._steering = steering or Steering()
        self._ssh = ssh
        self._transports: dict[str, Transport] = {}
        self._lent: dict[str, tuple[Transport, bool]] = {}
        self._connecting = {role: threading.Lock() for role in targets}
        self.on_note: Callable[[str], None] = lambda text: None
        self._captures = Captures(log, state, capture_directories, operator, lambda host: place_of(host, ssh), self._tell)

    def _tell(self, text: str) -> None:
        self.on_note(text)

    def perform(self, effect: Effect, show: Show) -> Outcome:
        """The effect's answer, or why there is none. Never raises for what the world does."""
        try:
            self._cancel.check()
            return Ok(self._answer(effect, show))
        except Cancelled as error:
            return Failed("cancelled", error.message)
        except CommandTimeout as error:
            return Failed(_kind(error), error.message, error.hint, error.partial)
        except TargetError as error:
            return Failed(_kind(error), error.message, error.hint)
        except MissingProgram as error:
            return Failed("missing-program", error.message, error.hint)
        except CaptureFileError as error:
            return Failed("unreadable", error.message, error.hint)
        except TshootError as error:
            return Failed("internal", error.message, error.hint)
        except OSError as error:
            return Failed(
                "unreadable", f"{error.filename or 'a file of the session'}: {error.strerror or error}", "check the disk that holds the session"
            )

    def _answer(self, effect: Effect, show: Show) -> Answer:
        match effect:
            case RunCommand():
                target = self._targets[effect.target]
                check_allowed(effect, target, self._operator, self._cancel)
                return run_command(effect, self._connected(effect.target, show), self._cancel, show)
            case StartCapture():
                return self._captures.start(effect, self._targets[effect.target], self._connected(effect.target, show), self._cancel, show)
            case StopCapture():
                return self._captures.stop(effect, self._cancel, show)
            case Decode():
                return decode_capture(effect, self._log.evidence_path(effect.sha256), self._cancel, show)
            case AskOperator():
                with self._steering.until_let_go(effect.key, self._cancel) as over:
                    return ask_operator(effect, self._operator, self._cancel, over)
            case Wait():
                with self._steering.until_let_go(effect.key, self._cancel) as over:
                    return wait(effect, self._cancel, over, show)

    def _connected(self, role: str, show: Show) -> Transport:
        with self._connecting[role]:
            transport = self._transports.get(role)
            if transport is None:
                from tshoot.transports.choose import transport_for  # brings paramiko

                target = self._targets[role]
                platform = load_platform(target.platform)
                transport = self._taken(role, platform) or transport_for(platform, target.host, self._prompter, self._ssh, self.on_note)
                self._transports[role] = transport
                show(Progress(role, f"connecting to {target.host}"))
                transport.connect(self._cancel)
                if platform.capture is not None:
                    self._sweep(target, transport)
            else:
                transport.connect(self._cancel)
            return transport

    def recognise(self, role: str) -> Recognised:
        """Ask the device of a role which platform it is, before anything else is asked of it. Raises Cancelled alone.

        Its login is kept for the run where that speaks to it in the same way; so is one that failed: nobody logs in twice.
        """
        host = self._targets[role].host
        transport = asking_transport(host, self._prompter, self._ssh)
        self._lent[role] = transport, True
        found = ask_platform(transport, host, self._cancel)
        self._lent[role] = transport, bool(found.kind)
        if found.lost:
            self._lent.pop(role)[0].close()
        return found

    def _taken(self, role: str, platform: Platform) -> Transport | None:
        """The transport that asked for the platform, where it can go on; else it is closed."""
        transport, failed = self._lent.pop(role, (None, False))
        if transport is None or failed or platform.cli is None:
            return transport
        transport.close()
        return None

    def _sweep(self, target: TargetSpec, transport: Transport) -> None:
        """What cannot be cleared is said, and tried again by the next run: it is no reason to stop this one."""
        try:
            for said in self._captures.sweep(target, transport, self._cancel):
                self.on_note(said)
        except TargetError as error:
            self.on_note(f"{target.host}: what an earlier run left could not be cleared: {error.message}")

    def close(self) -> None:
        """Stop and remove what still captures, close every connection."""
        self._captures.close()
        for transport in (*self._transports.values(), *(lent for lent, _ in self._lent.values())):
            with suppress(Exception):
                transport.close()


def _kind(error: TargetError) -> FailureKind:
    return error.kind  # type: ignore[return-value]  # TargetError's contract: one of FailureKind
