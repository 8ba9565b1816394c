"""One transaction on one connection, and statements that are compiled once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from sqlalchemy import ClauseElement
from sqlalchemy.dialects.sqlite import dialect
from sqlcipher3 import dbapi2 as driver

from kiosk.errors import StoreError
from kiosk.store.engine import Database, as_store_error

_DIALECT = dialect(paramstyle="named")

Values = Mapping[str, Any]


class Statement:
    """A Core statement, compiled to SQL with named parameters when first used.

    The driver is called with the text: a registration is nine statements, and going through the whole of
    SQLAlchemy for each would cost more than encrypting and syncing them. Numbers that SQLAlchemy itself puts
    in (`OFFSET 0`) are written out: SQLite plans a statement anew each time a parameter of LIMIT is bound.
    """

    def __init__(self, clause: ClauseElement) -> None:
        self._clause = clause

    @cached_property
    def sql(self) -> str:
        compiled = self._clause.compile(dialect=_DIALECT)
        text = str(compiled)
        for name, value in compiled.params.items():
            if isinstance(value, int):
                text = re.sub(rf":{name}\b", str(value), text)
        return text


class Session:
    """A connection with at most one transaction open; every driver's error becomes a StoreError.

    The transaction begins with the first statement, and again with the first one after a commit. A session
    that writes takes the write lock at once, so that what it read cannot be out of date when it writes.
    """

    def __init__(self, database: Database, *, writes: bool = True) -> None:
        self._database = database
        self._connection: Any = database.take()
        self._begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
        self._spoilt = False

    def run(self, statement: Statement, values: Values) -> Any:
        """Runs a statement and returns the driver's cursor (`rowcount`, `lastrowid`)."""
        try:
            if not self._connection.in_transaction:
                self._connection.execute(self._begin)
            return self._connection.execute(statement.sql, values)
        except driver.Error as error:
            raise self._told(error) from None

    def run_many(self, statement: Statement, rows: Iterable[Values]) -> None:
        """Runs a statement once for each row of values."""
        try:
            if not self._connection.in_transaction:
                self._connection.execute(self._begin)
            self._connection.executemany(statement.sql, rows)
        except driver.Error as error:
            raise self._told(error) from None

    def rows(self, statement: Statement, values: Values) -> list[tuple[Any, ...]]:
        """All rows that a statement gives."""
        cursor = self.run(statement, values)
        try:
            found: list[tuple[Any, ...]] = cursor.fetchall()
        except driver.Error as error:
            raise self._told(error) from None
        return found

    def row(self, statement: Statement, values: Values) -> tuple[Any, ...] | None:
        """The first row that a statement gives."""
        found = self.rows(statement, values)
        return found[0] if found else None

    def commit(self) -> None:
        """Makes everything since the transaction began durable, or raises StoreError and keeps nothing."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
        except driver.Error as error:
            raise self._told(error) from None

    def close(self) -> None:
        """Undoes what was not committed and gives the connection back, unless it has met damage."""
        if self._spoilt:
            self._database.drop(self._connection)
        else:
            self._database.give_back(self._connection)

    def _told(self, error: driver.Error) -> StoreError:
        """What to raise; a connection that has met damage, or a page that could not be read, may keep it."""
        found = as_store_error(error)
        self._spoilt = self._spoilt or found.code == "store.damaged"
        return self._database.sure(found)

    @property
    def connection(self) -> Any:
        """The driver's connection, for what reads in a stream."""
        return self._connection
