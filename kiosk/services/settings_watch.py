"""Watches the settings of a counter: two people look at what was changed in them since it was last agreed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.domain.fields import Problem
from kiosk.domain.staff import Act
from kiosk.services.ports import AuditLine, Clock
from kiosk.services.risky import Risky
from kiosk.services.staff import SignedIn
from kiosk.services.staff_ports import StaffWork, StaffWorkFactory

SUBJECT = "settings"


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that is not as it was agreed: its name, as it was and as it is; empty for none."""

    name: str
    before: str
    after: str


class SettingsWatch:
    """Holds the settings in use (`now`, by name) against those that two people agreed to last.

    Whoever may write the file can change it, so a change is not prevented: it is told to whoever signs in,
    until two people have looked at it and said why, and the trail has their names.
    """

    def __init__(
        self, open_work: StaffWorkFactory, clock: Clock, risky: Risky, now: Mapping[str, str]
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._risky = risky
        self._now = dict(now)

    def begin(self, by: SignedIn) -> None:
        """Where nothing was agreed yet, takes the settings as they are for the beginning."""
        with self._open_work.reading() as work:
            if work.agreed_settings.last() is not None:
                return
        with self._open_work() as work:
            self._agree(work)
            work.audit.append(AuditLine("settings.noted", SUBJECT, self._clock.now(), by.id))
            work.commit()

    def changes(self) -> tuple[Change, ...]:
        """What is not as it was agreed, in the order of the names; nothing before `begin`."""
        with self._open_work.reading() as work:
            agreed = work.agreed_settings.last()
        if agreed is None or agreed == self._now:
            return ()
        names = sorted(agreed.keys() | self._now.keys())
        both = ((name, agreed.get(name, ""), self._now.get(name, "")) for name in names)
        return tuple(Change(*one) for one in both if one[1] != one[2])

    def agree(self, first: SignedIn, second: SignedIn, reason: str) -> Problem | None:
        """Two people agree to the settings as they are now; problems as of `Risky.allow`."""
        found = self._risky.allow(Act.SETTINGS, SUBJECT, first, second, reason, also=self._agree)
        return found if isinstance(found, Problem) else None

    def _agree(self, work: StaffWork) -> None:
        work.agreed_settings.add(self._now, self._clock.now().wall)
