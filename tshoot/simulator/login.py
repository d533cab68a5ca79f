"""Who may log in to a simulated device, and what a session may ask for: exec requests, SFTP, and a terminal where the device has one.

Password, keyboard-interactive in two rounds as PAM asks it (a password, then an empty list), and one public key.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Protocol

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED, OPEN_SUCCEEDED
from paramiko.server import InteractiveQuery

from tshoot.simulator.device import LOGIN_METHODS


@dataclass(frozen=True, slots=True)
class Credentials:
    user: str
    password: str
    public_key: paramiko.PKey


class Sessions(Protocol):
    """What a login leads to. `ready` waits until sessions may open (a device may hang there) and says whether they may.
    `shell`, `execute` and `sftp` say whether the request is granted, and then serve it."""

    has_terminal: bool

    def ready(self) -> bool: ...
    def logged_in(self) -> None: ...
    def shell(self, channel: paramiko.Channel) -> bool: ...
    def execute(self, channel: paramiko.Channel, command: bytes) -> bool: ...
    def sftp(self, channel: paramiko.Channel, login: paramiko.ServerInterface) -> bool: ...


class DeviceLogin(paramiko.ServerInterface):
    """One connection, judged by `credentials`; `refused` are the ways to log in that are turned down."""

    def __init__(self, credentials: Credentials, refused: tuple[str, ...], sessions: Sessions) -> None:
        self._credentials = credentials
        self._refused = refused
        self._sessions = sessions
        self._asked_user = ""
        self._password_given = False
        self.failures = 0

    def get_allowed_auths(self, username: str) -> str:
        return ",".join(method for method in LOGIN_METHODS if method not in self._refused) or ",".join(LOGIN_METHODS)

    def check_auth_password(self, username: str, password: str) -> int:
        return self._judge("password", username, self._is_password(password))

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return self._judge("publickey", username, key == self._credentials.public_key)

    def check_auth_interactive(self, username: str, submethods: str) -> int | InteractiveQuery:
        if "keyboard-interactive" in self._refused:
            return AUTH_FAILED
        self._asked_user, self._password_given = username, False
        return InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses: list[str]) -> int | InteractiveQuery:
        if self._password_given:
            return AUTH_SUCCESSFUL
        right = len(responses) == 1 and self._is_password(responses[0])
        if self._judge("keyboard-interactive", self._asked_user, right) == AUTH_FAILED:
            return AUTH_FAILED
        self._password_given = True
        return InteractiveQuery("", "")

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED if kind == "session" and self._sessions.ready() else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        return self._sessions.execute(channel, command)

    def check_channel_pty_request(
        self, channel: paramiko.Channel, term: bytes, width: int, height: int, pixelwidth: int, pixelheight: int, modes: bytes
    ) -> bool:
        return self._sessions.has_terminal

    def check_channel_window_change_request(self, channel: paramiko.Channel, width: int, height: int, pixelwidth: int, pixelheight: int) -> bool:
        return self._sessions.has_terminal

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        return self._sessions.shell(channel)

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        return name == "sftp" and self._sessions.sftp(channel, self)

    def _is_password(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(errors="replace"), self._credentials.password.encode())

    def _judge(self, method: str, username: str, right: bool) -> int:
        if right and method not in self._refused and username == self._credentials.user:
            self._sessions.logged_in()
            return AUTH_SUCCESSFUL
        self.failures += 1
        return AUTH_FAILED
