"""Writes signed messages into the inboxes of kiosks, numbered without gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from kiosk.errors import KioskError
from kiosk.hub.bulk import insert_many
from kiosk.hub.tables import InboxRow
from kiosk.sync.keys import SigningKey
from kiosk.sync.statements import message


@dataclass(frozen=True, slots=True)
class Addressee:
    """A kiosk that a message goes to: its number at the hub, its name and class, and the key to seal for."""

    n: int
    name: str
    training: bool
    opening: bytes | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """What a kiosk is to be told; `sealed` where it holds personal data."""

    to: Addressee
    kind: str
    payload: Mapping[str, Any]
    sealed: bool = False


class NoKeyError(KioskError):
    """A kiosk that has not enrolled yet has no key that a message could be sealed for."""


_HEADS = text("SELECT kiosk, last FROM inbox_head WHERE kiosk = ANY(:kiosks) ORDER BY kiosk FOR UPDATE")
_MOVE = text(
    "UPDATE inbox_head AS h SET last = u.last"
    " FROM unnest(CAST(:kiosks AS INTEGER[]), CAST(:lasts AS BIGINT[])) AS u (kiosk, last)"
    " WHERE h.kiosk = u.kiosk"
)


def post(session: Session, letters: Sequence[Letter], signer: SigningKey, now: datetime) -> None:
    """Puts `letters` into the inboxes, in their order.

    The heads of those inboxes stay locked until the transaction ends, so nobody ever sees a number before the
    one below it; it is therefore the last thing that a transaction does. Raises NoKeyError `inbox.no_key`.
    """
    if not letters:
        return
    kiosks = sorted({letter.to.n for letter in letters})
    connection = session.connection()
    found = connection.execute(_HEADS, {"kiosks": kiosks})
    last: dict[int, int] = dict(tuple(row) for row in found)
    rows = []
    for letter in letters:
        last[letter.to.n] += 1
        rows.append(_row(letter, last[letter.to.n], signer, now))
    insert_many(session, InboxRow, rows)
    connection.execute(_MOVE, {"kiosks": kiosks, "lasts": [last[kiosk] for kiosk in kiosks]})


def _row(letter: Letter, number: int, signer: SigningKey, now: datetime) -> dict[str, Any]:
    to = letter.to
    if letter.sealed and to.opening is None:
        raise NoKeyError("inbox.no_key", to.name)
    made = message(
        to.name,
        number,
        letter.kind,
        letter.payload,
        signer,
        training=to.training,
        seal_for=to.opening if letter.sealed else None,
    )
    return {
        "kiosk": to.n,
        "n": number,
        "kind": made.kind,
        "sealed": made.is_sealed,
        "body": made.body,
        "key": made.key,
        "signature": made.signature,
        "made_at": now,
    }


_KIOSKS = """SELECT k.n, k.name, k.training, e.opening FROM kiosk AS k
    LEFT JOIN kiosk_key AS e ON e.id = k.key WHERE {} ORDER BY k.n"""
_BY_NUMBER = text(_KIOSKS.format("k.n = ANY(:numbers)"))
_BY_NAME = text(_KIOSKS.format("k.name = :name AND k.training = :training"))
_ACTIVE = text(_KIOSKS.format("k.state = 'active'"))


def addressees(session: Session, numbers: Iterable[int]) -> dict[int, Addressee]:
    """The kiosks with these numbers."""
    found = session.connection().execute(_BY_NUMBER, {"numbers": sorted(set(numbers))})
    return {row.n: Addressee(row.n, row.name, row.training, row.opening) for row in found}


def addressee(session: Session, name: str, *, training: bool) -> Addressee:
    """The kiosk of one class with this name; raises KioskError `kiosk.unknown`."""
    row = session.connection().execute(_BY_NAME, {"name": name, "training": training}).first()
    if row is None:
        raise KioskError("kiosk.unknown", name)
    return Addressee(row.n, row.name, row.training, row.opening)


def all_active(session: Session) -> list[Addressee]:
    """Every kiosk that is enrolled and neither revoked nor retired."""
    return [Addressee(*row) for row in session.connection().execute(_ACTIVE)]
