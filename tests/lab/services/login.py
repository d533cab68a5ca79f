"""A real OpenSSH server as a case of access wants it, with a host key of its own and one account, `ada`, who has a password and an operator's key.

Options:
- `config`: lines of sshd_config that come before the usual ones (the first value of an option counts)
- `pam`: who asks for passwords through PAM - password, password-then-code (two rounds), locks-after-two; without it nobody does
- `keys` (default true): the operator's public key lets in
- `certificate`: {authority, principals, valid} of the host's own certificate; `trusts`: the authority whose user certificates let in
- `host_key` (default ed25519): its type; RSA keys have 2,048 bits

What codes pam_google_authenticator takes (its file is /run/ssh/codes), `accounts` of `tests/lab/access` knows.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.lab.access.accounts import CODE_SECRET, PASSWORD, USER, authority, operator_key
from tests.lab.host import Host

PORT = 22
_CONFIG = """Port 22
HostKey /run/ssh/host_key
AuthorizedKeysFile /run/ssh/authorized_keys
StrictModes no
UsePAM no
PermitRootLogin no
PrintMotd no
PrintLastLog no
PidFile none
UseDNS no
LogLevel VERBOSE
"""
_FAILURES = "deny=2 unlock_time=600 dir=/run/faillock"
_PAM = {  # lines of /etc/pam.d/sshd
    "password": "auth required pam_unix.so",
    "password-then-code": """auth required pam_unix.so
auth required pam_google_authenticator.so secret=/run/ssh/codes user=root no_strict_owner allowed_perm=0600""",
    "locks-after-two": f"""auth required pam_faillock.so preauth {_FAILURES}
auth [success=1 default=bad] pam_unix.so nodelay
auth [default=die] pam_faillock.so authfail {_FAILURES}
auth sufficient pam_faillock.so authsucc {_FAILURES}
auth required pam_deny.so""",
}
_ASKED_BY_PAM = "UsePAM yes\nPasswordAuthentication no\nKbdInteractiveAuthentication yes\n"
_CODES = f'{CODE_SECRET}\n" TOTP_AUTH\n'


def start(host: Host, options: dict[str, Any]) -> None:
    ssh = host.folder / "ssh"
    for folder in (ssh, host.folder / "sshd", host.folder / "home"):
        folder.mkdir(exist_ok=True)
    host_key(ssh / "host_key", str(options.get("host_key", "ed25519")))
    (ssh / "authorized_keys").write_text(operator_key().with_suffix(".pub").read_text() if options.get("keys", True) else "")
    (ssh / "sshd_config").write_text("\n".join([*_lines(ssh, options), _CONFIG]))
    _accounts(host, ssh)
    if "pam" in options:
        _pam(host, ssh, _PAM[options["pam"]])
    host.start("login", "/usr/sbin/sshd", "-D", "-e", "-f", "/run/ssh/sshd_config")
    host.ready("login", lambda: host.listens(PORT))


def host_key(file: Path, kind: str) -> None:
    bits = ["-b", "2048"] if kind == "rsa" else []
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *bits, "-N", "", "-C", "lab", "-f", str(file)], check=True)


def _lines(ssh: Path, options: dict[str, Any]) -> list[str]:
    lines = [str(options.get("config", "")).rstrip("\n")]
    if "pam" in options:
        lines.append(_ASKED_BY_PAM)
    if about := options.get("certificate"):
        authority(about["authority"]).sign(ssh / "host_key.pub", about, host=True)
        lines.append("HostCertificate /run/ssh/host_key-cert.pub")
    if trusted := options.get("trusts"):
        (ssh / "users_ca.pub").write_text(authority(trusted).public)
        lines.append("TrustedUserCAKeys /run/ssh/users_ca.pub")
    return lines


def _accounts(host: Host, ssh: Path) -> None:
    hashed = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=PASSWORD, check=True, capture_output=True, text=True).stdout.strip()
    (ssh / "shadow").write_text(f"root:*:19000:0:99999:7:::\n{USER}:{hashed}:19000:0:99999:7:::\n")
    (ssh / "passwd").write_text(
        f"root:x:0:0:root:/run:/bin/sh\nsshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n"
        f"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n{USER}:x:4242:100::/run/home:/bin/sh\n"
    )
    (ssh / "shadow").chmod(0o600)
    host.run("sh", "-ec", "mount --bind /run/ssh/shadow /etc/shadow; mount --bind /run/ssh/passwd /etc/passwd")


def _pam(host: Host, ssh: Path, lines: str) -> None:
    (ssh / "codes").write_text(_CODES)
    (ssh / "codes").chmod(0o600)
    (ssh / "pam").write_text(f"{lines}\naccount required pam_permit.so\nsession required pam_permit.so\n")
    host.run("mount", "--bind", "/run/ssh/pam", "/etc/pam.d/sshd")
