"""What the doctor wants to know of a store, however broken it is; nothing here changes anything."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as driver

from kiosk.domain.registration import Moment
from kiosk.errors import KioskError, StoreError
from kiosk.store.audit import any_bytes, verify
from kiosk.store.engine import (
    DATABASE,
    Database,
    as_store_error,
    database_to_read,
    has_database,
    refuse_plain,
)
from kiosk.store.keyfile import KEY_BYTES, load_or_create_key
from kiosk.store.mapping import moment_from
from kiosk.store.matching import newest_lacking
from kiosk.store.migrations import MIGRATIONS, steps_done

_TAIL = 10_000
_SYNCS_FROM = 5
"""The steps of a store that knows of a hub."""

_STAFFED_FROM = 6
"""The steps of a store that knows of staff."""

_STEPS = 20_000
_KEY_PROBLEMS = {
    "store.key_missing": "missing",
    "store.key_mode": "mode",
    "store.key_damaged": "size",
    "store.key_inside": "inside",
}
_NEWEST = "SELECT wall, boot, monotonic_ns, trusted FROM audit WHERE trusted = 1 ORDER BY n DESC LIMIT 1"
_CARDS = (
    "SELECT coalesce(sum(last - next + 1), 0), coalesce(min(demo), 0) FROM card_block"
    " WHERE demo = (SELECT min(demo) FROM card_block) AND next <= last"
)
_USABLE_CARDS = f"{_CARDS} AND epoch = coalesce((SELECT epoch FROM identity WHERE n = 1), '')"  # noqa: S608
_ENROLLED = "SELECT kiosk FROM identity WHERE n = 1"
_ASIDE = """SELECT code, count(*) FROM outbox WHERE sent_at = '' AND code <> ''
    GROUP BY code ORDER BY code LIMIT 9"""
_WAITING = "SELECT count(*), coalesce(min(queued_at), '') FROM outbox WHERE sent_at = ''"
_STAFF = "SELECT count(*), coalesce(sum(role = 'supervisor'), 0) FROM staff WHERE active = 1"
_UNSIGNED = "SELECT coalesce(min(began), '') FROM shift WHERE day_closed = 0"
_DRAFTS = "SELECT saved_at FROM draft ORDER BY saved_at LIMIT 10000"


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """A store as it was found; `problem` is the code of what kept it from being read, `none` for no store.

    `enrolled_as` is the kiosk's name at the hub, empty for none; `aside` counts what the hub did not take.
    `finished` is False where the check of the file took too long, `chain_lines` are those walked at the end,
    `lacking` is how many of the newest records do not agree with the chain. `staff` have open accounts,
    `supervisors` of them; `unsigned_since` is when the first turn began that is in no signed report.
    """

    problem: str = ""
    finished: bool = True
    newest: Moment | None = None
    chain_lines: int = 0
    first_bad: int | None = None
    lacking: int = 0
    steps: int = 0
    known_steps: int = len(MIGRATIONS)
    cards_left: int = 0
    cards_demo: bool = False
    waiting: int = 0
    oldest_waiting: str = ""
    enrolled_as: str = ""
    aside: int = 0
    aside_codes: tuple[str, ...] = ()
    drafts_saved: tuple[str, ...] = ()
    staff: int = 0
    supervisors: int = 0
    unsigned_since: str = ""


def key_problem(key_file: Path, folder: Path) -> str:
    """What is wrong with the key file: missing, mode, size, inside or unreadable; empty where nothing is."""
    try:
        load_or_create_key(key_file, store_exists=True, folder=folder)
    except StoreError as error:
        return _KEY_PROBLEMS.get(error.code, "unreadable")
    return ""


def open_to_others(folder: Path) -> list[Path]:
    """The folder of the store and the files in it that others than their owner may read or write."""
    if not (folder / DATABASE).exists():
        return []
    places = [folder, *sorted(folder.glob(f"{DATABASE}*")), *sorted(folder.glob("kiosk-*.db*"))]
    return [place for place in places if stat.S_IMODE(place.stat().st_mode) & 0o077]


def look(
    folder: Path, key_file: Path, *, seconds: float = 2.0, ticks: Callable[[], float] = time.monotonic
) -> StoreFacts:
    """Opens the store and asks it everything; the check of the file is given up after `seconds`.

    A key that others may read is used all the same, so that the rest is known. Never raises.
    """
    path = folder / DATABASE
    try:
        if not has_database(path):
            return StoreFacts(problem="none")
        key = key_file.read_bytes()
        if len(key) != KEY_BYTES:
            return StoreFacts(problem="store.key_damaged")
        database = database_to_read(path, key, 1.0)
        try:
            return _facts(database, ticks() + seconds, ticks)
        finally:
            database.close()
    except KioskError as error:
        return StoreFacts(problem=_plainly(path, error.code))
    except FileNotFoundError:
        return StoreFacts(problem="store.key_missing")
    except OSError:
        return StoreFacts(problem="store.io")


def _plainly(path: Path, code: str) -> str:
    try:
        refuse_plain(path)
    except StoreError as error:
        return error.code
    return code


def _facts(database: Database, deadline: float, ticks: Callable[[], float]) -> StoreFacts:
    connection = database.take()
    try:
        steps = steps_done(connection)
        if steps != tuple(name for name, _ in MIGRATIONS)[: len(steps)]:
            return StoreFacts(problem="store.newer", steps=len(MIGRATIONS) + 1)
        finished = _is_whole(connection, deadline, ticks)
        with any_bytes(connection):
            return _asked(connection, finished, len(steps))
    except driver.Error as error:
        raise as_store_error(error) from None
    finally:
        database.give_back(connection)


def _is_whole(connection: Any, deadline: float, ticks: Callable[[], float]) -> bool:
    """False where it could not be told in time; raises StoreError `store.damaged`."""
    connection.set_progress_handler(lambda: int(ticks() > deadline), _STEPS)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchall()
    except driver.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        return False
    finally:
        connection.set_progress_handler(None, 0)
    if found != [("ok",)]:
        raise StoreError("store.damaged", str(found[0][0]))
    return True


def _asked(connection: Any, finished: bool, steps: int) -> StoreFacts:  # noqa: FBT001
    newest = connection.execute(_NEWEST).fetchone()
    result = verify(connection, last=_TAIL)
    syncs = steps >= _SYNCS_FROM
    left, demo = connection.execute(_USABLE_CARDS if syncs else _CARDS).fetchone()
    enrolled = connection.execute(_ENROLLED).fetchone() if syncs else None
    aside = connection.execute(_ASIDE).fetchall() if syncs else []
    staffed = steps >= _STAFFED_FROM
    staff, supervisors = connection.execute(_STAFF).fetchone() if staffed else (0, 0)
    (unsigned,) = connection.execute(_UNSIGNED).fetchone() if staffed else ("",)
    waiting, oldest = connection.execute(_WAITING).fetchone()
    return StoreFacts(
        finished=finished,
        newest=moment_from(*newest) if newest else None,
        chain_lines=result.lines,
        first_bad=result.first_bad,
        lacking=newest_lacking(connection),
        steps=steps,
        cards_left=left,
        cards_demo=bool(demo),
        waiting=waiting,
        oldest_waiting=oldest,
        enrolled_as=enrolled[0] if enrolled else "",
        aside=sum(count for _, count in aside),
        aside_codes=tuple(code for code, _ in aside),
        drafts_saved=tuple(saved for (saved,) in connection.execute(_DRAFTS)),
        staff=staff,
        supervisors=supervisors,
        unsigned_since=unsigned,
    )
