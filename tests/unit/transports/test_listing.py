from __future__ import annotations

import subprocess
import sys

import pytest

from tshoot.transports.listing import size_command, size_of


@pytest.mark.parametrize(
    ("listing", "size"),
    [
        (b"-rw-------    1 0        0             20480 Nov 21 05:21 /tmp/tshoot-a-1.pcap\n", 20480),  # busybox
        (b"-rw-r--r--. 1 1000 1000 5 Nov 21  2025 x y\n", 5),  # GNU with SELinux
        (b"-rw-r--r-- 1 0 0 " + b"9" * 5000 + b" Nov 21 05:21 x\n", None),
        ("-rw-r--r-- 1 0 0 ²² Nov 21 05:21 x\n".encode(), None),
        (b"ls: cannot access 'x'\n", None),
        (b"", None),
    ],
)
def test_sizes(listing, size):
    assert size_of(listing) == size


def test_of_a_real_ls(tmp_path):
    (tmp_path / "-it's").write_bytes(bytes(1234))
    assert size_of(subprocess.run(size_command("-it's"), shell=True, cwd=tmp_path, capture_output=True).stdout) == 1234


def test_only_the_ssh_modules_bring_paramiko():
    names = ["base", "address", "bounded", "login.known_hosts", "listing", "settings", "config.resolving"]
    code = f"import sys; {'; '.join(f'import tshoot.transports.{name}' for name in names)}; import tshoot.performers.remote_capture, tshoot.performers.leftovers; assert 'paramiko' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
