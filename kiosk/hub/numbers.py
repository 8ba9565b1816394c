"""Card numbers of accepted families: confirms what a kiosk gave, and gives others from the hub's pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from kiosk.hub.bulk import insert_many
from kiosk.hub.tables import CardRow

CARD_DIGITS = 13


@dataclass(frozen=True, slots=True)
class Claim:
    """An accepted record that is due a number; `number` is the one that its kiosk gave, None for none."""

    record: UUID
    kiosk: int
    training: bool
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Free:
    """A number taken out of the pool; `demo` where nobody must pay to it."""

    number: int
    demo: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """What number a record has now: its own `confirmed`, or another one; None where none is left."""

    number: str | None
    confirmed: bool = False
    demo: bool = False


NONE_LEFT = Settled(None)

# Of any epoch: a kiosk restored from a copy gives no numbers of older leases, so each was given once.
_LEASED = text(
    "SELECT c.record, l.demo FROM"
    " unnest(CAST(:records AS UUID[]), CAST(:kiosks AS INTEGER[]), CAST(:numbers AS BIGINT[]))"
    " AS c (record, kiosk, number) JOIN lease AS l ON l.kiosk = c.kiosk"
    " AND l.first <= c.number AND c.number < l.first + l.count AND l.state <> 'reclaimed'"
)
_POOL = text(
    "SELECT n, next, last, demo FROM card_pool WHERE training = :training AND next <= last"
    " ORDER BY demo, n FOR UPDATE"
)
_TAKE = text("UPDATE card_pool SET next = :next WHERE n = :n")
_ONCE = "ON CONFLICT DO NOTHING RETURNING record"


def settle(session: Session, claims: Sequence[Claim], now: datetime) -> dict[UUID, Settled]:
    """The number of each claim, for good.

    A number is confirmed where it lies in a block leased to that kiosk and no other record has it; else the
    record gets one from the pool, where one is left.
    """
    leased = _leased(session, [claim for claim in claims if claim.number is not None])
    own = [claim for claim in claims if claim.record in leased]
    kept = _keep(session, [(claim, claim.number or 0) for claim in own], now)
    settled = {
        claim.record: Settled(digits(claim.number or 0), confirmed=True, demo=leased[claim.record])
        for claim in own
        if claim.record in kept
    }
    for training in (False, True):
        rest = [claim for claim in claims if claim.record not in settled and claim.training is training]
        settled |= _from_pool(session, rest, now, training=training)
    return settled


def _leased(session: Session, claims: Sequence[Claim]) -> dict[UUID, bool]:
    """Which records have a number of their kiosk's own, and whether it is a demonstration."""
    if not claims:
        return {}
    values = {
        "records": [claim.record for claim in claims],
        "kiosks": [claim.kiosk for claim in claims],
        "numbers": [claim.number for claim in claims],
    }
    return {row.record: row.demo for row in session.connection().execute(_LEASED, values)}


def _from_pool(
    session: Session, claims: Sequence[Claim], now: datetime, *, training: bool
) -> dict[UUID, Settled]:
    free = take(session, len(claims), training=training)
    given = list(zip(claims, free, strict=False))
    kept = _keep(session, [(claim, one.number) for claim, one in given], now)
    numbers = {
        claim.record: Settled(digits(one.number), demo=one.demo)
        for claim, one in given
        if claim.record in kept
    }
    return {claim.record: numbers.get(claim.record, NONE_LEFT) for claim in claims}


def _keep(session: Session, given: Sequence[tuple[Claim, int]], now: datetime) -> set[UUID]:
    """Writes down that these numbers are given; the records whose number nobody had before."""
    rows = [
        {"number": number, "kiosk": claim.kiosk, "record": claim.record, "given_at": now}
        for claim, number in given
    ]
    return {row.record for row in insert_many(session, CardRow, rows, ending=_ONCE)}


def take(session: Session, count: int, *, training: bool) -> list[Free]:
    """At most `count` numbers out of the pool of one class, real ones before demonstrations.

    They are gone for good when the transaction is committed; until then nobody else takes any.
    """
    if not count:
        return []
    connection = session.connection()
    found: list[Free] = []
    for row in connection.execute(_POOL, {"training": training}).all():
        numbers = range(row.next, min(row.last + 1, row.next + count - len(found)))
        found.extend(Free(number, row.demo) for number in numbers)
        connection.execute(_TAKE, {"n": row.n, "next": numbers.stop})
        if len(found) == count:
            break
    return found


def digits(number: int) -> str:
    """A card number as it is written."""
    return f"{number:0{CARD_DIGITS}d}"
