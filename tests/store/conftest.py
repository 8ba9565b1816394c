"""A store in a fresh folder for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.store.unit_of_work import Store, store_factory

Opener = Callable[[], Store]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def key_path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "store.key"


@pytest.fixture
def open_store(folder: Path, key_path: Path) -> Iterator[Opener]:
    """Opens the store of this test's folder; what it opened is closed in the end."""
    opened: list[Store] = []

    def opener() -> Store:
        opened.append(store_factory(folder, key_path, busy_seconds=0.2))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Opener) -> Store:
    return open_store()


@pytest.fixture
def key(store: Store, key_path: Path) -> bytes:  # noqa: ARG001 - the store makes it
    return key_path.read_bytes()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick" / "kiosk.copy"
