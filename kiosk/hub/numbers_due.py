"""Gives card numbers to families that were accepted while none was left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, text

from kiosk.hub.answers import told_of
from kiosk.hub.bulk import insert_many
from kiosk.hub.database import transaction
from kiosk.hub.keys import HubKeys
from kiosk.hub.messages import Letter, addressees, post
from kiosk.hub.numbers import Claim, settle
from kiosk.hub.tables import AuditRow
from kiosk.sync.statements import DECISION

_TOGETHER = 200

_DUE = text(
    "SELECT r.record, r.kiosk, r.shard, r.version, r.hash, r.reference, r.problems, r.decided_at, k.training"
    " FROM registration AS r JOIN kiosk AS k ON k.n = r.kiosk WHERE r.state = 'accepted' AND r.card IS NULL"
    " AND r.premium_total IS NOT NULL AND k.training = :training AND k.state = 'active'"
    " ORDER BY r.decided_at, r.record LIMIT :most FOR UPDATE OF r SKIP LOCKED"
)
_GIVEN = text(
    "UPDATE registration AS r SET card = u.card FROM unnest(CAST(:records AS UUID[]),"
    " CAST(:kiosks AS INTEGER[]), CAST(:shards AS INTEGER[]), CAST(:cards AS TEXT[]))"
    " AS u (record, kiosk, shard, card)"
    " WHERE r.record = u.record AND r.kiosk = u.kiosk AND r.shard = u.shard"
)


def give_due_numbers(
    engine: Engine, keys: Callable[[], HubKeys], *, training: bool, who: str, now: Callable[[], datetime]
) -> int:
    """Gives a number to each accepted family that is due one, oldest first, while any are left; how many.

    Each kiosk is told by the same decision once more, now with the number.
    """
    given = 0
    while True:
        with transaction(engine) as session:
            due = session.connection().execute(_DUE, {"training": training, "most": _TOGETHER}).all()
            claims = [Claim(row.record, row.kiosk, row.training) for row in due]
            settled = settle(session, claims, now())
            found = [(row, settled[row.record]) for row in due if settled[row.record].number is not None]
            if not found:
                return given
            values = {
                "records": [row.record for row, _one in found],
                "kiosks": [row.kiosk for row, _one in found],
                "shards": [row.shard for row, _one in found],
                "cards": [one.number for _row, one in found],
            }
            session.connection().execute(_GIVEN, values)
            insert_many(session, AuditRow, [_line(row, who, now()) for row, _one in found], order="1, 4")
            to = addressees(session, {row.kiosk for row, _one in found})
            letters = [Letter(to[row.kiosk], DECISION, _payload(row) | told_of(one)) for row, one in found]
            post(session, letters, keys().signer, now())
            given += len(found)


def _line(row: Row[Any], who: str, now: datetime) -> dict[str, Any]:
    subject = f"{row.record}/{row.version}"
    return {"at": now, "who": who, "action": "record.number", "subject": subject, "codes": "", "reason": ""}


def _payload(row: Row[Any]) -> dict[str, Any]:
    return {
        "record": str(row.record),
        "version": row.version,
        "hash": bytes(row.hash).hex(),
        "decision": "accepted",
        "at": row.decided_at.isoformat(timespec="milliseconds"),
        "reference": row.reference,
        "problems": row.problems,
        "other_reference": None,
    }
