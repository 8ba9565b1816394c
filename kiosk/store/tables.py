"""The tables as SQLModel classes: columns, keys and indexes, no behaviour.

What creates them is `migrations.py`; a test holds the two together. Rows of this kind are not validators, so
nothing outside `kiosk.store` sees them and the domain objects are made in `mapping.py`.
"""

from typing import Any, ClassVar, cast

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class Row(SQLModel):
    """A row of this store, apart from the tables of any other program in the process."""

    metadata: ClassVar[MetaData] = MetaData()


class RegistrationRow(Row, table=True):
    """A registration as lists and look-ups need it; the whole of it is its document."""

    __tablename__ = "registration"
    __table_args__ = (
        Index("registration_kk", "kk"),
        Index("registration_day", "created_day"),
        Index("registration_state", "state"),
        Index("registration_state_day", "state", "created_day"),
        Index("registration_here", "state", "state_at", sqlite_where=text("purged_at = ''")),
    )
    n: int = Field(primary_key=True)
    id: str = Field(sa_type=Text, unique=True)
    reference: str = Field(sa_type=Text, unique=True)
    state: str = Field(sa_type=Text)
    outcome: str = Field(sa_type=Text)
    kk: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    people: int
    premium_total: int | None = None
    created_day: str = Field(sa_type=Text)
    created_wall: str = Field(sa_type=Text)
    doubtful: int
    version: int
    state_at: str = Field(sa_type=Text)
    purged_at: str = Field(sa_type=Text)


class DocumentRow(Row, table=True):
    """The whole of a registration as JSON, apart so that a list reads 25 registrations a page and not one."""

    __tablename__ = "document"
    registration: int = Field(primary_key=True, foreign_key="registration.n")
    body: str = Field(sa_type=Text)


class MemberRow(Row, table=True):
    """That a NIK stands in a registration; people without a NIK have no row."""

    __tablename__ = "member"
    __table_args__ = (Index("member_nik", "nik", "registration"), {"sqlite_with_rowid": False})
    registration: int = Field(primary_key=True, foreign_key="registration.n")
    position: int = Field(primary_key=True)
    nik: str = Field(sa_type=Text)


class DraftRow(Row, table=True):
    """A registration under way; the document holds the answers and facts."""

    __tablename__ = "draft"
    __table_args__ = (Index("draft_saved", "saved_at"),)
    id: str = Field(sa_type=Text, primary_key=True)
    revision: int
    started_at: str = Field(sa_type=Text)
    saved_at: str = Field(sa_type=Text)
    kk: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    people: int
    at: str = Field(sa_type=Text)
    document: str = Field(sa_type=Text)


