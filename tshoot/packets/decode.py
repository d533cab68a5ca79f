"""Frames of a capture, decoded by tshark through pyshark: the only importer of pyshark.

pyshark starts tshark, feeds it its options and cuts its XML into packets; what it gets wrong is put
right here. It may only run in a worker thread with its own event loop (else it takes over the process's
child watcher); its clean-up kills before it waits and then raises, so ours waits first and never raises;
its `config.ini` in the current folder could name any program, so PATH alone decides which tshark runs.

XML is the one form that keeps repeated layers apart and in order (two RPC messages in one segment);
`pdml` reads it.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from pyshark.capture.file_capture import FileCapture
from pyshark.tshark.output_parser.tshark_xml import TsharkXmlParser

from tshoot.cancel import CancelToken
from tshoot.errors import CaptureFileError, MissingProgram, TshootError
from tshoot.model.text import clean_line
from tshoot.packets.frames import Frame
from tshoot.packets.pdml import frame_of
from tshoot.packets.preferences import PREFERENCES
from tshoot.packets.stall import PATIENCE, Stall

_PATIENCE = 3.0  # seconds that tshark may take to exit after its last packet
_QUEUED = 256  # frames decoded ahead of the reader
_NOISE = re.compile(r"Running as user|^\s*$")


def decode(
    path: Path,
    *,
    display_filter: str = "",
    decode_as: Sequence[str] = (),
    cancel: CancelToken,
    on_frame: Callable[[int], None] | None = None,
    limit: int = 0,
) -> Iterator[Frame]:
    """The frames of `path` that match `display_filter`, at most `limit` (0: all), numbered as in `path`. Closing the iterator stops tshark.

    Raises MissingProgram without tshark, TshootError for a filter or decode-as that tshark refuses, Cancelled,
    and CaptureFileError where tshark gave up (after the frames it could read).
    """
    program = shutil.which("tshark")
    if program is None:
        raise MissingProgram("tshark is not installed here, or not on PATH", "apt-get install tshark (macOS: brew install wireshark)")
    options = ["-Y", display_filter] if display_filter else []
    for rule in decode_as:
        options += ["-d", rule]
    return _frames([program, *options], path, cancel, on_frame or (lambda number: None), limit)


def _frames(command: list[str], path: Path, cancel: CancelToken, on_frame: Callable[[int], None], limit: int) -> Iterator[Frame]:
    """A tshark that hangs before its first frame is ended and started once more."""
    for last_try in (False, True):
        cancel.check()
        given = 0
        decoding = _Decoding(command[0], path.resolve(), command[1:])
        with cancel.on_cancel(decoding.stop), decoding:
            for frame in decoding:
                cancel.check()
                given += 1
                on_frame(frame.number)
                yield frame
                if given == limit:
                    return
            cancel.check()
            if decoding.hung and not given and not last_try:
                continue
            decoding.raise_for_status(path, given)
            return


class _Decoding:
    """One run of tshark in a worker thread; iterate within `with`, which leaves no thread, process or descriptor behind."""

    def __init__(self, program: str, path: Path, options: list[str]) -> None:
        self._program, self._path, self._options = program, path, options
        self._queue: queue.Queue[Frame | None] = queue.Queue(_QUEUED)
        self._stopped, self._abandoned = threading.Event(), threading.Event()
        self._loop = asyncio.new_event_loop()
        self._capture: _Capture | None = None
        self._error: BaseException | None = None
        self.hung = False
        self._thread = threading.Thread(target=self._work, name="tshark", daemon=True)

    def __enter__(self) -> _Decoding:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._abandoned.set()
        self.stop()
        self._thread.join()

    def __iter__(self) -> Iterator[Frame]:
        stall = Stall()
        while True:
            try:
                frame = self._queue.get(timeout=1.0)
            except queue.Empty:
                if self._capture is not None and stall.hangs(self._capture.pids):
                    self.hung = True
                    self._error = TimeoutError(f"it did nothing for {PATIENCE:g} s and was ended")
                    self.stop()
                continue
            if frame is None:
                return
            yield frame

    def stop(self) -> None:
        """End tshark now; safe from any thread, at any time."""
        self._stopped.set()
        with contextlib.suppress(RuntimeError):  # the loop is closed: all is over already
            self._loop.call_soon_threadsafe(self._kill)

    def _kill(self) -> None:
        if self._capture is not None:  # pyshark's captures are false while they keep no packets
            self._capture.kill()

    def _work(self) -> None:
        try:
            self._capture = _Capture(self._program, self._path, self._options, self._stopped, self._loop)
            for frame in self._capture:
                if self._stopped.is_set() or not self._deliver(frame):
                    break
        except BaseException as error:  # handed to the reader's thread
            self._error = error
        finally:
            self._finish()
            self._deliver(None)

    def _finish(self) -> None:
        try:
            if self._capture is not None:
                if self._stopped.is_set():
                    self._capture.kill()
                self._loop.run_until_complete(self._capture.close_async())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        except Exception as error:
            self._error = self._error or error
        finally:
            self._loop.close()

    def _deliver(self, item: Frame | None) -> bool:
        while not self._abandoned.is_set() and not (item and self._stopped.is_set()):
            with contextlib.suppress(queue.Full):
                self._queue.put(item, timeout=0.2)
                return True
        return False

    def raise_for_status(self, path: Path, given: int) -> None:
        """Raise what went wrong, if anything, once all frames have been read."""
        if self._error:
            raise TshootError(f"{path}: tshark could not be run or understood: {clean_line(str(self._error))}", "try: tshark -v") from self._error
        if self._capture is not None and self._capture.status:
            _refuse(path, self._capture.status, self._capture.complaint, self._options, given)


def _refuse(path: Path, status: int, complaint: str, options: Sequence[str], given: int) -> NoReturn:
    about_file = re.search(r'\bfile "', complaint)
    if status > 0 and options and not given and not about_file:
        raise TshootError(f"tshark refuses these options: {' '.join(options)}: {complaint}", "correct the display filter or the decode-as rule")
    how = f"was ended by signal {-status}" if status < 0 else f"gave up with status {status}"
    message = f"{path}: tshark {how} after {given} matching frames" + (f": {complaint}" if complaint else "")
    raise CaptureFileError(message, "the file is damaged, or larger than this machine's memory allows")


class _Capture(FileCapture):  # type: ignore[misc]
    """pyshark's capture, which knows its exit status and what tshark complained of."""

    def __init__(self, program: str, path: Path, options: list[str], stopped: threading.Event, loop: asyncio.AbstractEventLoop) -> None:
        self._running_processes: set[asyncio.subprocess.Process] = set()
        self._program, self._stopped, self._stderr = program, stopped, b""
        self.status: int | None = None
        super().__init__(path, keep_packets=False, eventloop=loop, override_prefs=PREFERENCES, custom_parameters=options)

    @property
    def complaint(self) -> str:
        lines = self._stderr.decode("utf-8", errors="replace").splitlines()
        return clean_line(" ".join(line.removeprefix("tshark: ") for line in lines if not _NOISE.search(line)))[:400]

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in list(self._running_processes)]

    def kill(self) -> None:
        for process in self._running_processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    def __del__(self) -> None:
        """Nothing: `close_async` has run in the thread that owns the loop."""

    def _get_tshark_path(self) -> str:
        return self._program

    async def _get_tshark_process(self, packet_count: int | None = None, stdin: Any = None) -> Any:
        return await super()._get_tshark_process(packet_count=packet_count, stdin=subprocess.DEVNULL)

    def _created_new_process(self, parameters: Any, process: Any, process_name: str = "TShark") -> None:
        self._running_processes.add(process)
        if self._stopped.is_set():
            self.kill()

    async def _handle_process_stderr_forever(self, stderr: asyncio.StreamReader) -> None:
        while chunk := await stderr.read(4096):
            self._stderr = (self._stderr + chunk)[:16384]

    async def _cleanup_subprocess(self, process: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(Exception):
            if not self._eof_reached:
                self.kill()
            try:
                await asyncio.wait_for(_ended(process), _PATIENCE)
            except TimeoutError:
                self.kill()
                await _ended(process)
        self.status = process.returncode

    def _setup_tshark_output_parser(self) -> TsharkXmlParser:
        return _FrameParser()


async def _ended(process: asyncio.subprocess.Process) -> None:
    # An unread pipe would keep its descriptor open after the process has gone.
    if process.stdout:
        while await process.stdout.read(1 << 16):
            pass
    await process.wait()


class _FrameParser(TsharkXmlParser):  # type: ignore[misc]
    """Turns a packet's XML into a Frame at once: pyshark's own objects cost ten times as much."""

    def __init__(self) -> None:
        super().__init__()
        self._searched = 0

    def _extract_packet_from_data(self, data: bytes, got_first_packet: bool = True) -> tuple[bytes | None, bytes]:
        end = data.find(b"</packet>", max(0, self._searched - 9))
        if end < 0:
            self._searched = len(data)
            return None, data
        self._searched = 0
        end += len(b"</packet>")
        return data[data.find(b"<packet>") : end], data[end:]

    def _parse_single_packet(self, packet: bytes) -> Frame:
        return frame_of(packet)
