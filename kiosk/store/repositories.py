"""Drafts and registrations as statements on their tables; none of them commits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    column,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from kiosk.domain.draft import Draft
from kiosk.domain.registration import LIVE, Registration, State
from kiosk.errors import StaleDraftError, StoreError
from kiosk.services.ports import AuditLine, DraftSummary, RegistrationSummary
from kiosk.store import mapping
from kiosk.store.session import Session, Statement
from kiosk.store.tables import (
    AuditRow,
    CounterRow,
    DocumentRow,
    DraftRow,
    MemberRow,
    RegistrationRow,
    table_of,
)

_NEWEST = 2**63 - 1


def listed(name: str) -> Select[tuple[str]]:
    """The values of the JSON list in parameter `name`, for `in_`: one statement for any number of them."""
    return select(func.json_each(bindparam(name)).table_valued(column("value", Text)).c.value)


_DRAFT = table_of(DraftRow)
_D = _DRAFT.c
_DRAFT_INSERT = Statement(upsert(_DRAFT).on_conflict_do_nothing())
_DRAFT_UPDATE = Statement(
    update(_DRAFT)
    .where(_D.id == bindparam("id_"), _D.revision == bindparam("revision_"))
    .values({name: bindparam(name) for name in _D.keys() if name != "id"})  # noqa: SIM118
)
_DRAFT_GET = Statement(
    select(_D.id, _D.revision, _D.started_at, _D.saved_at, _D.document).where(_D.id == bindparam("id_"))
)
_DRAFT_PAGE = Statement(
    select(_D.id, _D.kk, _D.name, _D.people, _D.at, _D.started_at, _D.saved_at)
    .order_by(_D.saved_at.desc(), literal_column("draft.rowid").desc())
    .limit(bindparam("limit_"))
    .offset(bindparam("offset_"))
)
_DRAFT_OLDER = Statement(
    select(_D.id, _D.kk, _D.name, _D.people, _D.at, _D.started_at, _D.saved_at)
    .where(_D.saved_at < bindparam("before_"))
    .order_by(_D.saved_at)
    .limit(bindparam("limit_"))
)
_DRAFT_REMOVE = Statement(delete(_DRAFT).where(_D.id == bindparam("id_")))


class SqlDrafts:
    """Registrations under way, the last saved first."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def save(self, draft: Draft, saved_at: str) -> Draft:
        """Stores `draft` and returns it with its next revision.

        Raises StaleDraftError where the stored draft is not the one that `draft` was made from: it was saved
        by somebody else, or it is gone.
        """
        values = mapping.draft_columns(draft, saved_at)
        if draft.revision == 0:
            done = self._session.run(_DRAFT_INSERT, values)
        else:
            at = {"id_": draft.id, "revision_": draft.revision}
            done = self._session.run(_DRAFT_UPDATE, values | at)
        if done.rowcount != 1:
            raise StaleDraftError("draft.stale")
        return mapping.saved(draft, saved_at)

    def get(self, draft_id: str) -> Draft | None:
        row = self._session.row(_DRAFT_GET, {"id_": draft_id})
        return mapping.draft_from(row) if row else None

    def page(self, *, limit: int, offset: int = 0) -> list[DraftSummary]:
        rows = self._session.rows(_DRAFT_PAGE, {"limit_": limit, "offset_": offset})
        return [mapping.draft_summary(row) for row in rows]

    def older(self, before: str, *, limit: int) -> list[DraftSummary]:
        """Those last saved before an ISO day or time, the oldest first."""
        rows = self._session.rows(_DRAFT_OLDER, {"before_": before, "limit_": limit})
        return [mapping.draft_summary(row) for row in rows]

    def remove(self, draft_id: str) -> None:
        self._session.run(_DRAFT_REMOVE, {"id_": draft_id})


