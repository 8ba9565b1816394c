"""The hub's tables as SQLModel classes: columns, keys and indexes, no behaviour.

What creates them is `migrations.py`; a test holds the two together. Tables that grow with the families are
partitioned by hash, so that a distributed PostgreSQL can spread them; those hold no foreign keys.
A `kiosk` column is the number of a `KioskRow`, since one name may be used in both classes, real and training.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Index, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlmodel import Field, SQLModel

PARTITIONS = 8
"""Into how many parts each partitioned table is split."""


class HubRow(SQLModel):
    """A row of the hub, apart from the tables of any other program in the process."""

    metadata: ClassVar[MetaData] = MetaData()


def _moment(*, primary_key: bool = False) -> Any:
    return Field(sa_type=cast("Any", DateTime(timezone=True)), primary_key=primary_key)


def _perhaps_moment() -> Any:
    return Field(default=None, sa_type=cast("Any", DateTime(timezone=True)))


def _numbered() -> Any:
    return Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=[Identity(always=True)])


class EnvelopeRow(HubRow, table=True):
    """One version of one record as the kiosk sealed it, with the receipt that was given for it.

    `shard` is the header's two bytes as a number. The key begins with the record, so that a record is found
    in all parts. `decided_at` is empty while it waits; then `decision` is `accepted` or `refused`.
    """

    __tablename__ = "envelope"
    __table_args__ = (
        Index("envelope_waiting", "received_ms", postgresql_where=text("decided_at IS NULL")),
        {"postgresql_partition_by": "HASH (shard)"},
    )
    record: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    kiosk: int = Field(primary_key=True)
    shard: int = Field(primary_key=True)
    hash: bytes = Field(sa_type=LargeBinary)
    kind: int
    schema_: int = Field(sa_column_kwargs={"name": "schema"})
    created_ms: int = Field(sa_type=BigInteger)
    trusted: bool
    audit_head: bytes = Field(sa_type=LargeBinary)
    hub_key: bytes = Field(sa_type=LargeBinary)
    raw: bytes = Field(sa_type=LargeBinary)
    carrier: str = Field(sa_type=Text)
    received_ms: int = Field(sa_type=BigInteger)
    receipt_key: bytes = Field(sa_type=LargeBinary)
    receipt: bytes = Field(sa_type=LargeBinary)
    decided_at: datetime | None = _perhaps_moment()
    decision: str | None = Field(default=None, sa_type=Text)


class RegistrationRow(HubRow, table=True):
    """Where a record stands after its newest decided version; the family itself stays in the envelope.

    `state` is `accepted`, `refused` or `lapsed`. `problems` is what the decision told the kiosk.
    """

    __tablename__ = "registration"
    __table_args__ = (
        Index("registration_reference", "reference"),
        Index("registration_state", "state", "decided_at"),
        {"postgresql_partition_by": "HASH (shard)"},
    )
    record: UUID = Field(primary_key=True)
    kiosk: int = Field(primary_key=True)
    shard: int = Field(primary_key=True)
    version: int
    hash: bytes = Field(sa_type=LargeBinary)
    state: str = Field(sa_type=Text)
    reference: str = Field(sa_type=Text)
    outcome: str = Field(sa_type=Text)
    segment: str | None = Field(default=None, sa_type=Text)
    people: int
    premium_total: int | None = Field(default=None, sa_type=BigInteger)
    card: str | None = Field(default=None, sa_type=Text)
    pay_until: str | None = Field(default=None, sa_type=Text)
    problems: Any = Field(sa_type=JSONB)
    other_reference: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime = _moment()


class MemberRow(HubRow, table=True):
    """That a NIK stands in a record, the NIK as a keyed hash; one record at a time has it `live`."""

    __tablename__ = "member"
    __table_args__ = (
        Index("member_live", "nik", unique=True, postgresql_where=text("live")),
        Index("member_record", "record"),
        {"postgresql_partition_by": "HASH (nik)"},
    )
    nik: bytes = Field(sa_type=LargeBinary, primary_key=True)
    record: UUID = Field(primary_key=True)
    kiosk: int = Field(primary_key=True)
    reference: str = Field(sa_type=Text)
    live: bool


class ParticipantRow(HubRow, table=True):
    """A participant of an extract, sealed to this hub's key `key`; NIK and No. KK as keyed hashes."""

    __tablename__ = "participant"
    __table_args__ = (
        Index("participant_kk", "kk"),
        {"postgresql_partition_by": "HASH (nik)"},
    )
    nik: bytes = Field(sa_type=LargeBinary, primary_key=True)
    kk: bytes = Field(sa_type=LargeBinary)
    key: bytes = Field(sa_type=LargeBinary)
    sealed: bytes = Field(sa_type=LargeBinary)
    taken_at: datetime = _moment()


