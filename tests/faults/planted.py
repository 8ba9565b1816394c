"""Faults planted into a store, one at least for each invariant."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from kiosk.bootstrap import Services
from tests.faults.invariants import BOTH, CHAIN, DAY, LOST, OUTBOX, REFERENCE, STATE, WHO

Plant = Callable[[Services, random.Random], None]
"""Called after each action; changes the store behind the program's back."""


def _sql(*statements: str) -> Plant:
    def plant(house: Services, draw: random.Random) -> None:
        if draw.random() < 0.5:
            _run(house, statements)

    return plant


def _twice(house: Services, _: random.Random) -> None:
    """Gives two registrations one reference; for that the table must lose its rule first."""
    _run(house, _TWICE, needed=2)


def _stranger(house: Services, _: random.Random) -> None:
    """Goes on under a name that no account has."""
    house.open_work.who = "S9"


def _run(house: Services, statements: tuple[str, ...], *, needed: int = 0) -> None:
    connection: Any = house.open_work._database.take()
    try:
        if connection.execute("SELECT count(*) FROM registration").fetchone()[0] < needed:
            return
        for statement in statements:
            connection.execute(statement)
    finally:
        house.open_work._database.give_back(connection)


_TWICE = (
    # Without its rule the table takes a second one.
    "PRAGMA foreign_keys=OFF",
    "CREATE TABLE without_rule AS SELECT * FROM registration",
    "DROP TABLE registration",
    "ALTER TABLE without_rule RENAME TO registration",
    "UPDATE registration SET reference = (SELECT reference FROM registration LIMIT 1)",
)
_EMPTY = """'{"answers":{},"facts":{},"at":""}'"""
_ONE_DRAFT = "(SELECT id FROM draft ORDER BY id LIMIT 1)"

PLANTED: Mapping[str, tuple[str, Plant]] = {
    "a draft disappears": (LOST, _sql(f"DELETE FROM draft WHERE id = {_ONE_DRAFT}")),
    "an answer is not stored": (
        LOST,
        _sql("UPDATE draft SET document = json_remove(document, '$.answers.kk')"),
    ),
    "a save is undone": (LOST, _sql("UPDATE draft SET revision = revision - 1 WHERE revision > 1")),
    "a registration disappears": (
        LOST,
        _sql("DELETE FROM document", "DELETE FROM member", "DELETE FROM registration", "DELETE FROM outbox"),
    ),
    "a state that no registration has": (STATE, _sql("UPDATE registration SET state = 'draft'")),
    "a draft that nobody began": (
        STATE,
        _sql(f"INSERT OR IGNORE INTO draft VALUES ('x', 1, '', '', '', '', 0, '', {_EMPTY})"),
    ),
    "a reference is given twice": (REFERENCE, _twice),
    "a line is altered": (CHAIN, _sql("UPDATE audit SET who = 'nobody' WHERE n = 1")),
    "the last line is cut off": (CHAIN, _sql("DELETE FROM audit WHERE n = (SELECT max(n) FROM audit)")),
    "a registration stays a draft": (
        BOTH,
        _sql(
            "INSERT OR IGNORE INTO draft"
            f" SELECT id, 9, '', '', kk, name, people, '', {_EMPTY} FROM registration"
        ),
    ),
    "a registration is not queued": (OUTBOX, _sql("DELETE FROM outbox")),
    "a registration is queued twice": (
        OUTBOX,
        _sql(
            "INSERT OR IGNORE INTO outbox (key, registration, queued_at)"
            " SELECT key || 'x', registration || 'x', queued_at FROM outbox"
        ),
    ),
    "a registration is in no report": (DAY, _sql("UPDATE shift SET after = after + 1 WHERE day_closed = 0")),
    "a family is voided behind the report": (
        OUTBOX,
        _sql("UPDATE registration SET state = 'cancelled' WHERE state = 'submitted'"),
    ),
    "a draft of what nobody refused": (
        BOTH,
        _sql(
            "INSERT OR IGNORE INTO draft SELECT id, 9, '', '', kk, name, people, '',"
            """ '{"answers":{},"facts":{"mends":"1"},"at":""}' FROM registration WHERE state = 'submitted'"""
        ),
    ),
    "a mended version is not queued": (
        OUTBOX,
        _sql("UPDATE outbox SET version = version + 1 WHERE registration IN (SELECT id FROM registration)"),
    ),
    "somebody unknown works here": (WHO, _stranger),
}
"""By name: the invariant that must see it, and the fault."""
