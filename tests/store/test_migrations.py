"""The schema's history: every shipped store opens with all that was in it, a newer one is left alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlcipher3 import dbapi2 as driver

from kiosk.domain.draft import Draft
from kiosk.domain.registration import Outcome, State
from kiosk.errors import StoreError
from kiosk.services.ports import LeasedCard
from kiosk.store.engine import DATABASE, open_database
from kiosk.store.keyfile import load_or_create_key
from kiosk.store.migrations import MIGRATIONS, migrate
from kiosk.store.tables import Row
from kiosk.store.unit_of_work import Store
from tests.store import shipped
from tests.store.conftest import Opener


def _connection(folder: Path, key_path: Path) -> Any:
    return open_database(folder / DATABASE, load_or_create_key(key_path, store_exists=False)).take()


def _newest() -> shipped.Shipped:
    return list(shipped.SHIPPED.values())[-1]


def _dump(connection: Any) -> list[Any]:
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = [(name, connection.execute(f"SELECT * FROM {name}").fetchall()) for name in sorted(tables)]
    return [*rows, connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()]


def test_every_step_is_on_record_in_a_shipped_store() -> None:
    newest = list(shipped.SHIPPED.values())[-1]
    assert list(newest.steps) == [name for name, _ in MIGRATIONS]
    assert {tuple(store.steps) for store in shipped.SHIPPED.values()} == {
        tuple(name for name, _ in MIGRATIONS[:number]) for number in range(1, len(MIGRATIONS) + 1)
    }


@pytest.mark.parametrize("name", shipped.SHIPPED)
def test_a_shipped_store_opens_with_all_that_was_in_it(
    folder: Path, key_path: Path, open_store: Opener, name: str
) -> None:
    with closing(_connection(folder, key_path)) as connection:
        shipped.SHIPPED[name].build(connection)
    store = open_store()
    with store() as work:
        found = work.registrations.by_reference("K1-0001-3T")
        assert found is not None
        assert (found.state, found.decision.outcome) == (State.SUBMITTED, Outcome.NEW_FAMILY)
        assert found.decision.pay_until == date(2026, 12, 22)
        assert [problem.code for problem in found.decision.problems] == ["fktp.other_regency"]
        assert found.family["members"][1]["nik"] is None
        assert found.created.trusted is True
        assert work.registrations.by_nik("9901011208800003") == [found]
        assert work.registrations.page()[0].name == "BAGASKARA"
        assert work.outbox.waiting() == 1
        (due,) = work.outbox.due(0, limit=10)
        assert (due.registration, due.queued.key, due.queued.version) == (found, "key-1", 1)
        assert (due.queued.schema, due.queued.receipt, due.queued.code) == (1, None, "")
        assert (found.version, found.state_at, found.purged_at) == (1, "", "")
        assert found.card == "0001234567890"
        draft = Draft(
            "id-2",
            "begun",
            {"kk": "9901", "members[0].name": "MELATI \udc80"},
            {"terms": "v1"},
            "members[0].nik",
            3,
            "saved",
        )
        assert work.drafts.get("id-2") == draft
        assert work.drafts.save(draft, "now").revision == 4
        is_enrolled = work.identity.get() is not None  # then it gives no number that is made up
        assert work.cards.take() == (None if is_enrolled else LeasedCard("0000000000008", demo=True))
        assert work.registrations.next_number("K1") == 2
        attempt = work.codes.latest("id-2")
        assert attempt is not None
        assert (attempt.tries, attempt.sent.boot) == (2, "boot-1")
        assert work.directory.by_kk("9901010101200012")[0].since == date(2024, 3, 1)
        assert len(work.registrations.history("K1-0001-3T")) == 2
        work.commit()
    assert store.verify_audit().lines == 2
    assert store.verify_audit().ok


def test_what_was_done_is_recorded_once(folder: Path, key_path: Path) -> None:
    with closing(_connection(folder, key_path)) as connection:
        assert migrate(connection, "0.1.0") == tuple(name for name, _ in MIGRATIONS)
        assert migrate(connection, "9.9.9") == ()
        assert connection.execute("SELECT name, version FROM migration").fetchall() == [
            (name, "0.1.0") for name, _ in MIGRATIONS
        ]


def test_a_new_step_comes_after_the_old_ones_and_keeps_the_rows(folder: Path, key_path: Path) -> None:
    def add_column(connection: Any) -> None:
        connection.execute("ALTER TABLE draft ADD COLUMN colour TEXT NOT NULL DEFAULT 'none'")

    with closing(_connection(folder, key_path)) as connection:
        _newest().build(connection)
        steps = (*MIGRATIONS, ("9999_colour", add_column))
        assert migrate(connection, "0.2.0", steps=steps) == ("9999_colour",)
        assert connection.execute("SELECT id, colour FROM draft").fetchall() == [("id-2", "none")]
        assert connection.execute("SELECT version FROM migration ORDER BY n").fetchall()[-1] == ("0.2.0",)


@pytest.mark.parametrize("error", [RuntimeError("cut"), driver.OperationalError("disk I/O error")])
def test_a_step_that_fails_leaves_nothing(folder: Path, key_path: Path, error: Exception) -> None:
    def half(connection: Any) -> None:
        connection.execute("DROP TABLE outbox")
        connection.execute("UPDATE draft SET kk = 'lost'")
        raise error

    with closing(_connection(folder, key_path)) as connection:
        _newest().build(connection)
        before = _dump(connection)
        with pytest.raises((RuntimeError, StoreError)):
            migrate(connection, "0.2.0", steps=(*MIGRATIONS, ("9999_half", half)))
        assert _dump(connection) == before
        assert not connection.in_transaction


def _rows(connection: Any) -> dict[str, list[Any]]:
    """Every row of every table, whatever stands in which of the two tables of a registration."""
    rows = dict(_dump(connection)[:-1])
    del rows["migration"]
    whole = connection.execute("SELECT * FROM registration").fetchall()
    documents = dict(rows.pop("document", []))
    rows["registration"] = [(*row[:11], documents.get(row[0]) or row[11]) for row in whole]
    # What later steps added to these tables comes behind what they had.
    return rows | {name: [row[:5] for row in rows[name]] for name in ("outbox", "card_block")}


@pytest.mark.parametrize("name", shipped.SHIPPED)
def test_migrating_keeps_every_row_as_it_was_and_ends_in_one_schema(
    folder: Path, key_path: Path, tmp_path: Path, name: str
) -> None:
    with closing(_connection(folder, key_path)) as connection:
        shipped.SHIPPED[name].build(connection)
        before = _rows(connection)
        assert all(before.values()), "a table of the shipped store is empty"
        migrate(connection, "9.9.9")
        after = _rows(connection)
        assert {name: after.pop(name) for name in before} == before
        assert not any(after.values()), "a new table begins empty"
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        with closing(_connection(tmp_path / "fresh", key_path)) as fresh:
            migrate(fresh, "9.9.9")
            assert tables == {row[0] for row in fresh.execute("SELECT name FROM sqlite_master")}
            for table in sorted(tables):
                assert _columns(connection, table) == _columns(fresh, table), table


def test_a_registration_stored_in_doubt_is_listed_so(folder: Path, key_path: Path) -> None:
    with closing(_connection(folder, key_path)) as connection:
        shipped.SHIPPED["documents apart"].build(connection)
        migrate(connection, "9.9.9", steps=MIGRATIONS[:2])
        connection.execute("UPDATE document SET body = json_set(body, '$.created.trusted', 0)")
        migrate(connection, "9.9.9")
        assert connection.execute("SELECT doubtful FROM registration").fetchall() == [(1,)]


def test_a_store_of_a_newer_program_is_left_alone(store: Store, folder: Path, open_store: Opener) -> None:
    with store() as work:
        work.drafts.save(Draft("id-3", "begun", {"kk": "9901"}), "saved")
        work.commit()
    connection = store._database.take()
    connection.execute("INSERT INTO migration (name, version) VALUES ('9999_of_tomorrow', '9.0.0')")
    connection.close()
    store.close()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(StoreError) as caught:
        open_store()
    assert (caught.value.code, caught.value.exit_code) == ("store.newer", 4)
    assert "9999_of_tomorrow" in caught.value.detail
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def _columns(connection: Any, table: str) -> list[tuple[Any, ...]]:
    """Name, affinity, not null and place in the primary key of each column."""
    return [
        (row[1], "TEXT" if row[2] == "VARCHAR" else row[2], bool(row[3] or row[5]), row[5])
        for row in connection.execute(f"PRAGMA table_xinfo({table})")
    ]


def _indexes(connection: Any, table: str) -> set[tuple[Any, ...]]:
    found = set()
    for _, name, unique, origin, partial in connection.execute(f"PRAGMA index_list({table})").fetchall():
        columns = tuple(row[2] for row in connection.execute(f"PRAGMA index_info({name})"))
        found.add((name if origin == "c" else origin, unique, partial, columns))
    return found


def test_the_migrations_make_the_tables_that_the_statements_expect(store: Store) -> None:
    migrated = store._database.take()
    with closing(sqlite3.connect(":memory:")) as expected:
        for table in Row.metadata.sorted_tables:
            expected.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))
            for index in table.indexes:
                expected.execute(str(CreateIndex(index).compile(dialect=sqlite.dialect())))
        names = {table.name for table in Row.metadata.sorted_tables}
        made = migrated.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        assert {name for (name,) in made} == names
        for name in names:
            assert _columns(migrated, name) == _columns(expected, name), name
            assert _indexes(migrated, name) == _indexes(expected, name), name
            keys = f"PRAGMA foreign_key_list({name})"
            assert migrated.execute(keys).fetchall() == expected.execute(keys).fetchall(), name
    store._database.give_back(migrated)


def test_the_database_refuses_what_a_row_class_would_take(store: Store) -> None:
    connection = store._database.take()
    for statement in (
        "INSERT INTO counter VALUES ('K1', 'many')",
        "INSERT INTO counter VALUES (NULL, 1)",
        "INSERT INTO member VALUES (99, 0, '9901')",
    ):
        with pytest.raises(driver.IntegrityError):
            connection.execute(statement)
    store._database.give_back(connection)