class CardRow(HubRow, table=True):
    """A card number that a decision confirmed or gave, for good."""

    __tablename__ = "card"
    __table_args__ = ({"postgresql_partition_by": "HASH (number)"},)
    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    kiosk: int
    record: UUID
    given_at: datetime = _moment()


class KioskRow(HubRow, table=True):
    """A kiosk of one class: `waiting` until its code was used, then `active`, `revoked` or `retired`.

    Whoever changes what one kiosk has sent locks this row first.
    """

    __tablename__ = "kiosk"
    __table_args__ = (Index("kiosk_name", "name", "training", unique=True),)
    n: int = Field(
        default=None,
        primary_key=True,
        sa_column_args=[Identity(always=True)],
    )
    name: str = Field(sa_type=Text)
    training: bool
    place: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    key: bytes | None = Field(default=None, sa_type=LargeBinary)
    epoch: UUID | None = None
    made_at: datetime = _moment()
    enrolled_at: datetime | None = _perhaps_moment()
    ended_at: datetime | None = _perhaps_moment()


class KioskKeyRow(HubRow, table=True):
    """The public halves that a kiosk enrolled with, named by the id of the signing key.

    `active` signs requests; what an `old` one signed before the kiosk enrolled anew is still taken in.
    """

    __tablename__ = "kiosk_key"
    __table_args__ = (Index("kiosk_key_kiosk", "kiosk"),)
    id: bytes = Field(sa_type=LargeBinary, primary_key=True)
    kiosk: int = Field(foreign_key="kiosk.n")
    signing: bytes = Field(sa_type=LargeBinary)
    opening: bytes = Field(sa_type=LargeBinary)
    state: str = Field(sa_type=Text)
    made_at: datetime = _moment()


class KioskStatusRow(HubRow, table=True):
    """What a kiosk last told of itself, and when it was last heard.

    `read_to` is the number of the last message in its inbox that it has for good.
    """

    __tablename__ = "kiosk_status"
    kiosk: int = Field(primary_key=True, foreign_key="kiosk.n", sa_column_kwargs={"autoincrement": False})
    seen_at: datetime = _moment()
    reported_at: datetime | None = _perhaps_moment()
    waiting: int | None = None
    drift_ms: int | None = Field(default=None, sa_type=BigInteger)
    program: str | None = Field(default=None, sa_type=Text)
    profile: str | None = Field(default=None, sa_type=Text)
    cards_left: int | None = None
    audit_head: bytes | None = Field(default=None, sa_type=LargeBinary)
    epoch: UUID | None = None
    read_to: int | None = Field(default=None, sa_type=BigInteger)


class EnrolCodeRow(HubRow, table=True):
    """A one-time code as the public half of its key; `used_by` is the id of the key that enrolled with it."""

    __tablename__ = "enrol_code"
    id: bytes = Field(sa_type=LargeBinary, primary_key=True)
    public: bytes = Field(sa_type=LargeBinary)
    kiosk: int = Field(foreign_key="kiosk.n")
    made_at: datetime = _moment()
    until: datetime = _moment()
    used_at: datetime | None = _perhaps_moment()
    used_by: bytes | None = Field(default=None, sa_type=LargeBinary)


class NonceRow(HubRow, table=True):
    """That a request was seen; removed when its time is so far off that it would be refused anyway."""

    __tablename__ = "nonce"
    __table_args__ = (Index("nonce_seen", "seen_at"),)
    key: bytes = Field(sa_type=LargeBinary, primary_key=True)
    nonce: bytes = Field(sa_type=LargeBinary, primary_key=True)
    seen_at: datetime = _moment()


class InboxRow(HubRow, table=True):
    """A signed message to a kiosk; the numbers of one kiosk count from 1 without gaps."""

    __tablename__ = "inbox"
    kiosk: int = Field(primary_key=True)
    n: int = Field(primary_key=True, sa_type=BigInteger)
    kind: str = Field(sa_type=Text)
    sealed: bool
    body: bytes = Field(sa_type=LargeBinary)
    key: bytes = Field(sa_type=LargeBinary)
    signature: bytes = Field(sa_type=LargeBinary)
    made_at: datetime = _moment()


class InboxHeadRow(HubRow, table=True):
    """The last number in a kiosk's inbox; locked by whoever writes the next one. Made with the kiosk."""

    __tablename__ = "inbox_head"
    kiosk: int = Field(primary_key=True, foreign_key="kiosk.n", sa_column_kwargs={"autoincrement": False})
    last: int = Field(sa_type=BigInteger)


