"""Who speaks to the hub: the kiosk behind a key, whether it still may, and that it says each thing once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, text
from sqlmodel import Session

from kiosk.hub.refusals import Refusal

ACTIVE, WAITING, REVOKED, RETIRED = "active", "waiting", "revoked", "retired"
"""The states of a kiosk."""

OLD = "old"
"""The state of a key that its kiosk has put another in the place of."""

CLOCK_SECONDS = 600
"""How far a request's time may be from the hub's."""

_KEY = text(
    "SELECT k.n, k.name, k.training, y.signing, y.opening"
    " FROM kiosk_key y JOIN kiosk k ON k.n = y.kiosk WHERE y.id = :key"
)
_KEYS = text("SELECT id, signing FROM kiosk_key WHERE kiosk = :kiosk AND state <> 'revoked'")
_STATE = text("SELECT state FROM kiosk WHERE n = :kiosk FOR NO KEY UPDATE")
# One statement, so that a request costs one question less to the database: the kiosk's row, then the nonce
# where it may speak, then that it was heard.
_ADMIT = """
WITH who AS (SELECT state, key FROM kiosk WHERE n = :kiosk {lock}),
fresh AS (
    INSERT INTO nonce (key, nonce, seen_at) SELECT :key, :nonce, to_timestamp(:now) FROM who
    WHERE who.state = 'active' AND who.key = :key ON CONFLICT DO NOTHING RETURNING 1),
heard AS (
    INSERT INTO kiosk_status (kiosk, seen_at) SELECT :kiosk, to_timestamp(:now) FROM fresh ON CONFLICT (kiosk)
    DO UPDATE SET seen_at = excluded.seen_at WHERE kiosk_status.seen_at < excluded.seen_at - interval '9 s')
SELECT state, key, EXISTS (SELECT FROM fresh) AS is_fresh FROM who
"""
_ADMIT_ONE, _ADMIT_SHARED = text(_ADMIT.format(lock="FOR NO KEY UPDATE")), text(_ADMIT.format(lock=""))
_FORGET = text("DELETE FROM nonce WHERE seen_at < to_timestamp(:before)")


@dataclass(frozen=True, slots=True)
class Caller:
    """The kiosk that signed: its number here, name and class, and the keys that it has enrolled with."""

    n: int
    name: str
    training: bool
    key: bytes
    signing: bytes
    opening: bytes


class CallerBook:
    """Kiosks by the id of their signing key; what is found is kept, since a key never changes hands."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._found: dict[bytes, Caller] = {}

    def find(self, key: bytes) -> Caller | None:
        """The kiosk with this key, in whatever state; None for an unknown one."""
        known = self._found.get(key)
        if known is None:
            with self._engine.connect() as connection:
                row = connection.execute(_KEY, {"key": key}).first()
            if row is None:
                return None
            known = Caller(row.n, row.name, row.training, key, bytes(row.signing), bytes(row.opening))
            self._found[key] = known
        return known


def signing_keys(session: Session, caller: Caller) -> dict[bytes, bytes]:
    """The public halves with which this kiosk may have signed an envelope: its own, and its older ones."""
    return {bytes(row.id): bytes(row.signing) for row in session.execute(_KEYS, {"kiosk": caller.n})}


def admit(session: Session, caller: Caller, *, nonce: bytes | None, now: float, lock: bool = True) -> None:
    """Lets a kiosk in that may still speak, until this transaction ends the only one under its name.

    `nonce` is None where the carrier is not the network. Raises Refusal: 403 `kiosk.revoked`,
    `kiosk.retired`, `kiosk.waiting`, `kiosk.key_old`; 409 `request.replayed`.
    """
    connection = session.connection()
    if nonce is None:
        state = connection.execute(_STATE, {"kiosk": caller.n}).scalar_one()
        if state != ACTIVE:
            raise Refusal(403, f"kiosk.{state}")
        return
    values = {"kiosk": caller.n, "key": caller.key, "nonce": nonce, "now": now}
    state, key, is_fresh = connection.execute(_ADMIT_ONE if lock else _ADMIT_SHARED, values).one()
    if state != ACTIVE:
        raise Refusal(403, f"kiosk.{state}")
    if bytes(key) != caller.key:
        raise Refusal(403, "kiosk.key_old")
    if not is_fresh:
        raise Refusal(409, "request.replayed")


def forget_nonces(session: Session, now: float) -> None:
    """Removes what was seen so long ago that its time would be refused."""
    session.execute(_FORGET, {"before": now - 3 * CLOCK_SECONDS})


class Pace:
    """How many requests one kiosk may make: `a_minute` of them, and a tenth of these at once.

    Counted in this process alone; several processes let through as many more.
    """

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = a_minute / 60
        self._most = max(1.0, a_minute / 10)
        self._clock = clock
        self._left: dict[int, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, kiosk: int) -> None:
        """Counts one request; raises Refusal 429 `request.too_many` where that is one too many."""
        with self._lock:
            now = self._clock()
            left, then = self._left.get(kiosk, (self._most, now))
            left = min(self._most, left + (now - then) * self._rate)
            if left < 1:
                self._left[kiosk] = (left, now)
                raise Refusal(429, "request.too_many", retry_after=max(1, round((1 - left) / self._rate)))
            self._left[kiosk] = (left - 1, now)
