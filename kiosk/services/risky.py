"""Acts that take two people: each signed in, one of them a supervisor, with a reason that is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kiosk.domain.elapsed import certain_seconds
from kiosk.domain.fields import Problem, tidy
from kiosk.domain.registration import Event, Forbidden, Moment, Registration, State, after
from kiosk.domain.staff import Act, reason_problem
from kiosk.services.ports import AuditLine, Clock
from kiosk.services.staff import SignedIn
from kiosk.services.staff_ports import Approval, StaffWork, StaffWorkFactory

FRESH_SECONDS = 300
"""For how long the second person's sign-in counts: nobody can keep another's word for later."""


class Risky:
    """Lets two people do what one alone may not, and writes down who, what and why.

    The reason may name people, so it stays in the store; the trail has the act, the subject and both ids.
    """

    def __init__(self, open_work: StaffWorkFactory, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    def allow(
        self,
        act: Act,
        subject: str,
        first: SignedIn,
        second: SignedIn,
        reason: str,
        *,
        also: Callable[[StaffWork], None] | None = None,
    ) -> Approval | Problem:
        """Notes that two people allow an act on a subject, before it is done; `also` is stored with it.

        Problems: `risky.same_person`, `risky.no_supervisor`, `risky.stale` (the second signed in long ago),
        `staff.unknown` (one of them is closed), `reason.short`, `reason.long`.
        """
        with self._open_work() as work:
            now = self._clock.now()
            problem = _not_two(work, first, second, reason, now)
            if problem is not None:
                return problem
            approval = _approve(work, Approval(0, act, subject, first.id, second.id, reason), now)
            if also is not None:
                also(work)
            work.commit()
        return approval

    def void(self, reference: str, first: SignedIn, second: SignedIn, reason: str) -> Registration | Problem:
        """Takes a registration back for good: one that was refused, or has not set out for the hub.

        It is sent no more, a draft that mends it is removed, and its people can be registered anew; number
        and receipt stay used up. Problems as of `allow`, and `reference.unknown`, `void.sent` (the hub has
        it, or may have it), `void.ended`.
        """
        with self._open_work() as work:
            now = self._clock.now()
            registration = work.registrations.by_reference(reference)
            if registration is None:
                return Problem("reference", "reference.unknown")
            voided = _voided(work, registration, now)
            problem = voided if isinstance(voided, Problem) else _not_two(work, first, second, reason, now)
            if problem is not None or isinstance(voided, Problem):
                return problem or Problem("reference", "void.ended")
            _approve(work, Approval(0, Act.VOID, reference, first.id, second.id, reason), now)
            _take_away(work, registration, voided, first, now)
            work.commit()
        return voided

    def can_void(self, registration: Registration) -> bool:
        """Whether it could be taken back at this moment."""
        with self._open_work.reading() as work:
            return not isinstance(_voided(work, registration, self._clock.now()), Problem)

    def of(self, subject: str) -> list[Approval]:
        """What two people allowed on a subject, oldest first."""
        with self._open_work.reading() as work:
            return work.approvals.of_subject(subject)


def _voided(work: StaffWork, registration: Registration, now: Moment) -> Registration | Problem:
    moved = after(registration, Event.CANCEL, now.wall)
    if isinstance(moved, Forbidden):
        ended = moved.code == "state.ended" or registration.state is State.ACCEPTED
        return Problem("reference", "void.ended" if ended else "void.sent")
    queued = work.outbox.get(registration.id, registration.version)
    waits = registration.state is State.SUBMITTED
    if waits and queued is not None and (queued.left_at or queued.exported_at or queued.sent_at):
        return Problem("reference", "void.sent")
    return moved


def _take_away(
    work: StaffWork, before: Registration, voided: Registration, first: SignedIn, now: Moment
) -> None:
    work.registrations.move(voided)
    if before.state is State.SUBMITTED:
        work.outbox.withdraw(before.id, before.version)
    if work.drafts.get(before.id) is not None:
        work.drafts.remove(before.id)
        work.audit.append(AuditLine("draft.discarded", before.id, now, first.id, (), ("void",)))
    work.audit.append(AuditLine("registration.voided", before.reference, now, first.id, (), (before.state,)))


def _not_two(work: StaffWork, first: SignedIn, second: SignedIn, reason: str, now: Moment) -> Problem | None:
    if first.id == second.id:
        return Problem("second", "risky.same_person")
    members = [work.staff.get(one.id) for one in (first, second)]
    if not all(member is not None and member.active for member in members):
        return Problem("second", "staff.unknown")
    if not any(member is not None and member.is_supervisor for member in members):
        return Problem("second", "risky.no_supervisor")
    passed = certain_seconds(second.at, now)
    if passed is None or passed > FRESH_SECONDS:
        return Problem("second", "risky.stale")
    return reason_problem(reason)


def _approve(work: StaffWork, approval: Approval, now: Moment) -> Approval:
    running = work.shifts.current()
    shift = running.number if running else _last_of_the_day(work)
    codes = (f"first.{approval.first}", f"second.{approval.second}")
    action = f"approved.{approval.act}"
    work.audit.append(AuditLine(action, approval.subject, now, approval.first, (), codes))
    return work.approvals.add(replace(approval, reason=tidy(approval.reason), at=now.wall, shift=shift))


def _last_of_the_day(work: StaffWork) -> int:
    """The last turn of a day that is not signed yet; 0 where nobody has begun one."""
    unsigned = work.shifts.unsigned()
    return unsigned[-1].number if unsigned else 0
