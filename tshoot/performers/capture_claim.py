"""The capture lock: the process that captures is the lock, so a dead one blocks nobody and nothing of it lies about.

The shell script of each capture, and of the sample before it, begins with a mark: the session, the interface, who, since when. It stands in
the script's command line, which the target's own list of processes shows to everybody (`processes` of the platform's recipe). A run looks for the
marks of others before it touches the interface, and once more when it listens: whoever of two that began at the same moment has the
later session id asks, the other only tells. What is found may be forged by any user of the target: it is shown, asked about, and no more.
"""

from __future__ import annotations

import getpass
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.effects import StartCapture
from tshoot.model.text import decode
from tshoot.platforms.loader import CaptureRecipe
from tshoot.transports.base import Transport

_TIMEOUT = 20.0
_ALL = "any"  # Linux: the interface that is all of them
_MARK = re.compile(
    r"tshoot-capture session=([A-Za-z0-9-]{1,40}) interface=([A-Za-z0-9][A-Za-z0-9_.:@/-]{0,63})"
    r" by=([A-Za-z0-9_.@-]{1,32}) since=([0-9TZ:-]{1,20})(?!\S)"
)
_FILE = re.compile(r"/tshoot-([A-Za-z0-9-]{1,40})-[0-9a-f]{8}\.pcap")  # of a capture whose script was killed, and it was not
_INTERFACE = re.compile(r" -i ([A-Za-z0-9][A-Za-z0-9_.:@/-]{0,63}) ")
Agrees = Callable[[str], bool]  # a question; whether somebody said yes to it


@dataclass(frozen=True, slots=True)
class Claim:
    """A capture of another run that is on the target. `since` is UTC, `by` whose it is; both are "" where its script was killed."""

    session: str
    interface: str
    by: str = ""
    since: str = ""

    def __str__(self) -> str:
        who = f" by {self.by}" if self.by else ""
        when = f" since {self.since.replace('T', ' ').removesuffix('Z')} UTC" if self.since else ""
        return f"session {self.session}{who} captures on {self.interface}{when}"


def mark(session: str, interface: str) -> str:
    """The line of the script, without a newline, that says whose it is. It does nothing."""
    return f": tshoot-capture session={session} interface={interface} by={_user()} since={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _user() -> str:
    try:
        return re.sub(r"[^A-Za-z0-9_.@-]", "_", getpass.getuser())[:32] or "somebody"
    except (OSError, KeyError):
        return "somebody"


def claims_in(listing: str) -> tuple[Claim, ...]:
    """The claims that a list of processes tells, each session and interface once; one with its mark before one without."""
    found: dict[tuple[str, str], Claim] = {}
    for line in listing.splitlines():
        marked, file, interface = _MARK.search(line), _FILE.search(line), _INTERFACE.search(line)
        if marked:
            found[marked[1], marked[2]] = Claim(*marked.groups())
        elif file and interface:
            found.setdefault((file[1], interface[1]), Claim(file[1], interface[1]))
    return tuple(found.values())


class CaptureClaims:
    """The claims of other runs on one target. `tell` is told what the operator should know."""

    def __init__(self, transport: Transport, session: str, tell: Callable[[str], None]) -> None:
        self._transport, self._session, self._tell = transport, session, tell
        self._known: set[tuple[str, str]] = set()

    def check(self, effect: StartCapture, recipe: CaptureRecipe, agrees: Agrees, cancel: CancelToken, *, listening: bool = False) -> None:
        """TargetError "declined" where another run captures on this interface and nobody agrees to a second one, once for each run.

        `agrees` asks the operator: False where he says no, or nobody is there. `listening`: ours has begun, so that a run which began at the
        same moment sees us, too: the later session id asks.
        """
        others = [claim for claim in self._others(effect, recipe, cancel) if (claim.session, claim.interface) not in self._known]
        self._known |= {(claim.session, claim.interface) for claim in others}
        yields = [claim for claim in others if not listening or claim.session < self._session]
        if others and not yields:
            self._tell(f"{self._transport.host}: {_joined(others)}: it began at the same moment, and is asked whether it goes on")
        if not yields:
            return
        if agrees(f"{self._transport.host}: {_joined(yields)}. Capture on {effect.interface} side by side with it?"):
            self._tell(f"{self._transport.host}: {_joined(yields)}; the operator agreed to capture side by side with it")
            return
        cancel.check()
        self._known -= {(claim.session, claim.interface) for claim in yields}
        message = f"{self._transport.host}: not captured, {_joined(yields)}, and nobody agreed to a second capture there"
        raise TargetError("declined", message, "wait until it has ended, agree with who captures there, or say yes (--yes) to capture side by side")

    def _others(self, effect: StartCapture, recipe: CaptureRecipe, cancel: CancelToken) -> Iterable[Claim]:
        if not recipe.processes:
            return ()
        # the bracket keeps this very command out of what it finds
        lists = f"list=$({recipe.processes} 2>/dev/null) || list=$(ps w 2>/dev/null) || exit 1"
        script = f"{lists}\nprintf '%s\\n' \"$list\" | grep -e '[t]shoot-' | cut -c 1-4000 | head -n 200"
        ran = self._transport.run(f"sh -c {shlex.quote(script)}", timeout=_TIMEOUT, cancel=cancel)
        if ran.exit_status:
            self._tell(f"{self._transport.host}: `{recipe.processes}` failed there: whether another run captures on {effect.interface} is not known")
        return [claim for claim in claims_in(decode(ran.stdout)) if claim.session != self._session and _overlap(claim.interface, effect.interface)]


def _overlap(one: str, other: str) -> bool:
    return one == other or _ALL in (one, other)


def _joined(claims: Iterable[Claim]) -> str:
    return "; ".join(str(claim) for claim in claims)
