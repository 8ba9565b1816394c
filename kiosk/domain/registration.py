"""A finished registration and the one table of what may happen to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from kiosk.domain.fields import Problem


class State(StrEnum):
    """Where a registration stands; every record is in exactly one of these."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SENT = "sent"
    NEEDS_FIX = "needs_fix"
    ACCEPTED = "accepted"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DISCARDED = "discarded"


class Event(StrEnum):
    """What can happen to a registration."""

    SUBMIT = "submit"
    SEND = "send"
    ACCEPT = "accept"
    REFUSE = "refuse"
    RESUBMIT = "resubmit"
    CANCEL = "cancel"
    LAPSE = "lapse"
    EXPIRE = "expire"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Why an event has no effect in a state."""

    code: str


ALLOWED: Mapping[tuple[State, Event], State] = {
    (State.DRAFT, Event.SUBMIT): State.SUBMITTED,
    (State.DRAFT, Event.EXPIRE): State.EXPIRED,
    (State.DRAFT, Event.DISCARD): State.DISCARDED,
    (State.SUBMITTED, Event.SEND): State.SENT,
    (State.SUBMITTED, Event.CANCEL): State.CANCELLED,
    (State.SENT, Event.SEND): State.SENT,
    (State.SENT, Event.ACCEPT): State.ACCEPTED,
    (State.SENT, Event.REFUSE): State.NEEDS_FIX,
    (State.NEEDS_FIX, Event.REFUSE): State.NEEDS_FIX,
    (State.NEEDS_FIX, Event.ACCEPT): State.ACCEPTED,
    (State.NEEDS_FIX, Event.RESUBMIT): State.SUBMITTED,
    (State.NEEDS_FIX, Event.CANCEL): State.CANCELLED,
    (State.ACCEPTED, Event.ACCEPT): State.ACCEPTED,
    (State.ACCEPTED, Event.LAPSE): State.LAPSED,
    (State.LAPSED, Event.LAPSE): State.LAPSED,
}
"""The transitions; sending twice, or hearing a decision twice, changes nothing.

What was refused may be accepted as it is: a person at the hub decides over its rules.
"""

_ENDED = frozenset({State.LAPSED, State.CANCELLED, State.EXPIRED, State.DISCARDED})


def _refusal(state: State, event: Event) -> Forbidden:
    if state in _ENDED:
        return Forbidden("state.ended")
    if state is State.DRAFT:
        return Forbidden("state.not_submitted")
    if event in {Event.ACCEPT, Event.REFUSE}:
        return Forbidden("state.not_sent")
    if event in {Event.EXPIRE, Event.DISCARD, Event.SUBMIT}:
        return Forbidden("state.already_submitted")
    return Forbidden("state.not_now")


TRANSITIONS: Mapping[tuple[State, Event], State | Forbidden] = {
    (state, event): ALLOWED.get((state, event)) or _refusal(state, event)
    for state in State
    for event in Event
}
"""The total table: every pair of state and event is a next state or a typed refusal."""

LIVE = frozenset({State.SUBMITTED, State.SENT, State.NEEDS_FIX, State.ACCEPTED})
"""The states in which a NIK of the family counts as registered at this kiosk."""


class Outcome(StrEnum):
    """The three kinds of registration in Mobile JKN, and the refusal."""

    NEW_FAMILY = "new_family"
    ADDED_MEMBERS = "added_members"
    NEWBORN = "newborn"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time as this machine knows it.

    `wall` is local ISO 8601 with offset, to the millisecond; `monotonic_ns` orders moments of one `boot`;
    `trusted` is False where the wall clock is in doubt.
    """

    wall: str
    boot: str
    monotonic_ns: int
    trusted: bool = True

    @property
    def day(self) -> str:
        return self.wall[:10]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say of a family: which outcome, in which segment, at what price, or why not."""

    outcome: Outcome
    problems: tuple[Problem, ...] = ()
    segment: str | None = None
    main_member: str | None = None
    care_class: int | None = None
    people: int = 0
    premium_per_person: int | None = None
    premium_total: int | None = None
    pay_from: date | None = None
    pay_until: date | None = None
    refer_to: str | None = None
    family_card: str | None = None

    @property
    def refused(self) -> bool:
        return self.outcome is Outcome.REFUSED


@dataclass(frozen=True, slots=True)
class Registration:
    """One family's finished registration as it is stored, receipted and later sent.

    `card` is the card number behind the virtual accounts. `version` counts from 1, one more each time it is
    sent anew after a refusal. `state_at` is the wall time of the hub's word that brought it into its state;
    empty while there was none. `purged_at` is when its personal data were removed; empty while they are here.
    `served_by` is who was signed in (empty: nobody), `consent_seconds` how long the consent was on the
    screen.
    """

    id: str
    reference: str
    state: State
    decision: Decision
    family: Mapping[str, Any]
    created: Moment
    virtual_accounts: Mapping[str, str] = field(default_factory=dict)
    demo_card: bool = False
    verified_phone: bool = False
    source: str = "screen"
    judged_on: str = ""
    card: str | None = None
    version: int = 1
    state_at: str = ""
    purged_at: str = ""
    served_by: str = ""
    consent_seconds: int | None = None

    @property
    def day(self) -> str:
        """The day under which it is listed: the one by which it was judged, else the clock's."""
        return self.judged_on or self.created.day

    @property
    def waits_for_number(self) -> bool:
        """True where a premium is due but no card number was left: "nomor menyusul"."""
        premium_due = self.decision.premium_total is not None
        return premium_due and not self.virtual_accounts and not self.purged_at


def after(registration: Registration, event: Event, at: str) -> Registration | Forbidden:
    """The registration as `event` leaves it, by the table; `at` is when the hub said so."""
    state = TRANSITIONS[registration.state, event]
    if isinstance(state, Forbidden) or state is registration.state:
        return state if isinstance(state, Forbidden) else registration
    return replace(registration, state=state, state_at=at)


def stripped(registration: Registration, at: str) -> Registration:
    """The registration without personal data: what lists and counts need, and codes of problems alone."""
    decision = registration.decision
    return replace(
        registration,
        family={},
        virtual_accounts={},
        card=None,
        decision=replace(
            decision,
            main_member=None,
            family_card=None,
            problems=tuple(Problem(one.field, one.code, one.severity) for one in decision.problems),
        ),
        purged_at=at,
    )
