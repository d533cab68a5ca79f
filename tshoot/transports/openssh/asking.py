"""The questions of `ssh`, taken from our askpass program and put to the operator: host keys, passwords, codes, passphrases, PINs.

Rules: an unknown host key is asked about as everywhere; a host known by a key of another type has changed, and is
refused unasked. Each secret is sent at most once: when the same is wanted again it was rejected, and the login
ends. What nobody answers ends the login, too, for `ssh` would send an empty password instead. Who asks is told by how
far the log is, which `ssh` writes before it asks, not by the prompt alone: before 8.5 it shows what a server asks as it is.
"""

from __future__ import annotations

import json
import re
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tshoot.errors import TargetError
from tshoot.model.text import clean, clean_line
from tshoot.transports import hints
from tshoot.transports.base import HostKey, Prompter
from tshoot.transports.busy import says_locked
from tshoot.transports.login.words import NO_ANSWER, by_hand, not_answered
from tshoot.transports.openssh.folder import PrivateFolder
from tshoot.transports.openssh.log import LOGGING_IN, ON_THE_WAY, LoginLog
from tshoot.transports.openssh.options import Resolved
from tshoot.transports.openssh.secrets import LoginSecrets

_MOST_QUESTIONS, _MAX_PROMPT, _PATIENCE = 12, 400, 5.0
_LONGEST = 64 * 1024
_HOST_KEY = re.compile(
    r"The authenticity of host '(?P<host>[^']{1,400})' can't be established(?P<others>.{0,200}?)\n.*?"
    r"(?P<type>[A-Z0-9-]{2,30}) key fingerprint is (?P<print>[\w:+/=]{10,200})\.?\n",
    re.DOTALL,
)
_TYPES = {"ED25519": "ssh-ed25519", "RSA": "ssh-rsa", "DSA": "ssh-dss"}
_PLACE = re.compile(r"\[(?P<host>[^\]]+)\]:(?P<port>\d+)")
_KEY = re.compile(r"Enter passphrase for (?:\w+ )?key '(?P<file>.{1,1000})': ?")
_PIN = re.compile(r"Enter PIN(?: and confirm user presence)? for .{1,300}: ?")
_PASSWORD = re.compile(r"(?P<account>\S{1,200}@\S{1,300}?)'s password: ?")
_CHALLENGE = re.compile(r"\((?P<account>[^()\s]{1,200}@[^()\s]{1,300})\) (?P<prompt>.*)", re.DOTALL)


