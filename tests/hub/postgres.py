"""One real PostgreSQL for all tests of a process; the fixtures that use it are in conftest.py."""

from __future__ import annotations

import atexit
from functools import cache

from sqlalchemy import Engine

from kiosk.hub.database import make_engine, open_database
from kiosk.hub.demo import DemoServer
from kiosk.hub.tables import HubRow

_NUMBERED = ("audit", "card_pool", "kiosk", "quarantine")


@cache
def server_url() -> str:
    """The URL of a running server's first database, which has the hub's schema."""
    server = DemoServer()
    server.__enter__()
    atexit.register(server.__exit__, None, None, None)
    open_database(server.url).dispose()
    return server.url


@cache
def engine() -> Engine:
    """An engine for what a test itself asks the database, kept for all tests of a process."""
    found = make_engine(server_url(), pool=4)
    atexit.register(found.dispose)
    return found


_EMPTY = "; ".join(
    [
        "SET LOCAL lock_timeout = '10s'",
        *(f"DELETE FROM {table.name}" for table in reversed(HubRow.metadata.sorted_tables)
          if table.name != "migration"),
        *(f"ALTER SEQUENCE {table}_n_seq RESTART" for table in _NUMBERED),
    ]
)  # fmt: skip


def emptied() -> str:
    """The URL of a hub's database with nothing in it; the same database each time, in three milliseconds."""
    with engine().begin() as connection:
        connection.exec_driver_sql(_EMPTY)
    return server_url()


def blank(name: str) -> str:
    """The URL of a new database without any table; one of that name is thrown away."""
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return server_url().replace("/postgres?", f"/{name}?")
