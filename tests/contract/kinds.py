"""Every kind of transport with a server that it speaks to, and what that server is told to show the same behaviour."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.contract.odd_server import OddServer
from tests.sshd import Operator, Sshd
from tshoot.platforms.loader import CliRecipe
from tshoot.transports.base import Transport
from tshoot.transports.cli.transport import CliTransport
from tshoot.transports.openssh.link import OpenSshLink
from tshoot.transports.openssh.transport import OpenSshTransport
from tshoot.transports.ssh.transport import SshTransport

IOS = CliRecipe("cisco_ios", enable=False)
DEVICE = Path(__file__).with_name("cli_device.py")


def cli_server(folder: Path, *flags: str) -> Sshd:
    """A real sshd whose users get the command line of a device."""
    return Sshd(folder, options=f"ForceCommand {sys.executable} {DEVICE} {' '.join(flags)}")


def cli_transport(server: Sshd, operator: Operator | None = None, host: str = "", recipe=IOS, on_note=print, **settings):
    return CliTransport(host or server.host, recipe=recipe, prompter=operator or Operator(), settings=server.settings(**settings), on_note=on_note)


def exec_transport(server: Sshd, operator: Operator | None = None, host: str = "", **settings) -> SshTransport:
    return SshTransport(host or server.host, prompter=operator or Operator(), settings=server.settings(**settings))


def ssh_transport(server: Sshd, operator: Operator | None = None, host: str = "", on_note=print, **settings) -> OpenSshTransport:
    """By the system's own `ssh`."""
    return OpenSshTransport(host or server.host, prompter=operator or Operator(), settings=server.settings(**settings), on_note=on_note)


def cli_ssh_transport(server: Sshd, operator: Operator | None = None, host: str = "", recipe=IOS, on_note=print, **settings) -> CliTransport:
    given, asked, host = server.settings(**settings), operator or Operator(), host or server.host
    return CliTransport(host, recipe=recipe, prompter=asked, settings=given, on_note=on_note, link=OpenSshLink(host, asked, given, on_note))


@dataclass(frozen=True)
class Kind:
    """`commands`: what is typed to see it print two lines, bytes, a million bytes; hang; print twice; never end."""

    server: Callable[[Path], Sshd]
    transport: Callable[..., Transport]
    commands: Mapping[str, str]


EXEC = {
    "lines": "printf 'Cisco IOS Software, fictive\\r\\nuptime is 3 days\\r\\n'",
    "bytes": r"printf '\377\000\033[31mred\033[0m\t.\r\n'",
    "million": r"yes $(head -c 98 /dev/zero | tr '\000' x) | head -10000",
    "hang": "printf 'waiting\\r\\n'; sleep 30",
    "twice": "printf 'first\\r\\n'; sleep 0.6; printf 'second\\r\\n'",
    "endless": "yes 0123456789",
}
CLI = {
    "lines": "show version",
    "bytes": "show bytes",
    "million": "show million",
    "hang": "show hang",
    "twice": "show twice",
    "endless": "show endless",
}
KINDS = {
    "exec-openssh": Kind(Sshd, exec_transport, EXEC),
    "exec-paramiko-server": Kind(OddServer, exec_transport, EXEC),
    "cli-openssh": Kind(cli_server, cli_transport, CLI),
    "exec-by-ssh": Kind(Sshd, ssh_transport, EXEC),
    "cli-by-ssh": Kind(cli_server, cli_ssh_transport, CLI),
}

# By the system's `ssh`: what its own suites (test_transports, test_by_ssh) do not show already; each case costs a process and a login more.
BY_SSH = {
    "exec-by-ssh": {"output", "endless_output_times_out", "cancelled_before_it_starts", "one_login", "ssh_config_is_followed"},
    "cli-by-ssh": {
        "output",
        "bytes_are_raw",
        "output_beyond_the_bound_is_dropped_and_said",
        "time_out_keeps_what_was_printed_and_the_connection",
        "cancel_returns_at_once",
        "one_login",
        "close_leaves_no_thread",
        "changed_host_key_is_refused_unasked",
    },
}
