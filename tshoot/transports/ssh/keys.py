"""Keys in the order in which OpenSSH's client offers them, each at most once.

First the agent's keys that the configuration names, then (unless IdentitiesOnly) the agent's others, then key files; before each
key its certificates (CertificateFile, KEY-cert.pub). An encrypted file is asked about through the prompter only when its turn
comes; declined or wrong, the next key follows. A key on a FIDO token that no agent holds needs OpenSSH's own client.
"""

from __future__ import annotations

import base64
import binascii
import socket
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import paramiko
from paramiko.agent import AgentSSH

from tshoot.transports.config.host_settings import HostSettings, needs_openssh
from tshoot.transports.login.known_hosts import fingerprint
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.certificates import CERTIFIED, Certificates, plain, plain_blob

AskPassphrase = Callable[[str], str | None]
Wrong = Callable[[str], object]
_LARGEST = 64 * 1024
_MOST_CERTIFICATES = 100


def offered_keys(
    host: HostSettings, settings: SshSettings, ask: AskPassphrase, usable: Callable[[str], bool], wrong: Wrong = lambda prompt: None
) -> Generator[paramiko.PKey, None, None]:
    """Keys to try, one by one. `usable`: does the server take signatures by a key of that type? NeedsOpenSsh where only a named token is left."""
    files = key_files(host, settings)
    named = {blob for file in files if (blob := _public(file)[1])}
    certificates = Certificates([_split(text) for file in certificate_files(host, files) if (text := _text(file))])
    seen: set[bytes] = set()
    with closing(agent_of(host, settings)) as agent:
        held = sorted(agent.get_keys(), key=lambda key: plain_blob(key) not in named)
        for key in held:
            if key.blob not in seen and (plain_blob(key) in named or not host.identities_only) and usable(plain(key.get_name())):
                seen.add(key.blob)
                if key.get_name().endswith(CERTIFIED):
                    key.public_blob = paramiko.pkey.PublicBlob(key.get_name(), key.blob)  # type: ignore[assignment]  # else paramiko shows the plain RSA key
                else:
                    yield from certificates.of(key)
                yield key
    for file in files:
        kind, blob = _public(file)
        if blob in seen or not usable(kind):
            continue
        loaded = _load(file, ask, wrong)
        if loaded is not None and loaded.asbytes() not in seen and usable(loaded.get_name()):
            seen.add(loaded.asbytes())
            yield from certificates.of(loaded)
            yield loaded
    if not seen and (host.identity_files or settings.identity_files) and (token := token_file(host, settings)) and usable(_public(token)[0]):
        raise needs_openssh(host.typed, token_reason(token))


def token_file(host: HostSettings, settings: SshSettings) -> Path | None:
    """The first key file whose secret is on a FIDO token."""
    return next((file for file in key_files(host, settings) if _public(file)[0].startswith("sk-") and file.is_file()), None)


def token_reason(file: Path) -> str:
    """Why OpenSSH is needed for it."""
    return f"its only key is on a FIDO token ({file}), which paramiko cannot use without an agent"


def key_files(host: HostSettings, settings: SshSettings) -> tuple[Path, ...]:
    """The files that are tried, there or not."""
    named = (*settings.identity_files, *(host.identity_files or ()))
    return named or (settings.default_keys if host.identity_files is None else ())


def certificate_files(host: HostSettings, files: tuple[Path, ...]) -> tuple[Path, ...]:
    """CertificateFile, and KEY-cert.pub beside each key file; those that are there."""
    beside = (file.with_name(file.name + "-cert.pub") for file in files)
    return tuple(dict.fromkeys(file for file in (*host.certificate_files, *beside) if file.is_file()))[:_MOST_CERTIFICATES]


def would_try(host: HostSettings, settings: SshSettings, offered: Sequence[str]) -> Iterator[str]:
    """In words, what a login would try where the server offers these methods. Nobody is asked, nothing is sent."""
    for method in host.methods:
        if method not in offered:
            continue
        if method != "publickey":
            yield f"{method}: the server's prompts are asked" if method != "password" else "password: asked"
            continue
        files = key_files(host, settings)
        named = {blob for file in files if (blob := _public(file)[1])}
        with closing(agent_of(host, settings)) as agent:
            for key in agent.get_keys():
                if plain_blob(key) in named or not host.identities_only:
                    yield f"key of the agent: {key.get_name()} {fingerprint(key.blob)}"
        yield from (f"key file: {file}{_locked(file)}" for file in files if file.is_file())
        yield from (f"certificate: {file}" for file in certificate_files(host, files))
    if not set(host.methods) & set(offered):
        yield f"nothing: the server offers none of {', '.join(host.methods) or 'the logins that are allowed here'}"


def _locked(file: Path) -> str:
    """What there is to say of a private key, without asking for its passphrase."""
    try:
        paramiko.PKey.from_path(file)
    except (TypeError, paramiko.PasswordRequiredException):
        return " (its passphrase is asked)"
    except Exception:  # whatever a broken file makes the cryptography library raise
        return " (cannot be used here)"
    return ""


# --- agents ---------------------------------------------------------------------------------------------


class _NoAgent:
    def get_keys(self) -> tuple[paramiko.AgentKey, ...]:
        return ()

    def close(self) -> None: ...


class _AgentAt(AgentSSH):
    """The agent of IdentityAgent; one that does not answer has no keys."""

    def __init__(self, path: str) -> None:
        super().__init__()
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(5.0)
            connection.connect(path)
            self._connect(connection)  # type: ignore[attr-defined]  # absent from the type stubs
            connection.settimeout(None)  # its owner may be asked, or a token touched; the login has its own end
        except (OSError, paramiko.SSHException, ValueError):
            connection.close()

    def close(self) -> None:
        self._close()  # type: ignore[attr-defined]  # absent from the type stubs


def agent_of(host: HostSettings, settings: SshSettings) -> paramiko.Agent | _AgentAt | _NoAgent:
    """The agent that the settings name, without keys where there is none; to be closed."""
    if not settings.use_agent or host.identity_agent == "none":
        return _NoAgent()
    return paramiko.Agent() if host.identity_agent is None else _AgentAt(host.identity_agent)


# --- files ----------------------------------------------------------------------------------------------


def _load(file: Path, ask: AskPassphrase, wrong: Wrong) -> paramiko.PKey | None:
    """The key of `file`; None where it is absent, unreadable, of an unknown type, or its passphrase is not given, or is `wrong`."""
    if not file.is_file():
        return None
    try:
        return paramiko.PKey.from_path(file)
    except (TypeError, paramiko.PasswordRequiredException):
        passphrase = ask(prompt := f"Passphrase for {file}: ")
    except Exception:  # whatever a broken file makes the cryptography library raise, the next key follows
        return None
    if not passphrase:
        return None
    try:
        return paramiko.PKey.from_path(file, passphrase.encode())  # type: ignore[arg-type]  # the library below wants bytes
    except Exception:
        wrong(prompt)
        return None


def _public(file: Path) -> tuple[str, bytes]:
    beside = _split(_text(file.with_name(file.name + ".pub")))
    return beside if beside[0] or file.suffix != ".pub" else _split(_text(file))  # IdentityFile KEY.pub names a key of the agent


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""


def _split(text: str) -> tuple[str, bytes]:
    """(type, wire form); ("", b"") where it is none."""
    try:
        kind, blob, *_ = text.split(None, 2)
        return kind, base64.b64decode(blob)
    except (ValueError, binascii.Error):
        return "", b""
