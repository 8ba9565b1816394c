"""The schema's history: named steps, each done once, in order, in one transaction with its record.

A step is SQL as it was when it was shipped; it is never edited afterwards, and never derived from
`tables.py`, which says only how the tables look today.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlcipher3 import dbapi2 as driver

from kiosk.errors import StoreError
from kiosk.store.engine import as_store_error

Step = Callable[[Any], None]

_RECORD = """CREATE TABLE IF NOT EXISTS migration (
    n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version TEXT NOT NULL) STRICT"""

_FIRST_SCHEMA = (
    """CREATE TABLE registration (
        n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, reference TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL, outcome TEXT NOT NULL, kk TEXT NOT NULL, name TEXT NOT NULL,
        people INTEGER NOT NULL, premium_total INTEGER, created_day TEXT NOT NULL,
        created_wall TEXT NOT NULL, document TEXT NOT NULL) STRICT""",
    "CREATE INDEX registration_kk ON registration (kk)",
    "CREATE INDEX registration_day ON registration (created_day)",
    "CREATE INDEX registration_state ON registration (state)",
    "CREATE INDEX registration_state_day ON registration (state, created_day)",
    """CREATE TABLE member (
        registration INTEGER NOT NULL REFERENCES registration (n), position INTEGER NOT NULL,
        nik TEXT NOT NULL, PRIMARY KEY (registration, position)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX member_nik ON member (nik, registration)",
    """CREATE TABLE draft (
        id TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, started_at TEXT NOT NULL,
        saved_at TEXT NOT NULL, kk TEXT NOT NULL, name TEXT NOT NULL, people INTEGER NOT NULL,
        at TEXT NOT NULL, document TEXT NOT NULL) STRICT""",
    "CREATE INDEX draft_saved ON draft (saved_at)",
    """CREATE TABLE outbox (
        n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, registration TEXT NOT NULL UNIQUE,
        queued_at TEXT NOT NULL, sent_at TEXT NOT NULL) STRICT""",
    "CREATE INDEX outbox_waiting ON outbox (n) WHERE sent_at = ''",
    """CREATE TABLE audit (
        n INTEGER PRIMARY KEY, wall TEXT NOT NULL, boot TEXT NOT NULL, monotonic_ns INTEGER NOT NULL,
        trusted INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
        fields TEXT NOT NULL, codes TEXT NOT NULL, previous BLOB NOT NULL, digest BLOB NOT NULL) STRICT""",
    "CREATE INDEX audit_subject ON audit (subject)",
    """CREATE TABLE card_block (
        n INTEGER PRIMARY KEY, first TEXT NOT NULL UNIQUE, next INTEGER NOT NULL, last INTEGER NOT NULL,
        demo INTEGER NOT NULL) STRICT""",
    "CREATE INDEX card_block_demo ON card_block (demo)",
    """CREATE TABLE code (
        n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, draft_id TEXT NOT NULL, phone TEXT NOT NULL,
        secret TEXT NOT NULL, wall TEXT NOT NULL, boot TEXT NOT NULL, monotonic_ns INTEGER NOT NULL,
        trusted INTEGER NOT NULL, tries INTEGER NOT NULL, closed TEXT NOT NULL) STRICT""",
    "CREATE INDEX code_draft ON code (draft_id)",
    "CREATE INDEX code_phone ON code (phone)",
    """CREATE TABLE participant (
        nik TEXT NOT NULL PRIMARY KEY, card TEXT NOT NULL, name TEXT NOT NULL, birth_date TEXT NOT NULL,
        kk TEXT NOT NULL, segment TEXT NOT NULL, status TEXT NOT NULL, care_class INTEGER, fktp TEXT NOT NULL,
        head INTEGER NOT NULL, arrears_months INTEGER NOT NULL, since TEXT) STRICT, WITHOUT ROWID""",
    "CREATE INDEX participant_kk ON participant (kk)",
    """CREATE TABLE counter (
        kiosk TEXT NOT NULL PRIMARY KEY, number INTEGER NOT NULL) STRICT""",
)


def first_schema(connection: Any) -> None:
    """The tables that the program began with."""
    for statement in _FIRST_SCHEMA:
        connection.execute(statement)


def documents_apart(connection: Any) -> None:
    """Moves the documents of registrations to a table of their own.

    For a while the first step made them so itself: what such a store has is right already.
    """
    columns = {row[1] for row in connection.execute("PRAGMA table_info(registration)").fetchall()}
    if "document" in columns:
        connection.execute(
            """CREATE TABLE document (
            registration INTEGER PRIMARY KEY REFERENCES registration (n), body TEXT NOT NULL) STRICT"""
        )
        connection.execute("INSERT INTO document SELECT n, document FROM registration")
        connection.execute("ALTER TABLE registration DROP COLUMN document")


