"""What the judging of routes shares: is a next hop inside its own prefix, and does a series of values alternate.

Pure, standard library only, used alike by the engine (sampled commands), by playbook functions, and by the judges of
captures and of pasted text, so that all of them mean the same by "period" and "inside".

The period of a series: a *change* is a sample whose value differs from the one before, at that sample's time. A *return*
is a change into a value that an earlier change led into already; it lasted as long as it is since that value's latest
such change. The period is the mean of all returns; halves need not be equal (50 s BGP and 10 s IGP is a period of 60 s).
It is given only after two full cycles: some value must have returned twice (three entries by a change). After one
cycle, or none, `period_seconds` is None: one return proves no regularity. What led to the first value is not known, so
the start of the series is no change. The spread is the standard deviation of the returns (of the whole set), or how
finely the changes could be seen at all, where that is coarser: the longest wait before a change was noticed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one thing over time. Times are those of the samples, in seconds of whatever clock they came with.

    `values` are all samples in order; `distinct` the different ones, as first met. `change_seconds` is the mean time from
    one change to the next (None before the second change). `steady`: at least two samples, and no change among them.
    """

    values: tuple[str, ...]
    changes: int
    distinct: tuple[str, ...]
    first: str
    last: str
    change_times: tuple[float, ...]
    period_seconds: float | None
    period_spread: float | None
    steady: bool
    samples: int
    span_seconds: float
    change_seconds: float | None = None


def alternation(samples: Sequence[tuple[float, str]], *, exact: bool = False) -> Series:
    """The series of (time, value) pairs, in the order in which they were taken; the head of this file defines its period.

    `exact`: the times are those of the events themselves (log lines), so that nothing is lost between two samples.
    Times that step back are taken as no time passing. No sample at all gives an empty series, which is not steady.
    """
    if not samples:
        return Series((), 0, (), "", "", (), None, None, False, 0, 0.0)
    times = _forward([time for time, _ in samples])
    values = tuple(value for _, value in samples)
    changed = [at for at in range(1, len(values)) if values[at] != values[at - 1]]
    change_times = tuple(times[at] for at in changed)
    period, spread = cycle([(times[at], values[at]) for at in changed])
    if spread is not None and not exact:
        spread = max(spread, *(times[at] - times[at - 1] for at in changed))
    return Series(
        values=values,
        changes=len(changed),
        distinct=tuple(dict.fromkeys(values)),
        first=values[0],
        last=values[-1],
        change_times=change_times,
        period_seconds=period,
        period_spread=spread,
        steady=len(values) > 1 and not changed,
        samples=len(values),
        span_seconds=times[-1] - times[0],
        change_seconds=(change_times[-1] - change_times[0]) / (len(changed) - 1) if len(changed) > 1 else None,
    )


def _forward(times: Sequence[float]) -> list[float]:
    latest = times[0]
    forward = []
    for time in times:
        latest = max(latest, time)
        forward.append(latest)
    return forward


def cycle(entries: Sequence[tuple[float, str]]) -> tuple[float | None, float | None]:
    """Mean and standard deviation of the returns among (time, value that began), in order; None, None before two full cycles.

    For what is known to have begun at a time (a line of a log, an answer that tells its age) also where a value follows itself.
    """
    returns: list[float] = []
    entered: dict[str, float] = {}
    times_returned: dict[str, int] = {}
    for time, value in entries:
        if value in entered:
            returns.append(time - entered[value])
            times_returned[value] = times_returned.get(value, 0) + 1
        entered[value] = time
    if max(times_returned.values(), default=0) < 2 or fmean(returns) <= 0:
        return None, None
    return fmean(returns), pstdev(returns)


def covers(prefix: str, address: str) -> bool:
    """Whether `address` lies inside `prefix`; false where either is no such text, or they are of two families."""
    try:
        network = ipaddress.ip_network(prefix.strip(), strict=False)
        return ipaddress.ip_address(address.strip().partition("%")[0]) in network
    except ValueError:
        return False


def in_own_prefix(prefix: str, next_hop: str) -> bool:
    """Whether a route's next hop lies inside the very prefix that it leads to.

    Alone it is no fault: a more specific route to the next hop makes it sound, as does a connected one. The default
    route holds every next hop and a link-local next hop needs no route: both are never meant.
    """
    try:
        network = ipaddress.ip_network(prefix.strip(), strict=False)
        hop = ipaddress.ip_address(next_hop.strip().partition("%")[0])
    except ValueError:
        return False
    return network.prefixlen > 0 and not hop.is_link_local and not hop.is_unspecified and hop in network


def recursion(prefix: str, next_hop: str, through: str = "") -> str:
    """The circle, drawn: prefix -> next hop -> the prefix that leads to it -> next hop -> …"""
    around = through or prefix
    start = f"{prefix} -> next hop {next_hop} -> " if around != prefix else ""
    return f"{start}{around} -> next hop {next_hop} -> {around} -> …"