_REGISTRATION = table_of(RegistrationRow)
_R = _REGISTRATION.c
_M = table_of(MemberRow).c
_A = table_of(AuditRow).c
_DOCUMENT = table_of(DocumentRow)
WITH_DOCUMENT = _REGISTRATION.join(_DOCUMENT, _DOCUMENT.c.registration == _R.n)
_SUMMARY = (
    _R.reference, _R.state, _R.outcome, _R.kk, _R.name, _R.people, _R.premium_total, _R.created_wall,
    _R.doubtful, _R.version, _R.state_at, _R.purged_at
)  # fmt: skip
WHOLE = select(
    _R.id, _R.reference, _R.state, _R.version, _R.state_at, _R.purged_at, _DOCUMENT.c.body
).select_from(WITH_DOCUMENT)  # fmt: skip
"""The columns of whole registrations, as `mapping.registration_from` takes them."""
_ADD = Statement(insert(_REGISTRATION))
_ADD_DOCUMENT = Statement(insert(_DOCUMENT))
_ADD_MEMBERS = Statement(insert(table_of(MemberRow)))
_PROGRESS = ("state", "version", "state_at", "purged_at")
_MOVE = Statement(
    update(_REGISTRATION)
    .where(_R.id == bindparam("id_"))
    .values({name: bindparam(name) for name in _PROGRESS})
)
_N_OF = Statement(select(_R.n).where(_R.id == bindparam("id_")))
_REPLACE = Statement(
    update(_REGISTRATION)
    .where(_R.n == bindparam("n_"))
    .values({name: bindparam(name) for name in _R.keys() if name not in {"n", "id"}})  # noqa: SIM118
)
_REPLACE_DOCUMENT = Statement(
    update(_DOCUMENT).where(_DOCUMENT.c.registration == bindparam("n_")).values(body=bindparam("body"))
)
_REMOVE_MEMBERS = Statement(delete(table_of(MemberRow)).where(_M.registration == bindparam("n_")))
_DECIDED = Statement(
    WHOLE.where(
        _R.state.in_([literal_column(f"'{state}'") for state in ("accepted", "cancelled", "lapsed")]),
        _R.state_at < bindparam("before_"),
        _R.purged_at == literal_column("''"),
    ).limit(bindparam("limit_"))
)
_COUNT_UP = upsert(table_of(CounterRow)).values(kiosk=bindparam("kiosk"), number=literal_column("1"))
_NEXT_NUMBER = Statement(
    _COUNT_UP.on_conflict_do_update(
        index_elements=["kiosk"], set_={"number": table_of(CounterRow).c.number + literal_column("1")}
    ).returning(table_of(CounterRow).c.number)
)
_BY_REFERENCE = Statement(WHOLE.where(_R.reference == bindparam("reference_")))
_BY_ID = Statement(WHOLE.where(_R.id == bindparam("id_")))
_OF_NIK = select(_M.registration).where(_M.nik == bindparam("nik_")).order_by(_M.registration.desc())
_BY_NIK = Statement(WHOLE.where(_R.n.in_(_OF_NIK.limit(bindparam("limit_")))).order_by(_R.n.desc()))
_BY_KK = Statement(WHOLE.where(_R.kk == bindparam("kk_")).order_by(_R.n.desc()).limit(bindparam("limit_")))
_LIVE: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in sorted(LIVE)]
_LIVE_NIKS = Statement(
    select(_M.nik)
    .join_from(table_of(MemberRow), _REGISTRATION, _R.n == _M.registration)
    .where(_M.nik.in_(listed("niks_")), _R.state.in_(_LIVE), _R.id != bindparam("but_"))
)
_PLACE = Statement(select(_R.n).where(_R.reference == bindparam("reference_")))
_HISTORY = Statement(
    select(_A.action, _A.subject, _A.wall, _A.boot, _A.monotonic_ns, _A.trusted, _A.who, _A.fields, _A.codes)
    .where(_A.subject == bindparam("subject_"))
    .order_by(_A.n)
)


def _newest(columns: Select[Any], *conditions: ColumnElement[bool]) -> Statement:
    return Statement(
        columns.where(_R.n < bindparam("before_"), *conditions)
        .order_by(_R.n.desc())
        .limit(bindparam("limit_"))
    )


_IN_STATE = _R.state == bindparam("state_")
_ON_DAY = _R.created_day == bindparam("day_")
_PAGES = {
    (False, False): _newest(select(*_SUMMARY)),
    (True, False): _newest(select(*_SUMMARY), _IN_STATE),
    (False, True): _newest(select(*_SUMMARY), _ON_DAY),
    (True, True): _newest(select(*_SUMMARY), _IN_STATE, _ON_DAY),
}
_BATCHES = {False: _newest(WHOLE), True: _newest(WHOLE, _IN_STATE)}


