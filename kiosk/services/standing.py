"""Where a registration stands and since when, by nothing but what the hub has signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from kiosk.domain.fields import Problem
from kiosk.domain.identifiers import is_card_number
from kiosk.domain.registration import Registration, State
from kiosk.services.ports import Clock, UnitOfWorkFactory

_DECIDED = frozenset({State.ACCEPTED, State.LAPSED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a registration, and what there is to say of it.

    `at` is the hub's time of it as a person here reads it, empty where the hub has said nothing yet. A
    refusal has `problems`, and `other_reference` where the family is known from elsewhere. `code` says why
    what waits could not be sent. After `reprint_until` no receipt is given out again; None: always.
    `has_new_number` is True where the hub gave a card number that stands for the one given here.
    """

    state: State
    at: str = ""
    problems: tuple[Problem, ...] = ()
    other_reference: str = ""
    code: str = ""
    reprint_until: date | None = None
    has_new_number: bool = False


class Standings:
    """Tells how registrations stand; changes nothing. Times are those of `zone`."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, zone: tzinfo, grace_days: int) -> None:
        self._open_work = open_work
        self._clock = clock
        self._zone = zone
        self._grace_days = grace_days

    def of(self, registration: Registration) -> Standing:
        """How a registration as it was read stands."""
        with self._open_work() as work:
            told = work.decisions.get(registration.id, registration.version)
            queued = work.outbox.get(registration.id, registration.version)
        waits = registration.state is State.SUBMITTED and queued is not None
        return Standing(
            state=registration.state,
            at=self.local(registration.state_at),
            problems=told.problems if told else (),
            other_reference=told.other_reference if told else "",
            code=queued.code if queued is not None and waits else "",
            reprint_until=self._reprint_until(registration),
            has_new_number=told is not None and is_card_number(told.card),
        )

    def set_aside(self, *, limit: int = 5) -> list[tuple[str, str]]:
        """What waits and was not taken when it was sent: reference and code of each."""
        with self._open_work() as work:
            found = [
                (work.registrations.by_draft(queued.registration), queued.code)
                for queued in work.outbox.set_aside(limit=limit)
            ]
        return [(one.reference, code) for one, code in found if one is not None]

    def may_reprint(self, standing: Standing) -> bool:
        """Whether the receipt can be given out once more."""
        return standing.reprint_until is None or self._clock.today() <= standing.reprint_until

    def local(self, at: str) -> str:
        """An ISO time as people here read it: `22-11-2026 10:41`; what is none stays as it is."""
        try:
            return datetime.fromisoformat(at).astimezone(self._zone).strftime("%d-%m-%Y %H:%M")
        except (ValueError, OverflowError):
            return at

    def _reprint_until(self, registration: Registration) -> date | None:
        if registration.state not in _DECIDED:
            return None
        try:
            decided = datetime.fromisoformat(registration.state_at).astimezone(self._zone).date()
        except (ValueError, OverflowError):
            return None
        return decided + timedelta(days=self._grace_days)
