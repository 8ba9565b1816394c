"""Puts a sealed copy in the place of the store: proved first, whole or not at all, never over newer data."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as driver

from kiosk.errors import CarrierError, KioskError, StoreError
from kiosk.services.sync_ports import NEW_LIFE, RESTORED
from kiosk.store.backup import Seal, check_database, opened, prove, resting_database
from kiosk.store.engine import (
    DATABASE,
    Database,
    as_store_error,
    has_database,
    only_opener,
    refuse_plain,
)
from kiosk.store.keyfile import from_os_error, fsync_folder, load_or_create_key, write_private_file
from kiosk.store.migrations import steps_done
from kiosk.store.proof import refuse_newer

_LAST = "SELECT n, wall FROM audit ORDER BY n DESC LIMIT 1"
# That a store began a new life is no news to the copy that it began with.
_LOST = f"SELECT count(*), coalesce(max(n), 0) FROM audit WHERE n > ? AND action <> '{NEW_LIFE}'"  # noqa: S608
REFERENCE_GAP = 1000
"""So many references are passed over: more than a kiosk gives between two copies."""

_WALL = "SELECT wall FROM audit WHERE n = ?"
_HAS_IDENTITY = "SELECT 1 FROM sqlite_master WHERE name = 'identity'"
_DIGEST = "SELECT digest FROM audit WHERE n = ?"
_SHARED_FIRST, _SHARED_SIZE, _INDEX_IN_USE = 0x40000002, 510, 128
"""The bytes of a database file and of its `-shm` that SQLite locks for as long as a connection is open."""
_BLOCK = 1024 * 1024
_UNREADABLE = frozenset({"store.damaged", "store.wrong_key", "store.plain", "store.failed", "store.newer"})


@dataclass(frozen=True, slots=True)
class Restored:
    """The seal of the copy that is the store now, and where the store before it was put, if it was kept."""

    seal: Seal
    kept: Path | None = None


def restore(
    copy: Path, folder: Path, key_file: Path, *, profile: str, stamp: str, replace: bool = False
) -> Restored:
    """Makes the sealed copy the store of `folder`.

    A store that has nothing but what the copy has gives way to it. One that has more is left alone, unless
    `replace` keeps it as `kiosk-STAMP.db` beside the new one. Raises KioskError `copy.loses` (its detail
    says what) and `copy.unreadable` there, `copy.no_seal`, `copy.altered`, `copy.profile` for what is no
    good copy; StoreError `store.in_use`, `store.key_missing`, `copy.other_key`, `store.newer`, `store.io`;
    CarrierError `copy.io`.
    """
    path = folder / DATABASE
    key = load_or_create_key(key_file, store_exists=True, folder=folder)
    try:
        seal = prove(copy, key)
    except OSError as error:
        raise CarrierError("copy.io", f"{copy}: {error.strerror}") from None
    if seal.profile != profile:
        raise KioskError("copy.profile", seal.profile)
    refuse_newer(seal.schema)
    try:
        with only_opener(folder):
            _refuse_in_use(path)
            fresh = _taken_out(copy, path, seal, key)
            try:
                keep = _would_be_lost(path, fresh, key, replace=replace)
                _end_life(fresh, key)
                kept = _keep(path, stamp) if keep else None
                for suffix in ("-wal", "-shm"):
                    path.with_name(path.name + suffix).unlink(missing_ok=True)
                fresh.replace(path)
                fsync_folder(folder)
            finally:
                _remove(fresh)
    except OSError as error:
        raise from_os_error(error, folder) from None
    return Restored(seal, kept)


def _refuse_in_use(path: Path) -> None:
    index = path.with_name(path.name + "-shm")
    for file, first, size in ((path, _SHARED_FIRST, _SHARED_SIZE), (index, _INDEX_IN_USE, 1)):
        with suppress(FileNotFoundError), file.open("r+b") as opened:
            try:
                fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB, size, first)
            except OSError:
                raise StoreError("store.in_use", str(path)) from None


def _taken_out(copy: Path, path: Path, seal: Seal, key: bytes) -> Path:
    """The database of the copy as a file beside the store, durable and checked."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        write_private_file(fresh, b"")
        with copy.open("rb") as source, fresh.open("r+b") as target:
            left = seal.size
            while left and (block := source.read(min(_BLOCK, left))):
                target.write(block)
                left -= len(block)
            target.flush()
            os.fsync(target.fileno())
        _check(fresh, seal, key)
    except BaseException:
        _remove(fresh)
        raise
    return fresh


