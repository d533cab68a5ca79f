"""One login for the life of a connection: what close and failure mean while it is made, and what is kept of them."""

from __future__ import annotations

import traceback

import pytest

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.transports.login.credentials import Account
from tshoot.transports.one_login import OneLogin
from tshoot.transports.settings import SshSettings


class Made:
    account = Account("ops", "r1")
    closed = False

    def close(self) -> None:
        self.closed = True


class Connection(OneLogin[Made]):
    """`during` happens while it is made."""

    def __init__(self, during: object) -> None:
        super().__init__("r1", SshSettings(config_file=None))
        self.during, self.made = during, Made()

    def _establish(self, cancel: CancelToken) -> Made:
        self._log_in("s3cret")
        return self.made

    def _log_in(self, password: str) -> None:
        self.during(self)  # type: ignore[operator]


def test_a_close_before_there_is_anything_to_close_leaves_no_connection() -> None:
    connection = Connection(lambda one: one.close())
    for _ in range(2):
        with pytest.raises(TargetError, match="closed here"):
            connection.connect(CancelToken())
    assert connection.made.closed


def refuse(connection: Connection) -> None:
    try:
        raise ValueError("of a library, whose frames hold the password as well")
    except ValueError as error:
        raise TargetError("auth-rejected", "r1: no", "log in by hand") from error


def test_what_is_kept_of_a_failed_login_holds_none_of_its_frames() -> None:
    """Their variables are what was given for it."""
    connection = Connection(refuse)
    for _ in range(3):
        with pytest.raises(TargetError, match="r1: no") as caught:
            connection.connect(CancelToken())
        assert caught.value.__cause__ is None and caught.value.__context__ is None
        names = [frame.f_code.co_name for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
        assert "connect" in names and "_log_in" not in names
        assert len(names) == 2, "later calls add nothing to it"
