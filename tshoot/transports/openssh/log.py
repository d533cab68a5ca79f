"""What the log of `ssh` (LogLevel DEBUG1, LC_ALL=C) says of a login: how far it got, what was offered and tried, what was agreed on.

The log comes through a descriptor of its own, so that what a server's banner or a proxy prints is not taken for it.
Lines are bounded and the newest are kept; the words of OpenSSH 8.0 to 9.9 are known.
"""

from __future__ import annotations

import re
from collections import deque

from tshoot.errors import TargetError
from tshoot.model.text import clean_line, decode
from tshoot.transports.busy import says_locked
from tshoot.transports.login.words import rejected

_LONGEST, _KEPT = 4096, 200
_KEX = re.compile(r"debug1: kex: (?:(algorithm|host key algorithm): (\S+)|(?:server->client|client->server) cipher: (\S+) MAC: (\S+))")
_OFFERED = re.compile(r"debug1: Offering (?:RSA |DSA |ECDSA |ED25519 )?(?:public key|\S+ public key|public key certificate): .*?(SHA256:[\w+/=]+)")
_HOST_KEY = re.compile(r"debug1: Server host key: (\S+) (SHA256:[\w+/=]+)")
_INVALID = re.compile(r"^Certificate invalid: (.*)")
_VERSION = re.compile(r"debug1: Local version string SSH-2\.0-OpenSSH_(\d{1,3})\.(\d{1,3})")
_NAMES_ACCOUNTS = (8, 5)
ON_THE_WAY, LOGGING_IN = "going through its jump host", "logging in"
_PHASES = (
    ("debug1: Connecting to ", "connecting"),
    ("debug1: Executing proxy command", ON_THE_WAY),
    ("debug1: Connection established", "waiting for its greeting"),
    ("debug1: Remote protocol version", "exchanging keys"),
    ("debug1: SSH2_MSG_SERVICE_ACCEPT", LOGGING_IN),
)
_ANSWERED = ("debug1: Authentications that can continue: ", "Authenticated ")
_GOES_ON = ("debug1: Next authentication method: ", "debug1: Offering ", "debug1: Trying private key: ", "debug1: No more authentication methods")


class LoginLog:
    """`take` bytes as they come. `phase` is in words; `rejections` counts methods that were refused, successes in part left out."""

    def __init__(self) -> None:
        self.phase = "looking up its name"
        self.allowed = ""
        self.method = ""
        self.tried: list[str] = []
        self.names_accounts = False  # this `ssh` puts `(user@host)` before what a server asks
        self.unopened: list[str] = []  # the prompts for passphrases that nobody gave; told by whoever was asked
        self.wrong_passphrases: list[str] = []  # the prompts for those that opened nothing
        self.rejections = 0
        self.authenticated = False
        self.host_key = ("", "")  # type, fingerprint
        self.locked = ""  # the line that tells of a locked account
        self.certificate_problem = ""  # why the host's certificate does not count
        self.agreed: dict[str, str] = {}  # kex, host key, cipher, MAC
        self.lines: deque[str] = deque(maxlen=_KEPT)  # without those for debugging
        self.greetings: list[str] = []  # what stood where SSH's greeting should
        self._opening = ""  # the prompt for the passphrase that was given just now
        self._partial = False
        self._rest = b""

    def take(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-_LONGEST:]
        for line in lines:
            self._line(clean_line(decode(line[:_LONGEST])).strip())

    def said(self, pattern: str) -> re.Match[str] | None:
        """The newest line (without debugging) in which `pattern` is found."""
        return next((found for line in reversed(self.lines) if (found := re.search(pattern, line))), None)

    @property
    def through(self) -> bool:
        """Whether all on the way there have let us in."""
        return self.phase in ("exchanging keys", LOGGING_IN)

    def passphrase_given(self, prompt: str) -> None:
        """For a key of the target's own login; what the log says next tells whether it was right."""
        self._opening = prompt

    def rejection(self, name: str, hint: str) -> TargetError:
        """That the target let nobody in by what was tried."""
        return rejected(name, hint, self.allowed, self.tried, self.unopened, self.locked)

    def _line(self, line: str) -> None:
        if not line:
            return
        for start, phase in _PHASES:
            if line.startswith(start):
                self.phase = phase
        self._judge_passphrase(line)
        if line.startswith("debug1: "):
            self._debugging(line)
        elif not line.startswith(("debug2: ", "debug3: ")):
            self.lines.append(line)
            self._partial = self._partial or line.endswith("with partial success.")
            self.locked = self.locked or says_locked(line)
            if found := _INVALID.search(line):
                self.certificate_problem = found[1][:200]
            self.authenticated = self.authenticated or line.startswith("Authenticated to ")

    def _judge_passphrase(self, line: str) -> None:
        """`ssh` does not say that one was wrong: it then goes on without having asked the server about that key."""
        if self._opening and line.startswith(_GOES_ON):
            self.wrong_passphrases.append(self._opening)
        if line.startswith((*_GOES_ON, *_ANSWERED)):
            self._opening = ""

    def _debugging(self, line: str) -> None:
        if found := _KEX.match(line):
            names = {"algorithm": "kex", "host key algorithm": "host key"}
            agreed = {names[found[1]]: found[2]} if found[1] else {"cipher": found[3], "MAC": found[4]}
            self.agreed |= agreed
        elif found := _HOST_KEY.match(line):
            self.host_key = (found[1], found[2])
        elif line.startswith("debug1: Authentications that can continue: "):
            self.allowed = line.partition(": ")[2].partition(": ")[2].replace(",", ", ")[:200]
            self.rejections += not self._partial
            self._partial = False
        elif line.startswith("debug1: No matching CA found"):
            self.certificate_problem = self.certificate_problem or "it is signed by an authority that known_hosts does not name"
        elif line.startswith("debug1: Next authentication method: "):
            self.method = line.rpartition(": ")[2]
            if self.method in ("keyboard-interactive", "password", "gssapi-with-mic", "hostbased"):
                self.tried.append(self.method)
        elif (found := _OFFERED.match(line)) and len(self.tried) < 50:
            self.tried.append(f"key {found[1]}")
        elif found := _VERSION.match(line):
            self.names_accounts = (int(found[1]), int(found[2])) >= _NAMES_ACCOUNTS
        elif "kex_exchange_identification: banner line" in line and len(self.greetings) < 3:
            self.greetings.append(line.partition("banner line ")[2].partition(": ")[2])