def doubtful_times(connection: Any) -> None:
    """Lets lists tell which registrations were stored while the clock was in doubt."""
    connection.execute("ALTER TABLE registration ADD COLUMN doubtful INTEGER NOT NULL DEFAULT 0")
    connection.execute(
        """UPDATE registration SET doubtful = 1 WHERE n IN (
        SELECT registration FROM document WHERE json_extract(body, '$.created.trusted') = 0)"""
    )


def resume_codes(connection: Any) -> None:
    """The codes on slips, as keyed hashes."""
    connection.execute(
        """CREATE TABLE resume_code (
        hash TEXT NOT NULL PRIMARY KEY, draft_id TEXT NOT NULL, made_at TEXT NOT NULL,
        used INTEGER NOT NULL) STRICT, WITHOUT ROWID"""
    )
    connection.execute("CREATE INDEX resume_code_draft ON resume_code (draft_id)")


_SYNCED = (
    "ALTER TABLE registration ADD COLUMN version INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE registration ADD COLUMN state_at TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE registration ADD COLUMN purged_at TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX registration_here ON registration (state, state_at) WHERE purged_at = ''",
    "DROP INDEX outbox_waiting",
    "ALTER TABLE outbox RENAME TO outbox_before",
    """CREATE TABLE outbox (
        n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, registration TEXT NOT NULL,
        queued_at TEXT NOT NULL, sent_at TEXT NOT NULL DEFAULT '', version INTEGER NOT NULL DEFAULT 1,
        schema INTEGER NOT NULL DEFAULT 1, hash TEXT NOT NULL DEFAULT '',
        received_ms INTEGER NOT NULL DEFAULT 0, hub_key TEXT NOT NULL DEFAULT '',
        signature BLOB NOT NULL DEFAULT x'', tries INTEGER NOT NULL DEFAULT 0,
        next_try_ms INTEGER NOT NULL DEFAULT 0, code TEXT NOT NULL DEFAULT '',
        exported_at TEXT NOT NULL DEFAULT '', UNIQUE (registration, version)) STRICT""",
    """INSERT INTO outbox (n, key, registration, queued_at, sent_at)
        SELECT n, key, registration, queued_at, sent_at FROM outbox_before""",
    "DROP TABLE outbox_before",
    "CREATE INDEX outbox_waiting ON outbox (n) WHERE sent_at = ''",
    """CREATE TABLE identity (
        n INTEGER PRIMARY KEY, kiosk TEXT NOT NULL, training INTEGER NOT NULL, signing BLOB NOT NULL,
        opening BLOB NOT NULL, hub_keys TEXT NOT NULL, url TEXT NOT NULL, enrolled_at TEXT NOT NULL,
        epoch TEXT NOT NULL, cursor INTEGER NOT NULL, asking TEXT NOT NULL) STRICT""",
    """CREATE TABLE decision (
        registration TEXT NOT NULL, version INTEGER NOT NULL, verdict TEXT NOT NULL, hash TEXT NOT NULL,
        decided_at TEXT NOT NULL, problems TEXT NOT NULL, other_reference TEXT NOT NULL, card TEXT NOT NULL,
        PRIMARY KEY (registration, version)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE tombstone (
        registration TEXT NOT NULL PRIMARY KEY, reference TEXT NOT NULL, receipt_hash TEXT NOT NULL,
        hash TEXT NOT NULL, decided_at TEXT NOT NULL, purged_at TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE kept_message (
        number INTEGER PRIMARY KEY, kind TEXT NOT NULL, sealed INTEGER NOT NULL, body BLOB NOT NULL,
        hub_key TEXT NOT NULL, signature BLOB NOT NULL, code TEXT NOT NULL, kept_at TEXT NOT NULL) STRICT""",
    "ALTER TABLE card_block ADD COLUMN lease TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE card_block ADD COLUMN epoch TEXT NOT NULL DEFAULT ''",
)


def synced_later(connection: Any) -> None:
    """Versions, receipts and decisions of registrations, and the keys by which the hub is known."""
    for statement in _SYNCED:
        connection.execute(statement)


