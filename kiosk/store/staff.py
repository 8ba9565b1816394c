"""Accounts, shifts and approvals as statements on their tables, and registrations as a report counts them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, func, insert, literal_column, select, update

from kiosk.domain.shift import ClassTotal, DayReport, Gap, Shift
from kiosk.domain.staff import Act, Member, Role, Second
from kiosk.errors import StoreError
from kiosk.services.staff_ports import Approval, Taken
from kiosk.store.mapping import moment_columns, moment_from, storable
from kiosk.store.session import Session, Statement
from kiosk.store.tables import (
    AgreedSettingsRow,
    ApprovalRow,
    DocumentRow,
    RegistrationRow,
    ShiftRow,
    StaffRow,
    table_of,
)

_STAFF = table_of(StaffRow)
_S = _STAFF.c
_ADD = Statement(insert(_STAFF))
_GET = Statement(select(_STAFF).where(_S.id == bindparam("id_")))
_CHANGES = tuple(name for name in _S.keys() if name != "id")  # noqa: SIM118
_REPLACE = Statement(
    update(_STAFF).where(_S.id == bindparam("id_")).values({name: bindparam(name) for name in _CHANGES})
)
_EVERYBODY = Statement(select(_STAFF))
_COUNT = Statement(select(func.count()).select_from(_STAFF))


class SqlStaff:
    """Accounts by their ids; none is ever removed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, member: Member) -> None:
        """Stores it; raises StoreError `store.duplicate` where its id is there already."""
        self._session.run(_ADD, _member_columns(member))

    def get(self, staff_id: str) -> Member | None:
        row = self._session.row(_GET, {"id_": staff_id})
        return _member(row) if row else None

    def replace(self, member: Member) -> None:
        """Keeps what changed of it; raises StoreError `store.unknown` where it is not there."""
        if self._session.run(_REPLACE, _member_columns(member) | {"id_": member.id}).rowcount != 1:
            raise StoreError("store.unknown", "no account with this id")

    def everybody(self) -> list[Member]:
        """All accounts in the order in which they were made."""
        found = [_member(row) for row in self._session.rows(_EVERYBODY, {})]
        return sorted(found, key=lambda member: (len(member.id), member.id))

    def count(self) -> int:
        row = self._session.row(_COUNT, {})
        return int(row[0]) if row else 0


def _member_columns(member: Member) -> dict[str, Any]:
    return {
        "id": member.id,
        "name": storable(member.name),
        "role": member.role.value,
        "pin_hash": member.pin_hash,
        "active": int(member.active),
        "second": member.second.value,
        "second_secret": member.second_secret,
        "second_step": member.second_step,
        "one_time": json.dumps(member.one_time),
        "failures": member.failures,
        "failed": json.dumps(moment_columns(member.failed)) if member.failed else "",
        "made_at": member.made_at,
    }


def _member(row: tuple[Any, ...]) -> Member:
    identity, name, role, pin_hash, active, second, secret, step, one_time, failures, failed, made_at = row
    return Member(
        id=identity,
        name=name,
        role=Role(role),
        pin_hash=pin_hash,
        active=bool(active),
        second=Second(second),
        second_secret=secret,
        second_step=step,
        one_time=tuple(json.loads(one_time)),
        failures=failures,
        failed=moment_from(**json.loads(failed)) if failed else None,
        made_at=made_at,
    )


_SHIFT = table_of(ShiftRow)
_H = _SHIFT.c
_ADD_SHIFT = Statement(insert(_SHIFT))
_CHANGE_SHIFT = Statement(
    update(_SHIFT)
    .where(_H.number == bindparam("number_"))
    .values({name: bindparam(name) for name in _H.keys() if name != "number"})  # noqa: SIM118
)
_UNSIGNED = Statement(select(_SHIFT).where(_H.day_closed == literal_column("0")).order_by(_H.number))
_NEWEST_SHIFTS = Statement(
    select(_SHIFT)
    .where(_H.number < bindparam("before_"))
    .order_by(_H.number.desc())
    .limit(bindparam("limit_"))
)
_NO_END = 2**63 - 1


