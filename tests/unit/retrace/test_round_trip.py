"""Every recorded session, packed, unpacked elsewhere, replayed and judged again: the same verdict each time.

A capture is decoded anew in the sessions of one scenario of each kind; in all others the answer of the recording stands in for the decoder, which
was the same code some seconds ago.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recorded_sessions import FIXTURES, NAMES, Recorded
from tests.thorough import sample
from tests.unit.retrace.retraced import one_of_each_kind
from tshoot.cancel import CancelToken
from tshoot.model.effects import Decode
from tshoot.model.events import Decoded, Event, Ok
from tshoot.retrace import rejudge as judging
from tshoot.retrace.recording import Recording, record_of
from tshoot.retrace.rejudge import recorded_playbook, rejudge
from tshoot.session.packed.export import export_session
from tshoot.session.packed.unpack import import_session, unpacked
from tshoot.session.plain import verdict_json
from tshoot.session.replay import replay
from tshoot.session.store import Session, open_session, verdict_of

DECODED_ANEW = {*FIXTURES, *one_of_each_kind()}
ONWARDS = CancelToken()


def files(folder: Path) -> dict[str, bytes]:
    """What a session file holds of a session: the log and its evidence."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in [folder / "session.jsonl", *(folder / "evidence").iterdir()]}


def events_of(folder: Path) -> list[Event]:
    seen: list[Event] = []
    replay(folder, seen.append, cancel=ONWARDS)  # type: ignore[arg-type]
    return seen


class Decoder:
    """`decode_capture`, from the recording."""

    def __init__(self, recording: Recording) -> None:
        decodes = ((effect, recording.answers[key][1].outcome) for key, effect in recording.requests.items() if isinstance(effect, Decode))
        self.known = {(effect.sha256, effect.families): outcome for effect, outcome in decodes}

    def __call__(self, effect: Decode, path: Path, *_: object) -> Decoded:
        outcome = self.known[effect.sha256, effect.families]
        assert path.is_file() and isinstance(outcome, Ok) and isinstance(outcome.answer, Decoded)
        return outcome.answer


@pytest.mark.parametrize("name", sample(NAMES, 2))
def test_there_and_back_it_is_judged_the_same(name: str, recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    own = open_session(tmp_path, f"{recorded(name)}/")
    file = tmp_path / "shared.tshoot"
    export_session(own, file, force=False, cancel=ONWARDS)
    there, new = import_session(file, tmp_path / "elsewhere", ONWARDS)
    assert new and there.header == own.header
    assert files(there.folder) == files(own.folder)
    events = events_of(there.folder)
    assert events == list(own.events())
    recording = record_of(events)
    verdict = verdict_of(own.folder)
    assert verdict is not None and recording.verdict == verdict_of(there.folder) == verdict
    if name not in DECODED_ANEW:
        monkeypatch.setattr(judging, "decode_capture", Decoder(recording))
    judged = rejudge(there, recorded_playbook(there), {}, ONWARDS)
    assert (judged.result, judged.unanswered, judged.parting, judged.remarks) == ("same", (), None, ())
    assert judged.today is not None
    if name not in FIXTURES:  # an older version worded some things otherwise
        assert verdict_json(judged.today) == verdict_json(verdict)


def test_a_session_file_is_judged_without_importing_it(recorded: Recorded, tmp_path: Path) -> None:
    file = tmp_path / "shared.tshoot"
    export_session(Session(folder := recorded("v1/nfs-mount-denied"), open_session(tmp_path, str(folder)).header), file, force=False, cancel=ONWARDS)
    with unpacked(file, ONWARDS) as session:
        assert rejudge(session, recorded_playbook(session), {}, ONWARDS).result == "same"