_STAFF = (
    """CREATE TABLE staff (
        id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, pin_hash TEXT NOT NULL,
        active INTEGER NOT NULL, second TEXT NOT NULL, second_secret TEXT NOT NULL,
        second_step INTEGER NOT NULL, one_time TEXT NOT NULL, failures INTEGER NOT NULL, failed TEXT NOT NULL,
        made_at TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE shift (
        number INTEGER PRIMARY KEY, staff TEXT NOT NULL REFERENCES staff (id), began TEXT NOT NULL,
        after INTEGER NOT NULL, ended TEXT NOT NULL, handed_to TEXT NOT NULL, signed_by TEXT NOT NULL,
        day_closed INTEGER NOT NULL, report TEXT NOT NULL) STRICT""",
    "CREATE INDEX shift_unsigned ON shift (number) WHERE day_closed = 0",
    """CREATE TABLE approval (
        n INTEGER PRIMARY KEY, act TEXT NOT NULL, subject TEXT NOT NULL,
        first TEXT NOT NULL REFERENCES staff (id), second TEXT NOT NULL REFERENCES staff (id),
        reason TEXT NOT NULL, at TEXT NOT NULL, shift INTEGER NOT NULL) STRICT""",
    "CREATE INDEX approval_shift ON approval (shift)",
    "CREATE INDEX approval_subject ON approval (subject)",
    # What waited before this may have set out already.
    "ALTER TABLE outbox ADD COLUMN left_at TEXT NOT NULL DEFAULT ''",
    "UPDATE outbox SET left_at = queued_at",
)


def staff(connection: Any) -> None:
    """The people of a counter, their turns, and what two of them allowed."""
    for statement in _STAFF:
        connection.execute(statement)


def agreed_settings(connection: Any) -> None:
    """The settings that two people of a counter have agreed to."""
    connection.execute(
        """CREATE TABLE agreed_settings (
        n INTEGER PRIMARY KEY, at TEXT NOT NULL, body TEXT NOT NULL) STRICT"""
    )


_TRAINING = (
    """CREATE TABLE practice_run (
        id TEXT NOT NULL PRIMARY KEY, scenario TEXT NOT NULL, started TEXT NOT NULL, ended_at TEXT NOT NULL,
        points INTEGER NOT NULL, document TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX practice_run_best ON practice_run (scenario, points)",
    "CREATE INDEX practice_run_unfinished ON practice_run (scenario) WHERE ended_at = ''",
    """CREATE TABLE lesson (
        lesson TEXT NOT NULL PRIMARY KEY, step INTEGER NOT NULL, done_at TEXT NOT NULL)
        STRICT, WITHOUT ROWID""",
)


def training(connection: Any) -> None:
    """Runs of scenarios and lessons, which only practice has any of."""
    for statement in _TRAINING:
        connection.execute(statement)


MIGRATIONS: tuple[tuple[str, Step], ...] = (
    ("0001_first_schema", first_schema),
    ("0002_documents_apart", documents_apart),
    ("0003_doubtful_times", doubtful_times),
    ("0004_resume_codes", resume_codes),
    ("0005_synced_later", synced_later),
    ("0006_staff", staff),
    ("0007_agreed_settings", agreed_settings),
    ("0008_training", training),
)
"""Every step by name, in order; a new one goes to the end."""


def migrate(
    connection: Any, version: str, *, steps: Sequence[tuple[str, Step]] = MIGRATIONS
) -> tuple[str, ...]:
    """Brings the schema up to date in one transaction and returns the names of the steps done now.

    `version` is the program's, kept with each step. Raises StoreError `store.newer`, with nothing changed,
    where the store knows a step that this program does not; nothing is kept of a step that fails.
    """
    try:
        if steps_done(connection) == tuple(name for name, _ in steps):
            return ()
        connection.execute("BEGIN IMMEDIATE")
        try:
            names = _migrate(connection, version, steps)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    except driver.Error as error:
        raise as_store_error(error) from None
    return names


def steps_done(connection: Any) -> tuple[str, ...]:
    """The names of the steps that a store has on record, in order."""
    tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'migration'").fetchall()
    rows = connection.execute("SELECT name FROM migration ORDER BY n").fetchall() if tables else []
    return tuple(name for (name,) in rows)


def _migrate(connection: Any, version: str, steps: Sequence[tuple[str, Step]]) -> tuple[str, ...]:
    done, known = steps_done(connection), tuple(name for name, _ in steps)
    if done != known[: len(done)]:
        unknown = next((name for name in done if name not in known), "another order of steps")
        raise StoreError("store.newer", f"this store was changed by a newer program ({unknown})")
    connection.execute(_RECORD)
    for name, step in steps[len(done) :]:
        step(connection)
        connection.execute("INSERT INTO migration (name, version) VALUES (?, ?)", (name, version))
    return known[len(done) :]