def _remove(fresh: Path) -> None:
    """With what SQLite leaves beside it where it was cut short."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)


def _check(fresh: Path, seal: Seal, key: bytes) -> None:
    if check_database(fresh, key) != (seal.lines, seal.head):
        raise KioskError("copy.altered", str(fresh))


def _end_life(fresh: Path, key: bytes) -> None:
    """Marks the store: what it had left to give when the copy was made may have been given out since.

    Card numbers of the copy are given no more, and references go on after a gap.
    """
    try:
        with closing(opened(str(fresh), key)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
            if steps_done(connection):
                connection.execute("UPDATE counter SET number = number + ?", (REFERENCE_GAP,))
            if connection.execute(_HAS_IDENTITY).fetchall():
                connection.execute("UPDATE identity SET epoch = ?", (RESTORED,))
    except driver.Error as error:
        raise as_store_error(error) from None


def _would_be_lost(path: Path, fresh: Path, key: bytes, *, replace: bool) -> bool:
    """Whether the store must be kept; refuses where it must and may not be replaced.

    Afterwards nothing of the store is in its write-ahead log, unless it cannot be read.
    """
    if not has_database(path):
        return False
    try:
        refuse_plain(path)
        with _connected(path, key) as here, resting_database(fresh, key) as there:
            refuse_newer(steps_done(here))  # who knows what a newer program keeps beside its lines
            lost, newest = _lines_lost(here, there)
    except StoreError as error:
        if error.code not in _UNREADABLE:
            raise
        if not replace:
            raise KioskError("copy.unreadable", error.detail) from None
        return True
    if lost and not replace:
        raise KioskError("copy.loses", f"{lost} lines, newest {newest}")
    return lost > 0


@contextmanager
def _connected(path: Path, key: bytes) -> Iterator[Any]:
    database = Database(path, key, 5.0)
    connection = database.take()
    try:
        yield connection
    except driver.Error as error:
        raise as_store_error(error) from None
    finally:
        database.give_back(connection)
        database.close()


def _lines_lost(here: Any, there: Any) -> tuple[int, str]:
    """How many audit lines of the store the copy lacks, and the wall time of the newest of them.

    Equal digests at a line mean that all lines up to it are equal, so the last common one is searched for.
    """
    last, _ = here.execute(_LAST).fetchone() or (0, "")
    in_copy = (there.execute(_LAST).fetchone() or (0, ""))[0]
    low, high = 0, min(last, in_copy)
    while low < high:
        middle = (low + high + 1) // 2
        if here.execute(_DIGEST, (middle,)).fetchone() == there.execute(_DIGEST, (middle,)).fetchone():
            low = middle
        else:
            high = middle - 1
    lost, newest = here.execute(_LOST, (low,)).fetchone()
    return lost, (here.execute(_WALL, (newest,)).fetchone() or ("",))[0]


def _keep(path: Path, stamp: str) -> Path:
    """Gives the store a second name, so that there is no moment in which it has none."""
    kept = path.with_name(f"kiosk-{stamp}.db")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"kiosk-{stamp}-{number}.db")
    os.link(path, kept)
    log = path.with_name(path.name + "-wal")
    if log.exists():  # of a store that cannot be read: what it needs goes with it
        log.replace(kept.with_name(kept.name + "-wal"))
    fsync_folder(path.parent)
    return kept
