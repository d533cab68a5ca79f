"""A real OpenSSH server on a loopback port, with its own host keys and one user key; ends with its `with` block.

Runs as root and as any user (who then logs in as themselves). `pam_password` needs root: the user `tester` with that
password exists only for that one sshd, by files bind-mounted in a mount namespace of its own (`can_use_pam` tells whether).
"""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import socket
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.waiting import wait_until
from tshoot.transports.settings import SshSettings

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def can_use_pam() -> bool:
    """Root, who may also have a mount namespace of its own (not in every container)."""
    return os.getuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    bits = ["-b", "2048"] if kind == "rsa" else []
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *bits, "-N", passphrase, "-f", str(path)], check=True)
    return path


class Operator:
    """A prompter with prepared answers that remembers what it was asked."""

    def __init__(self, accept: bool = False, answers: dict[str, str] | None = None, agrees: bool = False) -> None:
        self.accept, self.answers, self.agrees = accept, answers or {}, agrees
        self.questions: list[tuple[str, str]] = []
        self.keys: list = []
        self.asked: list[tuple[str, str, bool]] = []

    def accept_host_key(self, key) -> bool:
        self.keys.append(key)
        return self.accept

    def secret(self, prompt: str, host: str, echo: bool) -> str | None:
        self.asked.append((prompt, host, echo))
        return next((answer for start, answer in self.answers.items() if start in prompt), None)

    def agree(self, question: str, why: str) -> bool:
        self.questions.append((question, why))
        return self.agrees


@dataclass
class Sshd:
    folder: Path
    options: str = "Subsystem sftp internal-sftp"
    host_key_types: tuple[str, ...] = ("ed25519",)
    pam_password: str = ""
    user: str = field(default_factory=getpass.getuser)
    port: int = field(default_factory=free_port)

    def __enter__(self) -> Sshd:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.user = "tester" if self.pam_password else self.user
        for kind in self.host_key_types:
            make_key(self.folder / f"host_{kind}", kind)
        (self.folder / "authorized_keys").write_text(self.user_key.with_suffix(".pub").read_text())
        config = self.folder / "sshd_config"
        config.write_text(self._config())
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [*self._in_private_mounts(), SSHD, "-D", "-e", "-f", str(config)], stderr=self.log.open("w"), stdin=subprocess.DEVNULL
        )
        wait_until(lambda: "Server listening" in self.log.read_text() or self.process.poll() is not None, what="sshd")
        assert self.process.poll() is None, self.log.read_text()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    @property
    def log(self) -> Path:
        return self.folder / "sshd.log"

    @cached_property
    def user_key(self) -> Path:
        return make_key(self.folder / "user_key")

    @property
    def host(self) -> str:
        return f"{self.user}@127.0.0.1:{self.port}"

    def known_hosts(self, *kinds: str) -> str:
        return "".join(f"[127.0.0.1]:{self.port} {(self.folder / f'host_{kind}.pub').read_text()}" for kind in kinds or self.host_key_types)

    def settings(self, known: str | None = None, **changes) -> SshSettings:
        """Settings that touch nothing of the user's, with small time-outs. `known`: text of the known_hosts (default: all its keys)."""
        file = self.folder / "client" / "known_hosts"
        text = self.known_hosts() if known is None else known
        if text:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        own = {"config_file": None, "known_hosts": (file,), "global_known_hosts": (), "identity_files": (self.user_key,), "use_agent": False}
        bounds = {"connect_timeout": 30.0, "login_timeout": 45.0, "channel_timeout": 30.0, "liveness_timeout": 1.0, "stall_timeout": 30.0}
        return SshSettings(**(own | bounds | changes))

    def _config(self) -> str:
        keys = "".join(f"HostKey {self.folder}/host_{kind}\n" for kind in self.host_key_types)
        pam = (
            "UsePAM yes\nPubkeyAuthentication no\nPasswordAuthentication no\nKbdInteractiveAuthentication yes\n"
            if self.pam_password
            else "UsePAM no\n"
        )
        common = f"Port {self.port}\nListenAddress 127.0.0.1\nAuthorizedKeysFile {self.folder}/authorized_keys\nStrictModes no\nPidFile none\nPermitRootLogin yes\n"
        common += (
            f"SetEnv HOME={self.folder}\n"  # a bash reads the ~/.bashrc of whoever runs the tests for every command, and says what goes wrong there
        )
        return keys + pam + common + self.options + "\n"

    def _in_private_mounts(self) -> list[str]:
        if not self.pam_password:
            return []
        passwd = self.folder / "passwd"
        passwd.write_text(Path("/etc/passwd").read_text() + f"{self.user}:x:4242:4242::/tmp:/bin/sh\n")
        hashed = subprocess.run(["openssl", "passwd", "-6", self.pam_password], check=True, capture_output=True, text=True).stdout.strip()
        shadow, pam = self.folder / "shadow", self.folder / "pam"
        shadow.write_text(f"{self.user}:{hashed}:19000:0:99999:7:::\n")
        pam.write_text("auth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n")
        pairs = ((passwd, "/etc/passwd"), (shadow, "/etc/shadow"), (pam, "/etc/pam.d/sshd"))
        mounts = " && ".join(f"mount --bind {shlex.quote(str(source))} {target}" for source, target in pairs)
        return ["unshare", "-m", "--propagation", "private", "sh", "-c", f'{mounts} && exec "$@"', "sh"]
