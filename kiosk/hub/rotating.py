"""Changes the hub's keys in two steps: kiosks are told of new ones by the old; later the new ones are used.

A kiosk believes what the old key signed. So it has to have read of the new ones before anything, even the
answer to a request, is signed by them. What was sealed to an old key is opened while the key file has it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text
from sqlmodel import Session

from kiosk.errors import KioskError
from kiosk.hub.bulk import insert_many
from kiosk.hub.database import transaction
from kiosk.hub.keys import HubKeys, KeyFile
from kiosk.hub.messages import Letter, addressees, post
from kiosk.hub.tables import AuditRow, HubKeyRow, MetaRow
from kiosk.sync.statements import KEYS

_ANNOUNCED = "keys.announced"
"""The fact of which keys were announced, and when."""

_FACT = text("SELECT value FROM hub_meta WHERE name = :name FOR UPDATE")
_BEFORE = (
    "SELECT k.n, k.name, k.training FROM kiosk AS k LEFT JOIN kiosk_status AS s ON s.kiosk = k.n"
    " WHERE k.state = 'active' AND k.enrolled_at <= :since"
    " AND NOT EXISTS (SELECT FROM inbox AS i WHERE i.kiosk = k.n AND i.kind = 'keys'"
    " AND i.made_at >= :since{})"
    " ORDER BY k.training, k.name"
)
_UNTOLD = text(_BEFORE.format(""))
_UNREAD = text(_BEFORE.format(" AND i.n <= s.read_to"))
_REPLACE_FACT = "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
_ON_RECORD = "ON CONFLICT (id) DO UPDATE SET state = excluded.state"


def announce(engine: Engine, key_file: KeyFile, *, who: str, now: datetime) -> int:
    """Makes new keys, if there are none yet that wait, and tells of them whoever was not told; how many."""
    keys = key_file.announce()
    with transaction(engine) as session:
        since = _announced_at(session, keys)
        if since is None:
            since = now
            fact = {"name": _ANNOUNCED, "value": f"{_waiting(keys)} {now.isoformat()}"}
            insert_many(session, MetaRow, [fact], ending=_REPLACE_FACT)
            _record(session, keys, "keys.announced", who, now)
        untold = [row.n for row in session.connection().execute(_UNTOLD, {"since": since})]
        to = addressees(session, untold)
        post(session, [Letter(to[n], KEYS, keys.told()) for n in untold], keys.signer, now)
    return len(untold)


def unread(engine: Engine, key_file: KeyFile) -> list[str]:
    """The active kiosks that do not know the announced keys yet.

    Raises KioskError `keys.not_announced`.
    """
    with transaction(engine) as session:
        since = _announced_at(session, key_file.current())
        if since is None:
            raise KioskError("keys.not_announced")
        found = session.connection().execute(_UNREAD, {"since": since}).all()
    return [f"{row.name} (training)" if row.training else row.name for row in found]


def activate(
    engine: Engine, key_file: KeyFile, *, who: str, now: Callable[[], datetime], leave_behind: bool = False
) -> None:
    """Uses the announced keys from now on.

    Raises KioskError: `keys.not_announced`; `keys.unread`, naming the kiosks that would believe nothing any
    more until they enrol anew, unless these are to be left behind.
    """
    late = unread(engine, key_file)
    if late and not leave_behind:
        raise KioskError("keys.unread", ", ".join(late))
    keys = key_file.activate()
    with transaction(engine) as session:
        _record(session, keys, "keys.activated", who, now())


def _waiting(keys: HubKeys) -> str:
    return " ".join(one.id.hex() for one in keys.all if one.state == "next")


def _announced_at(session: Session, keys: HubKeys) -> datetime | None:
    """When the keys that wait were announced; None where there are none, or nobody was told of them."""
    fact = session.connection().execute(_FACT, {"name": _ANNOUNCED}).scalar()
    names, _, at = str(fact or "").rpartition(" ")
    return datetime.fromisoformat(at) if names and names == _waiting(keys) else None


def _record(session: Session, keys: HubKeys, action: str, who: str, now: datetime) -> None:
    rows: list[dict[str, Any]] = [
        {"id": one.id, "purpose": one.purpose, "public": one.public, "state": one.state, "made_at": now}
        for one in keys.all
    ]
    insert_many(session, HubKeyRow, rows, ending=_ON_RECORD)
    codes = " ".join(one.id.hex() for one in keys.all if one.state != "old")
    line = {"at": now, "who": who, "action": action, "subject": "hub", "codes": codes, "reason": ""}
    insert_many(session, AuditRow, [line])