class SqlRegistrations:
    """Finished registrations; lists are newest first, in the order in which they were stored.

    `before` is the reference that the list before ended with; an unknown one gives an empty list.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, registration: Registration) -> None:
        """Stores it; raises StoreError `store.duplicate` where its id or reference is there already."""
        cursor = self._session.run(_ADD, mapping.registration_columns(registration))
        n = cursor.lastrowid
        body = mapping.registration_document(registration)
        self._session.run(_ADD_DOCUMENT, {"registration": n, "body": body})
        self._session.run_many(_ADD_MEMBERS, mapping.member_rows(registration, n))

    def replace(self, registration: Registration) -> None:
        """Puts the whole of it in the place of the one with its id; raises StoreError `store.unknown`."""
        row = self._session.row(_N_OF, {"id_": registration.id})
        if row is None:
            raise StoreError("store.unknown", "no registration with this id")
        n = row[0]
        columns = mapping.registration_columns(registration)
        values = {name: value for name, value in columns.items() if name not in {"n", "id"}}
        self._session.run(_REPLACE, values | {"n_": n})
        body = mapping.registration_document(registration)
        self._session.run(_REPLACE_DOCUMENT, {"n_": n, "body": body})
        self._session.run(_REMOVE_MEMBERS, {"n_": n})
        self._session.run_many(_ADD_MEMBERS, mapping.member_rows(registration, n))

    def move(self, registration: Registration) -> None:
        """Keeps state, version and times of it alone; raises StoreError `store.unknown`."""
        values = mapping.progress_columns(registration) | {"id_": registration.id}
        if self._session.run(_MOVE, values).rowcount != 1:
            raise StoreError("store.unknown", "no registration with this id")

    def decided(self, before: str, *, limit: int) -> list[Registration]:
        """Those decided or taken back before an ISO day or time whose personal data are still here."""
        rows = self._session.rows(_DECIDED, {"before_": before, "limit_": limit})
        return [mapping.registration_from(row) for row in rows]

    def next_number(self, kiosk: str) -> int:
        """The next number of `kiosk`, from 1; taken for good when the unit of work commits."""
        row = self._session.row(_NEXT_NUMBER, {"kiosk": kiosk})
        return int(row[0]) if row else 1

    def by_reference(self, reference: str) -> Registration | None:
        return self._one(_BY_REFERENCE, "reference_", reference)

    def by_draft(self, draft_id: str) -> Registration | None:
        return self._one(_BY_ID, "id_", draft_id)

    def by_nik(self, nik: str, *, limit: int = 20) -> list[Registration]:
        rows = self._session.rows(_BY_NIK, {"nik_": nik, "limit_": limit})
        return [mapping.registration_from(row) for row in rows]

    def by_kk(self, kk: str, *, limit: int = 20) -> list[Registration]:
        rows = self._session.rows(_BY_KK, {"kk_": kk, "limit_": limit})
        return [mapping.registration_from(row) for row in rows]

    def live_niks(self, niks: Iterable[str], *, but: str = "") -> frozenset[str]:
        """Those of `niks` in a registration which still counts, the one with the id `but` left out."""
        rows = self._session.rows(_LIVE_NIKS, {"niks_": json.dumps(list(niks)), "but_": but})
        return frozenset(nik for (nik,) in rows)

    def page(
        self, *, state: State | None = None, day: str = "", limit: int = 50, before: str = ""
    ) -> list[RegistrationSummary]:
        """Lines for a list, of one state or one day (ISO) where given."""
        statement = _PAGES[state is not None, bool(day)]
        values = {
            "before_": self._place(before),
            "limit_": limit,
            "state_": state and state.value,
            "day_": day,
        }
        return [mapping.registration_summary(row) for row in self._session.rows(statement, values)]

    def batch(self, *, state: State | None, limit: int, before: str = "") -> list[Registration]:
        """Whole registrations, of one state where given."""
        values = {"before_": self._place(before), "limit_": limit, "state_": state and state.value}
        rows = self._session.rows(_BATCHES[state is not None], values)
        return [mapping.registration_from(row) for row in rows]

    def history(self, reference: str) -> list[AuditLine]:
        """The audit lines about this reference (or another subject), oldest first."""
        rows = self._session.rows(_HISTORY, {"subject_": reference})
        return [mapping.audit_from(row) for row in rows]

    def _one(self, statement: Statement, name: str, value: str) -> Registration | None:
        row = self._session.row(statement, {name: value})
        return mapping.registration_from(row) if row else None

    def _place(self, before: str) -> int:
        if not before:
            return _NEWEST
        row = self._session.row(_PLACE, {"reference_": before})
        return int(row[0]) if row else 0
