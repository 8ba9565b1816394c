"""First-level facilities: exact look-up by code, and taking over the list that a BPJS branch hands out."""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.domain.rulebook import Facility
from kiosk.errors import KioskError
from kiosk.regions import SortedCsv

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COLUMNS = ("code", "name", "kind", "regency", "address")
STORE_NAME = "facilities.csv"

_REQUIRED = ("code", "name")
_OTHER_NAMES = {"kode": "code", "nama": "name", "jenis": "kind", "kabupaten": "regency", "alamat": "address"}
_CODE = re.compile(r"[0-9A-Z]{4,12}")
_REGENCY = re.compile(r"[0-9]{4}")
_LONGEST_RECORD = 4  # lines that one quoted field may spread over


@dataclass(frozen=True, slots=True)
class LineNote:
    """What is wrong with one line of an imported list: `reason` is code, name, duplicate or regency.

    A facility whose regency cannot be read is kept without it; the other lines are left out.
    """

    line: int
    code: str
    reason: str
    kept: bool = False


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did: facilities new and changed, how many the store holds now, and the notes."""

    added: int
    updated: int
    total: int
    notes: tuple[LineNote, ...]


class FacilityBook:
    """Facilities by code, from sorted files of which the first that knows a code wins."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Prepare the look-up; a file that is not there (yet) counts as empty, a replaced one is reopened."""
        self._paths = tuple(paths)
        self._open: dict[Path, tuple[tuple[int, int, int], SortedCsv]] = {}

    def find(self, code: str) -> Facility | None:
        """The facility with this code, or None."""
        key = code.strip().upper()
        if not _CODE.fullmatch(key):
            return None
        for path in self._paths:
            file = self._file(path)
            record = file.get(key) if file is not None else None
            if record is not None:
                return Facility(*(record + ("",) * len(COLUMNS))[: len(COLUMNS)])
        return None

    def __iter__(self) -> Iterator[Facility]:
        """Every facility once, file by file in the order of their codes."""
        seen: set[str] = set()
        for path in self._paths:
            file = self._file(path)
            for record in file.records() if file is not None else ():
                if record[0] not in seen:
                    seen.add(record[0])
                    yield Facility(*(record + ("",) * len(COLUMNS))[: len(COLUMNS)])

    def close(self) -> None:
        """Let go of the files."""
        for _, file in self._open.values():
            file.close()
        self._open.clear()

    def _file(self, path: Path) -> SortedCsv | None:
        try:
            state = path.stat()
        except FileNotFoundError:
            return None
        mark = (state.st_ino, state.st_size, state.st_mtime_ns)
        known = self._open.get(path)
        if known is None or known[0] != mark:
            known = self._open[path] = (mark, SortedCsv(path))
        return known[1]


def import_facilities(source: Path, folder: Path, *, replace: bool = False) -> ImportReport:
    """Check the list at `source` and store it, sorted, as `facilities.csv` in `folder`.

    The list has a header with at least `code` and `name`, columns in any order, separated by comma, semicolon
    or tab, as UTF-8, UTF-16 or Windows-1252. It is added to what was imported before (a code that comes again
    is updated), or replaces it. The store changes wholly or not at all. Raises KioskError `facilities.empty`,
    `facilities.header` or `facilities.none` (no line could be used), and OSError where a file cannot be read
    or written.
    """
    found, notes = _parse(_decode(source.read_bytes()))
    if not found:
        raise KioskError("facilities.none", source.name)
    store = folder / STORE_NAME
    before = {facility.code: facility for facility in FacilityBook([store])}
    merged = found if replace else before | found
    _write(store, merged)
    return ImportReport(
        added=sum(code not in before for code in found),
        updated=sum(code in before and before[code] != facility for code, facility in found.items()),
        total=len(merged),
        notes=tuple(notes),
    )


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _parse(text: str) -> tuple[dict[str, Facility], list[LineNote]]:
    records = _records(io.StringIO(text, newline=None).read().split("\n"))
    header = next(records, None)
    if header is None:
        raise KioskError("facilities.empty")
    names = [_OTHER_NAMES.get(name, name) for name in (_clean(field).lower() for field in header[1])]
    if any(names.count(name) != 1 for name in _REQUIRED):
        raise KioskError("facilities.header", ",".join(names)[:200])
    found: dict[str, Facility] = {}
    notes: list[LineNote] = []
    for line, fields in records:
        row = dict(zip(names, map(_clean, fields), strict=False))
        code = row["code"].upper().replace(" ", "") if row.get("code") else ""
        regency = row.get("regency", "").replace(".", "")
        reason = "code" if not _CODE.fullmatch(code) else "name" if not row.get("name") else ""
        reason = reason or ("duplicate" if code in found else "")
        if reason:
            notes.append(LineNote(line, code[:20], reason))
            continue
        if regency and not _REGENCY.fullmatch(regency):
            notes.append(LineNote(line, code, "regency", kept=True))
            regency = ""
        found[code] = Facility(code, row["name"], row.get("kind", ""), regency, row.get("address", ""))
    return found, notes


def _records(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of each record; a quote that is never closed spoils its own line only."""
    separator = ""
    at = 0
    while at < len(lines):
        taken = next(
            (n for n in range(1, _LONGEST_RECORD + 1) if "\n".join(lines[at : at + n]).count('"') % 2 == 0), 1
        )
        record, number = "\n".join(lines[at : at + taken]), at + 1
        at += taken
        if not record.strip():
            continue
        separator = separator or max(",;\t", key=record.count)
        try:
            yield number, next(csv.reader(io.StringIO(record), delimiter=separator), [])
        except csv.Error:  # a field beyond all measure
            yield number, []


def _clean(field: str) -> str:
    """One line of printable characters: no control, bidi or other invisible signs, single blanks."""
    visible = (" " if char.isspace() else char for char in unicodedata.normalize("NFC", field))
    return " ".join("".join(c for c in visible if not unicodedata.category(c).startswith("C")).split())


def _write(store: Path, facilities: dict[str, Facility]) -> None:
    store.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".facilities-", dir=store.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            os.fchmod(file.fileno(), 0o644)  # public data, whoever imported it
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for code in sorted(facilities):
                one = facilities[code]
                writer.writerow((one.code, one.name, one.kind, one.regency, one.address))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(store)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(store.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
