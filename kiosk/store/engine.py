"""Opens the encrypted database file, and proves at start that it is one."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

from sqlcipher3 import dbapi2 as driver

from kiosk.errors import StoreError
from kiosk.store.keyfile import from_os_error, fsync_folder, key_id, make_private_folder, write_private_file

DATABASE = "kiosk.db"
_PLAIN = b"SQLite format 3\0"
_KEY_ID_SUFFIX = "-keyid"
_INDEX = 64 * 1024
"""Bytes that an open store needs beside what it writes."""
_LOOK_SECONDS, _BLOCK, _STEPS = 1.0, 1024 * 1024, 20_000
"""How long somebody may wait for a second look at damage; how much of it is done in one go."""

_BUSY, _LOCKED, _READONLY, _IOERR, _CORRUPT = 5, 6, 8, 10, 11
_FULL, _CANTOPEN, _CONSTRAINT, _NOTADB = 13, 14, 19, 26
_CODES = {
    _BUSY: "store.locked",
    _LOCKED: "store.locked",
    _READONLY: "store.io",
    _IOERR: "store.io",
    _CORRUPT: "store.damaged",
    _FULL: "store.full",
    _CANTOPEN: "store.io",
    _CONSTRAINT: "store.duplicate",
    _NOTADB: "store.damaged",
}


def as_store_error(error: Exception) -> StoreError:
    """The StoreError for what the driver raised; its detail is SQLite's sentence, without values."""
    code = getattr(error, "sqlite_errorcode", None)
    known = _CODES.get(code & 0xFF) if isinstance(code, int) else None
    return StoreError(known or _by_sentence(str(error)), str(error))


def _by_sentence(sentence: str) -> str:
    """For errors that the driver raises without a number."""
    for part, code in (("locked", "store.locked"), ("full", "store.full"), ("disk I/O", "store.io")):
        if part in sentence:
            return code
    damaged = "not a database" in sentence or "malformed" in sentence
    return "store.damaged" if damaged else "store.failed"


class Database:
    """The connections to one encrypted file: kept for reuse, each used by one unit of work at a time.

    `alone` keeps the index of the write-ahead log in memory instead of in a file that others share: there is
    one connection at a time then, nobody else may have the file open, and nothing is needed of a full disk.
    """

    def __init__(self, path: Path, key: bytes, busy_seconds: float, *, alone: bool = False) -> None:
        self._path = path
        self._key = key
        self._busy_seconds = busy_seconds
        self._alone = alone
        self._idle: list[Any] = []

    @property
    def is_alone(self) -> bool:
        return self._alone

    def take(self) -> Any:
        """A driver's connection with nothing open on it; raises StoreError where none can be opened."""
        try:
            return self._idle.pop()
        except IndexError:
            return _connect(self._path, self._key, self._busy_seconds, alone=self._alone)

    def give_back(self, connection: Any) -> None:
        """Undoes what is open on a connection and keeps it for the next, unless that fails."""
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except driver.Error:
            connection.close()
        else:
            self._idle.append(connection)

    def drop(self, connection: Any) -> None:
        """Closes a connection that is not to be trusted any more; what is open on it is undone."""
        with suppress(driver.Error):
            connection.close()

    def sure(self, found: StoreError) -> StoreError:
        """The error as it is, but of damage only where it is seen a second time.

        SQLite and SQLCipher take a page that the system could not read for a damaged one, and whoever is told
        of damage puts an older copy in the place of the store.
        """
        return _second_look(self._path, self._key, found) if found.code == "store.damaged" else found

    def check(self) -> tuple[str, ...]:
        """What SQLCipher and SQLite find wrong with the file, in their words; empty where nothing is.

        Reads all of it: seconds for a large store. Raises StoreError where it cannot be read at all.
        """
        connection = self.take()
        try:
            found = connection.execute("PRAGMA cipher_integrity_check").fetchall()
            if not found:
                found = connection.execute("PRAGMA quick_check").fetchall()
        except driver.Error as error:
            raise as_store_error(error) from None
        finally:
            self.give_back(connection)
        return tuple(sentence for (sentence,) in found if sentence != "ok")

    def close(self) -> None:
        """Closes the idle connections; the last one folds the write-ahead log into the file."""
        while self._idle:
            self._idle.pop().close()


def open_database(path: Path, key: bytes, *, busy_seconds: float = 5.0) -> Database:
    """The SQLCipher file at `path`, made if it is not there, with one connection proved.

    `key` is 32 raw bytes; `busy_seconds` is how long a statement waits for another process. File and folder
    are for their owner alone, whatever the umask. Raises StoreError: `store.plain` for a database in clear
    text, `store.wrong_key`, `store.damaged`, `store.locked`, `store.io`, and `store.pragma` where SQLite does
    not keep one of its promises.
    """
    try:
        _prepare(path)
    except OSError as error:
        raise from_os_error(error, path) from None
    database = Database(path, key, busy_seconds)
    database.give_back(database.take())
    _remember_key(path, key)
    return database


@contextmanager
def only_opener(folder: Path) -> Iterator[None]:
    """Lets one process at a time make or migrate what is in `folder`, which is made if it is not there."""
    try:
        make_private_folder(folder)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise from_os_error(error, folder) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def has_database(path: Path) -> bool:
    """True where the file holds anything; an empty one is what a cut during the first start leaves."""
    return path.exists() and path.stat().st_size > 0


