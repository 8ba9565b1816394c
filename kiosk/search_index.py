"""The SQLite file behind the search: what it is built from, when it is built, and how it is kept whole."""

from __future__ import annotations

import csv
import fcntl
import logging
import os
import sqlite3
import tempfile
import unicodedata
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kiosk.facilities import FacilityBook

if TYPE_CHECKING:
    from collections.abc import Iterator

AFTER = "~"
"""Sorts after every letter, digit and blank that a searched text can hold."""

_SCHEMA = 1
_ADDRESS_NOISE = frozenset(
    ["jl", "jln", "jalan", "no", "rt", "rw", "kec", "kel", "desa", "ds", "kab", "kota", "dan"]
)
_SHORT_TITLES = {"Kabupaten ": "Kab. ", "Kota Administrasi ": "Kota ", "Kabupaten Administrasi ": "Kab. "}

_LINE = ord("\n")
_DASHES = dict.fromkeys(range(0x2010, 0x2016), " ")
_SIGNS = {n: " " for n in range(128) if not chr(n).isalnum() and n != _LINE} | dict.fromkeys(map(ord, "'`\""))

_VILLAGE_DIGITS = 10

_TABLES = (
    "CREATE TABLE place (id INTEGER PRIMARY KEY, code TEXT, name TEXT, plain TEXT, detail TEXT, area TEXT)",
    "CREATE TABLE start (later INTEGER, text TEXT, id INTEGER, PRIMARY KEY (later, text, id)) WITHOUT ROWID",
    "CREATE TABLE area (word TEXT, low INTEGER, high INTEGER, PRIMARY KEY (word, low, high)) WITHOUT ROWID",
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
)
_INDEXES = ("CREATE INDEX place_code ON place (code)", "CREATE INDEX place_area ON place (area)")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """What one index is built from: kind `villages` or `facilities`, the folder it is kept in, the files."""

    kind: str
    folder: Path
    regions: Path
    facilities: tuple[Path, ...]

    @property
    def path(self) -> Path:
        """The index file; other sources in the same folder have another name."""
        names = "\n".join(str(path.absolute()) for path in (self.regions, *self.facilities))
        return self.folder / f"{self.kind}-{zlib.crc32(names.encode()):08x}.sqlite"

    def mark(self) -> str:
        """A text that changes when the schema or a source file does."""
        marks = [str(_SCHEMA)]
        for path in (self.regions, *self.facilities):
            try:
                state = path.stat()
            except FileNotFoundError:
                marks.append("-")
            else:
                marks.append(f"{state.st_size}.{state.st_mtime_ns}")
        return " ".join(marks)


class _Place(NamedTuple):
    code: str
    name: str
    detail: str
    area: str
    address: str = ""


def words_of(text: str) -> list[str]:
    """The words of a text as the index knows them: small Latin letters and digits, no accents, no signs."""
    return _plain(text).split()


def _plain(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_DASHES)).encode("ascii", "ignore").decode()
    return text.lower().translate(_SIGNS)


def open_database(source: Source, mark: str) -> sqlite3.Connection:
    """The index of `source`, built first where it is missing, old or damaged."""
    return _opened(source.path, mark) or rebuild(source, mark, keep_if_good=True)


def rebuild(source: Source, mark: str, *, keep_if_good: bool = False) -> sqlite3.Connection:
    """Build the index anew beside the old file, then put it in its place; in memory if the folder refuses.

    With `keep_if_good`, a whole index that another process has put there meanwhile is taken instead.
    """
    try:
        source.folder.mkdir(parents=True, exist_ok=True)
        with _only_one(source.path.with_suffix(".lock")):
            database = _opened(source.path, mark) if keep_if_good else None
            if database is not None:
                return database
            _build_file(source, mark)
        database = _opened(source.path, mark)
        if database is not None:
            return database
    except (OSError, sqlite3.Error) as error:
        _log.warning("search index %s is kept in memory: %s", source.kind, type(error).__name__)
    database = sqlite3.connect(":memory:", check_same_thread=False)
    _fill(database, source, mark)
    return database


