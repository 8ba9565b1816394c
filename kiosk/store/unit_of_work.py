"""One transaction over the whole store, and the store that opens them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlcipher3 import dbapi2 as driver

from kiosk import __version__
from kiosk.domain.registration import Moment
from kiosk.errors import StoreError
from kiosk.services import ports, staff_ports, sync_ports, training_ports
from kiosk.store.audit import SqlAuditTrail, VerifyResult, verify
from kiosk.store.engine import (
    DATABASE,
    Database,
    as_store_error,
    has_database,
    only_opener,
    open_database,
    refuse_plain,
)
from kiosk.store.identity import SqlIdentity, SqlKeptMessages
from kiosk.store.keyfile import derived_key, load_or_create_key
from kiosk.store.leases import SqlCardBlocks, SqlCodes, SqlDirectory, SqlResumeCodes
from kiosk.store.migrations import migrate
from kiosk.store.practice import SqlLessons, SqlRuns
from kiosk.store.practice_mark import refuse_other_class
from kiosk.store.repositories import SqlDrafts, SqlRegistrations
from kiosk.store.sending import SqlDecisions, SqlOutbox, SqlTombstones
from kiosk.store.session import Session
from kiosk.store.staff import SqlAgreedSettings, SqlApprovals, SqlShifts, SqlStaff, SqlTaken

_REST, _LONGEST_REST = 3.0, 0.25
"""How many times as long as it took a polite unit of work rests, and how many seconds at the most."""


class SqlUnitOfWork:
    """One transaction: what is in it is durable after `commit`, or nothing of it is there.

    It may be used from any thread, one at a time. Leaving it without `commit` undoes everything since the
    last one. Raises StoreError: `store.locked`, `store.full`, `store.io`, `store.damaged`, `store.duplicate`.
    """

    drafts: ports.DraftRepository
    registrations: ports.RegistrationRepository
    outbox: sync_ports.Outbox
    identity: sync_ports.IdentityKeeper
    decisions: sync_ports.Decisions
    tombstones: sync_ports.Tombstones
    kept_messages: sync_ports.KeptMessages
    audit: ports.AuditTrail
    cards: ports.CardBlocks
    codes: ports.Codes
    resume_codes: ports.ResumeCodes
    directory: ports.MembershipDirectory
    staff: staff_ports.StaffRepository
    shifts: staff_ports.ShiftRepository
    approvals: staff_ports.ApprovalRepository
    taken: staff_ports.TakenRepository
    agreed_settings: staff_ports.AgreedSettings
    runs: training_ports.Runs
    lessons: training_ports.LessonNotes

    def __init__(self, database: Database, number_key: bytes, *, writes: bool = True, who: str = "") -> None:
        self._database = database
        self._number_key = number_key
        self._writes = writes
        self.who = who
        self._session: Session | None = None

    def __enter__(self) -> Self:
        self._session = session = Session(self._database, writes=self._writes)
        self.drafts = SqlDrafts(session)
        self.registrations = SqlRegistrations(session)
        self.outbox = SqlOutbox(session)
        self.identity = SqlIdentity(session)
        self.decisions = SqlDecisions(session)
        self.tombstones = SqlTombstones(session)
        self.kept_messages = SqlKeptMessages(session)
        self.audit = SqlAuditTrail(session, self._number_key, self.who)
        self.cards = SqlCardBlocks(session)
        self.codes = SqlCodes(session)
        self.resume_codes = SqlResumeCodes(session, self._number_key)
        self.directory = SqlDirectory(session)
        self.staff = SqlStaff(session)
        self.shifts = SqlShifts(session)
        self.approvals = SqlApprovals(session)
        self.taken = SqlTaken(session)
        self.agreed_settings = SqlAgreedSettings(session)
        self.runs = SqlRuns(session)
        self.lessons = SqlLessons(session)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def commit(self) -> None:
        """Makes everything so far durable; what follows is another transaction."""
        if self._session is None:
            raise RuntimeError("a unit of work commits inside its `with` block")
        self._session.commit()


class PoliteUnitOfWork(SqlUnitOfWork):
    """A unit of work of a program in the background: after it has held up others it leaves them time."""

    _begun = 0.0

    def __enter__(self) -> Self:
        self._begun = time.monotonic()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        time.sleep(min(_REST * (time.monotonic() - self._begun), _LONGEST_REST))


class Store:
    """An open store: call it for a unit of work that may write, `reading()` for one that only looks.

    `who` is who is signed in (empty: nobody): it stands in every line of the trail that names nobody else.
    """

    who = ""

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._number_key = derived_key(key, "audit numbers")
        self._watcher: Any = None

    def __call__(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self._database, self._number_key, who=self.who)

    def politely(self) -> SqlUnitOfWork:
        """A unit of work that rests after it, so that who types at a screen never waits for long."""
        return PoliteUnitOfWork(self._database, self._number_key)

    def reading(self) -> SqlUnitOfWork:
        """A unit of work on one snapshot that neither waits for a writer nor holds one up."""
        return SqlUnitOfWork(self._database, self._number_key, writes=False, who=self.who)

    def last_moment(self) -> Moment | None:
        """The newest trusted moment that the store knows, for the clock to go by."""
        session = Session(self._database, writes=False)
        try:
            return SqlAuditTrail(session, self._number_key).last_moment()
        finally:
            session.close()

    def pulse(self) -> int:
        """Another number whenever anybody has written since it was asked; reads no page but the first."""
        try:
            if self._watcher is None:
                self._watcher = self._database.take()
            return int(self._watcher.execute("PRAGMA data_version").fetchone()[0])
        except driver.Error as error:
            raise as_store_error(error) from None

    def check(self) -> tuple[str, ...]:
        """What is wrong with the database file; see `kiosk.store.engine.Database.check`."""
        return self._database.check()

    def verify_audit(self, progress: Callable[[int], None] | None = None, *, head: str = "") -> VerifyResult:
        """Checks the audit chain; see `kiosk.store.audit.verify`."""
        session = Session(self._database, writes=False)
        try:
            return verify(session.connection, progress, head=head)
        finally:
            session.close()

    def close(self) -> None:
        """Closes the connections; the last one folds the write-ahead log into the database."""
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            self._database.give_back(watcher)
        self._database.close()


def store_factory(
    folder: Path, key_path: Path, *, busy_seconds: float = 5.0, training: bool | None = None
) -> Store:
    """Opens the store in `folder` with the key in the file `key_path`, making both where neither is there.

    The schema is brought up to date. `busy_seconds` is how long to wait for another process that writes.
    With `training` the store must be of practice, or must not be; None asks nothing.
    Raises StoreError: `store.key_missing`, `store.key_mode`, `store.key_damaged`, `store.key_inside`,
    `store.wrong_key`, `store.damaged`, `store.plain`, `store.locked`, `store.newer`, `store.full`,
    `store.io`, `store.other_class`.
    """
    path = folder / DATABASE
    with only_opener(folder):
        is_new = not has_database(path)
        key = load_or_create_key(key_path, store_exists=not is_new, folder=folder)
        database = open_database(path, key, busy_seconds=busy_seconds)
        try:
            _migrate(database, training=training)
            if is_new:
                # Only while nothing has it open: closing any descriptor of a file drops SQLite's locks on it.
                database.close()
                refuse_plain(path)
                database.give_back(database.take())
        except BaseException:
            database.close()
            raise
    return Store(database, key)


def _migrate(database: Database, *, training: bool | None) -> None:
    session = Session(database)
    try:
        migrate(session.connection, __version__)
        if training is not None:
            refuse_other_class(session.connection, training=training)
    except StoreError as error:
        raise database.sure(error) from None
    finally:
        session.close()
