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
_STATE = "SELECT state, key FROM kiosk WHERE n = :kiosk"
_READ_STATE, _LOCKED_STATE = text(_STATE), text(f"{_STATE} FOR NO KEY UPDATE")
_NONCE = text(
    "INSERT INTO nonce (key, nonce, seen_at) VALUES (:key, :nonce, to_timestamp(:now))"
    " ON CONFLICT DO NOTHING RETURNING 1"
)
_SEEN = text(
    "INSERT INTO kiosk_status (kiosk, seen_at) VALUES (:kiosk, to_timestamp(:now)) ON CONFLICT (kiosk)"
    " DO UPDATE SET seen_at = excluded.seen_at WHERE kiosk_status.seen_at < excluded.seen_at - interval '9 s'"
)
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
    state, key = session.execute(_LOCKED_STATE if lock else _READ_STATE, {"kiosk": caller.n}).one()
    if state != ACTIVE:
        raise Refusal(403, f"kiosk.{state}")
    if nonce is None:
        return
    if bytes(key) != caller.key:
        raise Refusal(403, "kiosk.key_old")
    fresh = session.execute(_NONCE, {"key": caller.key, "nonce": nonce, "now": now}).first()
    if fresh is None:
        raise Refusal(409, "request.replayed")
    session.execute(_SEEN, {"kiosk": caller.n, "now": now})


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
