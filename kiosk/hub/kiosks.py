"""The kiosks of a hub: codes to enrol with, and the end of a kiosk that is lost or taken out of service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from kiosk.errors import UsageError
from kiosk.hub.audit import note
from kiosk.hub.callers import ACTIVE, RETIRED, REVOKED
from kiosk.sync.enrolment import EnrolCode

CODE_DAYS = 7

_NEW = text("""
INSERT INTO kiosk (name, training, place, state, made_at) VALUES (:name, :training, :place, 'waiting', now())
ON CONFLICT (name, training)
DO UPDATE SET place = CASE WHEN :place = '' THEN kiosk.place ELSE :place END RETURNING n
""")
_INBOX = text("INSERT INTO inbox_head (kiosk, last) VALUES (:kiosk, 0) ON CONFLICT DO NOTHING")
_DROP_CODES = text("DELETE FROM enrol_code WHERE kiosk = :kiosk AND used_at IS NULL")
_CODE = text(
    "INSERT INTO enrol_code (id, public, kiosk, made_at, until)"
    " VALUES (:id, :public, :kiosk, now(), now() + make_interval(days => :days))"
)
_FIND = text("SELECT n, state FROM kiosk WHERE name = :name AND training = :training FOR NO KEY UPDATE")
_END = text("UPDATE kiosk SET state = :state, ended_at = now() WHERE n = :kiosk")
_REVOKE_KEYS = text("UPDATE kiosk_key SET state = 'revoked' WHERE kiosk = :kiosk")
_LIST = text("""
SELECT k.name, k.training, k.place, k.state, s.seen_at, s.reported_at, s.waiting, s.drift_ms, s.program,
       s.profile, s.cards_left
FROM kiosk k LEFT JOIN kiosk_status s ON s.kiosk = k.n ORDER BY k.training, k.name
""")


@dataclass(frozen=True, slots=True)
class KnownKiosk:
    """A kiosk with what it last told of itself; what it never told is None."""

    name: str
    training: bool
    place: str
    state: str
    seen_at: datetime | None
    reported_at: datetime | None
    waiting: int | None
    drift_ms: int | None
    program: str | None
    profile: str | None
    cards_left: int | None


def make_code(
    session: Session, name: str, hub_public: bytes, *, training: bool, place: str = "", who: str
) -> EnrolCode:
    """A fresh code for the kiosk of this name and class; earlier ones that were not used end with it."""
    kiosk = session.execute(_NEW, {"name": name, "training": training, "place": place}).scalar_one()
    session.execute(_INBOX, {"kiosk": kiosk})
    session.execute(_DROP_CODES, {"kiosk": kiosk})
    code = EnrolCode.fresh(hub_public)
    session.execute(_CODE, {"id": code.key.id, "public": code.key.public, "kiosk": kiosk, "days": CODE_DAYS})
    note(session, who, "kiosk.code", subject(name, training=training))
    return code


def revoke(session: Session, name: str, *, training: bool, who: str, reason: str = "") -> int:
    """Shuts a kiosk out at once: nothing that its keys have signed is taken any more; returns its number.

    Raises UsageError `hub.no_kiosk`.
    """
    kiosk, _ = _found(session, name, training=training)
    session.execute(_REVOKE_KEYS, {"kiosk": kiosk})
    _end(session, kiosk, REVOKED)
    note(session, who, "kiosk.revoke", subject(name, training=training), reason=reason)
    return kiosk


def retire(session: Session, name: str, *, training: bool, who: str, reason: str = "") -> int:
    """Takes a kiosk out of service for good; returns its number.

    Raises UsageError: `hub.no_kiosk`, `hub.not_active`.
    """
    kiosk, state = _found(session, name, training=training)
    if state != ACTIVE:
        raise UsageError("hub.not_active", name)
    _end(session, kiosk, RETIRED)
    note(session, who, "kiosk.retire", subject(name, training=training), reason=reason)
    return kiosk


def known_kiosks(session: Session) -> Iterator[KnownKiosk]:
    """Every kiosk, real ones first, by name."""
    for row in session.execute(_LIST):
        yield KnownKiosk(**row._mapping)


def subject(name: str, *, training: bool) -> str:
    """A kiosk as audit lines name it."""
    return f"{name} training" if training else name


def _found(session: Session, name: str, *, training: bool) -> tuple[int, str]:
    found: Any = session.execute(_FIND, {"name": name, "training": training}).first()
    if found is None:
        raise UsageError("hub.no_kiosk", subject(name, training=training))
    return found.n, found.state


def _end(session: Session, kiosk: int, state: str) -> None:
    session.execute(_DROP_CODES, {"kiosk": kiosk})
    session.execute(_END, {"kiosk": kiosk, "state": state})