class OutboxRow(Row, table=True):
    """A version of a registration to be sent: `sent_at` is empty until the hub's receipt is there."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("registration", "version"),
        Index("outbox_waiting", "n", sqlite_where=text("sent_at = ''")),
    )
    n: int = Field(primary_key=True)
    key: str = Field(sa_type=Text, unique=True)
    registration: str = Field(sa_type=Text)
    queued_at: str = Field(sa_type=Text)
    sent_at: str = Field(sa_type=Text)
    version: int
    schema_: int = Field(sa_column=Column("schema", Integer, nullable=False))
    hash: str = Field(sa_type=Text)
    received_ms: int
    hub_key: str = Field(sa_type=Text)
    signature: bytes = Field(sa_type=LargeBinary)
    tries: int
    next_try_ms: int
    code: str = Field(sa_type=Text)
    exported_at: str = Field(sa_type=Text)
    left_at: str = Field(sa_type=Text)


class IdentityRow(Row, table=True):
    """Who this kiosk is to the hub: both secrets, the hub's keys, the inbox's cursor.

    Row 1 is the identity, row 2 one that the hub was asked to take.
    """

    __tablename__ = "identity"
    n: int = Field(primary_key=True)
    kiosk: str = Field(sa_type=Text)
    training: int
    signing: bytes = Field(sa_type=LargeBinary)
    opening: bytes = Field(sa_type=LargeBinary)
    hub_keys: str = Field(sa_type=Text)
    url: str = Field(sa_type=Text)
    enrolled_at: str = Field(sa_type=Text)
    epoch: str = Field(sa_type=Text)
    cursor: int
    asking: str = Field(sa_type=Text)


class DecisionRow(Row, table=True):
    """What the hub decided of one version of a registration."""

    __tablename__ = "decision"
    __table_args__: ClassVar[dict[str, Any]] = {"sqlite_with_rowid": False}
    registration: str = Field(sa_type=Text, primary_key=True)
    version: int = Field(primary_key=True)
    verdict: str = Field(sa_type=Text)
    hash: str = Field(sa_type=Text)
    decided_at: str = Field(sa_type=Text)
    problems: str = Field(sa_type=Text)
    other_reference: str = Field(sa_type=Text)
    card: str = Field(sa_type=Text)


class TombstoneRow(Row, table=True):
    """What stays of a registration whose personal data were removed."""

    __tablename__ = "tombstone"
    __table_args__: ClassVar[dict[str, Any]] = {"sqlite_with_rowid": False}
    registration: str = Field(sa_type=Text, primary_key=True)
    reference: str = Field(sa_type=Text)
    receipt_hash: str = Field(sa_type=Text)
    hash: str = Field(sa_type=Text)
    decided_at: str = Field(sa_type=Text)
    purged_at: str = Field(sa_type=Text)


class KeptMessageRow(Row, table=True):
    """A message of the hub that this program does not understand, as it came."""

    __tablename__ = "kept_message"
    number: int = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    sealed: int
    body: bytes = Field(sa_type=LargeBinary)
    hub_key: str = Field(sa_type=Text)
    signature: bytes = Field(sa_type=LargeBinary)
    code: str = Field(sa_type=Text)
    kept_at: str = Field(sa_type=Text)


class AuditRow(Row, table=True):
    """A line of the audit chain; `n` counts from 1 without gaps."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_subject", "subject"),)
    n: int = Field(primary_key=True)
    wall: str = Field(sa_type=Text)
    boot: str = Field(sa_type=Text)
    monotonic_ns: int
    trusted: int
    who: str = Field(sa_type=Text)
    action: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    fields: str = Field(sa_type=Text)
    codes: str = Field(sa_type=Text)
    previous: bytes = Field(sa_type=LargeBinary)
    digest: bytes = Field(sa_type=LargeBinary)


class CardBlockRow(Row, table=True):
    """A block of card numbers: `first` to `last`, of which `next` is the next to give.

    `lease` names it at the hub; it is used while the kiosk is in the `epoch` in which it was given.
    """

    __tablename__ = "card_block"
    __table_args__ = (Index("card_block_demo", "demo"),)
    n: int = Field(primary_key=True)
    first: str = Field(sa_type=Text, unique=True)
    next: int
    last: int
    demo: int
    lease: str = Field(sa_type=Text)
    epoch: str = Field(sa_type=Text)


class CodeRow(Row, table=True):
    """A code sent to a phone."""

    __tablename__ = "code"
    __table_args__ = (Index("code_draft", "draft_id"), Index("code_phone", "phone"))
    n: int = Field(primary_key=True)
    id: str = Field(sa_type=Text, unique=True)
    draft_id: str = Field(sa_type=Text)
    phone: str = Field(sa_type=Text)
    secret: str = Field(sa_type=Text)
    wall: str = Field(sa_type=Text)
    boot: str = Field(sa_type=Text)
    monotonic_ns: int
    trusted: int
    tries: int
    closed: str = Field(sa_type=Text)


class ResumeCodeRow(Row, table=True):
    """A code on a slip, as a keyed hash: the draft it stands for, and whether it was taken."""

    __tablename__ = "resume_code"
    __table_args__ = (Index("resume_code_draft", "draft_id"), {"sqlite_with_rowid": False})
    hash: str = Field(sa_type=Text, primary_key=True)
    draft_id: str = Field(sa_type=Text)
    made_at: str = Field(sa_type=Text)
    used: int


