"""Who may log in where: the one account of the laboratory's devices, the operator's key, certificate authorities, one-time codes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.network import ROOT

USER = "ada"
PASSWORD = "correct horse"
WRONG_PASSWORD = "battery staple"
PASSPHRASE = "of the key"
CODE_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEH"  # base32, as an authenticator's app holds it
_KEYS = ROOT / "keys"


def operator_key() -> Path:
    """The operator's private key, made once a case; `.pub` beside it."""
    return _made("operator")


def another_key() -> Path:
    """A key that belongs to nobody here: whoever is known by it has another one now."""
    return _made("another")


def crowd() -> list[Path]:
    """Keys of other places, as an agent collects them."""
    return [_made(f"other{number}") for number in range(6)]


def _made(name: str) -> Path:
    if not (_KEYS / name).exists():
        _KEYS.mkdir(parents=True, exist_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name} key", "-f", str(_KEYS / name)], check=True)
    return _KEYS / name


@dataclass(frozen=True)
class Authority:
    """Signs keys of hosts and users with a key of its own."""

    key: Path

    @property
    def public(self) -> str:
        return self.key.with_suffix(".pub").read_text()

    def sign(self, public_key: Path, about: dict[str, Any], host: bool) -> None:
        """Writes `<key>-cert.pub` beside the public key. `about`: `principals` (all, where not given), `valid` (ssh-keygen's -V)."""
        words = ["ssh-keygen", "-q", "-s", str(self.key), "-I", "lab", *(["-h"] if host else []), "-V", about.get("valid", "-1d:+1d")]
        words += ["-n", ",".join(about["principals"])] if about.get("principals") else []
        subprocess.run([*words, str(public_key)], check=True)


def authority(name: str) -> Authority:
    return Authority(_made(f"authority-{name}"))


def code(at: float | None = None) -> str:
    """The six digits of now: TOTP of RFC 6238 with SHA-1 and 30 s."""
    secret = base64.b32decode(CODE_SECRET + "=" * (-len(CODE_SECRET) % 8))
    digest = hmac.new(secret, struct.pack(">Q", int(time.time() if at is None else at) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"
