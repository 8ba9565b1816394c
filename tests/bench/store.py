"""What durable writes and look-ups cost, commits as ratios to a plain SQLite commit of the same run.

`python -m tests.bench --only store`; `--quick` builds 50,000 registrations instead of 1,000,000.
"""

from __future__ import annotations

import atexit
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from kiosk.domain.registration import State
from kiosk.store import audit, mapping, repositories
from kiosk.store.session import Session
from kiosk.store.unit_of_work import SqlUnitOfWork, Store, store_factory
from tests.store import examples

ROUNDS = 600
WARM = 600
"""Rounds not counted: until both write-ahead logs were folded in once and grow no more."""
FIRST_DAY = date(2023, 1, 1)
STATES = (State.SUBMITTED, State.SENT, State.NEEDS_FIX, State.ACCEPTED, State.ACCEPTED, State.LAPSED)


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that `run` returns and `limit` bounds from above."""

    name: str
    limit: float
    run: Callable[[], float]


def _timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _ratio(ours: Callable[[Store, int], None], name: str) -> float:
    """The median of `ours` over the median of a plain upsert commit, measured in turns on the same disk."""
    with tempfile.TemporaryDirectory() as folder:
        store = _open(Path(folder))
        plain = sqlite3.connect(Path(folder) / "plain.db", isolation_level=None)
        plain.execute("PRAGMA journal_mode=WAL").fetchall()
        plain.execute("PRAGMA synchronous=FULL")
        plain.execute("CREATE TABLE document (id TEXT PRIMARY KEY, revision INTEGER, body TEXT)")
        body = mapping.draft_columns(examples.a_draft(), examples.WALL)["document"]
        plains, mine = [], []
        for turn in range(WARM + ROUNDS):
            plains.append(_timed(lambda turn=turn: _plain_upsert(plain, turn, body)))  # type: ignore[misc]
            mine.append(_timed(lambda turn=turn: ours(store, turn + 1)))  # type: ignore[misc]
        del plains[:WARM], mine[:WARM]
        plain.close()
        store.close()
    plain_ms, our_ms = statistics.median(plains) * 1000, statistics.median(mine) * 1000
    print(f"{name}: {our_ms:.3f} ms, plain upsert {plain_ms:.3f} ms", file=sys.stderr)  # noqa: T201
    return our_ms / plain_ms


def _open(folder: Path) -> Store:
    return store_factory(folder / "data", folder / "keys" / "store.key")


def _plain_upsert(plain: sqlite3.Connection, turn: int, body: str) -> None:
    plain.execute("BEGIN IMMEDIATE")
    plain.execute(
        "INSERT INTO document VALUES ('a', ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, body = excluded.body",
        (turn, body),
    )
    plain.execute("COMMIT")


def registration_commit() -> float:
    """A registration with 4 members, outbox, audit, counter and the removal of its draft."""

    registrations = [examples.a_registration(turn) for turn in range(WARM + ROUNDS + 1)]

    def submit(store: Store, turn: int) -> None:
        registration = registrations[turn]
        with store() as work:
            work.registrations.next_number("K1")
            work.registrations.add(registration)
            work.outbox.add(registration, registration.id)
            work.drafts.remove(registration.id)
            work.audit.append(examples.a_line(turn, subject=registration.reference))
            work.commit()

    return _ratio(submit, "registration")


def field_save() -> float:
    """An upsert of a draft of 4 KB and its audit line."""
    draft = examples.a_draft()

    def save(store: Store, turn: int) -> None:
        nonlocal draft
        with store() as work:
            draft = work.drafts.save(draft, examples.WALL)
            work.audit.append(examples.a_line(turn))
            work.commit()

    return _ratio(save, "field save")


def _count() -> int:
    return 50_000 if "--quick" in sys.argv else 1_000_000


@cache
def _filled() -> Store:
    """A store with `_count()` registrations of four, removed when the program ends."""
    folder = tempfile.TemporaryDirectory()
    store = _open(Path(folder.name))
    taken = _timed(lambda: _fill(store, _count()))
    print(f"{_count()} registrations with members and audit lines in {taken:.0f} s", file=sys.stderr)  # noqa: T201
    atexit.register(folder.cleanup)
    atexit.register(store.close)
    return store


def _fill(store: Store, count: int) -> None:
    """Writes through the store's own statements, a batch a transaction."""
    template = examples.a_registration(1)
    columns, body = mapping.registration_columns(template), mapping.registration_document(template)
    session = Session(store._database)
    session.connection.execute("PRAGMA cache_size=-1000000")
    previous = bytes(32)
    for start in range(1, count + 1, 50_000):
        numbers = range(start, min(start + 50_000, count + 1))
        lines = []
        for number in numbers:
            lines.append(_line(number, previous))
            previous = lines[-1]["digest"]
        session.run_many(repositories._ADD, (_row(columns, number) for number in numbers))
        documents = ({"registration": number, "body": body} for number in numbers)
        session.run_many(repositories._ADD_DOCUMENT, documents)
        session.run_many(repositories._ADD_MEMBERS, _members(numbers))
        session.run_many(audit._APPEND, lines)
        session.commit()
    session.connection.execute("PRAGMA cache_size=-8000")
    session.close()


