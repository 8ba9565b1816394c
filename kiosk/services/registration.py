"""Submits a family: registration, outbox item and audit line in one transaction, then the receipt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.domain.draft import Draft
from kiosk.domain.family import as_family_file
from kiosk.domain.flow import Fact
from kiosk.domain.identifiers import Reference
from kiosk.domain.registration import Decision, Registration, State
from kiosk.domain.rulebook import Rulebook
from kiosk.errors import StaleDraftError
from kiosk.services.assessing import accounts, assessed, is_proved
from kiosk.services.drafts import new_id
from kiosk.services.ports import AuditLine, Clock, LeasedCard, Randomness, UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class Submitted:
    """What came of a submission: the decision, and the registration where it was not refused."""

    decision: Decision
    registration: Registration | None = None
    cards_left: int | None = None


def consent_seconds(draft: Draft) -> int | None:
    """For how long the consent was on the screen; None where it was on none."""
    told = draft.fact(Fact.CONSENT_SECONDS)
    return int(told) if told.isdecimal() else None


class Registrar:
    """Decides and stores registrations for one kiosk; `after` is called whenever one has become durable."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        randomness: Randomness,
        *,
        kiosk_id: str,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._randomness = randomness
        self._kiosk_id = kiosk_id
        self._after = after

    def submit(self, draft: Draft, rules: Rulebook, *, source: str = "screen", who: str = "-") -> Submitted:
        """Registers the family of `draft`, or refuses it and stores nothing.

        Everything is durable when this returns a registration. Submitting the same draft again returns the
        registration that it became. Raises StaleDraftError where somebody else saved or discarded it since it
        was read, StoreError when it cannot be stored.
        """
        with self._open_work() as work:
            already = work.registrations.by_draft(draft.id)
            if already is not None:
                return Submitted(already.decision, already)
            stored = work.drafts.get(draft.id)
            if draft.revision != (stored.revision if stored else 0):
                raise StaleDraftError("draft.stale")
            now = self._clock.now()
            family, decision = assessed(work, draft, rules, now, source=source)
            if decision.refused:
                return Submitted(decision)
            card = self._card(work, decision)
            registration = Registration(
                id=draft.id,
                reference=str(Reference(self._kiosk_id, work.registrations.next_number(self._kiosk_id))),
                state=State.SUBMITTED,
                decision=decision,
                family=as_family_file(family, rules.terms_version),
                created=now,
                virtual_accounts=accounts(rules, card),
                card=card.number if card is not None else None,
                demo_card=card is not None and card.demo,
                verified_phone=is_proved(draft, rules),
                source=source,
                judged_on=rules.today.isoformat(),
                served_by=work.who,
                consent_seconds=consent_seconds(draft),
            )
            work.registrations.add(registration)
            work.outbox.add(registration, new_id(self._clock, self._randomness))
            work.drafts.remove(draft.id)
            codes = tuple(problem.code for problem in decision.problems)
            work.audit.append(
                AuditLine("registration.submitted", registration.reference, now, who, (), codes)
            )
            left = work.cards.left()
            work.commit()
        self._after()
        return Submitted(decision, registration, left)

    def _card(self, work: UnitOfWork, decision: Decision) -> LeasedCard | None:
        """The family's own card where it has one, else one of the leased block, else none: never invented."""
        if decision.premium_total is None:
            return None
        if decision.family_card is not None:
            return LeasedCard(decision.family_card, demo=False)
        return work.cards.take()
