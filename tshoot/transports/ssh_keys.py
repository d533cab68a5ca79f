"""The operator's keys in the order in which OpenSSH's client offers them, each at most once.

First the agent's keys that the configuration names, then (unless IdentitiesOnly) the agent's others, then key files. An encrypted
file is asked about through the prompter only when its turn comes; declined or wrong, the next key follows.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

import paramiko

from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh_config import HostSettings

AskPassphrase = Callable[[str], str | None]


def offered_keys(
    host: HostSettings, settings: SshSettings, ask: AskPassphrase, usable: Callable[[str], bool]
) -> Generator[paramiko.PKey, None, None]:
    """Keys to try, one by one. `usable` says whether the server takes signatures by a key of that type."""
    files = (*settings.identity_files, *host.identity_files) or settings.default_keys
    named = {blob for file in files if (blob := _public_blob(file))}
    seen: set[bytes] = set()
    with closing(paramiko.Agent()) if settings.use_agent else closing(_NoAgent()) as agent:
        held = sorted(agent.get_keys(), key=lambda key: key.asbytes() not in named)
        for key in held:
            if key.asbytes() not in seen and (key.asbytes() in named or not host.identities_only) and usable(key.get_name()):
                seen.add(key.asbytes())
                yield key
    for file in files:
        if _public_blob(file) in seen or not usable(_public_type(file)):
            continue
        loaded = _load(file, ask)
        if loaded is not None and loaded.asbytes() not in seen and usable(loaded.get_name()):
            seen.add(loaded.asbytes())
            yield loaded


class _NoAgent:
    def get_keys(self) -> tuple[paramiko.AgentKey, ...]:
        return ()

    def close(self) -> None: ...


def _load(file: Path, ask: AskPassphrase) -> paramiko.PKey | None:
    """The key of `file`; None where it is absent, unreadable, of an unknown type, or its passphrase is not given."""
    if not file.is_file():
        return None
    try:
        return paramiko.PKey.from_path(file)
    except (TypeError, paramiko.PasswordRequiredException):
        passphrase = ask(f"Passphrase for {file}: ")
    except Exception:  # whatever a broken file makes the cryptography library raise, the next key follows
        return None
    if not passphrase:
        return None
    try:
        return paramiko.PKey.from_path(file, passphrase.encode())  # type: ignore[arg-type]  # the library below wants bytes
    except Exception:
        return None


def _public(file: Path) -> tuple[str, bytes]:
    try:
        kind, blob, *_ = file.with_name(file.name + ".pub").read_text(encoding="utf-8").split()
        return kind, base64.b64decode(blob)
    except (OSError, ValueError, binascii.Error):
        return "", b""


def _public_blob(file: Path) -> bytes:
    return _public(file)[1]


def _public_type(file: Path) -> str:
    return _public(file)[0]
