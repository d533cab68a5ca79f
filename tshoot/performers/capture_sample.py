"""How much a capture is going to bring: a sample of two seconds with its interface, filter and snap length, counted on the target.

Nothing of it is written or sent: the capture program writes to a pipe, `wc -c` counts the bytes. It is bounded by time, by 5,000 packets and by the
end of our connection, and has ended before the capture itself begins to listen, so it takes nothing away from what the capture waits for.
Its script stays until the capture's own runs, at most 15 seconds, for its mark tells other runs that somebody captures here. A sample that
cannot be taken is none: the capture then says what is wrong. Packets that the kernel still held at the end are counted by `received by
filter` where the platform's recipe says that this counts what matched (`sample_counts`), their size is that of the others.
"""

from __future__ import annotations

import re
import shlex
import time
from contextlib import ExitStack
from dataclasses import replace

from tshoot.cancel import CancelToken
from tshoot.errors import TargetError
from tshoot.model.effects import StartCapture
from tshoot.model.events import CaptureSample, Progress
from tshoot.performers.capture_said import PCAP_HEADER, counts, listens
from tshoot.performers.capture_script import program_line
from tshoot.performers.capture_watch import Show, bytes_told
from tshoot.platforms.loader import CaptureRecipe
from tshoot.transports.base import Process, Transport

MOST_PACKETS = 5000
_START, _GRACE, _LINGER = 5.0, 8.0, 15  # seconds: until it listens, for its end after its time, for the capture to begin
_TICK, _BEHIND = 0.02, 2.0

_SCRIPT = """{mark}
exec 3<&0 4>&1
{{
{command} </dev/null 3<&- 4>&- &
pid=$!
end() {{ for signal in INT TERM KILL; do kill -$signal $pid || return; sleep 2; done; }}
(cat <&3; end) >/dev/null 2>&1 4>&- &
watchdog=$!
(sleep {seconds}; end) </dev/null 3<&- >/dev/null 2>&1 4>&- &
clock=$!
exec 3<&- 4>&-
wait $pid
kill $watchdog $clock 2>/dev/null
}} | (
size=$(wc -c)
echo "sampled "$size
exec >/dev/null 2>&1 4>&-
cat <&3 &
until=$!
(left={linger}; while [ $left -gt 0 ] && kill -0 $until; do sleep 1; left=$((left - 1)); done; kill $until) 3<&- &
clock=$!
wait $until
kill $clock
)
"""


def sample_script(effect: StartCapture, recipe: CaptureRecipe, mark: str) -> str:
    """The command to spawn: it says `sampled BYTES` at its end. UsageError as `capture_script`."""
    command = program_line(replace(effect, packets=min(effect.packets, MOST_PACKETS)), recipe, "-")
    script = _SCRIPT.format(mark=mark, command=command, seconds=f"{recipe.sample_seconds:g}", linger=_LINGER)
    return f"sh -c {shlex.quote(script)}"


def take_sample(
    transport: Transport, effect: StartCapture, recipe: CaptureRecipe, mark: str, cancel: CancelToken, show: Show, held: ExitStack
) -> CaptureSample | None:
    """What the interface brings, and what that means for the bounds of `effect`; None where the recipe wants no sample, or none could be taken.

    `held` ends the sample's script, with its mark, when it is closed.
    """
    if not recipe.sample_seconds:
        return None
    show(Progress(effect.key, f"measuring for {recipe.sample_seconds:g} s how much matches on {effect.interface}"))
    try:
        process = transport.spawn(sample_script(effect, recipe, mark), cancel=cancel)
    except TargetError as error:
        if error.kind == "closed":
            raise
        return None
    held.callback(process.close)
    counted = _counted(process, recipe.sample_seconds, cancel)
    if counted is None:
        return None
    seconds, size = counted
    _await_numbers(process, cancel)
    captured, received, dropped = counts(process.output()[1])
    if captured is None:
        return None
    packets = captured
    if recipe.sample_counts == "received" and received is not None:
        packets = max(captured, received // 2 if effect.interface == "lo" else received)  # Linux passes each packet of lo twice
    each = max(0, size - PCAP_HEADER) / captured if captured else 0.0
    measured = CaptureSample(seconds, packets, round(each * packets), dropped or 0)
    return told(effect, measured)


def _counted(process: Process, seconds: float, cancel: CancelToken) -> tuple[float, int] | None:
    """For how long it listened, and how many bytes it wrote."""
    began = time.monotonic()
    listening: float | None = None
    while time.monotonic() < (began + _START if listening is None else listening + seconds + _GRACE):
        cancel.check()
        line = process.read_line(_TICK)
        if listening is None and listens(process.output()[1]):
            listening = time.monotonic()
        said = re.fullmatch(r"sampled ([0-9]{1,15})", line) if line is not None else None
        if said:
            return (max(_TICK, time.monotonic() - listening), int(said[1])) if listening is not None else None
        if line is None and process.wait(0):
            return None
    return None


def _await_numbers(process: Process, cancel: CancelToken) -> None:
    """What the program said of itself came before the size, but on another stream, which may be read a moment later."""
    end = time.monotonic() + _BEHIND
    while counts(process.output()[1]).captured is None and time.monotonic() < end:
        cancel.check()
        process.wait(_TICK)


def told(effect: StartCapture, sample: CaptureSample) -> CaptureSample:
    """`sample` with what it means for the bounds of `effect`, in words and as the seconds after which one of them is reached."""
    measured = f"measured for {sample.seconds:.1f} s:"
    lost = f"; the target dropped {sample.dropped:,} packets already then" if sample.dropped else ""
    if not sample.packets:
        return replace(sample, told=f"{measured} nothing matched on {effect.interface}, which says nothing of what comes later{lost}")
    packets, size = sample.packets / sample.seconds, sample.bytes / sample.seconds
    brings = f"about {_rate(packets)} packets{f' and {bytes_told(size)}' if size else ''} a second"
    limit = effect.megabytes * 2**20
    ends = [(effect.packets / packets, f"{effect.packets:,} packets"), *([(limit / size, bytes_told(limit))] if size else [])]
    after, bound = min(ends)
    if after < effect.seconds:
        reached = f"after about {after:.0f} s" if after >= 1 else "within a second"
        means = f"the bound of {bound} is reached {reached}, not {effect.seconds:g} s: narrow the filter"
        return replace(sample, full_after=max(after, _TICK), told=f"{measured} {brings}; {means}{lost}")
    total = f"about {bytes_told(size * effect.seconds)} of {bytes_told(limit)}" if size else f"about {packets * effect.seconds:,.0f} packets"
    return replace(sample, told=f"{measured} {brings}; in {effect.seconds:g} s {total}{lost}")


def _rate(packets: float) -> str:
    return f"{packets:,.0f}" if packets >= 10 else f"{packets:.1f}"
