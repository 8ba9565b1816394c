"""Accounts of the counter's staff: made by a supervisor, opened by a PIN, never locking the counter."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from kiosk.domain.elapsed import likely_seconds
from kiosk.domain.fields import Problem
from kiosk.domain.registration import Moment
from kiosk.domain.staff import (
    NOBODY,
    Member,
    Role,
    Second,
    clean_name,
    name_problem,
    normal_secret,
    pause_after,
    pin_problem,
)
from kiosk.errors import KioskError
from kiosk.services.ports import AuditLine, Clock, Randomness
from kiosk.services.second_factor import Sheet, Spent, code_fits, new_sheet
from kiosk.services.staff_ports import PinHasher, StaffWork, StaffWorkFactory


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who has just proved who they are: by `Staff.sign_in` alone."""

    id: str
    name: str
    role: Role
    at: Moment

    @property
    def is_supervisor(self) -> bool:
        return self.role is Role.SUPERVISOR


@dataclass(frozen=True, slots=True)
class StaffLine:
    """One account in a list. `wait_seconds` is how long its PIN is not looked at; 0 for now."""

    id: str
    name: str
    role: Role
    active: bool
    second: Second
    wait_seconds: int = 0
    codes_left: int = 0


class Staff:
    """Makes accounts, and tells by their PINs who is there.

    Every wrong PIN counts before it is looked at, so that pulling the plug forgives none; the pause that
    grows is the account's alone, and a supervisor ends it. `by` is who asks for a change: a supervisor who
    signed in.
    """

    def __init__(
        self, open_work: StaffWorkFactory, clock: Clock, randomness: Randomness, hasher: PinHasher
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._randomness = randomness
        self._hasher = hasher

    def is_empty(self) -> bool:
        """Whether there is no account yet, so that the first one has to be made."""
        with self._open_work.reading() as work:
            return work.staff.count() == 0

    def people(self, *, with_inactive: bool = False) -> list[StaffLine]:
        """The accounts in the order in which they were made."""
        now = self._clock.now()
        with self._open_work.reading() as work:
            everybody = work.staff.everybody()
        return [_line(one, now) for one in everybody if one.active or with_inactive]

    def name_of(self, staff_id: str) -> str:
        """The name behind an id of the audit trail; empty where it is nobody's."""
        with self._open_work.reading() as work:
            found = work.staff.get(staff_id)
        return found.name if found else ""

    def add(self, name: str, role: Role, pin: str, *, by: SignedIn | None = None) -> StaffLine | Problem:
        """Makes an account. The first one needs no `by` and is a supervisor's.

        Problems: `staff.name_missing` `staff.name_long` `staff.name_taken`, `pin.missing` `pin.short`
        `pin.simple` `pin.long`. Raises KioskError `staff.not_supervisor`, `staff.first_supervisor`.
        """
        problem = name_problem(name) or pin_problem(pin)
        if problem is not None:
            return problem
        hashed = self._hasher.hash(normal_secret(pin))
        now = self._clock.now()
        with self._open_work() as work:
            everybody = work.staff.everybody()
            if everybody:
                _require_supervisor(work, by)
            elif role is not Role.SUPERVISOR:
                raise KioskError("staff.first_supervisor")
            problem = name_problem(name, [one.name for one in everybody if one.active])
            if problem is not None:
                return problem
            member = Member(f"S{len(everybody) + 1}", clean_name(name), role, hashed, made_at=now.wall)
            work.staff.add(member)
            _tell(work, "staff.added", member.id, now, by, role.value)
            work.commit()
        return _line(member, now)

    def reset(self, staff_id: str, pin: str, *, by: SignedIn) -> Problem | None:
        """Gives an account a new PIN, takes its second factor away and ends its pause.

        Problems as of `add`. Raises KioskError `staff.unknown`, `staff.not_supervisor`.
        """
        problem = pin_problem(pin)
        if problem is not None:
            return problem
        hashed = self._hasher.hash(normal_secret(pin))
        with self._open_work() as work:
            _require_supervisor(work, by)
            work.staff.replace(_with_new_pin(_known(work, staff_id), hashed))
            _tell(work, "staff.reset", staff_id, self._clock.now(), by)
            work.commit()
        return None

    def change_pin(self, own: SignedIn, old: str, new: str, code: str = "") -> Problem | None:
        """Gives one's own account a new PIN; the old one is asked, and counts as at sign-in."""
        problem = pin_problem(new)
        if problem is not None:
            return problem
        proved = self.sign_in(own.id, old, code)
        if isinstance(proved, Problem):
            return proved
        hashed = self._hasher.hash(normal_secret(new))
        with self._open_work() as work:
            work.staff.replace(replace(_known(work, own.id), pin_hash=hashed))
            _tell(work, "staff.pin_changed", own.id, self._clock.now(), own)
            work.commit()
        return None

    def deactivate(self, staff_id: str, *, by: SignedIn) -> None:
        """Closes an account for good measure; what it did stays told. Nobody's drafts are touched.

        Raises KioskError `staff.unknown`, `staff.not_supervisor`, `staff.last_supervisor`.
        """
        self._change(staff_id, "staff.deactivated", by, active=False)

    def activate(self, staff_id: str, *, by: SignedIn) -> None:
        """Opens a closed account again."""
        self._change(staff_id, "staff.activated", by, active=True)

    def unlock(self, staff_id: str, *, by: SignedIn) -> None:
        """Ends the pause of an account. Raises KioskError `staff.unknown`, `staff.not_supervisor`."""
        self._change(staff_id, "staff.unlocked", by, failures=0, failed=None)

    def wait_seconds(self, staff_id: str) -> int:
        """Whole seconds until the account's PIN is looked at again; 0 for now."""
        with self._open_work.reading() as work:
            found = work.staff.get(staff_id)
        return _wait(found, self._clock.now()) if found else 0

    def sign_in(self, staff_id: str, pin: str, code: str = "") -> SignedIn | Problem:
        """Who this is, by PIN and, where the account has one, the second factor; begins no shift.

        Problems: `staff.unknown` (nobody's, or closed), `pin.missing`, `pin.wait` (`seconds`: nothing was
        looked at), `pin.wrong`, `pin.wrong_pause` (`seconds` of the pause that it brought), and only after a
        right PIN `second.missing` (ask for the code), `second.clock` (ask for one of the printed list, since
        the clock is in doubt), `second.wrong`.
        """
        if not normal_secret(pin):
            return Problem("pin", "pin.missing")
        counted = self._count_try(staff_id)
        if isinstance(counted, Problem):
            return counted
        fits = self._hasher.fits(counted.pin_hash, normal_secret(pin))
        return self._judge(counted, fits=fits, code=code)

    def _count_try(self, staff_id: str) -> Member | Problem:
        """Counts a try as wrong before it is looked at; gives the account as it was before."""
        now = self._clock.now()
        with self._open_work() as work:
            found = work.staff.get(staff_id)
            if found is None or not found.active:
                return Problem("staff", "staff.unknown")
            wait = _wait(found, now)
            if wait:
                return Problem("pin", "pin.wait", params={"seconds": wait})
            work.staff.replace(replace(found, failures=found.failures + 1, failed=now))
            work.commit()
        return found

    def _judge(self, before: Member, *, fits: bool, code: str) -> SignedIn | Problem:
        now = self._clock.now()
        checked = code_fits(before, code, now, self._hasher) if fits and before.second else None
        spent = checked if isinstance(checked, Spent) else None
        problem = checked if isinstance(checked, Problem) else None
        if not fits:
            problem = _wrong(before.failures + 1)
        with self._open_work() as work:
            member = _known(work, before.id)
            if problem is None:
                after = replace(member, failures=0, failed=None)
                if spent is not None:
                    after = replace(after, second_step=spent.step, one_time=spent.one_time)
                work.staff.replace(after)
            elif problem.code in {"second.missing", "second.clock"}:  # nothing was guessed
                work.staff.replace(replace(member, failures=before.failures, failed=before.failed))
            else:
                line = AuditLine("staff.refused", before.id, now, NOBODY, codes=(problem.code,))
                work.audit.append(line)
            work.commit()
        return problem or SignedIn(before.id, before.name, before.role, now)

    def set_second(self, staff_id: str, kind: Second, *, by: SignedIn) -> Sheet | None:
        """Asks an account for a second factor from now on: gives its sheet, to be printed once; None for
        none.

        `TOTP` also gets ten codes to print, for when the clock is in doubt. A person may set their own;
        another's only a supervisor. Raises KioskError `staff.unknown`, `staff.not_supervisor`.
        """
        now = self._clock.now()
        with self._open_work() as work:
            if staff_id != by.id:
                _require_supervisor(work, by)
            require_active(work, by)
            member = _known(work, staff_id)
            sheet = new_sheet(member, kind, self._randomness, self._hasher, now) if kind else None
            secret, one_time = (sheet.secret, sheet.digests) if sheet else ("", ())
            work.staff.replace(replace(member, second=kind, second_secret=secret, one_time=one_time))
            _tell(work, "staff.second_factor", staff_id, now, by, kind.value or "none")
            work.commit()
        return sheet

    def recover(self, staff_id: str, pin: str) -> Problem | None:
        """As `reset`, for who has proved otherwise that the counter is theirs; the trail tells it apart."""
        problem = pin_problem(pin)
        if problem is not None:
            return problem
        hashed = self._hasher.hash(normal_secret(pin))
        with self._open_work() as work:
            member = _with_new_pin(_known(work, staff_id), hashed)
            work.staff.replace(replace(member, active=True))
            _tell(work, "staff.recovered", staff_id, self._clock.now(), None)
            work.commit()
        return None

    def note(self, action: str, subject: str, by: SignedIn) -> None:
        """Writes into the trail what somebody who signed in was shown."""
        with self._open_work() as work:
            work.audit.append(AuditLine(action, subject, self._clock.now(), by.id))
            work.commit()

    def _change(self, staff_id: str, action: str, by: SignedIn, **changes: object) -> None:
        with self._open_work() as work:
            _require_supervisor(work, by)
            member = _known(work, staff_id)
            changed: Member = replace(member, **changes)  # type: ignore[arg-type]  # each caller names its own
            others = (one for one in work.staff.everybody() if one.id != staff_id)
            if not changed.active and not any(one.is_supervisor for one in others):
                raise KioskError("staff.last_supervisor")
            work.staff.replace(changed)
            _tell(work, action, staff_id, self._clock.now(), by)
            work.commit()


def require_active(work: StaffWork, who: SignedIn) -> Member:
    """The account of who signed in, as it is now; raises KioskError `staff.unknown` where it is closed."""
    member = work.staff.get(who.id)
    if member is None or not member.active:
        raise KioskError("staff.unknown")
    return member


def _require_supervisor(work: StaffWork, by: SignedIn | None) -> None:
    if by is None or not require_active(work, by).is_supervisor:
        raise KioskError("staff.not_supervisor")


def _with_new_pin(member: Member, hashed: str) -> Member:
    """The account with another PIN, no second factor and no pause."""
    return replace(
        member,
        pin_hash=hashed,
        failures=0,
        failed=None,
        second=Second.NONE,
        second_secret="",
        one_time=(),
    )


def _known(work: StaffWork, staff_id: str) -> Member:
    found = work.staff.get(staff_id)
    if found is None:
        raise KioskError("staff.unknown")
    return found


def _tell(work: StaffWork, action: str, staff_id: str, now: Moment, by: SignedIn | None, *codes: str) -> None:
    who = by.id if by else NOBODY
    work.audit.append(AuditLine(action, staff_id, now, who, (), tuple(code for code in codes if code)))


def _wrong(failures: int) -> Problem:
    """A wrong PIN: how many more are free, or how long the pause is that it brought."""
    pause = pause_after(failures)
    if pause:
        return Problem("pin", "pin.wrong_pause", params={"seconds": pause})
    return Problem("pin", "pin.wrong")


def _wait(member: Member, now: Moment) -> int:
    if member.failed is None:
        return 0
    passed = likely_seconds(member.failed, now)
    return max(0, math.ceil(pause_after(member.failures) - passed))


def _line(member: Member, now: Moment) -> StaffLine:
    return StaffLine(
        id=member.id,
        name=member.name,
        role=member.role,
        active=member.active,
        second=member.second,
        wait_seconds=_wait(member, now),
        codes_left=len(member.one_time),
    )