class Questions:
    """Listens from the start; `serve` answers one question. `accept_into` is the file that `ssh` writes an accepted key into."""

    def __init__(
        self,
        folder: PrivateFolder,
        host: Resolved,
        log: LoginLog,
        prompter: Prompter,
        given: LoginSecrets,
        on_note: Callable[[str], None],
        accept_into: Path | None,
    ) -> None:
        self._host, self._log, self._prompter, self._given, self._on_note, self._accept_into = host, log, prompter, given, on_note, accept_into
        self._token, self._path = folder.token, folder.questions
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._listener.listen(4)
        self._asked = 0
        self._asked_on_the_way: dict[str, list[str]] = {}  # account -> its prompts
        self._waiting: list[socket.socket] = []

    def __enter__(self) -> Questions:
        return self

    def __exit__(self, *_: object) -> None:
        for link in (self._listener, *self._waiting):
            link.close()
        self._path.unlink(missing_ok=True)

    def fileno(self) -> int:
        return self._listener.fileno()

    def serve(self) -> None:
        """Answer the one who waits. TargetError (or what the prompter raises) where the login must end."""
        link, _ = self._listener.accept()
        link.settimeout(_PATIENCE)
        question = _question(link, self._token)
        if question is None:
            link.close()
            return
        prompt, form = question
        if form == "none":  # a security key waits to be touched; the program is ended by `ssh` when it was
            self._waiting.append(link)
            self._on_note(f"{self._host.typed}: {clean_line(prompt)[:_MAX_PROMPT]}")
            return
        try:
            answer = self._answer(prompt, form)
        except BaseException as error:
            self._waiting.append(link)  # kept open until `ssh` was ended: a closed one would count as an empty answer
            if isinstance(error, OSError):  # the terminal is gone, say
                raise TargetError("auth-rejected", f"{self._host.place}: nobody could be asked: {error}", NO_ANSWER) from error
            raise
        with link, suppress(OSError):  # `ssh` may have left meanwhile
            if answer is not None:
                link.sendall(json.dumps({"answer": answer}).encode() + b"\n")

    def _answer(self, prompt: str, form: str) -> str | None:
        """What is typed for `prompt`; None where `ssh` shall go on without it."""
        self._asked += 1
        if self._asked > _MOST_QUESTIONS:
            raise TargetError("auth-rejected", f"{self._host.place}: the server asks without end ({self._asked} questions)", self._by_hand)
        if form == "confirm":
            return "yes" if self._prompter.agree(clean_line(prompt)[:_MAX_PROMPT], f"{self._host.place}: ssh asks") else "no"
        if prompt.startswith("The authenticity of host ") and self._log.phase != LOGGING_IN:
            return self._host_key(prompt)
        if self._is_about_a_key and (found := _KEY.fullmatch(prompt)):
            return self._passphrase(f"Passphrase for {clean_line(found['file'])}: ")
        if self._is_about_a_key and _PIN.fullmatch(prompt):
            return self._prompter.secret(clean_line(prompt)[:_MAX_PROMPT], self._host.name, False)
        return self._login_secret(prompt)

    @property
    def _is_about_a_key(self) -> bool:
        """Whether what reads like a question of `ssh` about a key cannot be a server's. In doubt it is, and no passphrase of the run answers it."""
        if self._log.phase == LOGGING_IN:
            return self._log.method == "publickey"
        return self._log.names_accounts or self._log.phase != ON_THE_WAY

    def _passphrase(self, prompt: str) -> str | None:
        on_the_way = self._log.phase == ON_THE_WAY
        given = self._given.passphrase(prompt, on_the_way)
        if given is None:
            self._log.unopened.append(prompt)
        elif not on_the_way:
            self._log.passphrase_given(prompt)
        return given

    # --- host keys -----------------------------------------------------------------------------------

    def _host_key(self, prompt: str) -> str:
        found = _HOST_KEY.match(prompt)
        if found is None:
            raise TargetError(
                "host-key-unknown",
                f"{self._host.place}: ssh asks about a host key in words that are not understood",
                f"connect once with `ssh {self._host.typed}`",
            )
        name = found["host"].partition(" (")[0]
        place = _PLACE.fullmatch(name)
        host, port = (place["host"], int(place["port"])) if place else (name, 22)
        ours = host.lower() in self._host.names and port == self._host.port
        kind, shown = self._log.host_key if self._log.host_key[1] == found["print"] else (_TYPES.get(found["type"], found["type"]), found["print"])
        whose = f"{self._host.place}: its {kind} host key" if ours else f"{self._host.place}: on the way there: the {kind} host key of {name}"
        if "keys of different type are already known" in found["others"]:
            message = f"{whose} has changed: it shows {shown}, known is a key of another type"
            raise TargetError("host-key-changed", message, hints.key_changed(name))
        if not self._prompter.accept_host_key(HostKey(host, port, kind, shown)):
            raise self._unknown(whose, shown, host, port, ours)
        self._make_private()
        return "yes"

    def _make_private(self) -> None:
        if self._accept_into is not None and not self._accept_into.exists():
            try:
                self._accept_into.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._accept_into.touch(0o600)
            except OSError:
                return  # `ssh` says that it could not write it

    def _unknown(self, whose: str, shown: str, host: str, port: int, ours: bool) -> TargetError:
        if not ours:
            hops = self._host.values.get("proxyjump", "none")
            way = "`ssh` to it by the name that it has in ssh_config" if hops == "none" else f"`ssh` to each jump host: {clean_line(hops)[:200]}"
            hint = f"compare the fingerprint at that host's console, then accept it once: {way}"
            return TargetError("host-key-unknown", f"{whose} is unknown: {shown}", hint)
        if problem := self._log.certificate_problem:
            words = f"{self._host.place}: the certificate of its host key does not count: {problem}; the key itself is unknown: {shown}"
            return TargetError("host-key-unknown", words, "let the authority that known_hosts names sign its key again, for this name")
        at = "" if port == 22 else f" -p {port}"
        ways = f"`ssh{at} {self._host.user}@{host}`, or `ssh-keyscan{at} {host} >> {self._accept_into or '~/.ssh/known_hosts'}`"
        return TargetError("host-key-unknown", f"{whose} is unknown: {shown}", hints.compare_fingerprint(ways))

    # --- passwords and codes -------------------------------------------------------------------------

    def _login_secret(self, prompt: str) -> str:
        found = _PASSWORD.fullmatch(prompt) or _CHALLENGE.match(prompt)
        text = "Password: " if found and found.re is _PASSWORD else found["prompt"] if found else prompt
        account = "" if self._is_the_targets else clean_line(found["account"]) if found else self._someone
        self._refuse_repetition(prompt, account)
        self._log.locked = ("" if account else says_locked(text)) or self._log.locked
        answer = self._given.answer(clean(text)[:_MAX_PROMPT], account, self._log.rejections)
        if answer is None:
            said = self._given.stopped(account) or not_answered(text)
            raise TargetError("auth-rejected", f"{self._rejected(account).message}; {said}", NO_ANSWER)
        return answer

    @property
    def _is_the_targets(self) -> bool:
        return self._log.phase == LOGGING_IN or not (self._host.proxied or self._log.phase == ON_THE_WAY)

    @property
    def _someone(self) -> str:
        """On the way, who does not say who asks: the jump host where there is one alone, else nobody who is known from another login."""
        hops = clean_line(self._host.values.get("proxyjump", "none"))
        where = f"the way to {self._host.typed}" if hops == "none" or "," in hops else hops
        return where if "@" in where else f"?@{where}"

    def _refuse_repetition(self, prompt: str, account: str) -> None:
        """For the target the log tells what was rejected; of hosts on the way there is none: what they ask twice they have rejected."""
        if account:
            before = self._asked_on_the_way.setdefault(account, [])
            repeated = prompt in before or ("assw" in prompt and any("assw" in one for one in before))
            before.append(prompt)
        else:
            repeated = self._given.was_rejected(self._log)
        if repeated:
            self._given.refuse(account)
            raise self._rejected(account)

    def _rejected(self, account: str) -> TargetError:
        if account:
            return TargetError("auth-rejected", f"{self._host.place}: the login was rejected on the way there, by {account}", self._by_hand)
        return self._log.rejection(self._host.name, self._by_hand)

    @property
    def _by_hand(self) -> str:
        return by_hand(self._host.user, self._host.typed)


def _question(link: socket.socket, token: str) -> tuple[str, str] | None:
    """Prompt and form; None where it is none of ours, or whoever asked has left."""
    said = b""
    try:
        while not said.endswith(b"\n"):
            data = link.recv(4096)
            if not data or len(said) > _LONGEST:
                return None
            said += data
        question = json.loads(said)
        given, prompt, form = str(question["token"]), str(question["prompt"]), str(question["form"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (prompt, form) if secrets.compare_digest(given.encode(), token.encode()) else None
