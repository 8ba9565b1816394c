"""The history of the hub's schema: named steps, each done once, in order, in one transaction with its record.

A step is SQL as it was when it was shipped; it is never edited afterwards, and never derived from
`tables.py`, which says only how the tables look today.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine, inspect, text

from kiosk.errors import StoreError

Step = Callable[[Connection], None]

_LOCK = 0x6B696F736B687562
"""The number under which processes that start at once wait for each other."""

_RECORD = """CREATE TABLE IF NOT EXISTS migration (
    n INTEGER NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE NOT NULL, PRIMARY KEY (n), UNIQUE (name))"""

_FIRST_SCHEMA = (
    """CREATE TABLE audit (n BIGINT GENERATED ALWAYS AS IDENTITY, at TIMESTAMP WITH TIME ZONE NOT NULL, who
        TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, codes TEXT NOT NULL, reason TEXT NOT
        NULL, PRIMARY KEY (n))""",
    "CREATE INDEX audit_subject ON audit (subject)",
    """CREATE TABLE card (number BIGINT NOT NULL, kiosk INTEGER NOT NULL, record UUID NOT NULL, given_at
        TIMESTAMP WITH TIME ZONE NOT NULL, PRIMARY KEY (number)) PARTITION BY HASH (number)""",
    """CREATE TABLE card_pool (n BIGINT GENERATED ALWAYS AS IDENTITY, first BIGINT NOT NULL, next BIGINT
        NOT NULL, last BIGINT NOT NULL, demo BOOLEAN NOT NULL, training BOOLEAN NOT NULL, PRIMARY KEY (n),
        UNIQUE (first))""",
    """CREATE TABLE envelope (record UUID NOT NULL, version INTEGER NOT NULL, kiosk INTEGER NOT NULL, shard
        INTEGER NOT NULL, hash BYTEA NOT NULL, kind INTEGER NOT NULL, schema INTEGER NOT NULL, created_ms
        BIGINT NOT NULL, trusted BOOLEAN NOT NULL, audit_head BYTEA NOT NULL, hub_key BYTEA NOT NULL, raw
        BYTEA NOT NULL, carrier TEXT NOT NULL, received_ms BIGINT NOT NULL, receipt_key BYTEA NOT NULL,
        receipt BYTEA NOT NULL, decided_at TIMESTAMP WITH TIME ZONE, decision TEXT, PRIMARY KEY (record,
        version, kiosk, shard)) PARTITION BY HASH (shard)""",
    "CREATE INDEX envelope_waiting ON envelope (received_ms) WHERE decided_at IS NULL",
    """CREATE TABLE hub_key (id BYTEA NOT NULL, purpose TEXT NOT NULL, public BYTEA NOT NULL, state TEXT
        NOT NULL, made_at TIMESTAMP WITH TIME ZONE NOT NULL, PRIMARY KEY (id))""",
    "CREATE TABLE hub_meta (name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name))",
    """CREATE TABLE inbox (kiosk INTEGER NOT NULL, n BIGINT NOT NULL, kind TEXT NOT NULL, sealed BOOLEAN
        NOT NULL, body BYTEA NOT NULL, key BYTEA NOT NULL, signature BYTEA NOT NULL, made_at TIMESTAMP WITH
        TIME ZONE NOT NULL, PRIMARY KEY (kiosk, n))""",
    """CREATE TABLE kiosk (n INTEGER GENERATED ALWAYS AS IDENTITY, name TEXT NOT NULL, training BOOLEAN NOT
        NULL, place TEXT NOT NULL, state TEXT NOT NULL, key BYTEA, epoch UUID, made_at TIMESTAMP WITH TIME
        ZONE NOT NULL, enrolled_at TIMESTAMP WITH TIME ZONE, ended_at TIMESTAMP WITH TIME ZONE, PRIMARY KEY
        (n))""",
    "CREATE UNIQUE INDEX kiosk_name ON kiosk (name, training)",
    """CREATE TABLE member (nik BYTEA NOT NULL, record UUID NOT NULL, kiosk INTEGER NOT NULL, reference
        TEXT NOT NULL, live BOOLEAN NOT NULL, PRIMARY KEY (nik, record, kiosk)) PARTITION BY HASH (nik)""",
    "CREATE UNIQUE INDEX member_live ON member (nik) WHERE live",
    "CREATE INDEX member_record ON member (record)",
    """CREATE TABLE nonce (key BYTEA NOT NULL, nonce BYTEA NOT NULL, seen_at TIMESTAMP WITH TIME ZONE NOT
        NULL, PRIMARY KEY (key, nonce))""",
    "CREATE INDEX nonce_seen ON nonce (seen_at)",
    """CREATE TABLE registration (record UUID NOT NULL, kiosk INTEGER NOT NULL, shard INTEGER NOT NULL,
        version INTEGER NOT NULL, hash BYTEA NOT NULL, state TEXT NOT NULL, reference TEXT NOT NULL, outcome
        TEXT NOT NULL, segment TEXT, people INTEGER NOT NULL, premium_total BIGINT, card TEXT, pay_until
        TEXT, problems JSONB NOT NULL, other_reference TEXT, decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (record, kiosk, shard)) PARTITION BY HASH (shard)""",
    "CREATE INDEX registration_reference ON registration (reference)",
    "CREATE INDEX registration_state ON registration (state, decided_at)",
    """CREATE TABLE enrol_code (id BYTEA NOT NULL, public BYTEA NOT NULL, kiosk INTEGER NOT NULL,
        made_at TIMESTAMP WITH TIME ZONE NOT NULL, until TIMESTAMP WITH TIME ZONE NOT NULL,
        used_at TIMESTAMP WITH TIME ZONE, used_by BYTEA, PRIMARY KEY (id),
        FOREIGN KEY(kiosk) REFERENCES kiosk (n))""",
    """CREATE TABLE inbox_head (kiosk INTEGER NOT NULL, last BIGINT NOT NULL, PRIMARY KEY (kiosk), FOREIGN
        KEY(kiosk) REFERENCES kiosk (n))""",
    """CREATE TABLE kiosk_key (id BYTEA NOT NULL, kiosk INTEGER NOT NULL, signing BYTEA NOT NULL, opening
        BYTEA NOT NULL, state TEXT NOT NULL, made_at TIMESTAMP WITH TIME ZONE NOT NULL, PRIMARY KEY (id),
        FOREIGN KEY(kiosk) REFERENCES kiosk (n))""",
    "CREATE INDEX kiosk_key_kiosk ON kiosk_key (kiosk)",
    """CREATE TABLE kiosk_status (kiosk INTEGER NOT NULL, seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
        reported_at TIMESTAMP WITH TIME ZONE, waiting INTEGER, drift_ms BIGINT, program TEXT, profile TEXT,
        cards_left INTEGER, audit_head BYTEA, epoch UUID, PRIMARY KEY (kiosk), FOREIGN KEY(kiosk) REFERENCES
        kiosk (n))""",
    """CREATE TABLE lease (id UUID NOT NULL, kiosk INTEGER NOT NULL, epoch UUID NOT NULL, first BIGINT NOT
        NULL, count INTEGER NOT NULL, demo BOOLEAN NOT NULL, state TEXT NOT NULL, leased_at TIMESTAMP WITH
        TIME ZONE NOT NULL, body BYTEA NOT NULL, key BYTEA NOT NULL, signature BYTEA NOT NULL, PRIMARY KEY
        (id), CONSTRAINT lease_numbers EXCLUDE USING gist (int8range(first, first + count) WITH &&) WHERE
        (state <> 'reclaimed'), FOREIGN KEY(kiosk) REFERENCES kiosk (n))""",
    "CREATE INDEX lease_kiosk ON lease (kiosk, epoch)",
    """CREATE TABLE quarantine (n BIGINT GENERATED ALWAYS AS IDENTITY, kiosk INTEGER NOT NULL, digest BYTEA
        NOT NULL, status TEXT NOT NULL, code TEXT NOT NULL, record UUID, version INTEGER, raw BYTEA NOT
        NULL, carrier TEXT NOT NULL, at TIMESTAMP WITH TIME ZONE NOT NULL, times INTEGER NOT NULL, closed_at
        TIMESTAMP WITH TIME ZONE, closed_by TEXT, reason TEXT, PRIMARY KEY (n), FOREIGN KEY(kiosk)
        REFERENCES kiosk (n))""",
    "CREATE UNIQUE INDEX quarantine_once ON quarantine (kiosk, digest)",
    "CREATE INDEX quarantine_open ON quarantine (n) WHERE closed_at IS NULL",
)
_PARTITIONED = ("envelope", "registration", "member", "card")


def first_schema(connection: Connection) -> None:
    """All tables of the first hub; four of them in eight parts."""
    for statement in _FIRST_SCHEMA:
        connection.exec_driver_sql(statement)
    for table in _PARTITIONED:
        _partition(connection, table)


def _partition(connection: Connection, table: str) -> None:
    for part in range(8):
        connection.exec_driver_sql(
            f"CREATE TABLE {table}_{part} PARTITION OF {table} FOR VALUES WITH (MODULUS 8, REMAINDER {part})"
        )


def participants(connection: Connection) -> None:
    """The participants that the hub knows, and how far kiosks have come in their blocks of numbers."""
    connection.exec_driver_sql(
        """CREATE TABLE participant (nik BYTEA NOT NULL, kk BYTEA NOT NULL, key BYTEA NOT NULL, sealed BYTEA
            NOT NULL, taken_at TIMESTAMP WITH TIME ZONE NOT NULL, PRIMARY KEY (nik))
            PARTITION BY HASH (nik)"""
    )
    connection.exec_driver_sql("CREATE INDEX participant_kk ON participant (kk)")
    _partition(connection, "participant")
    connection.exec_driver_sql("ALTER TABLE lease ADD COLUMN next BIGINT")
    connection.exec_driver_sql("ALTER TABLE lease ADD COLUMN told_at TIMESTAMP WITH TIME ZONE")


def free_numbers(connection: Connection) -> None:
    """A number is free once: blocks that come back may begin where an older one began."""
    connection.exec_driver_sql("ALTER TABLE card_pool DROP CONSTRAINT card_pool_first_key")
    connection.exec_driver_sql(
        "ALTER TABLE card_pool ADD CONSTRAINT card_pool_free"
        " EXCLUDE USING gist (int8range(next, last + 1) WITH &&)"
    )


def read_marks(connection: Connection) -> None:
    """How far each kiosk has read its inbox."""
    connection.exec_driver_sql("ALTER TABLE kiosk_status ADD COLUMN read_to BIGINT")


def epochs(connection: Connection) -> None:
    """Which lives of its store a kiosk has had: one that has ended never comes back."""
    connection.exec_driver_sql(
        """CREATE TABLE kiosk_epoch (kiosk INTEGER NOT NULL, epoch UUID NOT NULL, PRIMARY KEY (kiosk, epoch),
            FOREIGN KEY(kiosk) REFERENCES kiosk (n))"""
    )
    connection.exec_driver_sql(
        "INSERT INTO kiosk_epoch SELECT n, epoch FROM kiosk WHERE epoch IS NOT NULL"
        " UNION SELECT kiosk, epoch FROM lease"
    )


def audit_chain(connection: Connection) -> None:
    """The audit lines in a chain."""
    connection.exec_driver_sql(
        "CREATE TABLE audit_link (place BIGINT NOT NULL, n BIGINT NOT NULL, digest BYTEA NOT NULL,"
        " PRIMARY KEY (place), UNIQUE (n))"
    )


MIGRATIONS: tuple[tuple[str, Step], ...] = (
    ("0001_first_schema", first_schema),
    ("0002_participants", participants),
    ("0003_free_numbers", free_numbers),
    ("0004_read_marks", read_marks),
    ("0005_epochs", epochs),
    ("0006_audit_chain", audit_chain),
)
"""Every step by name, in order; a new one goes to the end."""


def migrate(
    engine: Engine, version: str, *, steps: Sequence[tuple[str, Step]] = MIGRATIONS
) -> tuple[str, ...]:
    """Brings the schema up to date in one transaction and returns the names of the steps done now.

    `version` is the program's, kept with each step. Several processes may call it at once: one does the
    steps, the others wait and find them done. Raises StoreError `hub.newer`, with nothing changed, where the
    database knows a step that this program does not; nothing is kept of a step that fails.
    """
    names = tuple(name for name, _ in steps)
    with engine.connect() as connection:
        if steps_done(connection) == names:
            return ()
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        connection.exec_driver_sql(_RECORD)
        done = steps_done(connection)
        if done != names[: len(done)]:
            unknown = next((name for name in done if name not in names), "another order of steps")
            raise StoreError("hub.newer", f"this database was changed by a newer program ({unknown})")
        for number, (name, step) in enumerate(steps[len(done) :], len(done) + 1):
            step(connection)
            connection.execute(
                text("INSERT INTO migration VALUES (:n, :name, :version, now())"),
                {"n": number, "name": name, "version": version},
            )
        return names[len(done) :]


def steps_done(connection: Connection) -> tuple[str, ...]:
    """The names of the steps that a database has on record, in order."""
    if not inspect(connection).has_table("migration"):
        return ()
    return tuple(connection.execute(text("SELECT name FROM migration ORDER BY n")).scalars())
