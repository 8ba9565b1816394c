"""Ends registrations whose first premium was not paid in time; their people may register anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, Row, text
from sqlmodel import Session

from kiosk.hub.bulk import insert_many
from kiosk.hub.database import transaction
from kiosk.hub.keys import HubKeys
from kiosk.hub.messages import Letter, addressees, post
from kiosk.hub.tables import AuditRow
from kiosk.sync.statements import LAPSED

_TOGETHER = 200
_FIELDS = "r.record, r.kiosk, r.shard, r.version, r.hash, r.state, r.reference, r.premium_total"
_BY_REFERENCE = text(
    f"SELECT {_FIELDS} FROM registration AS r JOIN kiosk AS k ON k.n = r.kiosk"  # noqa: S608 - our own names
    " WHERE r.reference = ANY(:references) AND k.training = :training ORDER BY r.record FOR UPDATE OF r"
)
_OVERDUE = text(
    "SELECT r.reference FROM registration AS r JOIN kiosk AS k ON k.n = r.kiosk"
    " WHERE r.state = 'accepted' AND r.premium_total IS NOT NULL AND r.pay_until < :day"
    " AND k.training = :training AND r.reference > :after ORDER BY r.reference LIMIT :most"
)
_LAPSE = text(
    "UPDATE registration AS r SET state = 'lapsed' FROM unnest(CAST(:records AS UUID[]),"
    " CAST(:kiosks AS INTEGER[]), CAST(:shards AS INTEGER[])) AS u (record, kiosk, shard)"
    " WHERE r.record = u.record AND r.kiosk = u.kiosk AND r.shard = u.shard"
)
_FREE = text(
    "UPDATE member AS m SET live = false FROM unnest(CAST(:records AS UUID[]), CAST(:kiosks AS INTEGER[]))"
    " AS u (record, kiosk) WHERE m.record = u.record AND m.kiosk = u.kiosk AND m.live"
)

LAPSED_NOW = ""
UNKNOWN, NOT_ACCEPTED, NOTHING_DUE = "reference.unknown", "record.not_accepted", "record.nothing_due"
"""Why a reference did not lapse: nobody has it, it is not accepted (or lapsed before), it pays nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one reference; an empty code for one that has lapsed now."""

    reference: str
    code: str = LAPSED_NOW


@dataclass(frozen=True)
class Ending:
    """What ending registrations needs: the database, the keys, who does it, the class, and the time."""

    engine: Engine
    keys: Callable[[], HubKeys]
    who: str
    now: Callable[[], datetime]
    training: bool = False


def lapse(ending: Ending, references: Sequence[str]) -> Iterator[Outcome]:
    """Ends the registrations with these references and tells their kiosks; each is durable when given out."""
    for start in range(0, len(references), _TOGETHER):
        some = list(dict.fromkeys(references[start : start + _TOGETHER]))
        with transaction(ending.engine) as session:
            found = _together(session, some, ending)
        yield from found


def overdue(ending: Ending, before: date) -> Iterator[str]:
    """The references of accepted registrations whose days to pay had ended before this day."""
    after = ""
    while True:
        with Session(ending.engine) as session:
            values = {
                "day": before.isoformat(), "training": ending.training, "after": after, "most": _TOGETHER
            }  # fmt: skip
            page = [row.reference for row in session.connection().execute(_OVERDUE, values)]
        yield from page
        if len(page) < _TOGETHER:
            return
        after = page[-1]


def _together(session: Session, references: list[str], ending: Ending) -> list[Outcome]:
    connection = session.connection()
    values = {"references": references, "training": ending.training}
    rows = connection.execute(_BY_REFERENCE, values).all()
    codes = dict.fromkeys(references, UNKNOWN) | {row.reference: _why_not(row) for row in rows}
    ends = [row for row in rows if not _why_not(row)]
    codes |= {row.reference: LAPSED_NOW for row in ends}
    if ends:
        now = ending.now()
        places = {"records": [row.record for row in ends], "kiosks": [row.kiosk for row in ends]}
        connection.execute(_FREE, places)
        connection.execute(_LAPSE, places | {"shards": [row.shard for row in ends]})
        insert_many(session, AuditRow, [_line(row, ending.who, now) for row in ends], order="1, 4")
        to = addressees(session, places["kiosks"])
        letters = [Letter(to[row.kiosk], LAPSED, _payload(row, now)) for row in ends]
        post(session, letters, ending.keys().signer, now)
    return [Outcome(reference, code) for reference, code in codes.items()]


def _why_not(row: Row[Any]) -> str:
    if row.state != "accepted":
        return NOT_ACCEPTED
    return NOTHING_DUE if row.premium_total is None else LAPSED_NOW


def _line(row: Row[Any], who: str, now: datetime) -> dict[str, Any]:
    subject = f"{row.record}/{row.version}"
    return {"at": now, "who": who, "action": "record.lapsed", "subject": subject, "codes": "", "reason": ""}


def _payload(row: Row[Any], now: datetime) -> dict[str, Any]:
    return {
        "record": str(row.record),
        "version": row.version,
        "hash": bytes(row.hash).hex(),
        "reference": row.reference,
        "at": now.isoformat(timespec="milliseconds"),
    }
