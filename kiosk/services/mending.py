"""Mends what the hub refused: the registration becomes a draft again, and that its next version."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from kiosk.domain.consent import consent_holds, consented_to
from kiosk.domain.draft import Draft, split_member_path
from kiosk.domain.family import as_family_file, read_answer, read_family
from kiosk.domain.fields import Problem
from kiosk.domain.flow import Fact, again_fact, fingerprint
from kiosk.domain.form import spec_for
from kiosk.domain.mended import why_ended
from kiosk.domain.registration import Decision, Event, Forbidden, Registration, State, after
from kiosk.domain.rulebook import Rulebook
from kiosk.domain.segments import refused
from kiosk.errors import KioskError, StaleDraftError
from kiosk.services.answering import answers_of, filled
from kiosk.services.assessing import accounts, assessed, is_proved
from kiosk.services.drafts import new_id, refuse_ended
from kiosk.services.ports import (
    AuditLine,
    Clock,
    LeasedCard,
    Randomness,
    RegistrationSummary,
    UnitOfWork,
    UnitOfWorkFactory,
)
from kiosk.services.registration import Submitted, consent_seconds

REVIEW = "review"
"""Where mending begins when the hub names no field that is asked here."""

UNSAID = Problem("", "hub.refused")
"""Stands for the reason that a hub did not give."""


@dataclass(frozen=True, slots=True)
class Card:
    """One refused registration in a list: what is wrong with it first, how much more, since when.

    `begun_at` is when somebody last saved a mended answer to the draft `draft_id`; empty while nobody has.
    """

    reference: str
    draft_id: str
    name: str
    people: int
    problem: Problem
    more: int
    other_reference: str
    begun_at: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A registration opened for mending: the draft, standing where there is something to mend, and why.

    `problems` are the errors that the hub named, that of the place first; at least one. `refused` is the
    draft as it was refused. `begun_at` is when somebody last saved a mended answer; empty while nobody has.
    """

    draft: Draft
    problems: tuple[Problem, ...]
    other_reference: str
    begun_at: str
    refused: Draft

    def unmended(self, draft: Draft) -> tuple[Problem, ...]:
        """The problems that name an answer which in `draft` is still the refused one."""
        return tuple(
            problem
            for problem in self.problems
            if is_asked(problem.field, self.refused)
            and draft.answer(problem.field) == self.refused.answer(problem.field)
        )


def draft_of(registration: Registration, rules: Rulebook) -> Draft:
    """The answers and proofs of a registration as a draft with its id, not yet reviewed again.

    What was proved stays proved: the captcha, each NIK, the phone. Where the terms are others by now, they
    and the consent have to be agreed to again.
    """
    answers, _ = answers_of(registration.family)
    draft = filled(Draft(registration.id, registration.created.wall), answers, rules.terms_version)
    family, _ = read_family(draft, rules)
    phone = str(read_answer(draft, "contact.phone", rules).value or "")
    same_terms = registration.family.get("consent", {}).get("terms") == rules.terms_version
    return draft.with_facts(
        {
            Fact.MENDS: str(registration.version),
            Fact.OPENED_AS: fingerprint(draft),
            Fact.CAPTCHA: "passed",
            Fact.TERMS: rules.terms_version if same_terms else None,
            Fact.CONSENTED: consented_to(family),
            Fact.VERIFIED: phone if registration.verified_phone else None,
            Fact.UNVERIFIED: None if registration.verified_phone else phone,
            **{again_fact(nik): "yes" for nik in family.niks},
        }
    )


def is_unchanged(draft: Draft) -> bool:
    """Whether a draft that mends says just what was refused."""
    return draft.fact(Fact.OPENED_AS) == fingerprint(draft)


def place_to_mend(problems: Iterable[Problem], draft: Draft) -> str:
    """The path of the first field named by an error that a form asks for, or the review."""
    blocking = [problem.field for problem in problems if problem.blocks]
    return next((path for path in blocking if path == "members" or is_asked(path, draft)), REVIEW)


def is_asked(path: str, draft: Draft) -> bool:
    """Whether a form asks for the answer at `path`, of somebody who is in the draft."""
    member = split_member_path(path)
    try:
        spec_for(path)
    except KeyError:
        return False
    return member is None or member[0] < draft.member_count


