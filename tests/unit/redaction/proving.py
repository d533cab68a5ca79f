"""One session redacted and looked through: what is wrong with it, in words. For the tests and for `bench/redactions.py`."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path

import zstandard

from tests.recorded_sessions import SCENARIOS
from tests.unit.redaction.hidden import Hidden, checks_of, evidence, hidden_in
from tshoot.cancel import CancelToken
from tshoot.redaction.disguise import SessionMap
from tshoot.redaction.same_verdict import compare_verdicts
from tshoot.redaction.session import redacted
from tshoot.redaction.vocabulary import vocabulary
from tshoot.session.packed.export import export_session
from tshoot.session.store import Session, open_session
from tshoot.session.verify import verify

_KEYS = 4


def known_names(name: str) -> list[str]:
    """What the scenario `name` knows of its devices: names and inputs; of a fixture's session nothing."""
    scenario = SCENARIOS.get(name)
    if scenario is None:
        return []
    roles = {role for one in SCENARIOS.values() for role in one.devices}  # words of the playbooks
    return [device.name for device in scenario.devices.values() if device.name not in roles] + [
        value for value in scenario.inputs.values() if isinstance(value, str)
    ]


def problems(folder: Path, names: Iterable[str] = (), *, judged: bool = True, checked: bool = True) -> list[str]:
    """`judged`: judge both sessions again. `checked`: let tshark read all captures of both.

    In a range of 256 addresses one may by chance become another of the same session: a key would have to be looked for. What is left
    under every one of some keys is no chance.
    """
    session, hidden = open_session(folder.parent, str(folder)), hidden_in(folder, names)
    assert hidden.ip4 | hidden.ip6, "a session without any address proves nothing"
    left, told = set[str](), list[str]()
    for turn in range(_KEYS):
        key = hashlib.sha256(f"{folder.name} {turn}".encode()).digest()
        found, wrong = _tried(session, hidden, key, judged=judged and not turn, checked=checked and not turn)
        told += wrong
        left = found if not turn else left & found
        if not left:
            break
    return [*told, *(f"still there: {one}" for one in sorted(left))]


def _tried(session: Session, hidden: Hidden, key: bytes, *, judged: bool, checked: bool) -> tuple[set[str], list[str]]:
    mapping = SessionMap(key, vocabulary().and_of([session.header.playbook_text]))
    with (
        tempfile.TemporaryDirectory(prefix="redacted-") as place,
        redacted(session, mapping, Path(place), CancelToken()) as (shared, remarks),
    ):
        told = [f"remark: {remark}" for remark in remarks]
        told += [f"verify: {problem}" for problem in verify(shared.folder) if not problem.remark]
        if judged:
            told += compare_verdicts(session, shared, CancelToken()).differences
        if checked:
            told += _checks(session.folder, shared.folder)
        target = Path(place) / "shared.tshoot"
        export_session(shared, target, force=False, cancel=CancelToken())
        with target.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
            raw = stream.read()
    return hidden.found_in(without_header(raw)), told


def without_header(raw: bytes) -> bytes:
    """The bytes of a session file without its first line, where a playbook that ships stands as it ships."""
    begin = raw.find(b'{"n": 0, ')
    return raw if begin < 0 else raw[:begin] + raw[raw.find(b"\n", begin) :]


def _checks(original: Path, shared: Path) -> list[str]:
    """Captures are the evidence that tshark can read: their frames, sizes, malformed parts and checksums, compared without regard to order."""
    before = sorted(rows for path in evidence(original) if _is_capture(path) and (rows := checks_of(path)))
    after = sorted(rows for path in evidence(shared) if _is_capture(path) and (rows := checks_of(path)))
    return [] if before == after else [f"tshark: {set(before) ^ set(after)}"[:2000]]


def _is_capture(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(4)
    return head in (b"\x0a\x0d\x0d\x0a", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
