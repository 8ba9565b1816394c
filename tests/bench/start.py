"""How much longer the program takes to start with a full store than with an empty one, measured in turns.

`--quick` builds 50,000 registrations instead of 1,000,000 and starts less often.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import perf_counter

from kiosk.bootstrap import services
from kiosk.store.session import Session
from tests.bench import Measure
from tests.bench.store import _count, _day, _fill
from tests.faults.families import settings, settings_file
from tests.journeys.terminal import Terminal

STARTS = 7 if "--quick" in sys.argv else 15
_QUEUE = (
    "INSERT INTO outbox (key, registration, queued_at) SELECT 'key-' || n, id, created_wall FROM registration"
)


def _start(file: Path, listed: str) -> float:
    """Seconds from the command to the first screen with its lists."""
    command = ("--config", str(file), "run", "--today", _day(_count() - 700))
    begin = perf_counter()
    with Terminal.python("-m", "kiosk", *command) as terminal:
        terminal.wait_for(listed)
        return perf_counter() - begin


def _store(folder: Path, *, full: bool) -> Path:
    """The settings of a kiosk whose store is empty, or has all registrations, each waiting to be sent."""
    folder.mkdir()
    house = services(settings(folder))
    if full:
        _fill(house.open_work, _count())
        session = Session(house.open_work._database)
        session.connection.execute(_QUEUE)
        session.close()
    house.prepare()
    house.close()
    return settings_file(folder)


def start() -> float:
    """The best start with a full store, as a multiple of that with an empty one."""
    with tempfile.TemporaryDirectory() as place:
        empty = _store(Path(place) / "empty", full=False)
        full = _store(Path(place) / "full", full=True)
        both = [(_start(full, "4 jiwa"), _start(empty, "Belum ada.")) for _ in range(STARTS + 1)][1:]
    ours, bare = min(one for one, _ in both), min(other for _, other in both)
    print(f"start: {ours * 1000:.0f} ms with {_count()} registrations, {bare * 1000:.0f} ms empty")  # noqa: T201
    return ours / bare


MEASURES = [Measure("start with a full store, times the start with an empty one", 1.1, start)]