class Mending:
    """Opens refused registrations, read with `reading`, and submits them anew with `open_work`.

    `after` is called whenever one has become durable.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        reading: UnitOfWorkFactory,
        clock: Clock,
        randomness: Randomness,
        *,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._open_work = open_work
        self._reading = reading
        self._clock = clock
        self._randomness = randomness
        self._after = after

    def cards(self, *, limit: int) -> list[Card]:
        """What waits to be mended, newest first."""
        with self._reading() as work:
            found = work.registrations.page(state=State.NEEDS_FIX, limit=limit)
            return [_card(work, summary) for summary in found]

    def count(self, *, at_most: int = 100) -> int:
        """How many wait to be mended, counted to `at_most`."""
        with self._reading() as work:
            return len(work.registrations.page(state=State.NEEDS_FIX, limit=at_most))

    def open(self, reference: str, rules: Rulebook) -> Opened:
        """The refused registration as a draft: a new one, or the one that somebody has begun to mend.

        Raises KioskError where it can be mended no more: one of `ENDED`.
        """
        with self._reading() as work:
            registration = work.registrations.by_reference(reference)
            if registration is None or (why := why_ended(registration, None)):
                raise KioskError(why if registration else "mend.purged")
            begun = work.drafts.get(registration.id)
            told = work.decisions.get(registration.id, registration.version)
        problems = told.problems if told else ()
        refused_one = draft_of(registration, rules)
        place = place_to_mend(problems, refused_one)
        return Opened(
            draft=begun or refused_one.moved_to(place),
            problems=_errors(problems, place),
            other_reference=told.other_reference if told else "",
            begun_at=begun.saved_at if begun else "",
            refused=refused_one,
        )

    def take_up(self, draft: Draft) -> str:
        """The reference of the registration that a stored draft mends, where it still can be.

        Raises KioskError, one of `ENDED`, where it cannot; then the draft, which has no use any more, is
        removed.
        """
        with self._open_work() as work:
            return refuse_ended(
                work, work.registrations.by_draft(draft.id), draft, self._clock.now()
            ).reference

    def submit(self, draft: Draft, rules: Rulebook, *, who: str = "-") -> Submitted:
        """Registers what was mended as the next version of the same registration, or refuses it.

        Reference, id and card number stay. Everything is durable when this returns a registration. Raises
        StaleDraftError where somebody else saved or discarded the draft since it was read, KioskError (one
        of `ENDED`) where there is nothing to be mended any more, StoreError when it cannot be stored.
        """
        with self._open_work() as work:
            before = refuse_ended(work, work.registrations.by_draft(draft.id), draft, self._clock.now())
            stored = work.drafts.get(draft.id)
            if draft.revision != (stored.revision if stored else 0):
                raise StaleDraftError("draft.stale")
            now = self._clock.now()
            family, decision = assessed(work, draft, rules, now, source=before.source)
            if not decision.refused and not consent_holds(draft.fact(Fact.CONSENTED), family):
                decision = refused((Problem("consent.accepted", "consent.missing"),))
            if decision.refused:
                return Submitted(decision)
            card = _card_of(work, before, decision)
            mended = replace(
                _resubmitted(before),
                decision=decision,
                family=as_family_file(family, rules.terms_version),
                virtual_accounts=accounts(rules, card),
                card=card.number if card else None,
                demo_card=card is not None and card.demo,
                verified_phone=is_proved(draft, rules),
                judged_on=rules.today.isoformat(),
                served_by=work.who or before.served_by,
                consent_seconds=consent_seconds(draft),
            )
            work.registrations.replace(mended)
            work.outbox.add(mended, new_id(self._clock, self._randomness), queued_at=now.wall)
            work.drafts.remove(draft.id)
            codes = tuple(problem.code for problem in decision.problems)
            fields = _changed(draft_of(before, rules), draft)
            work.audit.append(AuditLine("registration.mended", mended.reference, now, who, fields, codes))
            left = work.cards.left()
            work.commit()
        self._after()
        return Submitted(decision, mended, left)


def _resubmitted(before: Registration) -> Registration:
    """The next version of a refused registration."""
    moved = after(before, Event.RESUBMIT, "")
    if isinstance(moved, Forbidden):
        raise KioskError("mend.decided")
    return replace(moved, version=before.version + 1)


def _card_of(work: UnitOfWork, before: Registration, decision: Decision) -> LeasedCard | None:
    """The number that the registration has, unless the family's own stands for it now; else a new one."""
    if decision.premium_total is None:
        return None
    if decision.family_card is not None:
        return LeasedCard(decision.family_card, demo=False)
    if before.card and before.decision.family_card is None:
        return LeasedCard(before.card, demo=before.demo_card)
    return work.cards.take()


def _changed(before: Draft, now: Draft) -> tuple[str, ...]:
    """The paths of the answers that are others than before."""
    paths = sorted({*before.answers, *now.answers})
    return tuple(path for path in paths if before.answer(path) != now.answer(path))


def _card(work: UnitOfWork, summary: RegistrationSummary) -> Card:
    registration = work.registrations.by_reference(summary.reference)
    told = work.decisions.get(registration.id, registration.version) if registration else None
    draft = work.drafts.get(registration.id) if registration else None
    problems = told.problems if told else ()
    return Card(
        reference=summary.reference,
        draft_id=registration.id if registration else "",
        name=summary.name,
        people=summary.people,
        problem=_errors(problems, "")[0],
        more=max(sum(problem.blocks for problem in problems) - 1, 0),
        other_reference=told.other_reference if told else "",
        begun_at=draft.saved_at if draft else "",
    )


def _errors(problems: Iterable[Problem], place: str) -> tuple[Problem, ...]:
    """The errors, that at the place first; one without a name where the hub gave none."""
    errors = [problem for problem in problems if problem.blocks]
    return tuple(sorted(errors, key=lambda problem: problem.field != place)) or (UNSAID,)
