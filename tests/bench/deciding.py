"""What deciding costs: a ratio to bare inserts of the same bytes in the same run, and to a worker alone.

`python -m tests.bench --only deciding`; `--quick` decides less. As a program of its own it is a worker:
`python -m tests.bench.deciding DATABASE KEYS`.
"""

from __future__ import annotations

import atexit
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, text

from kiosk.commands.hub_decide import RulesInForce
from kiosk.config import Config
from kiosk.hub.bulk import insert_many
from kiosk.hub.database import transaction
from kiosk.hub.deciding import Desk, decide_once
from kiosk.hub.demo import DemoServer
from kiosk.hub.founding import open_hub
from kiosk.hub.keys import KeyFile
from kiosk.hub.numbers import digits
from kiosk.hub.tables import EnvelopeRow, LeaseRow
from kiosk.hub.working import TOGETHER
from tests.bench.hub import Measure, bare_seconds
from tests.hub.judged import RECEIVED_MS, a_record, record_id
from tests.hub.placed import EPOCH, NOW, Hub, Placed, envelope_row, lease_id

ROOT = Path(__file__).resolve().parent.parent.parent
KIOSKS = 8
FIRST = 1_000_000_000
_NUMBERS = count()


def _is_quick() -> bool:
    return "--quick" in sys.argv


@dataclass(frozen=True, slots=True)
class _Place:
    """A hub whose kiosks have numbers of their own, and where it lies."""

    hub: Hub
    url: str
    kiosks: list[Placed]


@cache
def _place() -> _Place:
    folder = Path(tempfile.mkdtemp(prefix="kiosk-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = DemoServer()
    server.__enter__()
    atexit.register(server.__exit__, None, None, None)
    key_file = KeyFile(folder / "hub.keys")
    engine: Engine = open_hub(server.url, key_file)
    atexit.register(engine.dispose)
    hub = Hub(engine, key_file)
    kiosks = [hub.kiosk(f"D{number}") for number in range(KIOSKS)]
    with transaction(engine) as session:
        rows = [
            {"id": lease_id(place), "kiosk": kiosk.n, "epoch": EPOCH, "first": FIRST + place * 10**6,
             "count": 10**6, "demo": False, "state": "leased", "leased_at": NOW, "body": b"", "key": b"",
             "signature": b""}
            for place, kiosk in enumerate(kiosks)
        ]  # fmt: skip
        insert_many(session, LeaseRow, rows)
    return _Place(hub, server.url, kiosks)


def _wait_for_decisions(records: int) -> None:
    """Puts new families among those that wait, each with a number of its kiosk's own."""
    place = _place()
    rows = []
    for _ in range(records):
        number = next(_NUMBERS)
        at = number % KIOSKS
        card = digits(FIRST + at * 10**6 + number // KIOSKS)
        record = a_record(number, place.kiosks[at].name, card=card)
        raw = place.kiosks[at].sender.seal(record, id_=record_id(number))
        rows.append(envelope_row(place.kiosks[at], raw, RECEIVED_MS + number))
    for start in range(0, records, 500):
        with transaction(place.hub.engine) as session:
            insert_many(session, EnvelopeRow, rows[start : start + 500])
    with place.hub.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def _rate(workers: int, records: int) -> float:
    """Records a second that so many worker processes decide."""
    _wait_for_decisions(records)
    place = _place()
    command = [sys.executable, "-m", "tests.bench.deciding", place.url, str(place.hub.key_file.path)]
    environment = os.environ | {"KIOSK_STORE": str(place.hub.key_file.path.parent / "store")}
    with ExitStack() as stack:
        crew = [
            stack.enter_context(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(workers)
        ]
        for one in crew:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        started = time.perf_counter()
        for one in crew:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        decided = sum(int(one.stdout.readline()) for one in crew if one.stdout is not None)
        taken = time.perf_counter() - started
    assert decided == records
    return records / taken


def _work(url: str, keys: str) -> None:
    """Decides until nothing waits, and says how many records that were."""
    key_file = KeyFile(Path(keys))
    engine = open_hub(url, key_file, pool=1)
    desk = Desk(key_file.current, RulesInForce(Config()))
    desk.rules()
    print("ready", flush=True)  # noqa: T201 - its answer
    sys.stdin.readline()
    decided = 0
    while done := decide_once(engine, desk, most=TOGETHER):
        decided += done
    print(decided, flush=True)  # noqa: T201 - its answer


@dataclass(frozen=True, slots=True)
class _Found:
    """Medians of rounds in turns: what a bare insert, one worker and two take, as ratios."""

    two_to_bare: float
    two_to_one: float


@cache
def _found() -> _Found:
    rounds, records = (3, 1_000) if _is_quick() else (7, 3_000)
    to_bare, to_one, rates = [], [], []
    for number in range(rounds + 1):
        bare, one, two = bare_seconds(), 1 / _rate(1, records), 1 / _rate(2, records)
        if number:  # the first round warms all of them up
            to_bare.append(two / bare)
            to_one.append(two / one)
            rates.append((1 / bare, 1 / one, 1 / two))
    accepted = text("SELECT avg((decision = 'accepted')::integer) FROM envelope")
    with _place().hub.engine.connect() as connection:
        share = connection.execute(accepted).scalar_one()
    bare_rate, one_rate, two_rate = (statistics.median(each) for each in zip(*rates, strict=True))
    print(  # noqa: T201 - what is behind the figures
        f"records a second: {bare_rate:.0f} bare inserts, {one_rate:.0f} decided by one worker,"
        f" {two_rate:.0f} by two; {share:.1%} accepted",
        file=sys.stderr,
        flush=True,
    )
    return _Found(statistics.median(to_bare), statistics.median(to_one))


MEASURES = (
    Measure(
        "bare inserts of the same bytes a second / records that two workers decide in a second",
        20.0,
        lambda: _found().two_to_bare,
    ),
    Measure("records decided in a second by one worker / by two", 0.8, lambda: _found().two_to_one),
)


if __name__ == "__main__":
    _work(*sys.argv[1:])