def _line(n: int, previous: bytes) -> dict[str, Any]:
    values = mapping.audit_columns(examples.a_line(n, subject=examples.reference(n)))
    values |= {"n": n, "previous": previous}
    payload = [values[column.name] for column in audit._PAYLOAD]
    return values | {"digest": audit.digest_of(previous, payload)}


def _row(columns: dict[str, Any], number: int) -> dict[str, Any]:
    """The columns of a template with other numbers, state and day."""
    day = _day(number)
    return columns | {
        "n": number,
        "id": examples.identity(number),
        "reference": examples.reference(number),
        "state": STATES[number % len(STATES)].value,
        "kk": examples.kk(_scattered(number)),
        "created_day": day,
        "created_wall": f"{day}T09:00:00.000+07:00",
    }


def _members(numbers: range) -> Iterator[dict[str, Any]]:
    for number in numbers:
        for position in range(4):
            yield {
                "registration": number,
                "position": position,
                "nik": examples.nik(_scattered(number), position),
            }


def _scattered(number: int) -> int:
    """Another number, in no order, as families come in no order of their NIK."""
    return number * 7_368_787 % 9_999_999_967


def _read(ask: Callable[[SqlUnitOfWork, int], object]) -> float:
    """The median in milliseconds of a read in its own transaction, over many families."""
    store, chance = _filled(), random.Random(1)

    def once() -> float:
        number = chance.randint(1, _count())
        with store.reading() as work:
            return _timed(lambda: ask(work, number))

    return statistics.median(once() for _ in range(ROUNDS)) * 1000


def _day(number: int) -> str:
    return (FIRST_DAY + timedelta(days=number // 700)).isoformat()


def _niks(number: int) -> list[str]:
    return [examples.nik(_scattered(number), position) for position in range(4)]


READS: dict[str, Callable[[SqlUnitOfWork, int], object]] = {
    "by NIK": lambda work, n: work.registrations.by_nik(_niks(n)[0]),
    "by No. KK": lambda work, n: work.registrations.by_kk(examples.kk(_scattered(n))),
    "by reference": lambda work, n: work.registrations.by_reference(examples.reference(n)),
    "which NIKs of four are live": lambda work, n: work.registrations.live_niks(_niks(n)),
    "the 50 newest": lambda work, _: work.registrations.page(),
    "50 from anywhere": lambda work, n: work.registrations.page(before=examples.reference(n)),
    "the newest of a day": lambda work, n: work.registrations.page(day=_day(n)),
    "the newest of a state": lambda work, _: work.registrations.page(state=State.NEEDS_FIX),
    "the newest of a state and day": lambda work, n: work.registrations.page(state=State.SENT, day=_day(n)),
    "the history of one": lambda work, n: work.registrations.history(examples.reference(n)),
}


def found_nothing() -> float:
    """How many of the reads found nothing, so that their times would mean nothing."""
    store = _filled()
    with store.reading() as work:
        return float(sum(not ask(work, 2_103) for ask in READS.values()))


def verify_lines() -> float:
    """Microseconds a line to verify the audit chain, the best of two."""
    store = _filled()

    def once() -> float:
        result = store.verify_audit()
        if not result.ok or result.lines != _count():
            raise AssertionError(result)
        return float(result.lines)

    return min(_timed(once) for _ in range(2)) * 1e6 / _count()


MEASURES = [
    Measure("commit of a registration of 4, times a plain upsert commit", 6, registration_commit),
    Measure("save of a field, times a plain upsert commit", 4, field_save),
    Measure("reads among all registrations that find nothing", 0, found_nothing),
    *(Measure(f"{name}, p50 ms", 1, lambda ask=ask: _read(ask)) for name, ask in READS.items()),  # type: ignore[misc]
    Measure("verifying the audit chain, microseconds a line", 10, verify_lines),
]