def _opened(path: Path, mark: str) -> sqlite3.Connection | None:
    database: sqlite3.Connection | None = None
    try:
        if not path.exists():
            return None
        address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        database = sqlite3.connect(address, uri=True, check_same_thread=False)
        database.execute("PRAGMA cache_size = -8000")
        known = database.execute("SELECT value FROM meta WHERE key = 'mark'").fetchone()
        counted = database.execute("SELECT value FROM meta WHERE key = 'places'").fetchone()
        whole = database.execute("SELECT coalesce(max(id), 0) FROM place").fetchone()
        if known == (mark,) and counted == (str(whole[0]),):
            return database
    except (OSError, sqlite3.DatabaseError):
        _log.warning("search index %s cannot be read and will be built again", path.name)
    if database is not None:
        database.close()
    return None


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _build_file(source: Source, mark: str) -> None:
    for stale in source.folder.glob(f".{source.path.stem}-*"):  # left by a power cut; the lock is ours
        stale.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{source.path.stem}-", dir=source.folder)
    try:
        database = sqlite3.connect(name)
        try:
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = OFF")
            _fill(database, source, mark)
        finally:
            database.close()
        os.fsync(handle)
        Path(name).replace(source.path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def _fill(database: sqlite3.Connection, source: Source, mark: str) -> None:
    with source.regions.open(encoding="utf-8", newline="") as file:
        regions = [(row[0], row[1]) for row in csv.reader(file) if len(row) > 1][1:]
    names = {code: name for code, name in regions if len(code) < _VILLAGE_DIGITS}
    places = _villages(regions, names) if source.kind == "villages" else _facilities(source.facilities, names)
    # all the names at once: a tenth of the time of one by one
    plain = [line.split() for line in _plain("\n".join(place.name for place in places)).split("\n")][
        : len(places)
    ]
    rows = [
        (number, place.code, place.name, " ".join(words), place.detail, place.area)
        for number, (place, words) in enumerate(zip(places, plain, strict=True), 1)
    ]
    first = sorted(((" ".join(words), n) for n, words in enumerate(plain, 1)), key=itemgetter(0))
    later = sorted(
        ((" ".join(words[at:]), n) for n, words in enumerate(plain, 1) for at in range(1, len(words))),
        key=itemgetter(0),
    )
    with database:
        for statement in _TABLES:
            database.execute(statement)
        database.executemany("INSERT INTO place VALUES (?, ?, ?, ?, ?, ?)", rows)
        database.executemany("INSERT OR IGNORE INTO start VALUES (0, ?, ?)", first)
        database.executemany("INSERT OR IGNORE INTO start VALUES (1, ?, ?)", later)
        database.executemany("INSERT OR IGNORE INTO area VALUES (?, ?, ?)", sorted(_areas(places, names)))
        for statement in _INDEXES:
            database.execute(statement)
        fts = _add_parts(database)
        database.executemany(
            "INSERT INTO meta VALUES (?, ?)",
            [("mark", mark), ("places", str(len(places))), ("fts", str(int(fts)))],
        )


def _villages(regions: list[tuple[str, str]], names: dict[str, str]) -> list[_Place]:
    where = {
        code: f"Kec. {name}, {_short(names.get(code[:4], '-'))}"
        for code, name in names.items()
        if len(code) == 6
    }
    return [
        _Place(code, name, where.get(code[:6], "-"), code[:6])
        for code, name in regions
        if len(code) == _VILLAGE_DIGITS
    ]


def _add_parts(database: sqlite3.Connection) -> bool:
    """The index of parts of words; without it (SQLite before 3.34 or without FTS5) names are scanned."""
    try:
        database.execute("CREATE VIRTUAL TABLE part USING fts5 (plain, content='', tokenize='trigram')")
    except sqlite3.OperationalError:
        return False
    database.execute("INSERT INTO part (rowid, plain) SELECT id, plain FROM place")
    return True


def _facilities(files: tuple[Path, ...], names: dict[str, str]) -> list[_Place]:
    book = FacilityBook(files)
    places = [
        _Place(
            one.code,
            one.name,
            ", ".join(filter(None, (one.address, _short(names.get(one.regency, ""))))),
            one.regency,
            one.address,
        )
        for one in book
    ]
    book.close()
    return sorted(places, key=lambda place: (place.area, place.code))


def _areas(places: list[_Place], names: dict[str, str]) -> Iterator[tuple[str, int, int]]:
    """Each word of a district, regency, province or address, with the range of places it holds."""
    ends: dict[str, list[int]] = {}
    for number, place in enumerate(places, 1):
        ends.setdefault(place.area, [number, number])[1] = number
        if place.address:
            for word in set(words_of(place.address)) - _ADDRESS_NOISE:
                yield word, number, number
    for area, (low, high) in ends.items():
        for word in {word for length in (2, 4, 6) for word in words_of(names.get(area[:length], ""))}:
            yield word, low, high


def _short(name: str) -> str:
    for long, short in _SHORT_TITLES.items():
        if name.startswith(long):
            name = short + name.removeprefix(long)
    return name
