"""A real PostgreSQL for every test: one server for all tests of a process, emptied before each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from kiosk import cli
from kiosk.hub.keys import KeyFile
from tests.hub import postgres
from tests.hub.placed import Hub
from tests.hub.running import RunningHub, a_hub

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def database() -> str:
    """The URL of an empty hub database."""
    return postgres.emptied()


@pytest.fixture
def engine(database: str) -> Engine:  # noqa: ARG001 - it must be empty first
    """An engine on this test's database."""
    return postgres.engine()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session on this test's database; what it does not commit is undone."""
    with Session(engine) as found:
        yield found


@pytest.fixture
def key_file(tmp_path: Path) -> KeyFile:
    """The keys of this test's hub."""
    return KeyFile(tmp_path / "hub.keys")


@pytest.fixture
def hub(engine: Engine, key_file: KeyFile) -> Hub:
    """A hub with nothing in it, and hands to put kiosks and records there."""
    return Hub(engine, key_file)


@pytest.fixture
def served(database: str, key_file: KeyFile) -> Iterator[RunningHub]:
    """A hub that answers over HTTP, on this test's database."""
    with a_hub(database, key_file) as found:
        yield found


@pytest.fixture
def command(
    tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Runs a command of the hub on this test's database."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.delenv("KIOSK_CONFIG", raising=False)

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(["hub", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return run
