"""The desk's work on the hub's database: cases that wait for a person, and what that person decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from kiosk.errors import KioskError, StoreError
from kiosk.hub.audit import note
from kiosk.hub.database import transaction
from kiosk.hub.deciding import Desk
from kiosk.hub.desk_decisions import Decider, Found
from kiosk.hub.kiosks import known_kiosks, revoke
from kiosk.services.desk import (
    LONGEST_REASON,
    SHORTEST_REASON,
    Action,
    Case,
    CaseHistory,
    CaseKind,
    CaseLine,
    Counts,
    DeskKiosk,
)

_ASIDE = """
SELECT q.n, q.status, q.code, q.record, q.version, q.carrier, q.at, q.times, q.raw, k.n AS kiosk, k.name,
       k.training, r.reference
FROM quarantine q JOIN kiosk k ON k.n = q.kiosk
LEFT JOIN registration r ON r.record = q.record AND r.kiosk = q.kiosk
WHERE q.closed_at IS NULL AND {} ORDER BY q.n LIMIT :limit
"""
_REFUSED = """
SELECT r.record, r.version, r.reference, r.other_reference, r.problems, r.decided_at, k.n AS kiosk, k.name,
       k.training
FROM registration r JOIN kiosk k ON k.n = r.kiosk
WHERE r.state = 'refused' AND {} ORDER BY r.decided_at DESC, r.record DESC LIMIT :limit
"""
_ASIDE_AFTER = text(_ASIDE.format("q.n > :n"))
_ASIDE_ONE = text(_ASIDE.format("q.n = :n"))
_REFUSED_PAGE = text(_REFUSED.format("(r.decided_at, r.record) < (:at, :record)"))
_REFUSED_ONE = text(_REFUSED.format("r.record = :record AND r.kiosk = :kiosk"))
_COUNTS = text("""
SELECT (SELECT count(*) FROM quarantine WHERE closed_at IS NULL) AS aside,
       (SELECT count(*) FROM registration WHERE state = 'refused') AS refused,
       (SELECT count(*) FROM envelope WHERE decided_at IS NULL) AS undecided
