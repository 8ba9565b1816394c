"""Sealed copies of the store: written while it is in use, and proved before anyone relies on them.

A copy is the encrypted database followed by its seal: a line of JSON, its HMAC under a key derived from the
store's, the length of both, and a mark. The seal comes last, so what was cut short has none.
"""

from __future__ import annotations

import errno
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from sqlcipher3 import dbapi2 as driver

from kiosk import __version__
from kiosk.errors import CarrierError, KioskError, StoreError
from kiosk.store.engine import Database, as_store_error
from kiosk.store.keyfile import derived_key, fsync_folder, key_id
from kiosk.store.migrations import steps_done

FORMAT = "kiosk copy 1"
_MARK = b"KIOSKCPY"
_END = 8 + len(_MARK)
_LONGEST_SEAL = 64 * 1024
_BLOCK = 1024 * 1024
_PAGES = 256
_HOUR = 3600
_HEAD = "SELECT n, digest, wall FROM audit ORDER BY n DESC LIMIT 1"

Progress = Callable[[int, int], None]
"""Told pages done and pages in all."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What a copy says of itself: whose it is, of which schema, and how far its audit chain goes.

    `lines` and `head` are those of the chain, `newest` the wall time of its last line, `at` that of the
    copy; `key` names the store's key without telling it; `size` and `sha256` are of the database in it.
    """

    kiosk: str
    profile: str
    at: str
    version: str = __version__
    schema: tuple[str, ...] = ()
    lines: int = 0
    head: str = ""
    newest: str = ""
    key: str = ""
    size: int = 0
    sha256: str = ""
    format: str = FORMAT


def write_copy(
    database: Database, key: bytes, target: Path, about: Seal, progress: Progress | None = None
) -> Seal:
    """Copies the store as it is at this moment to the file `target` and returns the seal.

    Nobody who uses the store is held up. The file appears under its name when it is whole, durable and was
    read back; one of that name is replaced if it is a copy too. `about` gives kiosk, profile and time.
    Raises CarrierError where the place is full, gone or gives back something else (`copy.full`, `copy.io`,
    `copy.check`), KioskError `copy.other_file`, StoreError where the store cannot be read.
    """
    _refuse_other_file(target)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        seal = _pour(database, key, part, about, progress)
        seal = _sealed(part, seal, key)
        _forget_cache(part)
        if prove(part, key) != seal:
            raise CarrierError("copy.check", str(target))
        part.replace(target)
        _fsync_folder(target.parent)
    except OSError as error:
        code = "copy.full" if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} else "copy.io"
        raise CarrierError(code, f"{target}: {error.strerror}") from None
    except KioskError as error:
        if error.code in {"copy.altered", "copy.no_seal"}:
            raise CarrierError("copy.check", str(target)) from None
        raise
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return seal


def _refuse_other_file(target: Path) -> None:
    if target.is_dir() or (target.exists() and not is_copy(target)):
        raise KioskError("copy.other_file", str(target))


def _pour(database: Database, key: bytes, part: Path, about: Seal, progress: Progress | None) -> Seal:
    """Copies the pages of one snapshot, checks each, and returns what the seal says of them."""
    source = database.take()
    try:
        source.execute("BEGIN")
        n, digest, newest = source.execute(_HEAD).fetchone() or (0, b"", "")
        seal = replace(
            about,
            schema=steps_done(source),
            lines=n,
            head=digest.hex(),
            newest=newest,
            key=key_id(key),
        )
        with closing(opened(str(part), key)) as copy:
            copy.execute("PRAGMA journal_mode=OFF").fetchall()
            copy.execute("PRAGMA synchronous=OFF")
            source.backup(copy, pages=_PAGES, progress=_pages_done(progress), sleep=0)
        _check(part, key, seal)
    except driver.Error as error:
        found = as_store_error(error)
        if found.code == "store.full":
            raise CarrierError("copy.full", str(part.parent)) from None
        if found.code == "store.io":
            raise CarrierError("copy.io", f"{part.parent}: {found.detail}") from None
        raise found from None
    finally:
        database.give_back(source)
    return seal


def _pages_done(progress: Progress | None) -> Callable[[int, int, int], None] | None:
    if progress is None:
        return None

    def told(_: int, remaining: int, total: int) -> None:
        progress(total - remaining, total)

    return told


def opened(name: str, key: bytes, *, uri: bool = False) -> Any:
    """A driver's connection to the database file `name`, as it is."""
    connection = driver.connect(name, isolation_level=None, uri=uri)
    connection.execute("PRAGMA cipher_log_level=NONE")
    connection.execute(f"PRAGMA key=\"x'{key.hex()}'\"")
    return connection


@contextmanager
def resting_database(path: Path, key: bytes) -> Iterator[Any]:
    """A connection to a database that nobody uses; nothing beside the file is made."""
    try:
        with closing(opened(f"{path.absolute().as_uri()}?mode=ro&immutable=1", key, uri=True)) as connection:
            yield connection
    except driver.Error as error:
        raise as_store_error(error) from None


