"""Tells the time, and how far the wall clock can be trusted."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kiosk.domain.registration import Moment

JUMP_SECONDS = 120.0
"""How far wall and monotonic time may part before the wall clock is in doubt."""

LONGEST_OFF_SECONDS = 400 * 86_400.0
"""How long a kiosk may have been off; a clock that tells of more is in doubt."""

RELEASED = date(2026, 11, 22)
"""The day of this release: no registration with this program was made before it."""

_BUILT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def find_zone(name: str) -> tzinfo:
    """The zone called `name`, or UTC+7 where this machine has no table of zones."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return timezone(timedelta(hours=7))


def ticks_ns() -> int:
    """Nanoseconds since this machine started, sleep included where the system counts it."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic_ns() if boottime is None else time.clock_gettime_ns(boottime)


def read_boot_id(path: Path = _BOOT_ID) -> str:
    """The id of this start of the machine; where the system gives none, a random one for this process."""
    try:
        return path.read_text(encoding="ascii").strip() or str(uuid4())
    except (OSError, UnicodeDecodeError):
        return str(uuid4())


class SystemClock:
    """The machine's clock; with `today` the day is that one and the time of day is real.

    A moment is not trusted when the wall clock is before the program was built (2026), or has gone back or
    jumped by more than `JUMP_SECONDS` since the last trusted moment, or tells that the machine was off for
    more than `LONGEST_OFF_SECONDS`. Doubt stays until the clock agrees with
    that moment again, or `remember` is given a newer one to go by. With `today` the day is given, so nothing
    is doubted. `wall` (seconds since 1970) and `ticks` (nanoseconds, never backwards) can be replaced.
    """

    def __init__(
        self,
        today: date | None = None,
        zone: str = "Asia/Jakarta",
        *,
        wall: Callable[[], float] = time.time,
        ticks: Callable[[], int] = ticks_ns,
        boot: str | None = None,
    ) -> None:
        self._today = today
        self._zone = find_zone(zone)
        self._wall = wall
        self._ticks = ticks
        self._boot = read_boot_id() if boot is None else boot
        self._anchor: tuple[str, float, int] | None = None

    def now(self) -> Moment:
        """This moment; `wall` is local time with offset to the millisecond."""
        seconds, ticks = self._wall(), self._ticks()
        local = self._local(seconds)
        trusted = self._today is not None or self._agrees(seconds, ticks)
        if trusted:
            self._anchor = (self._boot, seconds, ticks)
        return Moment(local.isoformat(timespec="milliseconds"), self._boot, ticks, trusted)

    def today(self) -> date:
        """The day by which rules are judged: the wall clock's, or the likeliest one where that is in doubt.

        In doubt it is the last trusted moment and what has passed since, and never before the release of
        this program, so that a clock that stands in 1970 or in 2036 blocks nobody.
        """
        seconds, ticks = self._wall(), self._ticks()
        if self._today is not None or self._agrees(seconds, ticks):
            return self._local(seconds).date()
        return max(self._local(self._likely(seconds, ticks)).date(), RELEASED)

    def _likely(self, seconds: float, ticks: int) -> float:
        if self._anchor is None:
            return min(seconds, _BUILT)
        boot, then, ticks_then = self._anchor
        # Another boot has lasted for its ticks; how long the machine was off nobody knows.
        return then + (ticks - ticks_then if boot == self._boot else ticks) / 1e9

    def remember(self, moment: Moment) -> None:
        """Takes the newest moment that the store knows, as what later ones are compared with.

        A moment that was in doubt itself is not taken. Raises ValueError if its wall time is no ISO time.
        """
        if moment.trusted and self._today is None:
            seconds = datetime.fromisoformat(moment.wall).timestamp()
            self._anchor = (moment.boot, seconds, moment.monotonic_ns)

    def _local(self, seconds: float) -> datetime:
        local = datetime.fromtimestamp(seconds, self._zone)
        if self._today is None:
            return local
        day = self._today
        return local.replace(year=day.year, month=day.month, day=day.day)

    def _agrees(self, seconds: float, ticks: int) -> bool:
        if seconds < _BUILT:
            return False
        if self._anchor is None:
            return True
        boot, then, ticks_then = self._anchor
        if boot != self._boot:
            off = seconds - ticks / 1e9 - then
            return -JUMP_SECONDS <= off <= LONGEST_OFF_SECONDS
        expected = then + (ticks - ticks_then) / 1e9
        return abs(seconds - expected) <= JUMP_SECONDS
