"""A way looked at without any login: the code of a connection, as far as it goes before somebody must prove who he is.

It ends at the first hop, for what lies behind a jump host is reached only by logging in there. The server is asked which logins it
offers (`none`, RFC 4252 section 5.2), which proves nothing and which OpenSSH counts as no attempt.
"""

from __future__ import annotations

from dataclasses import dataclass

from tshoot.cancel import CancelToken
from tshoot.errors import TshootError
from tshoot.transports.base import Nobody
from tshoot.transports.bounded import Deadline, bounded
from tshoot.transports.config.host_settings import HostSettings
from tshoot.transports.settings import SshSettings
from tshoot.transports.ssh.connect import Connection

_HINT = "what answers slowly may be far away or overloaded: look at its console"


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a way ends, and why. `hop` counts from 0; `step` as `steps.Step.name`."""

    hop: int
    step: str
    error: TshootError


def look(way: tuple[HostSettings, ...], settings: SshSettings, cancel: CancelToken) -> Stop | None:
    """Where the way stops, None where its first hop would let us try a login. Steps are told to `settings.on_step`. Raises Cancelled alone."""
    deadline = Deadline(settings.connect_timeout)
    connection = Connection(way, settings, Nobody(), deadline, looking=True)
    try:
        bounded(connection.establish, deadline, cancel, connection.close)
    except TimeoutError:
        return Stop(connection.hop, connection.step, connection.late(_HINT))
    except TshootError as error:
        cancel.check()
        return Stop(connection.hop, connection.step, error)
    finally:
        connection.close()
    return None
