"""A store with something in it, its rows, and copies of it: what tests of copies share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kiosk.store.backup import Seal, write_copy
from kiosk.store.engine import Database
from kiosk.store.restore import Restored, restore
from kiosk.store.unit_of_work import Store
from tests.store import examples

ABOUT = Seal(kiosk="K1", profile="counter", at="2026-11-22T09:00:00.000+07:00")


def fill(store: Store, numbers: range, *, drafts: bool = True) -> None:
    """Registrations with their lines, and drafts without."""
    with store() as work:
        for number in numbers:
            registration = examples.a_registration(number)
            work.registrations.add(registration)
            work.outbox.add(registration, f"key-{number}")
            if drafts:
                work.drafts.save(examples.a_draft(number + 10_000), "saved")
            work.audit.append(
                examples.a_line(number, action="registration.submitted", subject=registration.reference)
            )
        work.commit()


def rows(path: Path, key: bytes) -> dict[str, list[Any]]:
    """Every row of every table of a store that nobody uses."""
    database = Database(path, key, 1.0)
    connection = database.take()
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    found = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for (name,) in names}
    database.give_back(connection)
    database.close()
    return found


def copied(store: Store, key: bytes, target: Path, about: Seal = ABOUT) -> Seal:
    return write_copy(store._database, key, target, about)


def put_back(copy: Path, folder: Path, key_path: Path, **how: Any) -> Restored:
    return restore(copy, folder, key_path, profile="counter", stamp="20261122-090000", **how)