""")
_ENVELOPE = text(
    "SELECT carrier, received_ms, trusted, version, decided_at FROM envelope"
    " WHERE record = :record AND kiosk = :kiosk ORDER BY version DESC LIMIT 1"
)
_HISTORY = text(
    "SELECT at, who, action, codes, reason FROM audit WHERE subject = :subject OR subject = :case"
    " ORDER BY n DESC LIMIT 20"
)
_CLOSE = text(
    "UPDATE quarantine SET closed_at = now(), closed_by = :who, reason = :reason"
    " WHERE n = :n AND closed_at IS NULL RETURNING 1"
)
_LAST_DAY = datetime(9999, 1, 1, tzinfo=UTC)
_LAST_RECORD = UUID(int=2**128 - 1)
_TAKEN_IN = frozenset({"aside"})


class SqlDesk:
    """`kiosk.services.desk.DeskWork` on PostgreSQL; `desk` is what the workers decide with."""

    def __init__(self, engine: Engine, desk: Desk) -> None:
        self._engine = engine
        self._desk = desk

    def counts(self) -> Counts:
        with self._transaction() as session:
            row = session.execute(_COUNTS).one()
        return Counts(row.aside, row.refused, row.undecided)

    def cases(self, *, limit: int, before: str = "") -> list[CaseLine]:
        kind, _, place = before.partition(":")
        with self._transaction() as session:
            found: list[CaseLine] = []
            if kind != CaseKind.REFUSED:
                values = {"n": int(place or 0), "limit": limit}
                found = [_aside_line(row) for row in session.execute(_ASIDE_AFTER, values)]
            if len(found) < limit:
                at, record = self._refused_place(session, place) if kind == CaseKind.REFUSED else _newest()
                place_ = {"at": at, "record": record, "limit": limit - len(found)}
                found += [_refused_line(row) for row in session.execute(_REFUSED_PAGE, place_)]
        return found

    def _refused_place(self, session: Session, place: str) -> tuple[datetime, UUID]:
        row = _refused(session, place)
        return (row.decided_at, row.record) if row is not None else _newest()

    def case(self, key: str) -> Case | None:
        with self._transaction() as session:
            row = _row(session, key)
            if row is None:
                return None
            line = _line(row, key)
            envelope = _envelope(session, row)
            subject = {"subject": f"{row.record}/{row.version}", "case": f"case {key}"}
            history = tuple(CaseHistory(**line._mapping) for line in session.execute(_HISTORY, subject))
            problems = row.problems if line.kind is CaseKind.REFUSED else ()
        return Case(
            line=line,
            record=str(row.record or ""),
            version=row.version or 0,
            carrier=envelope.carrier if envelope else getattr(row, "carrier", ""),
            received=datetime.fromtimestamp(envelope.received_ms / 1000, UTC) if envelope else None,
            trusted=envelope.trusted if envelope else True,
            problems=tuple((problem["field"], problem["code"]) for problem in problems),
            history=history,
            actions=_actions(row, line, envelope),
        )

    def do(self, key: str, action: Action, who: str, reason: str) -> None:
        said = _checked(reason)
        with self._transaction() as session:
            row = _row(session, key)
            if row is None:
                raise KioskError("desk.gone")
            line = _line(row, key)
            if action not in _actions(row, line, _envelope(session, row)):
                raise KioskError("desk.not_possible", action.value)
            _done(session, row, line, action, Decider(replace(self._desk, who=who)))
            if line.kind is CaseKind.ASIDE:
                closed = session.execute(_CLOSE, {"n": row.n, "who": who, "reason": said}).first()
                if closed is None:
                    raise KioskError("desk.gone")
            note(session, who, f"desk.{action}", f"case {key}", codes=(line.code,), reason=said)

    def kiosks(self) -> list[DeskKiosk]:
        with self._transaction() as session:
            return [
                DeskKiosk(
                    one.name,
                    one.training,
                    one.place,
                    one.state,
                    one.seen_at,
                    one.waiting,
                    one.drift_ms,
                    one.program,
                    one.cards_left,
                )
                for one in known_kiosks(session)
            ]

    def shut_out(self, kiosk: DeskKiosk, who: str, reason: str) -> None:
        with self._transaction() as session:
            revoke(session, kiosk.name, training=kiosk.training, who=who, reason=_checked(reason))

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        """A transaction; a database that cannot be reached is a StoreError."""
        try:
            with transaction(self._engine) as session:
                yield session
        except OperationalError as error:
            raise StoreError("hub.database", type(error.orig).__name__) from None


def _newest() -> tuple[datetime, UUID]:
    return _LAST_DAY, _LAST_RECORD


def _checked(reason: str) -> str:
    said = " ".join(reason.split())
    if not SHORTEST_REASON <= len(said) <= LONGEST_REASON or not said.isprintable():
        raise KioskError("desk.reason")
    return said


def _row(session: Session, key: str) -> Row[Any] | None:
    kind, _, place = key.partition(":")
    if kind == CaseKind.REFUSED:
        return _refused(session, place)
    return session.execute(_ASIDE_ONE, {"n": int(place or 0), "limit": 1}).first()


def _refused(session: Session, place: str) -> Row[Any] | None:
    record, _, kiosk = place.partition("/")
    return session.execute(_REFUSED_ONE, {"record": UUID(record), "kiosk": int(kiosk), "limit": 1}).first()


def _line(row: Row[Any], key: str) -> CaseLine:
    return _refused_line(row) if key.startswith(CaseKind.REFUSED) else _aside_line(row)


def _aside_line(row: Row[Any]) -> CaseLine:
    return CaseLine(
        f"{CaseKind.ASIDE}:{row.n}",
        CaseKind.ASIDE,
        row.code,
        row.name,
        row.training,
        row.at,
        row.reference or "",
        times=row.times,
    )


def _refused_line(row: Row[Any]) -> CaseLine:
    problems: list[Mapping[str, Any]] = row.problems
    return CaseLine(
        f"{CaseKind.REFUSED}:{row.record}/{row.kiosk}",
        CaseKind.REFUSED,
        problems[0]["code"] if problems else "",
        row.name,
        row.training,
        row.decided_at,
        row.reference,
        row.other_reference or "",
    )


def _envelope(session: Session, row: Row[Any]) -> Row[Any] | None:
    """The newest version of the record that the hub holds."""
    if row.record is None:
        return None
    return session.execute(_ENVELOPE, {"record": row.record, "kiosk": row.kiosk}).first()


def _done(session: Session, row: Row[Any], line: CaseLine, action: Action, decider: Decider) -> None:
    found = Found(row.record, row.version, row.kiosk) if row.record else None
    if action is Action.CLOSE or found is None:
        return
    if action is Action.AGAIN:
        decider.again(session, found, None if _is_held(row, line) else bytes(row.raw))
    elif action is Action.REFUSE:
        decider.refuse(session, found, line.code)
    else:
        decider.accept(session, found)


def _is_held(row: Row[Any], line: CaseLine) -> bool:
    """Whether the case is about an envelope that was taken in; any other was kept beside."""
    return line.kind is CaseKind.REFUSED or row.status in _TAKEN_IN


def _actions(row: Row[Any], line: CaseLine, envelope: Row[Any] | None) -> tuple[Action, ...]:
    """A refusal can be overruled while no newer version has come, except over another who has the NIK."""
    newest = envelope is not None and envelope.version == row.version and envelope.decided_at is not None
    if line.kind is CaseKind.REFUSED:
        return (Action.ACCEPT, Action.AGAIN) if newest and not line.other_reference else ()
    if _is_held(row, line):
        return (Action.AGAIN, Action.REFUSE, Action.CLOSE) if newest else (Action.CLOSE,)
    return (Action.CLOSE,) if row.record is None else (Action.AGAIN, Action.CLOSE)
