"""The hub's fixtures: a real PostgreSQL, and a hub that answers over HTTP on this machine."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.hub.conftest import database, engine, hub, key_file, served
from tests.hub.running import RunningHub
from tests.sync.here import KioskHere

__all__ = ["database", "engine", "hub", "key_file", "served"]


@pytest.fixture
def here(tmp_path: Path, served: RunningHub) -> Iterator[KioskHere]:
    """An enrolled kiosk for practice."""
    with closing(KioskHere.in_folder(tmp_path / "k1", url=served.url)) as kiosk:
        kiosk.enrol(served.code("K1", training=True), served.url)
        yield kiosk
