"""How much time lies between two moments, as far as a machine whose clock may jump can know."""

from __future__ import annotations

from datetime import datetime

from kiosk.domain.registration import Moment


def certain_seconds(since: Moment, now: Moment) -> float | None:
    """Seconds from `since` to `now`, or None where they cannot be known.

    Within one boot the machine's own counter tells. Across boots nothing does: a clock that was set back by
    some minutes while the machine was off looks like one that was not.
    """
    passed = (now.monotonic_ns - since.monotonic_ns) / 10**9
    return passed if since.boot == now.boot and passed >= 0 else None


def likely_seconds(since: Moment, now: Moment) -> float:
    """Seconds from `since` to `now` for a waiting time, which no clock that was set makes endless.

    Within one boot the machine's counter tells. Across boots it is what the wall clock says, but at least
    as long as this boot has lasted, so that a clock that was set back holds nobody up for ever.
    """
    if since.boot == now.boot:
        return max(0.0, (now.monotonic_ns - since.monotonic_ns) / 10**9)
    return max(0.0, now.monotonic_ns / 10**9, _wall_seconds(since, now))


def _wall_seconds(since: Moment, now: Moment) -> float:
    return (datetime.fromisoformat(now.wall) - datetime.fromisoformat(since.wall)).total_seconds()