class CardPoolRow(HubRow, table=True):
    """Card numbers that the hub may lease: `next` to `last` are free; a class never leases the other's."""

    __tablename__ = "card_pool"
    __table_args__ = (
        ExcludeConstraint((text("int8range(next, last + 1)"), "&&"), name="card_pool_free", using="gist"),
    )
    n: int = _numbered()
    first: int = Field(sa_type=BigInteger)
    next: int = Field(sa_type=BigInteger)
    last: int = Field(sa_type=BigInteger)
    demo: bool
    training: bool


class KioskEpochRow(HubRow, table=True):
    """A life of a kiosk's store that the hub has heard of; the present one stands in the kiosk's row."""

    __tablename__ = "kiosk_epoch"
    kiosk: int = Field(primary_key=True, foreign_key="kiosk.n", sa_column_kwargs={"autoincrement": False})
    epoch: UUID = Field(primary_key=True)


class LeaseRow(HubRow, table=True):
    """A block of card numbers given to a kiosk, by the id that the kiosk asked with; no two share a number.

    `state`: `leased`, `lost` (of an older epoch), `reclaimed` or `quarantined` (the kiosk was retired).
    `body`, `key` and `signature` are the answer, the same whenever it is asked again. `next` is the lowest
    number that the kiosk had not given when it last told, at `told_at`.
    """

    __tablename__ = "lease"
    __table_args__ = (
        Index("lease_kiosk", "kiosk", "epoch"),
        ExcludeConstraint(
            (text("int8range(first, first + count)"), "&&"),
            name="lease_numbers",
            using="gist",
            where=text("state <> 'reclaimed'"),
        ),
    )
    id: UUID = Field(primary_key=True)
    kiosk: int = Field(foreign_key="kiosk.n")
    epoch: UUID
    first: int = Field(sa_type=BigInteger)
    count: int
    demo: bool
    state: str = Field(sa_type=Text)
    leased_at: datetime = _moment()
    body: bytes = Field(sa_type=LargeBinary)
    key: bytes = Field(sa_type=LargeBinary)
    signature: bytes = Field(sa_type=LargeBinary)
    next: int | None = Field(default=None, sa_type=BigInteger)
    told_at: datetime | None = _perhaps_moment()


class QuarantineRow(HubRow, table=True):
    """An envelope that could not be taken in, kept for a person to look at; the same one is kept once.

    `status` and `code` are what the kiosk was told.
    """

    __tablename__ = "quarantine"
    __table_args__ = (
        Index("quarantine_once", "kiosk", "digest", unique=True),
        Index("quarantine_open", "n", postgresql_where=text("closed_at IS NULL")),
    )
    n: int = _numbered()
    kiosk: int = Field(foreign_key="kiosk.n")
    digest: bytes = Field(sa_type=LargeBinary)
    status: str = Field(sa_type=Text)
    code: str = Field(sa_type=Text)
    record: UUID | None = None
    version: int | None = None
    raw: bytes = Field(sa_type=LargeBinary)
    carrier: str = Field(sa_type=Text)
    at: datetime = _moment()
    times: int
    closed_at: datetime | None = _perhaps_moment()
    closed_by: str | None = Field(default=None, sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)


class HubKeyRow(HubRow, table=True):
    """The public half of a key of this hub, `sign` or `seal`; the secret halves lie in the key file."""

    __tablename__ = "hub_key"
    id: bytes = Field(sa_type=LargeBinary, primary_key=True)
    purpose: str = Field(sa_type=Text)
    public: bytes = Field(sa_type=LargeBinary)
    state: str = Field(sa_type=Text)
    made_at: datetime = _moment()


class AuditRow(HubRow, table=True):
    """What was done at the hub and by whom: names and codes, never personal data."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_subject", "subject"),)
    n: int = _numbered()
    at: datetime = _moment()
    who: str = Field(sa_type=Text)
    action: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    codes: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)


class AuditLinkRow(HubRow, table=True):
    """The place of an audit line in the chain of all of them, and the digest of the chain up to there."""

    __tablename__ = "audit_link"
    place: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    n: int = Field(sa_type=BigInteger, unique=True)
    digest: bytes = Field(sa_type=LargeBinary)


class MetaRow(HubRow, table=True):
    """A fact of this hub by name."""

    __tablename__ = "hub_meta"
    name: str = Field(sa_type=Text, primary_key=True)
    value: str = Field(sa_type=Text)


class MigrationRow(HubRow, table=True):
    """A migration that was done, and by which version of the program."""

    __tablename__ = "migration"
    n: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str = Field(sa_type=Text, unique=True)
    version: str = Field(sa_type=Text)
    done_at: datetime = _moment()


def table_of(row: type[HubRow]) -> Table:
    """The Core table of a row class, for statements."""
    return cast("Table", vars(row)["__table__"])
