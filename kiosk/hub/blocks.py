"""Blocks of card numbers: a pool that the hub was given, leases to kiosks, and what comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import Session

from kiosk.errors import KioskError
from kiosk.hub.bulk import insert_many
from kiosk.hub.numbers import CARD_DIGITS, digits
from kiosk.hub.tables import CardPoolRow, LeaseRow
from kiosk.sync.keys import SigningKey
from kiosk.sync.statements import BLOCK, Message, message

MOST_IN_A_BLOCK = 500
MOST_HELD = 2_000
"""A kiosk that has so many numbers left gets no more."""

FRESH_REPORT = timedelta(hours=1)
"""How old the last word of a kiosk may be for it to be certain which numbers it has given."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a kiosk asks for: a block under an id of its own, made before it asked, in its present epoch.

    `left` is how many numbers it still has, `next` the first number of each of its blocks with the lowest one
    that it has not given.
    """

    lease: UUID
    epoch: UUID
    want: int
    left: int = 0
    next: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Reclaimed:
    """What became of the numbers of a retired kiosk: back in the pool, or kept from everybody."""

    freed: int
    quarantined: int


# The pool.

_POOL_TABLE = text("LOCK TABLE card_pool IN SHARE ROW EXCLUSIVE MODE")
_TAKEN = text(
    "SELECT EXISTS (SELECT FROM card_pool WHERE first <= :last AND last >= :first)"
    " OR EXISTS (SELECT FROM lease WHERE first <= :last AND first + count > :first)"
    " OR EXISTS (SELECT FROM card WHERE number BETWEEN :first AND :last)"
)


def add_numbers(session: Session, first: str, count: int, *, training: bool, demo: bool = False) -> None:
    """Gives the hub `count` numbers from `first` on.

    Raises KioskError: `numbers.format` for what is no such range, `numbers.overlap` where it was given one of
    them before.
    """
    if not (first.isascii() and first.isdigit() and len(first) == CARD_DIGITS and count >= 1):
        raise KioskError("numbers.format")
    start, last = int(first), int(first) + count - 1
    if last >= 10**CARD_DIGITS:
        raise KioskError("numbers.format")
    connection = session.connection()
    connection.execute(_POOL_TABLE)
    if connection.execute(_TAKEN, {"first": start, "last": last}).scalar():
        raise KioskError("numbers.overlap")
    _pool(session, start, last, training=training, demo=demo)


def _pool(session: Session, first: int, last: int, *, training: bool, demo: bool) -> None:
    row = {"first": first, "next": first, "last": last, "demo": demo, "training": training}
    insert_many(session, CardPoolRow, [row])


_FREE = text(
    "SELECT demo, sum(last - next + 1) AS total FROM card_pool WHERE training = :training GROUP BY demo"
)


def numbers_left(session: Session, *, training: bool) -> dict[bool, int]:
    """How many numbers of a class the hub can still lease: real ones (False) and demonstrations (True)."""
    found = {False: 0, True: 0}
    for row in session.connection().execute(_FREE, {"training": training}):
        found[row.demo] = int(row.total)
    return found


# Leases.

_KIOSK = text("SELECT n, name, training, epoch FROM kiosk WHERE n = :n FOR NO KEY UPDATE")
_LEASE = text("SELECT kiosk, epoch, body, key, signature FROM lease WHERE id = :id")
_HAS_BEEN = text("SELECT EXISTS (SELECT FROM kiosk_epoch WHERE kiosk = :n AND epoch = :epoch)")
_REMEMBER = text("INSERT INTO kiosk_epoch (kiosk, epoch) VALUES (:n, :epoch) ON CONFLICT DO NOTHING")
_PRESENT = text("SELECT epoch FROM kiosk WHERE n = :n")
_LOSE = text("UPDATE lease SET state = 'lost' WHERE kiosk = :n AND epoch <> :epoch AND state = 'leased'")
_EPOCH = text("UPDATE kiosk SET epoch = :epoch WHERE n = :n")
_TOLD = text(
    "UPDATE lease SET next = least(greatest(coalesce(next, first), :next), first + count), told_at = :now"
    " WHERE kiosk = :n AND epoch = :epoch AND first = :first AND state = 'leased'"
)
_POOL_ROW = text(
    "SELECT n, next, last, demo FROM card_pool WHERE training = :training AND next <= last"
    " ORDER BY demo, n LIMIT 1 FOR UPDATE"
)
_MOVE = text("UPDATE card_pool SET next = :next WHERE n = :n")


def lease_block(session: Session, kiosk: int, wanted: Wanted, signer: SigningKey, now: datetime) -> Message:
    """The hub's answer to a kiosk that wants numbers: the same one whenever the same lease is asked for.

    In a new epoch the kiosk was put back from a copy: it loses the blocks of all others first. An empty block
    says that none are left; then the same lease may be filled later. Raises KioskError: `lease.foreign` where
    another kiosk has a lease with this id, `lease.epoch` where it was given in another epoch, `kiosk.epoch`
    for an epoch that has ended.
    """
    connection = session.connection()
    who = connection.execute(_KIOSK, {"n": kiosk}).one()
    held = connection.execute(_LEASE, {"id": wanted.lease}).first()
    if held is not None and held.kiosk != kiosk:
        raise KioskError("lease.foreign")
    enter_epoch(session, kiosk, wanted.epoch)
    note_given(session, kiosk, wanted, now)
    if held is not None:
        if held.epoch != wanted.epoch:
            raise KioskError("lease.epoch")
        return Message(who.name, 0, BLOCK, held.body, held.key, held.signature, training=who.training)
    block = _block(session, wanted, training=who.training)
    payload = {
        "lease": str(wanted.lease),
        "epoch": str(wanted.epoch),
        "first": digits(block.start) if block else None,
        "count": len(block.numbers) if block else 0,
        "demo": block.demo if block else False,
    }
    answer = message(who.name, 0, BLOCK, payload, signer, training=who.training)
    if block:
        insert_many(session, LeaseRow, [_lease_row(kiosk, wanted, block, answer, now)])
    return answer


def enter_epoch(session: Session, kiosk: int, epoch: UUID) -> None:
    """Makes `epoch` the present one of a kiosk whose row is locked; blocks of others are lost to it.

    Raises KioskError `kiosk.epoch` for one that has ended: two machines are at work under one name, or a
    stick from before the copy was put back was late.
    """
    connection = session.connection()
    present = connection.execute(_PRESENT, {"n": kiosk}).scalar_one()
    if present is not None:
        connection.execute(_REMEMBER, {"n": kiosk, "epoch": present})
    if present != epoch:
        if connection.execute(_HAS_BEEN, {"n": kiosk, "epoch": epoch}).scalar():
            raise KioskError("kiosk.epoch")
        connection.execute(_REMEMBER, {"n": kiosk, "epoch": epoch})
    connection.execute(_LOSE, {"n": kiosk, "epoch": epoch})
    connection.execute(_EPOCH, {"n": kiosk, "epoch": epoch})


def note_given(session: Session, kiosk: int, wanted: Wanted, now: datetime) -> None:
    """Keeps how far the kiosk has come in each of its blocks."""
    for first, following in wanted.next:
        values = {"n": kiosk, "epoch": wanted.epoch, "first": first, "next": following, "now": now}
        session.connection().execute(_TOLD, values)


@dataclass(frozen=True, slots=True)
class _Block:
    numbers: range
    demo: bool

    @property
    def start(self) -> int:
        return self.numbers.start


def _block(session: Session, wanted: Wanted, *, training: bool) -> _Block | None:
    """Numbers in a row out of the pool; None where the kiosk has enough, or the hub has none."""
    count = min(wanted.want, MOST_IN_A_BLOCK)
    if count < 1 or wanted.left >= MOST_HELD:
        return None
    connection = session.connection()
    row = connection.execute(_POOL_ROW, {"training": training}).first()
    if row is None:
        return None
    numbers = range(row.next, min(row.last + 1, row.next + count))
    connection.execute(_MOVE, {"n": row.n, "next": numbers.stop})
    return _Block(numbers, row.demo)


def _lease_row(kiosk: int, wanted: Wanted, block: _Block, answer: Message, now: datetime) -> dict[str, Any]:
    return {
        "id": wanted.lease,
        "kiosk": kiosk,
        "epoch": wanted.epoch,
        "first": block.start,
        "count": len(block.numbers),
        "demo": block.demo,
        "state": "leased",
        "leased_at": now,
        "body": answer.body,
        "key": answer.key,
        "signature": answer.signature,
        "next": None,
        "told_at": None,
    }


# What comes back.

_STATUS = text(
    "SELECT s.waiting, s.reported_at, s.epoch IS NOT DISTINCT FROM k.epoch AS same_epoch, EXISTS (SELECT"
    " FROM envelope AS e WHERE e.kiosk = k.n AND e.decided_at IS NULL) AS undecided"
    " FROM kiosk AS k JOIN kiosk_status AS s ON s.kiosk = k.n WHERE k.n = :n"
)
_LEASES = text(
    "SELECT l.id, l.first, l.count AS size, l.demo, l.next, l.told_at, (SELECT max(c.number)"
    " FROM card AS c WHERE c.number >= l.first AND c.number < l.first + l.count) AS highest"
    " FROM lease AS l WHERE l.kiosk = :n AND l.state = 'leased' ORDER BY l.first FOR UPDATE OF l"
)
_QUARANTINE = text("UPDATE lease SET state = 'quarantined' WHERE id = :id")
_RETURN = text("UPDATE lease SET state = 'reclaimed' WHERE id = :id")
_SHORTEN = text("UPDATE lease SET count = :count WHERE id = :id")


def reclaim(session: Session, kiosk: int, now: datetime) -> Reclaimed:
    """Takes back the numbers that a kiosk has not given; its row is locked, and it asks for no more.

    That is certain where it has told within `FRESH_REPORT` how far it has come in a block, that nothing waits
    to be sent, and everything it sent is decided. All other numbers are kept from everybody.
    """
    connection = session.connection()
    training = bool(connection.execute(_KIOSK, {"n": kiosk}).one().training)
    status = connection.execute(_STATUS, {"n": kiosk}).first()
    leases = connection.execute(_LEASES, {"n": kiosk}).all()
    freed = 0
    held = 0
    for lease in leases:
        if status is None or not _is_certain(status, lease, now):
            connection.execute(_QUARANTINE, {"id": lease.id})
            held += lease.size
        else:
            freed += _give_back(session, lease, training=training)
    return Reclaimed(freed, held)


def _is_certain(status: Row[Any], lease: Row[Any], now: datetime) -> bool:
    moments: Sequence[datetime | None] = (status.reported_at, lease.told_at)
    fresh = all(moment is not None and now - moment <= FRESH_REPORT for moment in moments)
    return fresh and status.waiting == 0 and bool(status.same_epoch) and not status.undecided


def _give_back(session: Session, lease: Row[Any], *, training: bool) -> int:
    """Puts the rest of a block behind the last number given back into the pool; how many these are."""
    end = lease.first + lease.size
    start = max(lease.next or lease.first, (lease.highest or lease.first - 1) + 1)
    connection = session.connection()
    if start == lease.first:
        connection.execute(_RETURN, {"id": lease.id})
    else:
        connection.execute(_SHORTEN, {"id": lease.id, "count": start - lease.first})
    if start < end:
        _pool(session, start, end - 1, training=training, demo=lease.demo)
    return int(end - start)


# For those who look after the hub.

_HELD = text(
    "SELECT k.name, k.training, l.first, l.count AS size, l.state, l.leased_at FROM lease AS l"
    " JOIN kiosk AS k ON k.n = l.kiosk ORDER BY k.training, k.name, l.first"
)


@dataclass(frozen=True, slots=True)
class Lease:
    """A block that a kiosk has, had, or will not have again."""

    kiosk: str
    training: bool
    first: str
    numbers: int
    state: str
    leased_at: datetime

    def as_dict(self) -> dict[str, Any]:
        return {
            "kiosk": self.kiosk,
            "training": self.training,
            "first": self.first,
            "numbers": self.numbers,
            "state": self.state,
            "leased_at": self.leased_at.isoformat(timespec="seconds"),
        }


def leases(session: Session) -> Iterator[Lease]:
    """Every block that was leased, by kiosk."""
    for row in session.connection().execute(_HELD):
        yield Lease(row.name, row.training, digits(row.first), row.size, row.state, row.leased_at)
