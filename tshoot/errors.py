"""The whole exception tree.

Every message says what happened, to which target or in which file and line; every hint says what
to do next. The command line maps a class to its exit code (`exit_code`), in one place: here.
"""

from __future__ import annotations


class TshootError(Exception):
    """The root: `message` says what happened and where, `hint` what to do next."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class UsageError(TshootError):
    """Wrong arguments, inputs or settings."""


class PlaybookError(TshootError):
    """A playbook, cause or platform file that cannot be used; `problems` are `file:line:column: message` lines."""

    def __init__(self, message: str, hint: str = "", problems: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.problems = problems


class InventoryError(PlaybookError):
    """A list of targets that cannot be used; `problems` as those of a playbook."""


class CaptureFileError(TshootError):
    """A file that is no readable capture."""


class SessionError(TshootError):
    """A session folder or log that cannot be read or written."""


class MissingProgram(TshootError):
    """A program that tshoot needs on this machine is not there."""

    exit_code = 5


class TargetError(TshootError):
    """A target that cannot be used. `kind` is one of `tshoot.model.events.FailureKind`."""

    exit_code = 4

    def __init__(self, kind: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.kind = kind


class Cancelled(TshootError):
    """The operator asked to stop."""

    exit_code = 130

    def __init__(self, message: str = "cancelled by the operator") -> None:
        super().__init__(message)
