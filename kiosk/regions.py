"""Region codes and names, read straight from the sorted CSV file without loading it.

The file is mapped into memory and searched by halving, so opening it costs next to nothing and a look-up
touches a dozen pages.
"""

from __future__ import annotations

import csv
import mmap
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEVELS = (2, 4, 6, 10)
"""Lengths of a province, regency or city, district and village code, in digits."""

_AFTER_ANY_CODE = "~"
_REMEMBERED = 4_096


class SortedCsv:
    """A CSV file with a header, one record a line, sorted by its first column in byte order."""

    def __init__(self, path: Path) -> None:
        """Map `path`; raises OSError where it cannot be read. A file without records is allowed."""
        with path.open("rb") as file:
            stat_size = file.seek(0, 2)
            self._map: mmap.mmap | bytes = (
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if stat_size else b""
            )
        self._size = len(self._map)
        header_end = self._map.find(b"\n")
        self._start = self._size if header_end < 0 else header_end + 1

    def close(self) -> None:
        """Let go of the file."""
        if isinstance(self._map, mmap.mmap):
            self._map.close()

    def get(self, key: str) -> tuple[str, ...] | None:
        """The record whose first column is exactly `key`, or None."""
        record = next(self.records(key), None)
        return record if record is not None and record[0] == key else None

    def records(self, first: str = "") -> Iterator[tuple[str, ...]]:
        """Records in order, from the first one whose first column is not below `first`."""
        at = self._seek(first.encode())
        while at < self._size:
            line, at = self._line(at)
            if line:
                yield _fields(line)

    def _seek(self, key: bytes) -> int:
        low, high = self._start, self._size
        while low < high:
            middle = self._map.rfind(b"\n", low, (low + high) // 2) + 1 or low
            line, after = self._line(middle)
            if line.split(b",", 1)[0].strip(b'"') < key:
                low = after
            else:
                high = middle
        return low

    def _line(self, at: int) -> tuple[bytes, int]:
        end = self._map.find(b"\n", at)
        if end < 0:
            end = self._size
        return self._map[at:end].rstrip(b"\r"), end + 1


def _fields(line: bytes) -> tuple[str, ...]:
    text = line.decode("utf-8", "replace")
    if '"' not in text:
        return tuple(text.split(","))
    return tuple(next(csv.reader([text])))


class RegionBook:
    """Names of provinces, regencies, districts and villages by their code of 2, 4, 6 or 10 digits."""

    def __init__(self, path: Path) -> None:
        """Open the region file at `path` (`code,name`, sorted by code); raises OSError where it cannot."""
        self._file = SortedCsv(path)
        # Whoever reads a family asks for the same few districts, once for each member and the card.
        self._known: dict[str, str | None] = {}

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def name(self, code: str) -> str | None:
        """The name of one region, or None where the code is not known."""
        if code in self._known:
            return self._known[code]
        if not (code.isascii() and code.isdigit()):
            return None
        record = self._file.get(code)
        found = record[1] if record is not None and len(record) > 1 else None
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[code] = found
        return found

    def exists(self, code: str) -> bool:
        """Whether the code is known."""
        return self.name(code) is not None

    def path(self, code: str) -> tuple[str, ...]:
        """Names from the province down to the region itself; levels that are not known are left out."""
        names = (self.name(code[:length]) for length in LEVELS if length <= len(code))
        return tuple(name for name in names if name is not None)

    def children(self, code: str = "", *, limit: int = 20, offset: int = 0) -> list[tuple[str, str]]:
        """`(code, name)` of the regions one level below `code` (provinces below the empty code), paged."""
        return list(islice(self._children(code), offset, offset + limit))

    def _children(self, code: str) -> Iterator[tuple[str, str]]:
        length = next((length for length in LEVELS if length > len(code)), 0)
        at = code
        while length:
            record = next((r for r in self._file.records(at) if r[0] != code), None)
            if record is None or not record[0].startswith(code):
                return
            if len(record[0]) == length:
                yield record[0], record[1]
            at = record[0][:length] + _AFTER_ANY_CODE
