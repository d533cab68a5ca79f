"""A fleet holds more than 1024 descriptors (some eight a target): what `ssh` carries still waits for output instead of spinning, and brings files."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from tests.sshd import Sshd

FULL = """
import io, os, resource, sys, time
from pathlib import Path
from tests.sshd import Operator
from tshoot.cancel import CancelToken
from tshoot.transports.openssh.transport import OpenSshTransport
from tshoot.transports.settings import SshSettings

host, known, key, file = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_NOFILE, (2048, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
settings = SshSettings(config_file=None, known_hosts=(Path(known),), global_known_hosts=(), identity_files=(Path(key),), use_agent=False)
transport = OpenSshTransport(host, prompter=Operator(), settings=settings)
cancel = CancelToken()
assert transport.run("echo in", timeout=60, cancel=cancel).stdout == b"in\\n"

waiting = transport.spawn("cat", cancel=cancel)
waiting.pump(0.5)
started = time.monotonic()
assert not waiting.pump(0.5)
assert time.monotonic() - started > 0.4, "it waits for output"
waiting.close()

into = io.BytesIO()
assert transport.fetch(file, into, cancel=cancel) == Path(file).stat().st_size
assert into.getvalue() == Path(file).read_bytes()

terminal = transport._link.open_terminal(cancel)
assert terminal._printed > 1023
terminal.write(b"echo typed-$((6*7))\\n")
said, end = b"", time.monotonic() + 60
while b"typed-42" not in said and time.monotonic() < end:
    said += terminal.read(0.5)
assert b"typed-42" in said, said
terminal.write(b"exit\\n")
try:
    while time.monotonic() < end:
        terminal.read(0.5)
    raise AssertionError("its end is told")
except EOFError:
    pass
transport.close()
print("all of it")
"""


@pytest.mark.parametrize("options", ["Subsystem sftp internal-sftp", ""], ids=["sftp", "cat"])
def test_beyond_what_select_takes(tmp_path, options):
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 2048, "a system that allows no 2048 descriptors cannot tell"
    (tmp_path / "file").write_bytes(bytes(range(256)) * 2000)
    with Sshd(tmp_path / "sshd", options=options) as server:
        settings = server.settings()
        words = [sys.executable, "-c", FULL, server.host, str(settings.known_hosts[0]), str(server.user_key), str(tmp_path / "file")]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("all of it\n", 0), done.stderr
