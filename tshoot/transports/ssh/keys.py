"""Keys in the order in which OpenSSH's client offers them, each at most once.

First the agent's keys that the configuration names, then (unless IdentitiesOnly) the agent's others, then key files; before each
key its certificates (CertificateFile, KEY-cert.pub). An encrypted file is asked about through the prompter only when its turn
comes; declined or wrong, the next key follows. A key on a FIDO token that no agent holds needs OpenSSH's own client.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import paramiko
from paramiko.agent import AgentSSH

from tshoot.model.text import clean_line
from tshoot.transports.config.host_settings import HostSettings, needs_openssh
from tshoot.transports.login.known_hosts import fingerprint
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.certificates import CERTIFIED, Certificates, plain, plain_blob
from tshoot.transports.ssh.public_key import public_line, public_part, text_of

AskPassphrase = Callable[[str], str | None]
Told = Callable[[str], object]
_MOST_CERTIFICATES = 100
_LISTS = 5.0  # seconds in which an agent says what it holds


def offered_keys(
    host: HostSettings,
    settings: SshSettings,
    ask: AskPassphrase,
    usable: Callable[[str], bool],
    wrong: Told = lambda prompt: None,
    silent: Told = lambda agent: None,
) -> Generator[paramiko.PKey, None, None]:
    """Keys to try, one by one. `usable`: does the server take signatures by a key of that type? NeedsOpenSsh where only a named token is left.

    `wrong` is told of a passphrase's prompt whose answer opened nothing, `silent` of an agent that does not answer.
    """
    files = key_files(host, settings)
    named = {blob for file in files if (blob := public_part(file)[1])}
    certificates = Certificates([public_line(text) for file in certificate_files(host, files) if (text := text_of(file))])
    seen: set[bytes] = set()
    with closing(agent_of(host, settings)) as agent:
        if agent.silent:
            silent(agent.silent)
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
        kind, blob = public_part(file)
        if blob in seen or not usable(kind):
            continue
        loaded = _load(file, ask, wrong)
        if loaded is not None and loaded.asbytes() not in seen and usable(loaded.get_name()):
            seen.add(loaded.asbytes())
            yield from certificates.of(loaded)
            yield loaded
    if not seen and (host.identity_files or settings.identity_files) and (token := token_file(host, settings)) and usable(public_part(token)[0]):
        raise needs_openssh(host.typed, token_reason(token))


def token_file(host: HostSettings, settings: SshSettings) -> Path | None:
    """The first key file whose secret is on a FIDO token."""
    return next((file for file in key_files(host, settings) if public_part(file)[0].startswith("sk-") and file.is_file()), None)


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
        named = {blob for file in files if (blob := public_part(file)[1])}
        with closing(agent_of(host, settings)) as agent:
            if agent.silent:
                yield agent.silent
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
    silent = ""

    def get_keys(self) -> tuple[paramiko.AgentKey, ...]:
        return ()

    def close(self) -> None: ...


class _AgentAt(AgentSSH):
    """The agent at `path`; one that does not answer (a forwarding that has ended) has no keys, and `silent` says so in words."""

    silent = ""

    def __init__(self, path: str, login_timeout: float) -> None:
        super().__init__()
        connection, patience = socket.socket(socket.AF_UNIX), min(_LISTS, login_timeout / 2)
        try:
            connection.settimeout(patience)
            connection.connect(path)
            self._connect(connection)  # type: ignore[attr-defined]  # absent from the type stubs
            connection.settimeout(login_timeout)  # its owner may be asked, or a token touched, as long as the login may take
        except (OSError, paramiko.SSHException, ValueError) as error:
            connection.close()
            if isinstance(error, TimeoutError):
                self.silent = f"the agent at {clean_line(path)[:200]}, which did not answer within {patience:g} s"

    def close(self) -> None:
        self._close()  # type: ignore[attr-defined]  # absent from the type stubs


def agent_of(host: HostSettings, settings: SshSettings) -> _AgentAt | _NoAgent:
    """The agent that the settings name, else that of SSH_AUTH_SOCK; without keys where there is none; to be closed."""
    path = os.environ.get("SSH_AUTH_SOCK", "") if host.identity_agent is None else host.identity_agent
    if not settings.use_agent or path in ("", "none"):
        return _NoAgent()
    return _AgentAt(path, settings.login_timeout)


# --- files ----------------------------------------------------------------------------------------------


def _load(file: Path, ask: AskPassphrase, wrong: Told) -> paramiko.PKey | None:
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