class SqlShifts:
    """Shifts, the newest last."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, shift: Shift) -> Shift:
        """Stores it under the next number."""
        cursor = self._session.run(_ADD_SHIFT, _shift_columns(shift) | {"number": None})
        return Shift(int(cursor.lastrowid), shift.staff, shift.began, shift.after)

    def replace(self, shift: Shift) -> None:
        """Keeps what changed of it; raises StoreError `store.unknown` where it is not there."""
        values = _shift_columns(shift) | {"number_": shift.number}
        if self._session.run(_CHANGE_SHIFT, values).rowcount != 1:
            raise StoreError("store.unknown", "no shift with this number")

    def current(self) -> Shift | None:
        """The shift that runs; at most one does."""
        newest = self.page(limit=1)
        return newest[0] if newest and newest[0].is_running else None

    def unsigned(self) -> list[Shift]:
        """The shifts of the day that no supervisor has signed, oldest first."""
        return [_shift(row) for row in self._session.rows(_UNSIGNED, {})]

    def page(self, *, limit: int, before: int = 0) -> list[Shift]:
        """Shifts, newest first, those below the number `before` where one is given."""
        rows = self._session.rows(_NEWEST_SHIFTS, {"before_": before or _NO_END, "limit_": limit})
        return [_shift(row) for row in rows]


def _shift_columns(shift: Shift) -> dict[str, Any]:
    return {
        "staff": shift.staff,
        "began": shift.began,
        "after": shift.after,
        "ended": shift.ended,
        "handed_to": shift.handed_to,
        "signed_by": shift.signed_by,
        "day_closed": int(shift.day_closed),
        "report": json.dumps(asdict(shift.report)) if shift.report else "",
    }


def _shift(row: tuple[Any, ...]) -> Shift:
    number, staff, began, after, ended, handed_to, signed_by, day_closed, report = row
    return Shift(
        number=number,
        staff=staff,
        began=began,
        after=after,
        ended=ended,
        handed_to=handed_to,
        signed_by=signed_by,
        day_closed=bool(day_closed),
        report=_report(json.loads(report)) if report else None,
    )


def _report(document: dict[str, Any]) -> DayReport:
    """A report as it was signed; what later versions of the program may have added to it is left out."""
    known = {name: value for name, value in document.items() if name in DayReport.__dataclass_fields__}
    return DayReport(
        **known
        | {
            "shifts": tuple(document["shifts"]),
            "staff": tuple(document["staff"]),
            "classes": tuple(ClassTotal(**one) for one in document["classes"]),
            "gaps": tuple(Gap(**one) for one in document["gaps"]),
        }
    )


_APPROVAL = table_of(ApprovalRow)
_P = _APPROVAL.c
_APPROVE = Statement(insert(_APPROVAL))
_OF_SHIFTS = Statement(
    select(_APPROVAL)
    .where(_P.shift >= bindparam("first_"), _P.shift <= bindparam("last_"))
    .order_by(_P.shift, _P.n)
)
_OF_SUBJECT = Statement(select(_APPROVAL).where(_P.subject == bindparam("subject_")).order_by(_P.n))


class SqlApprovals:
    """What two people allowed, in the order in which they did."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, approval: Approval) -> Approval:
        """Stores it under the next number."""
        values = asdict(approval) | {
            "n": None,
            "act": approval.act.value,
            "reason": storable(approval.reason),
        }
        n = int(self._session.run(_APPROVE, values).lastrowid)
        return Approval(**asdict(approval) | {"n": n})

    def of_shifts(self, first: int, last: int) -> list[Approval]:
        """Those of the shifts with these numbers and between them."""
        rows = self._session.rows(_OF_SHIFTS, {"first_": first, "last_": last})
        return [_approval(row) for row in rows]

    def of_subject(self, subject: str) -> list[Approval]:
        """Those that tell of one registration or other subject."""
        return [_approval(row) for row in self._session.rows(_OF_SUBJECT, {"subject_": subject})]


def _approval(row: tuple[Any, ...]) -> Approval:
    n, act, *rest = row
    return Approval(n, Act(act), *rest)


_AGREED = table_of(AgreedSettingsRow)
_AGREE = Statement(insert(_AGREED))
_LAST_AGREED = Statement(select(_AGREED.c.body).order_by(_AGREED.c.n.desc()).limit(literal_column("1")))


class SqlAgreedSettings:
    """Settings that were agreed, the newest last."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, settings: Mapping[str, str], at: str) -> None:
        """Stores them as agreed now."""
        body = json.dumps(dict(settings), sort_keys=True)
        self._session.run(_AGREE, {"n": None, "at": at, "body": body})

    def last(self) -> dict[str, str] | None:
        """Those agreed last; None where there are none."""
        row = self._session.row(_LAST_AGREED, {})
        return {str(name): str(value) for name, value in json.loads(row[0]).items()} if row else None


_R = table_of(RegistrationRow).c
_DOCUMENT = table_of(DocumentRow)


def _told(path: str) -> Any:
    return func.json_extract(_DOCUMENT.c.body, literal_column(f"'$.{path}'"))


_WHOLE = select(
    _R.n, _R.reference, _R.state, _R.people, _told("decision.care_class"), _R.premium_total, _R.created_wall,
    _R.doubtful, _told("family.contact.phone"), _told("family.bank.account"), _told("consent_seconds"),
    _told("source"), _told("served_by"),
).select_from(table_of(RegistrationRow).join(_DOCUMENT, _DOCUMENT.c.registration == _R.n))  # fmt: skip
_LAST_N = Statement(select(_R.n).order_by(_R.n.desc()).limit(literal_column("1")))
_BEFORE = Statement(_WHOLE.where(_R.n <= bindparam("n_")).order_by(_R.n.desc()).limit(literal_column("1")))
_AFTER = Statement(_WHOLE.where(_R.n > bindparam("n_")).order_by(_R.n))
_OF_DAYS = Statement(
    _WHOLE.where(_R.created_day >= bindparam("first_"), _R.created_day <= bindparam("last_")).order_by(
        _R.created_day, _R.n
    )
)


class SqlTaken:
    """Registrations in a range, each with what a report and the signs of misuse need of it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def last_n(self) -> int:
        """The place of the newest registration; 0 where there is none."""
        row = self._session.row(_LAST_N, {})
        return int(row[0]) if row else 0

    def before(self, n: int) -> Taken | None:
        """The newest one up to the place `n`."""
        row = self._session.row(_BEFORE, {"n_": n})
        return _taken(row) if row else None

    def after(self, n: int) -> list[Taken]:
        """Those behind the place `n`, in the order in which they were stored."""
        return [_taken(row) for row in self._session.rows(_AFTER, {"n_": n})]

    def of_days(self, first: str, last: str) -> list[Taken]:
        """Those of two days (ISO) and between them."""
        return [_taken(row) for row in self._session.rows(_OF_DAYS, {"first_": first, "last_": last})]


def _taken(row: tuple[Any, ...]) -> Taken:
    n, reference, state, people, care_class, premium, at, doubtful, phone, account, seconds, source, by = row
    return Taken(
        n=n,
        reference=reference,
        state=state,
        people=people,
        care_class=care_class,
        premium_total=premium,
        at=at,
        doubtful=bool(doubtful),
        phone=phone or "",
        account=str(account or ""),
        seconds=seconds,
        source=source or "screen",
        by=by or "",
    )
