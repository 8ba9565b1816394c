"""The records that wait for a decision: each taken by one worker, with what the hub already has of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from kiosk.hub.messages import Addressee, addressees


@dataclass(frozen=True, slots=True)
class Waiting:
    """One version of a record that waits; `shard` is where its row lies."""

    record: UUID
    version: int
    kiosk: Addressee
    shard: int
    hash: bytes
    raw: bytes
    received_ms: int
    carrier: str

    @property
    def place(self) -> tuple[UUID, int]:
        """The record at its kiosk, whatever the version."""
        return self.record, self.kiosk.n

    @property
    def digest(self) -> bytes:
        """What names these bytes among those kept for a person."""
        return sha256(self.raw).digest()


# A version waits until those below it are decided, so that two workers never decide one record at once.
_TAKE = text(
    "SELECT e.record, e.version, e.kiosk, e.shard, e.hash, e.raw, e.received_ms, e.carrier FROM envelope AS e"
    " WHERE e.decided_at IS NULL AND (e.version = 1 OR NOT EXISTS (SELECT FROM envelope AS o"
    " WHERE o.record = e.record AND o.kiosk = e.kiosk AND o.version < e.version AND o.decided_at IS NULL))"
    " ORDER BY e.received_ms LIMIT :most FOR UPDATE OF e SKIP LOCKED"
)
_VERSIONS = text(
    "SELECT record, kiosk, max(version) AS newest FROM envelope WHERE record = ANY(:records)"
    " GROUP BY record, kiosk HAVING count(*) > 1"
)
_REGISTERED = text("SELECT record, kiosk, state, version FROM registration WHERE record = ANY(:records)")
# One look-up for each, so that only the part of the table is searched in which it can be.
_HOLDERS = text(
    "SELECT m.nik, m.reference FROM unnest(CAST(:niks AS BYTEA[])) AS u (nik)"
    " CROSS JOIN LATERAL (SELECT nik, reference FROM member WHERE nik = u.nik AND live) AS m"
)


def take(session: Session, most: int) -> list[Waiting]:
    """At most `most` records that wait, longest first, locked for this transaction.

    Those that another worker has are passed over.
    """
    rows = session.connection().execute(_TAKE, {"most": most}).all()
    kiosks = addressees(session, {row.kiosk for row in rows}) if rows else {}
    return [
        Waiting(
            row.record,
            row.version,
            kiosks[row.kiosk],
            row.shard,
            row.hash,
            row.raw,
            row.received_ms,
            row.carrier,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Before:
    """What the hub has of a record beside the version in hand: the newest version, and its state, if any."""

    newest: int
    state: str = ""
    decided_version: int = 0


def before(session: Session, found: Sequence[Waiting]) -> Mapping[tuple[UUID, int], Before]:
    """What is known of those records that came in more than one version."""
    connection = session.connection()
    records = [one.record for one in found]
    newest = {
        (row.record, row.kiosk): row.newest for row in connection.execute(_VERSIONS, {"records": records})
    }
    if not newest:
        return {}
    known = {place: Before(version) for place, version in newest.items()}
    records = [record for record, _kiosk in newest]
    for row in connection.execute(_REGISTERED, {"records": records}):
        place = (row.record, row.kiosk)
        if place in known:
            known[place] = Before(newest[place], row.state, row.version)
    return known


def holders(session: Session, niks: Collection[bytes]) -> dict[bytes, str]:
    """The references under which these NIKs, as keyed hashes, are registered now."""
    if not niks:
        return {}
    found = session.connection().execute(_HOLDERS, {"niks": list(niks)})
    return {bytes(row.nik): row.reference for row in found}
