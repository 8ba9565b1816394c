"""Acts that take two people, and taking a registration back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kiosk.domain.fields import Problem
from kiosk.domain.registration import Event, Registration, State, after
from kiosk.domain.staff import Act, Role
from kiosk.services.ports import AuditLine
from kiosk.services.staff import SignedIn
from kiosk.services.staff_ports import Approval
from tests.staff.conftest import BOSS_PIN, Counter
from tests.store.examples import a_draft

WHY = "keluarga ini datang dua kali"


def code_of(found: object) -> str:
    assert isinstance(found, Problem), found
    return found.code


@pytest.fixture
def other(counter: Counter, boss: SignedIn) -> SignedIn:
    """A second clerk; the account is S3 where the first is there."""
    made = counter.add("Agus Salim", Role.CLERK, "940182", boss)
    return counter.sign_in(made.id, "940182")


@pytest.mark.parametrize("act", Act)
def test_two_people_one_of_them_a_supervisor_and_a_reason(
    counter: Counter, boss: SignedIn, clerk: SignedIn, other: SignedIn, act: Act
) -> None:
    risky = counter.staffing.risky
    assert code_of(risky.allow(act, "x", boss, boss, WHY)) == "risky.same_person"
    again = counter.sign_in("S1", BOSS_PIN)
    assert code_of(risky.allow(act, "x", boss, again, WHY)) == "risky.same_person"
    assert code_of(risky.allow(act, "x", clerk, other, WHY)) == "risky.no_supervisor"
    assert code_of(risky.allow(act, "x", clerk, boss, "  ")) == "reason.short"
    assert risky.of("x") == []
    for first, second in ((clerk, boss), (boss, clerk)):
        allowed = risky.allow(act, "x", first, second, WHY)
        assert isinstance(allowed, Approval)
        assert (allowed.first, allowed.second, allowed.reason) == (first.id, second.id, WHY)
    assert [one.act for one in risky.of("x")] == [act, act]


def test_the_second_persons_word_is_not_kept_for_later(
    counter: Counter, boss: SignedIn, clerk: SignedIn
) -> None:
    counter.clock.advance(299)
    assert isinstance(counter.staffing.risky.allow(Act.BULK, "x", clerk, boss, WHY), Approval)
    counter.clock.advance(2)
    assert code_of(counter.staffing.risky.allow(Act.BULK, "x", clerk, boss, WHY)) == "risky.stale"
    counter.clock.reboot()
    assert code_of(counter.staffing.risky.allow(Act.BULK, "x", clerk, boss, WHY)) == "risky.stale"


def test_who_was_closed_meanwhile_allows_nothing(counter: Counter, boss: SignedIn, clerk: SignedIn) -> None:
    counter.staffing.staff.deactivate("S2", by=boss)
    assert code_of(counter.staffing.risky.allow(Act.BULK, "x", boss, clerk, WHY)) == "staff.unknown"


def test_the_reason_stays_in_the_store_and_out_of_the_trail(
    counter: Counter, boss: SignedIn, clerk: SignedIn
) -> None:
    counter.staffing.risky.allow(Act.EXPORT_FULL, "K1-0001-XX", clerk, boss, WHY)
    connection = counter.store._database.take()
    rows = connection.execute("SELECT who, action, subject, codes FROM audit ORDER BY n DESC LIMIT 1")
    assert rows.fetchall() == [("S2", "approved.export_full", "K1-0001-XX", '["first.S2","second.S1"]')]
    counter.store._database.give_back(connection)


def test_taking_back_what_waits_leaves_nothing_to_send_and_frees_its_people(
    counter: Counter, boss: SignedIn, clerk: SignedIn
) -> None:
    registration = counter.register()
    niks = [member["nik"] for member in registration.family["members"]]
    risky = counter.staffing.risky
    assert risky.can_void(registration)
    assert code_of(risky.void(registration.reference, boss, boss, WHY)) == "risky.same_person"
    assert risky.can_void(registration)
    voided = risky.void(registration.reference, clerk, boss, WHY)
    assert isinstance(voided, Registration)
    assert voided == replace(registration, state=State.CANCELLED, state_at=counter.clock.now().wall)
    with counter.store.reading() as work:
        assert work.registrations.by_reference(registration.reference) == voided
        assert work.outbox.waiting() == 0
        assert work.outbox.due(None, limit=9) == []
        assert work.registrations.live_niks(niks) == frozenset()
    assert not risky.can_void(voided)
    assert code_of(risky.void(registration.reference, clerk, boss, WHY)) == "void.ended"
    assert counter.lines()[-2:] == [
        ("approved.void", registration.reference, "S2"),
        ("registration.voided", registration.reference, "S2"),
    ]


@pytest.mark.parametrize("mark", ["left_at", "exported_at", "sent_at"])
def test_what_the_hub_may_have_is_not_taken_back_here(
    counter: Counter, boss: SignedIn, clerk: SignedIn, mark: str
) -> None:
    registration = counter.register()
    marked: dict[str, Any] = {mark: counter.clock.now().wall}
    with counter.store() as work:
        (due,) = work.outbox.due(None, limit=9)
        work.outbox.put(replace(due.queued, **marked))
        work.commit()
    assert code_of(counter.staffing.risky.void(registration.reference, clerk, boss, WHY)) == "void.sent"
    with counter.store.reading() as work:
        found = work.registrations.by_reference(registration.reference)
    assert found == registration
    assert counter.staffing.risky.of(registration.reference) == []


@pytest.mark.parametrize(
    ("state", "code"),
    [(State.SENT, "void.sent"), (State.ACCEPTED, "void.ended"), (State.LAPSED, "void.ended"),
     (State.CANCELLED, "void.ended")],
)  # fmt: skip
def test_what_was_sent_or_has_ended_is_not_taken_back(
    counter: Counter, boss: SignedIn, clerk: SignedIn, state: State, code: str
) -> None:
    registration = counter.register(state=state)
    assert code_of(counter.staffing.risky.void(registration.reference, clerk, boss, WHY)) == code


def test_taking_back_what_was_refused_takes_its_card_and_its_draft_away_and_sends_nothing(
    counter: Counter, boss: SignedIn, clerk: SignedIn
) -> None:
    registration = counter.register(state=State.NEEDS_FIX)
    with counter.store() as work:
        work.drafts.save(replace(a_draft(1), id=registration.id), counter.clock.now().wall)
        work.audit.append(AuditLine("draft.saved", registration.id, counter.clock.now()))
        work.commit()
    voided = counter.staffing.risky.void(registration.reference, clerk, boss, WHY)
    assert isinstance(voided, Registration)
    with counter.store.reading() as work:
        assert work.registrations.page(state=State.NEEDS_FIX) == []
        assert work.drafts.get(registration.id) is None
        assert work.outbox.waiting() == 0
    assert ("draft.discarded", registration.id, "S2") in counter.lines()
    assert after(voided, Event.ACCEPT, "x") != voided


def test_nothing_is_known_by_another_reference(counter: Counter, boss: SignedIn, clerk: SignedIn) -> None:
    assert code_of(counter.staffing.risky.void("K1-0009-XX", clerk, boss, WHY)) == "reference.unknown"
