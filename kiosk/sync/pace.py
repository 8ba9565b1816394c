"""How fast a line is as it was met: how long to wait for a reply, and how much to send at once."""

from __future__ import annotations

import random
from collections.abc import Callable

MOST = 50
"""The most records in one request."""

_FIRST = 8
"""The records of the first request on a line that nobody has measured."""

_AIM_SECONDS = 20.0
"""How long one request should take at the most: what is lost with a reply is not more than that."""

_SLOWEST = 150.0
"""Bytes a second of a line that is still of use."""

_GUESS = 1200.0
"""Bytes a second of a line that nobody has measured: 9600 baud."""

_LARGE = 4096
"""From so many bytes on, a request tells of the speed of a line; a smaller one of its delay."""

_WEIGHT = 0.4


class Pace:
    """Learns from each request; `floor` is the shortest wait for a reply in seconds."""

    def __init__(self, floor: float = 4.0, longest: float = 600.0) -> None:
        self._floor = floor
        self._longest = longest
        self._delay = 1.0
        self._speed = _GUESS
        self._measured = False
        self._patience = 1.0
        self._batch = _FIRST

    @property
    def bytes_a_second(self) -> float:
        """The speed of the line as it was last met."""
        return self._speed

    def deadline(self, size: int) -> float:
        """Seconds after which a reply to a request of so many bytes, both ways, will not come any more."""
        wait = self._patience * (self._floor + 3 * self._delay + 3 * size / self._speed)
        return min(wait, self._longest)

    def answered(self, size: int, seconds: float) -> None:
        """A request of so many bytes, both ways, had its reply."""
        self._patience = max(1.0, self._patience / 2)
        if size < _LARGE:
            self._delay += _WEIGHT * (min(seconds, 30.0) - self._delay)
            if not self._measured:
                self._speed = max(self._speed, size / max(seconds, 1e-3))
            return
        met = max(size / max(seconds - self._delay, seconds / 4, 1e-3), _SLOWEST)
        self._speed = met if not self._measured else self._speed + _WEIGHT * (met - self._speed)
        self._measured = True

    def waited_in_vain(self) -> None:
        """No reply came in time: perhaps the line has become slower."""
        self._patience = min(self._patience * 2, 8.0)

    def batch(self, record_bytes: int) -> int:
        """How many records of about so many bytes go into the next request."""
        fitting = int(_AIM_SECONDS * self._speed / max(record_bytes, 1))
        return max(1, min(self._batch, fitting, MOST))

    def grow(self) -> None:
        """A request went well: the next one may be larger."""
        self._batch = min(self._batch * 2, MOST)

    def shrink(self, sent: int) -> None:
        """A request with so many records did not go well: half as many next time."""
        self._batch = max(1, sent // 2)


class Backoff:
    """How long to wait after failures in a row: doubled each time up to `most`, any part of it by chance."""

    def __init__(
        self, first: float = 2.0, most: float = 900.0, draw: Callable[[], float] = random.random
    ) -> None:
        self._first = first
        self._most = most
        self._draw = draw
        self.failures = 0

    def failed(self) -> float:
        """Seconds to wait after one more failure."""
        ceiling: float = min(self._first * 2 ** min(self.failures, 30), self._most)
        self.failures += 1
        return ceiling * self._draw()

    def succeeded(self) -> None:
        """Begins anew."""
        self.failures = 0
