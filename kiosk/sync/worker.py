"""When to sync: when told, soon after something was sent, later and later after failures, else in turn."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from kiosk.errors import KioskError
from kiosk.services.sync_ports import SyncOutcome
from kiosk.sync.pace import Backoff

NEWS, LEFT = "news", "left"
"""What a listener hears: something is to be sent; who spoke has gone."""

_SETTLE = 0.3
"""Seconds in which what comes in quick succession is taken for one."""

_SHORTEST = 5.0
"""Seconds between two attempts, however often somebody asks."""

_SOON = (5.0, 10.0, 20.0, 60.0, 60.0, 120.0)
"""When to look for the hub's decision after something was sent."""


class PipeListener:
    """Hears what is written to a descriptor; its end means that the program at the other end has gone."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def wait(self, seconds: float) -> str:
        """What was heard within so many seconds; empty for nothing."""
        ready, _, _ = select.select([self._descriptor], [], [], max(seconds, 0))
        if not ready:
            return ""
        return NEWS if os.read(self._descriptor, 4096) else LEFT


@dataclass
class Worker:
    """Syncs again and again until who it works for has gone; nothing that fails in a run ends it."""

    sync: Callable[[], SyncOutcome]
    listen: Callable[[float], str]
    seconds: float
    backoff: Backoff = field(default_factory=lambda: Backoff(5.0, 900.0))
    ticks: Callable[[], float] = time.monotonic
    failed: Callable[[str], None] = lambda _code: None

    def run(self) -> None:
        """Works until the listener hears that nobody is there."""
        soon = 0
        while True:
            started = self.ticks()
            sent, went_well = self._once()
            soon = 0 if sent else soon + 1
            if went_well:
                rest = _SOON[soon] if soon < len(_SOON) else self.seconds
                rest = min(rest, self.seconds)
            else:
                soon = len(_SOON)
                rest = max(self.backoff.failed(), _SHORTEST)
            if self._rest(started, rest, went_well=went_well) == LEFT:
                return

    def _once(self) -> tuple[bool, bool]:
        """Whether something was sent, and whether the hub was spoken with to the end."""
        try:
            outcome = self.sync()
        except KioskError as error:
            self.failed(error.code)
            return False, False
        except Exception as error:  # noqa: BLE001 - what beside the screens fails must go on beside them
            self.failed(f"sync.{type(error).__name__.lower()}")
            return False, False
        if outcome.code:
            self.failed(outcome.code)
            return outcome.sent > 0, False
        self.backoff.succeeded()
        return outcome.sent > 0, True

    def _rest(self, started: float, seconds: float, *, went_well: bool) -> str:
        """Rests so long, or until there is news that may be sent."""
        until = self.ticks() + seconds
        while (left := until - self.ticks()) > 0:
            heard = self.listen(left)
            if heard == LEFT:
                return LEFT
            if heard == NEWS:
                earliest = started + (_SHORTEST if not went_well else 0.0)
                until = min(until, max(earliest, self.ticks() + _SETTLE))
        return NEWS
