"""What tshoot itself runs on targets, beside the commands of playbooks and operators: all of it, each with its reason.

Commands of playbooks and operators pass `command.check_allowed`. These here do not, as they are no one's choice: their words are fixed,
their values are numbers, or checked by a closed alphabet, or shell-quoted. No other function may call a transport's `run`, `spawn` or
`fetch`; a test walks over the source for it, and lets nothing of this list be left over.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OwnScript:
    """`place` is file and function in tshoot/; `captures`: only where something is, or was, captured."""

    place: str
    runs: str
    why: str
    values: str
    captures: bool = True


_PATTERN = "none: it is one of the platform's commands"
_OURS = "path: a name of ours in a folder of the operator's or the platform's, quoted"
_JOURNAL = "path: …/tshoot-….pcap of the journal, quoted; process number: digits"

OWN_SCRIPTS = (
    OwnScript("performers/connection.py:_version", "the platform's `version`", "a target that is tried says what it is", _PATTERN, False),
    OwnScript("performers/recognition.py:_asked", "each platform's `version`", "which platform is it?", _PATTERN, False),
    OwnScript("performers/capture_space.py:directory_with_room", "the platform's `free_space`", "room is judged before", _PATTERN),
    OwnScript("performers/capture_claim.py:_others", "the platform's `processes`, grep, cut, head", "does another run capture there?", "none"),
    OwnScript(
        "performers/capture_sample.py:take_sample",
        "the capture program to a pipe, for seconds",
        "how large will it be?",
        "interface: closed alphabet; filter: quoted, never an option; numbers",
    ),
    OwnScript(
        "performers/remote_capture.py:_begun",
        "the capture program, with its bounds and its watchdog",
        "a playbook captures",
        "as for the sample; " + _OURS,
    ),
    OwnScript(
        "performers/remote_capture.py:_kill", "kill -INT, -TERM, -KILL", "the capture is ended", "process number: digits that our own script said"
    ),
    OwnScript("performers/remote_capture.py:_pull", "sha256sum", "the copy is compared", _OURS),
    OwnScript("performers/remote_capture.py:_copy", "SFTP, or ls and cat", "the capture is fetched", _OURS),
    OwnScript("performers/remote_capture.py:_remove", "rm -f, and a test", "the capture is removed", _OURS),
    OwnScript("performers/remote_capture.py:_size", "ls -lnL", "does it grow?", _OURS),
    OwnScript("performers/leftovers.py:look", "ps, ls", "what did a crashed run leave?", _JOURNAL),
    OwnScript(
        "performers/leftovers.py:_sh",
        "kill if that process still names the file; rm -f of the file",
        "what a crashed run left is cleared",
        _JOURNAL,
    ),
    OwnScript("performers/leftovers.py:_rescued", "SFTP, or ls and cat", "what was not fetched yet", _JOURNAL),
    OwnScript("transports/exec.py:_fetch_by_cat", "ls -lnL", "how long is the file that cat will bring?", "path: quoted, never an option"),
)
