"""Limits of a kiosk without staff: a pause after many failures, and so many families a day."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from kiosk.domain.elapsed import likely_seconds
from kiosk.domain.registration import Moment
from kiosk.services.ports import Clock, RegistrationSummary, UnitOfWork


@dataclass(frozen=True, slots=True)
class RestraintRules:
    """So many failures within an hour make a pause of minutes; so many families a day; 0: no limit."""

    failures: int = 0
    pause_minutes: int = 0
    families_a_day: int = 0


class FailureNotes(Protocol):
    """Keeps the moments of the last failures, without a word of whose they were, across processes."""

    def last(self) -> Sequence[Moment]: ...
    def remember(self, moments: Sequence[Moment]) -> None: ...


class Restraint:
    """Counts what goes wrong, whoever does it: a fresh process or a new start forgets nothing."""

    WITHIN_SECONDS = 3600

    def __init__(
        self,
        open_work: Callable[[], AbstractContextManager[UnitOfWork]],
        clock: Clock,
        notes: FailureNotes,
        rules: RestraintRules,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._notes = notes
        self._rules = rules

    def failed(self) -> bool:
        """One more failure; whether it was one too many, so that a pause begins."""
        if not self._rules.failures or self.paused_seconds():
            return False
        now = self._clock.now()
        recent = [one for one in self._notes.last() if likely_seconds(one, now) < self.WITHIN_SECONDS]
        kept = [*recent, now][-self._rules.failures :]
        self._notes.remember(kept)
        return len(kept) >= self._rules.failures

    def paused_seconds(self) -> int:
        """Whole seconds until anybody can go on here. A pause that is over forgets the failures."""
        moments = self._notes.last()
        if not self._rules.failures or len(moments) < self._rules.failures:
            return 0
        left = math.ceil(self._rules.pause_minutes * 60 - likely_seconds(moments[-1], self._clock.now()))
        if left <= 0:
            self._notes.remember([])
        return max(left, 0)

    def is_full(self) -> bool:
        """Whether as many families were registered today as a day may have."""
        most = self._rules.families_a_day
        if not most:
            return False
        with self._open_work() as work:
            found: Sequence[RegistrationSummary] = work.registrations.page(
                state=None, day=self._clock.today().isoformat(), limit=most, before=""
            )
        return len(found) >= most
