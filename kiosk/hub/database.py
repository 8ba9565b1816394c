"""The hub's PostgreSQL: an engine from a URL, sessions on it, and errors that say what is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlmodel import Session

from kiosk import __version__
from kiosk.errors import ConfigError, StoreError
from kiosk.hub.migrations import migrate

VARIABLE = "DATABASE_URL"
"""Where the URL is read from when none is given."""


def url_of(given: str = "") -> str:
    """The database's URL: the one given, else that of `DATABASE_URL`; ConfigError where there is none."""
    found = given or os.environ.get(VARIABLE, "")
    if not found:
        raise ConfigError("hub.no_database")
    return found


def make_engine(url: str, *, pool: int = 10, asks_first: bool = True) -> Engine:
    """An engine on PostgreSQL by psycopg, opened at the first use; at most `pool` connections.

    With `asks_first` each connection is tried before it is used again; without, its first use may fail after
    the database was started anew.

    Raises ConfigError `hub.database_url` for a URL of another kind; it may hold a password, so it is
    not told.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError("hub.database_url") from None
    if parsed.drivername not in {"postgres", "postgresql", "postgresql+psycopg"}:
        raise ConfigError("hub.database_url")
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=pool,
        max_overflow=0,
        pool_pre_ping=asks_first,
    )


def open_database(url: str, *, pool: int = 10, asks_first: bool = True) -> Engine:
    """An engine on a database whose schema is up to date.

    Raises StoreError: `hub.database` where it cannot be reached, `hub.newer` where a newer program changed
    it.
    """
    engine = make_engine(url, pool=pool, asks_first=asks_first)
    try:
        migrate(engine, __version__)
    except DBAPIError as error:
        engine.dispose()
        raise StoreError("hub.database", type(error.orig).__name__) from None
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """A session whose work is committed when the block ends, and undone when it fails."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