class ParticipantRow(Row, table=True):
    """A participant of the directory extract."""

    __tablename__ = "participant"
    __table_args__ = (Index("participant_kk", "kk"), {"sqlite_with_rowid": False})
    nik: str = Field(sa_type=Text, primary_key=True)
    card: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    birth_date: str = Field(sa_type=Text)
    kk: str = Field(sa_type=Text)
    segment: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    care_class: int | None = None
    fktp: str = Field(sa_type=Text)
    head: int
    arrears_months: int
    since: str | None = Field(default=None, sa_type=Text)


class CounterRow(Row, table=True):
    """The last number that a kiosk gave to a registration."""

    __tablename__ = "counter"
    kiosk: str = Field(sa_type=Text, primary_key=True)
    number: int


class StaffRow(Row, table=True):
    """An account of the counter's staff."""

    __tablename__ = "staff"
    __table_args__: ClassVar[dict[str, Any]] = {"sqlite_with_rowid": False}
    id: str = Field(sa_type=Text, primary_key=True)
    name: str = Field(sa_type=Text)
    role: str = Field(sa_type=Text)
    pin_hash: str = Field(sa_type=Text)
    active: int
    second: str = Field(sa_type=Text)
    second_secret: str = Field(sa_type=Text)
    second_step: int
    one_time: str = Field(sa_type=Text)
    failures: int
    failed: str = Field(sa_type=Text)
    made_at: str = Field(sa_type=Text)


class ShiftRow(Row, table=True):
    """One person's turn; `after` is the place of the last registration before its day."""

    __tablename__ = "shift"
    __table_args__ = (Index("shift_unsigned", "number", sqlite_where=text("day_closed = 0")),)
    number: int = Field(primary_key=True)
    staff: str = Field(sa_type=Text, foreign_key="staff.id")
    began: str = Field(sa_type=Text)
    after: int
    ended: str = Field(sa_type=Text)
    handed_to: str = Field(sa_type=Text)
    signed_by: str = Field(sa_type=Text)
    day_closed: int
    report: str = Field(sa_type=Text)


class ApprovalRow(Row, table=True):
    """What two people allowed, and why."""

    __tablename__ = "approval"
    __table_args__ = (Index("approval_shift", "shift"), Index("approval_subject", "subject"))
    n: int = Field(primary_key=True)
    act: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    first: str = Field(sa_type=Text, foreign_key="staff.id")
    second: str = Field(sa_type=Text, foreign_key="staff.id")
    reason: str = Field(sa_type=Text)
    at: str = Field(sa_type=Text)
    shift: int


class AgreedSettingsRow(Row, table=True):
    """The settings that were agreed, as a JSON object of their names."""

    __tablename__ = "agreed_settings"
    n: int = Field(primary_key=True)
    at: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)


class RunRow(Row, table=True):
    """One run of a scenario for practice; `points` is -1 while it goes on."""

    __tablename__ = "practice_run"
    __table_args__ = (
        Index("practice_run_best", "scenario", "points"),
        Index("practice_run_unfinished", "scenario", sqlite_where=text("ended_at = ''")),
        {"sqlite_with_rowid": False},
    )
    id: str = Field(sa_type=Text, primary_key=True)
    scenario: str = Field(sa_type=Text)
    started: str = Field(sa_type=Text)
    ended_at: str = Field(sa_type=Text)
    points: int
    document: str = Field(sa_type=Text)


class LessonRow(Row, table=True):
    """How far a lesson was done."""

    __tablename__ = "lesson"
    __table_args__: ClassVar[dict[str, Any]] = {"sqlite_with_rowid": False}
    lesson: str = Field(sa_type=Text, primary_key=True)
    step: int
    done_at: str = Field(sa_type=Text)


class MigrationRow(Row, table=True):
    """A migration that was done, and by which version of the program."""

    __tablename__ = "migration"
    n: int = Field(primary_key=True)
    name: str = Field(sa_type=Text, unique=True)
    version: str = Field(sa_type=Text)


def table_of(row: type[Row]) -> Table:
    """The Core table of a row class, for statements."""
    return cast("Table", vars(row)["__table__"])
