"""The schema's history: the tables are what the classes say, a newer database is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from kiosk.errors import ConfigError, StoreError
from kiosk.hub.database import make_engine, open_database, url_of
from kiosk.hub.migrations import MIGRATIONS, migrate, steps_done
from kiosk.hub.tables import PARTITIONS, HubRow
from tests.hub import postgres

_SHAPE = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) ELSE '' END
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0
  AND NOT a.attisdropped
ORDER BY 1, 2"""
_RULES = """
SELECT c.relname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE NOT c.relispartition AND k.connamespace = 'public'::regnamespace ORDER BY 1, 2"""
_INDEXES = """
SELECT tablename, indexdef FROM pg_indexes JOIN pg_class c ON c.relname = tablename
WHERE schemaname = 'public' AND NOT c.relispartition ORDER BY 1, 2"""


@pytest.fixture
def blank() -> Iterator[Engine]:
    engine = make_engine(postgres.blank("blank"))
    yield engine
    engine.dispose()


def _described(engine: Engine) -> list[list[tuple[object, ...]]]:
    with engine.connect() as connection:
        queries = (_SHAPE, _RULES, _INDEXES)
        return [[tuple(row) for row in connection.execute(text(query))] for query in queries]


def test_the_steps_make_what_the_classes_say(blank: Engine) -> None:
    migrate(blank, "1")
    by_steps = _described(blank)
    with blank.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    HubRow.metadata.create_all(blank)
    assert by_steps == _described(blank)
    assert len(by_steps[0]) > 100


def test_tables_of_families_are_in_parts_that_nothing_binds(engine: Engine) -> None:
    with engine.connect() as connection:
        parts = connection.execute(
            text("SELECT inhparent::regclass::text, count(*) FROM pg_inherits"
                 " JOIN pg_class c ON c.oid = inhrelid WHERE c.relkind = 'r' GROUP BY 1 ORDER BY 1")
        ).all()  # fmt: skip
    assert [tuple(row) for row in parts] == [
        (name, PARTITIONS) for name in ("card", "envelope", "member", "participant", "registration")
    ]


def test_a_second_start_does_nothing(blank: Engine) -> None:
    assert migrate(blank, "1") == tuple(name for name, _ in MIGRATIONS)
    assert migrate(blank, "2") == ()
    with blank.connect() as connection:
        assert set(connection.execute(text("SELECT version FROM migration")).scalars()) == {"1"}


def test_several_that_start_at_once_do_each_step_once(blank: Engine) -> None:
    together = Barrier(4)

    def start(_number: int) -> tuple[str, ...]:
        together.wait(10)
        return migrate(blank, "1")

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(start, range(4)))
    assert sorted(done) == [(), (), (), tuple(name for name, _ in MIGRATIONS)]


def test_a_newer_database_is_left_alone(blank: Engine) -> None:
    migrate(blank, "1")
    with blank.begin() as connection:
        connection.execute(text("INSERT INTO migration VALUES (99, '0099_later', '9', now())"))
    with pytest.raises(StoreError, match=r"hub\.newer: .*0099_later"):
        migrate(blank, "1")


def test_a_step_that_fails_leaves_nothing(blank: Engine) -> None:
    def broken(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (n integer)")
        connection.exec_driver_sql("SELECT 1 / 0")

    with pytest.raises(DBAPIError):
        migrate(blank, "1", steps=(*MIGRATIONS, ("0099_broken", broken)))
    with blank.connect() as connection:
        assert steps_done(connection) == ()
        assert connection.execute(text("SELECT to_regclass('half')")).scalar() is None


def test_the_url_is_the_one_given_or_that_of_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://b/c")
    assert (url_of("postgresql://a/b"), url_of()) == ("postgresql://a/b", "postgresql://b/c")
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(ConfigError, match=r"^hub\.no_database$"):
        url_of()


@pytest.mark.parametrize("url", ["mysql://me:hush@x/y", "sqlite://", "no url"])
def test_a_url_of_another_kind_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^hub\.database_url$"):
        make_engine(url)


def test_a_database_that_is_not_there_is_said() -> None:
    with pytest.raises(StoreError, match=r"hub\.database: OperationalError"):
        open_database("postgresql://127.0.0.1:1/none?connect_timeout=1")
