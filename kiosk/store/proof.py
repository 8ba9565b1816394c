"""What is asked of a store beyond its chain: what happened to a bad line, and whether the file is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as driver

from kiosk.errors import StoreError
from kiosk.services.ports import Proof
from kiosk.store.audit import VerifyResult, any_bytes, digest_of, verify
from kiosk.store.engine import (
    DATABASE,
    Database,
    as_store_error,
    database_to_read,
    has_database,
    only_opener,
    refuse_plain,
)
from kiosk.store.keyfile import load_or_create_key
from kiosk.store.matching import unmatched
from kiosk.store.migrations import MIGRATIONS, steps_done

_COLUMNS = "n, wall, boot, monotonic_ns, trusted, who, action, subject, fields, codes"
_ROW = f"SELECT {_COLUMNS}, previous, digest FROM audit WHERE n = ?"  # noqa: S608 - our own column names
_FOLLOWS = f"SELECT {_COLUMNS}, previous, digest FROM audit WHERE previous = ? AND n > ? LIMIT 2"  # noqa: S608
_RENUMBERED = 1000
"""How many lines taken out in a row are recognised when the rest was given new numbers."""


@contextmanager
def existing_store(folder: Path, key_file: Path, *, busy_seconds: float = 5.0) -> Iterator[Database]:
    """The database in `folder` as it is: neither made nor migrated; closed in the end.

    Raises StoreError as `store_factory` does, and `store.none` where there is no store.
    """
    path = folder / DATABASE
    if not has_database(path):
        raise StoreError("store.none", str(folder))
    with only_opener(folder):
        key = load_or_create_key(key_file, store_exists=True, folder=folder)
        refuse_plain(path)
        database = database_to_read(path, key, busy_seconds)
    try:
        connection = database.take()
        refuse_newer(steps_done(connection))
        database.give_back(connection)
        yield database
    finally:
        database.close()


def refuse_newer(steps: tuple[str, ...]) -> None:
    """Raises StoreError `store.newer` for a schema with a step that this program does not know."""
    known = tuple(name for name, _ in MIGRATIONS)
    if steps != known[: len(steps)]:
        unknown = next((name for name in steps if name not in known), "another order of steps")
        raise StoreError("store.newer", f"changed by a newer program ({unknown})")


def what_happened(connection: Any, result: VerifyResult) -> str:
    """What was done to the first bad line: altered, deleted, inserted or swapped; `cut` for a lost head.

    Told from what the neighbours say, so a clever forger can make one look like another; that the chain is
    broken at that line does not depend on it.
    """
    if result.first_bad is None:
        return "" if result.ok else "cut"
    before = bytes.fromhex(result.head) if result.head else bytes(32)
    with any_bytes(connection):
        if connection.execute("SELECT 1 FROM audit WHERE n < 1").fetchone():
            return "inserted"
        row = connection.execute(_ROW, (result.first_bad,)).fetchone()
        return "deleted" if row is None else _told(connection, row, before)


def _told(connection: Any, row: tuple[Any, ...], before: bytes) -> str:
    n, stored_previous = row[0], row[10]
    if stored_previous == before:
        # It follows the line before, but its digest is not its own: an insertion has the true one behind it.
        behind = _true_line(connection, n, before)
        return "inserted" if behind is not None else "altered"
    true = _true_line(connection, n, before)
    if true is not None:
        return "swapped" if _is(row, true) else "inserted"
    if any(_is(row, n + taken) for taken in range(1, _RENUMBERED)):
        return "deleted"
    return "altered"


def _true_line(connection: Any, n: int, before: bytes) -> int | None:
    """Where the line now stands that once was line `n`, if it was moved further down."""
    for found in connection.execute(_FOLLOWS, (before, n)).fetchall():
        if _is(found, n):
            return int(found[0])
    return None


def _is(row: tuple[Any, ...], n: int) -> bool:
    """Whether `row` is whole as line `n`."""
    return bool(digest_of(row[10], (n, *row[1:10])) == row[11])


def proved(
    folder: Path, key_file: Path, *, head: str = "", progress: Callable[[int, int], None] | None = None
) -> Proof:
    """Checks the file, the whole chain, and that each record has its lines and each line its record.

    `progress` is told lines done and lines in all. Raises StoreError where the store cannot be opened.
    """
    with existing_store(folder, key_file) as database, ThreadPoolExecutor(1) as beside:
        file_check = beside.submit(_wrong_with_file, database)
        if database.is_alone:
            wait([file_check])
        connection = database.take()
        try:
            found = _walked(connection, head, progress)
        except (StoreError, driver.Error) as error:
            if not file_check.result():
                raise error if isinstance(error, StoreError) else as_store_error(error) from None
            found = Proof(what="unreadable")
        finally:
            database.give_back(connection)
        return replace(found, database=file_check.result())


def _wrong_with_file(database: Database) -> tuple[str, ...]:
    """What SQLCipher and SQLite find wrong with the file; most of the time is theirs, beside the walk."""
    connection = database.take()
    try:
        found = _asked(connection, "integrity_check(20)") or _asked(connection, "foreign_key_check")
        # Every page that was read was authenticated; this names the ones that could not be.
        return found and (*_asked(connection, "cipher_integrity_check"), *found)
    finally:
        database.give_back(connection)


def _asked(connection: Any, pragma: str) -> tuple[str, ...]:
    try:
        found = connection.execute(f"PRAGMA {pragma}").fetchall()
    except driver.Error as error:
        return (str(error),)
    return () if found == [("ok",)] else tuple(" ".join(map(str, row)) for row in found[:20])


def _walked(connection: Any, head: str, progress: Callable[[int, int], None] | None) -> Proof:
    (total,) = connection.execute("SELECT coalesce(max(n), 0) FROM audit").fetchone()

    def told(done: int) -> None:
        if progress is not None:
            progress(done, total)

    result = verify(connection, told, head=head)
    other = unmatched(connection)
    return Proof(
        lines=result.lines,
        head=result.head,
        first_bad=result.first_bad,
        what=what_happened(connection, result),
        without_line=other.registrations,
        without_record=other.lines,
        drafts_without_line=other.drafts,
        without_draft=other.draft_lines,
    )