def check_database(path: Path, key: bytes) -> tuple[int, str]:
    """Checks every page of a database that nobody uses; returns the lines of its chain and their head.

    Raises StoreError `store.damaged` for what is not whole.
    """
    with resting_database(path, key) as connection:
        wrong = connection.execute("PRAGMA cipher_integrity_check").fetchall()
        wrong = wrong or connection.execute("PRAGMA quick_check(1)").fetchall()
        if wrong != [("ok",)]:
            raise StoreError("store.damaged", f"{path}: {wrong[0][0]}")
        n, digest, _ = connection.execute(_HEAD).fetchone() or (0, b"", "")
    return n, digest.hex()


def _check(part: Path, key: bytes, seal: Seal) -> None:
    try:
        found = check_database(part, key)
    except StoreError as error:
        raise CarrierError("copy.check", error.detail) from None
    if found != (seal.lines, seal.head):
        raise CarrierError("copy.check", str(part))


def _sealed(part: Path, seal: Seal, key: bytes) -> Seal:
    """Writes the seal behind the database and makes the whole durable."""
    with part.open("r+b") as file:
        digest, size = _hashed(file, None)
        seal = replace(seal, size=size, sha256=digest)
        said = json.dumps(asdict(seal)).encode("ascii") + b"\n"
        said += _mac(key, said) + b"\n"
        file.write(said + len(said).to_bytes(8, "big") + _MARK)
        file.flush()
        os.fsync(file.fileno())
    return seal


def _hashed(file: BinaryIO, size: int | None) -> tuple[str, int]:
    """The SHA-256 of the file's first `size` bytes (all if None), and how many there were."""
    digest, done = sha256(), 0
    file.seek(0)
    while block := file.read(_BLOCK if size is None else min(_BLOCK, size - done)):
        digest.update(block)
        done += len(block)
    return digest.hexdigest(), done


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.digest(derived_key(key, "copy seal"), said, "sha256").hex().encode("ascii")


def is_copy(path: Path) -> bool:
    """Whether the file ends as a sealed copy does; raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return _raw_seal(file) is not None


def _raw_seal(file: BinaryIO) -> tuple[bytes, bytes] | None:
    """The JSON line and its HMAC; None where there is no seal."""
    end = file.seek(0, os.SEEK_END)
    if end < _END:
        return None
    file.seek(end - _END)
    length = int.from_bytes(file.read(8), "big")
    if file.read() != _MARK or not 0 < length <= min(_LONGEST_SEAL, end - _END):
        return None
    file.seek(end - _END - length)
    said, _, mac = file.read(length).partition(b"\n")
    return said + b"\n", mac.strip()


def read_seal(path: Path, key: bytes) -> Seal:
    """The seal of a copy, authenticated; the database in it is not read.

    Raises KioskError `copy.no_seal` for what is no copy or only half of one, `copy.altered` for a seal that
    was changed, StoreError `copy.other_key` for a copy made with another key, OSError.
    """
    with path.open("rb") as file:
        return _read_seal(file, path, key)[0]


def _read_seal(file: BinaryIO, path: Path, key: bytes) -> tuple[Seal, int]:
    """The seal and where it begins."""
    found = _raw_seal(file)
    if found is None:
        raise KioskError("copy.no_seal", str(path))
    said, mac = found
    try:
        told = json.loads(said)
        seal = Seal(**{**told, "schema": tuple(told["schema"])})
    except (ValueError, TypeError, KeyError):
        raise KioskError("copy.altered", str(path)) from None
    if seal.format != FORMAT:
        raise StoreError("store.newer", f"{path} is a {seal.format}")
    if not hmac.compare_digest(_mac(key, said), mac):
        if seal.key != key_id(key):
            raise StoreError("copy.other_key", str(path))
        raise KioskError("copy.altered", str(path))
    return seal, file.seek(0, os.SEEK_END) - _END - len(said) - len(mac) - 1


def prove(path: Path, key: bytes) -> Seal:
    """The seal of a copy whose every byte was read and is as it was sealed; raises as `read_seal` does."""
    with path.open("rb") as file:
        seal, begin = _read_seal(file, path, key)
        if begin != seal.size or _hashed(file, seal.size) != (seal.sha256, seal.size):
            raise KioskError("copy.altered", str(path))
    return seal


def _forget_cache(path: Path) -> None:
    """So that what is read back comes from the carrier, where the system can be told so."""
    if not hasattr(os, "posix_fadvise"):
        return
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _fsync_folder(folder: Path) -> None:
    """Some carriers cannot sync a folder; they are no worse for having been asked."""
    try:
        fsync_folder(folder)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise


def prune(folder: Path, pattern: str, key: bytes, *, lines: int, keep: int) -> None:
    """Removes all but the `keep` furthest of the copies that `pattern` names and this key sealed.

    Copies that go further than `lines` are of another history of this store and stay, as does what is not
    ours. What is left of copies that were cut short an hour before the newest is removed.
    """
    found: list[tuple[int, str, Path]] = []
    newest = 0.0
    for path in folder.glob(pattern):
        with suppress(KioskError, OSError):
            seal = read_seal(path, key)
            newest = max(newest, path.stat().st_mtime)
            if seal.lines <= lines:
                found.append((seal.lines, seal.at, path))
    with suppress(OSError):
        for _, _, path in sorted(found)[: -max(keep, 1)]:
            path.unlink()
        for path in folder.glob(f".{pattern}.*.part"):
            if path.stat().st_mtime < newest - _HOUR:
                path.unlink()