def refuse_plain(path: Path) -> None:
    """Raises StoreError `store.plain` where the file at `path` is a database in clear text."""
    try:
        with path.open("rb") as file:
            begins = file.read(len(_PLAIN))
    except OSError as error:
        raise from_os_error(error, path) from None
    if begins == _PLAIN:
        raise StoreError("store.plain", f"{path} is not encrypted")


def _prepare(path: Path) -> None:
    make_private_folder(path.parent)
    with suppress(FileExistsError):
        write_private_file(path, b"")
        fsync_folder(path.parent)
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if file.exists() and stat.S_IMODE(file.stat().st_mode) != 0o600:
            file.chmod(0o600)
    refuse_plain(path)


def database_to_read(path: Path, key: bytes, busy_seconds: float) -> Database:
    """The file at `path` for somebody who only looks; where the disk is full, alone.

    Raises StoreError as `open_database` does, but makes and mends nothing.
    """
    database = Database(path, key, busy_seconds)
    try:
        database.give_back(database.take())
    except StoreError as error:
        if error.code != "store.full":
            raise
        database = Database(path, key, busy_seconds, alone=True)
        database.give_back(database.take())
    return database


def _connect(path: Path, key: bytes, busy_seconds: float, *, alone: bool = False) -> Any:
    try:
        return _opened(path, key, busy_seconds, alone=alone)
    except StoreError as error:
        if error.code not in {"store.damaged", "store.wrong_key"}:
            raise
        _refuse_unreadable(path)
        return _opened(path, key, busy_seconds, alone=alone)


def _refuse_unreadable(path: Path) -> None:
    """Raises StoreError `store.io` where the system cannot read the files, as far as it is seen in time."""
    end = monotonic() + _LOOK_SECONDS
    for file in (path, path.with_name(f"{path.name}-wal")):
        try:
            with file.open("rb", buffering=0) as opened:
                while opened.read(_BLOCK) and monotonic() < end:
                    pass
        except FileNotFoundError:
            continue
        except OSError as error:
            raise from_os_error(error, file) from None


def _second_look(path: Path, key: bytes, found: StoreError) -> StoreError:
    """What to say of damage that a connection has met: `found` only if another one meets it as well."""
    try:
        _refuse_unreadable(path)
        connection = _opened(path, key, 1.0)
    except StoreError as error:
        return found if error.code == "store.wrong_key" else error
    end = monotonic() + _LOOK_SECONDS
    connection.set_progress_handler(lambda: int(monotonic() > end), _STEPS)
    try:
        if connection.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
            return found
    except driver.Error as error:
        if "interrupted" not in str(error):
            return found
    finally:
        connection.close()
    return StoreError("store.failed", found.detail)


def _opened(path: Path, key: bytes, busy_seconds: float, *, alone: bool = False) -> Any:
    try:
        connection = driver.connect(
            str(path), timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
    except driver.Error as error:
        raise _opening_error(error, path) from None
    try:
        connection.execute("PRAGMA cipher_log_level=NONE")
        connection.execute(f"PRAGMA key=\"x'{key.hex()}'\"")
        if alone:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        except driver.DatabaseError as error:
            raise _not_opened(error, path, key) from None
        _set_and_check(connection, busy_seconds)
    except BaseException as error:
        connection.close()
        if isinstance(error, driver.Error):
            raise _opening_error(error, path) from None
        raise
    return connection


def _opening_error(error: Exception, path: Path) -> StoreError:
    """As `as_store_error`; SQLite calls it an I/O error where a full disk has no room for its index."""
    found = as_store_error(error)
    with suppress(OSError):
        disk = os.statvfs(path.parent)
        if found.code == "store.io" and disk.f_bavail * disk.f_frsize < _INDEX:
            return StoreError("store.full", found.detail)
    return found


def _set_and_check(connection: Any, busy_seconds: float) -> None:
    if not connection.execute("PRAGMA cipher_version").fetchall():
        raise StoreError("store.pragma", "this SQLite cannot encrypt")
    promises = (
        ("journal_mode", "WAL", "wal"),
        ("synchronous", "FULL", 2),
        ("foreign_keys", "ON", 1),
        ("secure_delete", "ON", 1),
        ("temp_store", "MEMORY", 2),
        ("busy_timeout", str(int(busy_seconds * 1000)), int(busy_seconds * 1000)),
    )
    for name, wanted, expected in promises:
        connection.execute(f"PRAGMA {name}={wanted}").fetchall()
        found = connection.execute(f"PRAGMA {name}").fetchone()
        if found is None or found[0] != expected:
            raise StoreError("store.pragma", f"{name} is {found and found[0]} instead of {wanted}")


def _not_opened(error: Exception, path: Path, key: bytes) -> StoreError:
    """SQLCipher says the same of a wrong key and of a damaged first page; the key's id beside it knows."""
    found = _opening_error(error, path)
    if found.code != "store.damaged":
        return found
    if _remembered(path) == key_id(key):
        return StoreError("store.damaged", f"{path}: the key is right, but the file is not readable")
    return StoreError("store.wrong_key", f"{path} does not open with this key")


def _key_id_file(path: Path) -> Path:
    return path.with_name(path.name + _KEY_ID_SUFFIX)


def _remembered(path: Path) -> str:
    try:
        return _key_id_file(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _remember_key(path: Path, key: bytes) -> None:
    """Keeps the id of the key that opened the file; a failure here costs only a plainer message later."""
    if _remembered(path) == key_id(key):
        return
    with suppress(OSError):
        _key_id_file(path).unlink(missing_ok=True)
        write_private_file(_key_id_file(path), key_id(key).encode())
        fsync_folder(path.parent)
