"""Turns at the counter: begun, handed over with the draft in hand, and closed by a report that is signed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256

from kiosk.domain.draft import Draft
from kiosk.domain.identifiers import parse_reference
from kiosk.domain.registration import Moment, State
from kiosk.domain.shift import ClassTotal, DayReport, Shift, gaps_between
from kiosk.domain.staff import Act
from kiosk.errors import KioskError
from kiosk.services.ports import AuditLine, Clock
from kiosk.services.staff import SignedIn, require_active
from kiosk.services.staff_ports import StaffWork, StaffWorkFactory, Taken

_MANY = 1000


class Shifts:
    """Keeps whose turn it is; from `begin` on what is written to the store carries that person's id.

    Nobody's turn ever removes another's drafts: they wait where they are, for whoever comes next.
    """

    def __init__(self, open_work: StaffWorkFactory, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    @property
    def who(self) -> str:
        """The id of who is signed in; empty for nobody."""
        return self._open_work.who

    def current(self) -> Shift | None:
        """The turn that runs, signed in or not: a crash or a locked screen ends none."""
        with self._open_work.reading() as work:
            return work.shifts.current()

    def begin(self, who: SignedIn, draft: Draft | None = None) -> Shift:
        """Signs somebody in: goes on with their turn, or begins one; another's that still runs is handed
        over.

        `draft` is the one that lies open, which passes on. Raises KioskError `staff.unknown`.
        """
        with self._open_work() as work:
            now = self._clock.now()
            require_active(work, who)
            running = work.shifts.current()
            if running is not None and running.staff == who.id:
                shift, action = running, "shift.resumed"
            else:
                if running is not None:
                    self._pass_on(work, running, who, draft, now)
                shift, action = _new(work, who, now), "shift.began"
            work.audit.append(AuditLine(action, _subject(shift), now, who.id))
            work.commit()
        self._open_work.who = who.id
        return shift

    def hand_over(self, to: SignedIn, draft: Draft | None = None) -> Shift:
        """Ends the turn that runs and begins that of `to`, who has just signed in; gives the new one.

        Raises KioskError `shift.none`, `shift.same`, `staff.unknown`.
        """
        running = self.current()
        if running is None:
            raise KioskError("shift.none")
        if running.staff == to.id:
            raise KioskError("shift.same")
        return self.begin(to, draft)

    def leave(self) -> None:
        """Signs out; the turn and all drafts stay as they are."""
        running = self.current()
        if self.who:
            with self._open_work() as work:
                subject = _subject(running) if running else self.who
                work.audit.append(AuditLine("shift.left", subject, self._clock.now()))
                work.commit()
        self._open_work.who = ""

    def end_of_day(self) -> DayReport:
        """The report of what was done since the last one that was signed; changes nothing."""
        with self._open_work.reading() as work:
            return _report(work, self._clock.now())

    def sign(self, report: DayReport, by: SignedIn) -> Shift:
        """Closes the day by a supervisor's name under the report that they have read; gives the last turn.

        Raises KioskError `staff.not_supervisor`, `shift.none` (there is no turn to close), `shift.changed`
        (more was done since the report was made: make and read another).
        """
        with self._open_work() as work:
            if not require_active(work, by).is_supervisor:
                raise KioskError("staff.not_supervisor")
            now = self._clock.now()
            shifts = work.shifts.unsigned()
            if not shifts:
                raise KioskError("shift.none")
            if not _same_work(_report(work, now), report):
                raise KioskError("shift.changed")
            *earlier, last = shifts
            for shift in earlier:
                work.shifts.replace(replace(shift, day_closed=True))
            closed = replace(
                last, ended=last.ended or now.wall, signed_by=by.id, day_closed=True, report=report
            )
            work.shifts.replace(closed)
            mark = sha256(repr(report).encode("utf-8", "replace")).hexdigest()[:16]
            work.audit.append(
                AuditLine("shift.signed", _subject(closed), now, by.id, (), (f"report.{mark}",))
            )
            work.commit()
        self._open_work.who = ""
        return closed

    def days(self, *, limit: int = 50, before: int = 0) -> Sequence[Shift]:
        """The turns, newest first; those with a report closed a day."""
        with self._open_work.reading() as work:
            return work.shifts.page(limit=limit, before=before)

    def _pass_on(
        self, work: StaffWork, running: Shift, to: SignedIn, draft: Draft | None, now: Moment
    ) -> None:
        work.shifts.replace(replace(running, ended=now.wall, handed_to=to.id))
        codes = (f"to.{to.id}", f"drafts.{len(work.drafts.page(limit=_MANY))}")
        work.audit.append(AuditLine("shift.handed_over", _subject(running), now, codes=codes))
        if draft is not None and draft.revision:
            work.audit.append(AuditLine("draft.handed_over", draft.id, now, codes=codes))


def _new(work: StaffWork, who: SignedIn, now: Moment) -> Shift:
    return work.shifts.add(Shift(0, who.id, now.wall, _day_begins_after(work, work.shifts.unsigned())))


def _day_begins_after(work: StaffWork, of_the_day: Sequence[Shift]) -> int:
    """The place of the last registration before the day that is not signed yet.

    What came in while nobody was signed in belongs to the day that begins.
    """
    if of_the_day:
        return of_the_day[0].after
    newest = work.shifts.page(limit=1)
    if not newest:
        return work.taken.last_n()
    return newest[0].report.last if newest[0].report else newest[0].after


def _same_work(now: DayReport, read: DayReport) -> bool:
    """Whether nothing was done here meanwhile; what the hub says and takes may change at any time."""
    of_now = {"at": read.at, "doubtful": read.doubtful, "waiting": read.waiting, "refused": read.refused}
    return replace(now, **of_now) == read  # type: ignore[arg-type]  # each has the type of its own field


def _subject(shift: Shift) -> str:
    return f"shift-{shift.number}"


def _report(work: StaffWork, now: Moment) -> DayReport:
    shifts = work.shifts.unsigned()
    after = _day_begins_after(work, shifts)
    found = work.taken.after(after)
    standing = [one for one in found if one.state != State.CANCELLED]
    before = work.taken.before(after)
    given = [*([before.reference] if before else []), *(one.reference for one in found)]
    names = {one.reference for one in found}
    voids = [one for one in _voids(work, shifts) if one not in names]
    return DayReport(
        shifts=tuple(shift.number for shift in shifts),
        staff=tuple(dict.fromkeys(shift.staff for shift in shifts)),
        began=shifts[0].began if shifts else now.wall,
        at=now.wall,
        families=len(standing),
        people=sum(one.people for one in standing),
        classes=_by_class(standing),
        premium_total=sum(one.premium_total or 0 for one in standing),
        voided=len(found) - len(standing),
        voided_earlier=len(voids),
        waiting=work.outbox.waiting(at_most=_MANY),
        refused=len(work.registrations.page(state=State.NEEDS_FIX, limit=_MANY)),
        unfinished=len(work.drafts.page(limit=_MANY)),
        numbers=_numbers(given, has_before=before is not None),
        gaps=gaps_between(given),
        last=found[-1].n if found else after,
        doubtful=not now.trusted or any(one.doubtful for one in found),
    )


def _voids(work: StaffWork, shifts: Sequence[Shift]) -> set[str]:
    if not shifts:
        return set()
    approved = work.approvals.of_shifts(shifts[0].number, shifts[-1].number)
    return {one.subject for one in approved if one.act is Act.VOID}


def _by_class(found: Iterable[Taken]) -> tuple[ClassTotal, ...]:
    totals: dict[int, ClassTotal] = {}
    for one in found:
        # Only who pays a premium here chose a class here.
        care_class = (one.care_class or 0) if one.premium_total is not None else 0
        held = totals.get(care_class, ClassTotal(care_class, 0, 0, 0))
        totals[care_class] = ClassTotal(
            care_class, held.families + 1, held.people + one.people, held.premium + (one.premium_total or 0)
        )
    return tuple(totals[care_class] for care_class in sorted(totals))


def _numbers(references: Sequence[str], *, has_before: bool) -> int:
    """How many receipt numbers were given, by the first and the last one of each kiosk."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for place, text in enumerate(references):
        reference = parse_reference(text)
        if reference is not None:
            number = reference.number if place == 0 and has_before else reference.number - 1
            first.setdefault(reference.kiosk, number)
            last[reference.kiosk] = reference.number
    return sum(last[kiosk] - first[kiosk] for kiosk in last)
