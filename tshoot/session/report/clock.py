"""Times of a report: UTC always, local time beside it where it is another. The zone is that of whoever makes the report."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from tshoot.session.codec_v1 import stamp


class Clock:
    """`zone` None is this machine's. Offsets are those of the moment itself, so daylight saving is right in the past, too."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone

    def utc(self, at: float) -> str:
        """`2026-11-21 03:41:07`"""
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"

    def utc_clock(self, at: float) -> str:
        """`03:41:07.123`"""
        return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S.%f}"[:-3]

    def local(self, at: float) -> str:
        """`2026-11-21 04:41:07`"""
        return f"{self._local(at):%Y-%m-%d %H:%M:%S}"

    def local_clock(self, at: float) -> str:
        return f"{self._local(at):%H:%M:%S}"

    def zone_name(self, at: float) -> str:
        """`CET, UTC+01:00`"""
        moment = self._local(at)
        offset = moment.strftime("%z")
        shown = f"UTC{offset[:3]}:{offset[3:5]}"
        name = moment.tzname() or ""
        return shown if name.startswith(("UTC", "+", "-")) or not name else f"{name}, {shown}"

    def is_utc(self, at: float) -> bool:
        return not self._local(at).utcoffset()

    def _local(self, at: float) -> datetime:
        moment = datetime.fromtimestamp(at, UTC)
        try:
            return moment.astimezone(self._zone)
        except OverflowError:  # the last hours of the year 9999
            return moment


def iso(at: float) -> str:
    """`2026-11-21T03:41:07.123456Z`, as in the session's log."""
    return stamp(max(at, 0.0))
