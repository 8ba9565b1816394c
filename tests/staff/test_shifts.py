"""Turns: one at a time, passed on with the draft in hand, closed by a report that adds up and is signed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.domain.registration import Outcome, State
from kiosk.domain.shift import ClassTotal, DayReport, Gap
from kiosk.domain.staff import Act
from kiosk.errors import KioskError
from kiosk.services.ports import AuditLine
from kiosk.services.staff import SignedIn
from tests.staff.conftest import Counter
from tests.store.examples import a_draft, a_registration


def test_a_turn_goes_on_after_the_program_has_ended(counter: Counter, clerk: SignedIn) -> None:
    shifts = counter.staffing.shifts
    assert shifts.current() is None
    began = shifts.begin(clerk)
    assert (began.number, began.staff, began.is_running) == (1, "S2", True)
    counter.store.who = ""
    assert shifts.begin(clerk) == began
    shifts.leave()
    assert (shifts.who, shifts.current()) == ("", began)


def test_what_is_written_carries_who_is_signed_in(counter: Counter, clerk: SignedIn) -> None:
    counter.staffing.shifts.begin(clerk)
    with counter.store() as work:
        work.audit.append(AuditLine("draft.saved", "id-1", counter.clock.now()))
        work.audit.append(AuditLine("registration.sent", "id-2", counter.clock.now(), "hub"))
        work.commit()
    counter.staffing.shifts.leave()
    with counter.store() as work:
        work.audit.append(AuditLine("draft.saved", "id-3", counter.clock.now()))
        work.commit()
    told = {subject: who for _, subject, who in counter.lines()}
    assert (told["id-1"], told["id-2"], told["id-3"]) == ("S2", "hub", "-")
    assert counter.store.verify_audit().ok


def test_another_who_signs_in_takes_turn_and_draft_over_and_no_draft_is_lost(
    counter: Counter, boss: SignedIn, clerk: SignedIn
) -> None:
    shifts = counter.staffing.shifts
    shifts.begin(clerk)
    with counter.store() as work:
        open_draft = work.drafts.save(a_draft(1), counter.clock.now().wall)
        work.drafts.save(a_draft(2), counter.clock.now().wall)
        work.commit()
    second = shifts.hand_over(boss, open_draft)
    assert (second.number, second.staff) == (2, "S1")
    first = shifts.days()[1]
    assert (first.handed_to, first.is_running) == ("S1", False)
    assert [line for line in counter.lines() if "handed" in line[0]] == [
        ("shift.handed_over", "shift-1", "S2"),
        ("draft.handed_over", open_draft.id, "S2"),
    ]
    with counter.store.reading() as work:
        assert len(work.drafts.page(limit=9)) == 2


def test_a_turn_is_handed_over_only_where_one_runs_and_to_somebody_else(
    counter: Counter, clerk: SignedIn
) -> None:
    shifts = counter.staffing.shifts
    with pytest.raises(KioskError, match=r"shift\.none"):
        shifts.hand_over(clerk)
    shifts.begin(clerk)
    with pytest.raises(KioskError, match=r"shift\.same"):
        shifts.hand_over(clerk)


def a_day(counter: Counter, boss: SignedIn, clerk: SignedIn) -> DayReport:
    """Two turns: five families of which one is taken back, a number that is left out, a draft."""
    shifts = counter.staffing.shifts
    shifts.begin(clerk)
    counter.register()
    class_three = replace(a_registration(1).decision, care_class=3, people=2, premium_total=70_000)
    counter.register(decision=class_three)
    voided = counter.register()
    counter.numbers += 2
    shifts.hand_over(counter.sign_in("S1", "804213"))
    free = replace(class_three, care_class=None, premium_total=None, outcome=Outcome.NEWBORN, people=1)
    counter.register(decision=free)
    counter.register(state=State.NEEDS_FIX)
    gone = counter.staffing.risky.void(voided.reference, clerk, boss, "keluarga ini datang dua kali")
    assert getattr(gone, "state", None) is State.CANCELLED, gone
    with counter.store() as work:
        work.drafts.save(a_draft(9), counter.clock.now().wall)
        work.commit()
    return shifts.end_of_day()


def test_the_report_of_a_day_adds_up(counter: Counter, boss: SignedIn, clerk: SignedIn) -> None:
    report = a_day(counter, boss, clerk)
    assert report.adds_up
    assert (report.families, report.people, report.premium_total) == (4, 11, 870_000)
    assert report.classes == (
        ClassTotal(0, 1, 1, 0),
        ClassTotal(2, 2, 8, 800_000),
        ClassTotal(3, 1, 2, 70_000),
    )
    assert (report.voided, report.voided_earlier, report.numbers) == (1, 0, 7)
    assert report.gaps == (Gap("K1", 4, 5),)
    assert (report.waiting, report.refused, report.unfinished) == (3, 1, 1)
    assert (report.shifts, report.staff) == ((1, 2), ("S2", "S1"))


def test_a_report_that_was_tampered_with_does_not_add_up(
    counter: Counter, boss: SignedIn, clerk: SignedIn
) -> None:
    report = a_day(counter, boss, clerk)
    for change in ({"families": 5}, {"people": 1}, {"premium_total": 0}, {"numbers": 4}, {"gaps": ()}):
        assert not replace(report, **change).adds_up, change


def test_a_supervisor_signs_what_they_have_read_and_the_next_day_begins_empty(
    counter: Counter, boss: SignedIn, clerk: SignedIn
) -> None:
    shifts = counter.staffing.shifts
    report = a_day(counter, boss, clerk)
    with pytest.raises(KioskError, match=r"staff\.not_supervisor"):
        shifts.sign(report, clerk)
    counter.clock.advance(60)
    closed = shifts.sign(report, boss)
    assert (closed.signed_by, closed.report, closed.is_running) == ("S1", report, False)
    assert shifts.days()[0] == closed
    assert shifts.who == ""
    assert all(shift.day_closed for shift in shifts.days())
    with pytest.raises(KioskError, match=r"shift\.none"):
        shifts.sign(shifts.end_of_day(), boss)
    late = counter.register()
    assert shifts.end_of_day().families == 1, "what came while nobody was signed in is told at once"
    shifts.begin(clerk)
    counter.register()
    tomorrow = shifts.end_of_day()
    assert (tomorrow.families, tomorrow.numbers, tomorrow.gaps) == (2, 2, ())
    assert tomorrow.adds_up
    with counter.store.reading() as work:
        assert work.taken.of_days("2026-11-22", "2026-11-22")[-2].reference == late.reference


def test_a_report_that_is_out_of_date_is_not_signed(
    counter: Counter, boss: SignedIn, clerk: SignedIn
) -> None:
    shifts = counter.staffing.shifts
    shifts.begin(clerk)
    counter.register()
    report = shifts.end_of_day()
    counter.register()
    with pytest.raises(KioskError, match=r"shift\.changed"):
        shifts.sign(report, boss)
    assert shifts.current() is not None


def test_what_the_hub_says_meanwhile_does_not_spoil_a_report(
    counter: Counter, boss: SignedIn, clerk: SignedIn
) -> None:
    counter.staffing.shifts.begin(clerk)
    registration = counter.register()
    report = counter.staffing.shifts.end_of_day()
    with counter.store() as work:
        work.registrations.move(replace(registration, state=State.NEEDS_FIX))
        work.commit()
    assert counter.staffing.shifts.sign(report, boss).report == report


def test_a_store_from_before_there_were_accounts_begins_its_first_day_empty(
    counter: Counter, clerk: SignedIn
) -> None:
    for _ in range(3):
        counter.register()
    counter.staffing.shifts.begin(clerk)
    report = counter.staffing.shifts.end_of_day()
    assert (report.families, report.numbers, report.adds_up) == (0, 0, True)


def test_a_family_of_an_earlier_day_that_is_taken_back_is_told_apart(
    counter: Counter, boss: SignedIn, clerk: SignedIn
) -> None:
    counter.staffing.shifts.begin(clerk)
    earlier = counter.register()
    counter.staffing.shifts.sign(counter.staffing.shifts.end_of_day(), boss)
    counter.staffing.shifts.begin(clerk)
    counter.staffing.risky.void(earlier.reference, clerk, boss, "keluarga ini datang dua kali")
    report = counter.staffing.shifts.end_of_day()
    assert (report.voided, report.voided_earlier, report.adds_up) == (0, 1, True)
    assert counter.staffing.risky.of(earlier.reference)[0].act is Act.VOID
