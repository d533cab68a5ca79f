"""StartCapture and StopCapture: one `RemoteCapture` a target, a journal for all of them.

What an earlier run left on a target (it was killed, its connection died) is cleared at the first connect,
and said. What still captures when this run ends is stopped and removed.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.effects import AskOperator, StartCapture, StopCapture
from tshoot.model.events import CaptureStarted, CaptureTaken, Progress, TargetSpec
from tshoot.performers.journal import CaptureJournal, all_leftovers, is_on, leftovers, merged, of_session
from tshoot.performers.leftovers import sweep
from tshoot.performers.operator import Operator
from tshoot.performers.remote_capture import RemoteCapture
from tshoot.platforms.loader import load_platform
from tshoot.session.log import SessionLog
from tshoot.transports.base import Transport

Show = Callable[[Progress], None]


class Captures:
    """All captures of a run. `state` is the folder, shared by all runs, that holds journals and rescued files.

    `operator` is asked about a capture beside another run's, `tell` is told what he should know; `place` tells where a host as typed
    leads ("": not known).
    """

    def __init__(
        self,
        log: SessionLog,
        state: Path,
        directories: Mapping[str, str],
        operator: Operator | None = None,
        place: Callable[[str], str] = lambda host: "",
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._log, self._operator, self._place, self._tell = log, operator, place, tell
        self._state = state
        self._directories = directories
        self._session = log.header.session.rpartition("-")[2]
        own = log.folder / "captures.jsonl"
        self._earlier = of_session(own)  # a session that is gone on with
        self._journal = CaptureJournal(state / "journal", self._session, own)
        self._by_role: dict[str, RemoteCapture] = {}
        self._lock = threading.Lock()

    def start(self, effect: StartCapture, target: TargetSpec, transport: Transport, cancel: CancelToken, show: Show) -> CaptureStarted:
        recipe = load_platform(target.platform).capture
        if recipe is None:
            raise TargetError("not-found", f"{target.host}: {target.platform} cannot capture", "capture at another place on the path")
        directory = self._directories.get(effect.target)
        remote = self._remote(effect.target, target, transport)
        return remote.start(effect, recipe, directory, cancel, show, lambda question: self._agreed(effect, question, cancel))

    def _remote(self, role: str, target: TargetSpec, transport: Transport) -> RemoteCapture:
        with self._lock:
            if role not in self._by_role:
                about = {"platform": target.platform, "place": self._place(target.host)}
                self._by_role[role] = RemoteCapture(transport, self._journal, self._session, about, self._tell)
            return self._by_role[role]

    def _agreed(self, effect: StartCapture, question: str, cancel: CancelToken) -> bool:
        return self._operator is not None and self._operator.ask(AskOperator(effect.key, effect.node, question, why=effect.why), cancel) == "yes"

    def stop(self, effect: StopCapture, cancel: CancelToken, show: Show) -> CaptureTaken:
        """Stop, pull, compare, remove; the pulled file goes into the session's evidence."""

        def on_bytes(done: int, total: int) -> None:
            show(Progress(effect.key, "fetching the capture", done, total))

        show(Progress(effect.key, "letting the last packets arrive, then stopping the capture"))
        descriptor, name = tempfile.mkstemp(prefix="pulled-", suffix=".pcap", dir=self._log.folder)
        os.close(descriptor)
        pulled = Path(name)
        try:
            taken = self._by_role[effect.target].stop(effect, pulled, cancel, on_bytes)
            return replace(taken, capture=self._log.add_capture(pulled, taken.capture.origin))
        finally:
            pulled.unlink(missing_ok=True)

    def sweep(self, target: TargetSpec, transport: Transport, cancel: CancelToken) -> list[str]:
        """Clear what earlier runs left on this target; one sentence each."""
        if not self._earlier and not all_leftovers(self._state / "journal"):
            return []  # without a look at where the host leads
        with self._lock:  # once: another role may be the same host, and a capture of ours of the same name run there by then
            place = self._place(target.host)
            own = [one for one in self._earlier if is_on(one.record, target.host, place)]
            self._earlier = [one for one in self._earlier if one not in own]
        return sweep(transport, merged(leftovers(self._state / "journal", target.host, place), own), cancel, self._state / "rescued")

    def close(self) -> None:
        for remote in self._by_role.values():
            with suppress(Exception):
                remote.abandon()
        self._journal.close()
