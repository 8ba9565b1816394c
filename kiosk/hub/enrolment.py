"""A kiosk enrols with a one-time code: the hub takes its public keys, and tells it its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from kiosk.hub.audit import note
from kiosk.hub.callers import ACTIVE
from kiosk.hub.keys import SEAL, SIGN, HubKeys
from kiosk.hub.kiosks import subject
from kiosk.hub.refusals import Refusal
from kiosk.sync.enrolment import Application, Enrolled, PublicKey
from kiosk.sync.keys import key_id, seal_to

_CODE = text("""
SELECT c.public, c.until < to_timestamp(:now) AS is_over, c.used_by, k.n, k.name, k.training, k.state
FROM enrol_code c JOIN kiosk k ON k.n = c.kiosk WHERE c.id = :code FOR NO KEY UPDATE
""")
_KEY = text("SELECT kiosk, opening, state FROM kiosk_key WHERE id = :key")
_USE_CODE = text("UPDATE enrol_code SET used_at = to_timestamp(:now), used_by = :key WHERE id = :code")
_OLD_KEYS = text("UPDATE kiosk_key SET state = 'old' WHERE kiosk = :kiosk AND state = 'active'")
_ADD_KEY = text(
    "INSERT INTO kiosk_key (id, kiosk, signing, opening, state, made_at)"
    " VALUES (:key, :kiosk, :signing, :opening, 'active', to_timestamp(:now))"
)
_REMEMBER_EPOCH = text(
    "INSERT INTO kiosk_epoch SELECT n, epoch FROM kiosk WHERE n = :kiosk AND epoch IS NOT NULL"
    " ON CONFLICT DO NOTHING"
)
_ENROL = text(
    "UPDATE kiosk SET state = 'active', key = :key, epoch = CAST(:epoch AS uuid), ended_at = NULL,"
    " enrolled_at = to_timestamp(:now) WHERE n = :kiosk"
)
_SEEN = text("""
INSERT INTO kiosk_status (kiosk, seen_at, program, epoch)
VALUES (:kiosk, to_timestamp(:now), :program, CAST(:epoch AS uuid))
ON CONFLICT (kiosk) DO UPDATE
SET seen_at = excluded.seen_at, program = excluded.program, epoch = excluded.epoch
""")


def enrol(
    session: Session,
    application: Application,
    code: bytes,
    proof: bytes,
    keys: HubKeys,
    *,
    now: float,
) -> dict[str, str]:
    """Enrols the kiosk that proves to have the code with this id, and returns the hub's signed answer.

    The code is used up in the same transaction; the same application again, after a lost reply, has the same
    effect. Raises Refusal 403: `enrol.unknown` (no such code, or no proof of it), `enrol.kiosk` (the code is
    for another kiosk or class), `enrol.used`, `enrol.expired`, `enrol.key` (keys that cannot be taken).
    """
    found = session.execute(_CODE, {"code": code, "now": now}).first()
    if found is None or not application.is_proved(proof, bytes(found.public)):
        raise Refusal(403, "enrol.unknown")
    if (application.kiosk, application.training) != (found.name, found.training):
        raise Refusal(403, "enrol.kiosk")
    key = key_id(application.signing)
    if found.used_by is None:
        if found.is_over:
            raise Refusal(403, "enrol.expired")
        _take_keys(session, application, found, key, now)
        session.execute(_USE_CODE, {"code": code, "key": key, "now": now})
        note(session, f"kiosk:{found.name}", "kiosk.enrol", subject(found.name, training=found.training))
    elif not _is_same(session, application, found, key):
        raise Refusal(403, "enrol.used")
    return _answer(application, key, keys, now)


def _take_keys(session: Session, application: Application, found: Row[Any], key: bytes, now: float) -> None:
    _check_opening(application.opening)
    if session.execute(_KEY, {"key": key}).first() is not None:
        raise Refusal(403, "enrol.key")
    values = {"kiosk": found.n, "key": key, "now": now, "epoch": application.epoch}
    session.execute(_OLD_KEYS, values)
    session.execute(_ADD_KEY, {**values, "signing": application.signing, "opening": application.opening})
    session.execute(_REMEMBER_EPOCH, values)
    session.execute(_ENROL, values)
    session.execute(_SEEN, {**values, "program": application.program})


def _check_opening(public: bytes) -> None:
    try:
        seal_to(public, b"", b"")
    except ValueError:
        raise Refusal(403, "enrol.key") from None


def _is_same(session: Session, application: Application, found: Row[Any], key: bytes) -> bool:
    """Whether this is the application that used the code up, and its keys still are the kiosk's."""
    if bytes(found.used_by) != key or found.state != ACTIVE:
        return False
    known = session.execute(_KEY, {"key": key}).first()
    return known is not None and (known.kiosk, bytes(known.opening), known.state) == (
        found.n,
        application.opening,
        "active",
    )


def _answer(application: Application, key: bytes, keys: HubKeys, now: float) -> dict[str, str]:
    return Enrolled(
        application.kiosk,
        application.training,
        key,
        signing=_publics(keys, SIGN),
        sealing=_publics(keys, SEAL),
        at=int(now * 1000),
    ).signed(keys.signer)


def _publics(keys: HubKeys, purpose: str) -> tuple[PublicKey, ...]:
    """The keys of one purpose, the newest first."""
    return tuple(PublicKey(one.public, one.state) for one in reversed(keys.all) if one.purpose == purpose)
