"""Search for villages and facilities by a few letters, in an index built once from the CSV files.

The index is a plain SQLite file of public data. Rows are numbered in the order of their region codes, so that
"near the family's district" is a range of row numbers, and every question is asked in stages (exact code,
exact name, start of the name, start of a word, any part) that stop as soon as the page is full.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from bisect import bisect_right
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

from kiosk.search_index import AFTER, Source, open_database, rebuild, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_NEAR_LENGTHS = (6, 4, 2)
_NOISE = frozenset(
    ["desa", "ds", "kelurahan", "kel", "kecamatan", "kec", "kabupaten", "kab", "provinsi", "prov"]
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SHORTEST_PART = 3  # letters that a part inside a word must have to be looked for
_MOST_VARIANTS = 60
_LONGEST_TEXT = 80
_NAMED = "SELECT id FROM start WHERE later = 0 AND text = :low AND id BETWEEN :first AND :last"
_BEGINS = """SELECT id FROM start
    WHERE later = :later AND text >= :low AND text < :high AND id BETWEEN :first AND :last"""

Range = tuple[int, int]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hit:
    """One place found: code, name, and where it is in one line; `regency` is a 4-digit code or empty."""

    code: str
    name: str
    detail: str
    regency: str = ""


class SearchIndex:
    """Answers searches for villages and facilities; safe to use from several threads."""

    def __init__(self, villages: Source, facilities: Source) -> None:
        self._villages = _Places(villages)
        self._facilities = _Places(facilities)

    def villages(self, text: str, *, near: str = "", limit: int = 20, offset: int = 0) -> list[Hit]:
        """Villages that `text` names, best first; `near` is a region code whose surroundings come first."""
        return self._villages.search(text, near, limit, offset)

    def facilities(self, text: str, *, near: str = "", limit: int = 20, offset: int = 0) -> list[Hit]:
        """Facilities that `text` names, best first; `near` is a region code whose regency comes first."""
        return self._facilities.search(text, near[:4], limit, offset)

    def prepare(self) -> None:
        """Build now what is not built yet, so that the first search does not wait for it."""
        self._villages.prepare()
        self._facilities.prepare()

    def close(self) -> None:
        """Let go of the files."""
        self._villages.close()
        self._facilities.close()


def open_index(folder: Path, regions_csv: Path, facilities: Sequence[Path]) -> SearchIndex:
    """The index kept in `folder`, built at the first search and again when a source file has changed.

    `facilities` are files of which the first that knows a code wins; those that do not exist are passed over.
    """
    return SearchIndex(
        Source("villages", folder, regions_csv, ()),
        Source("facilities", folder, regions_csv, tuple(facilities)),
    )


class _Places:
    """One of the two kinds of place, behind a lock, rebuilt when it is damaged or its sources change."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lock = threading.RLock()
        self._mark: str | None = None
        self._finder: _Finder | None = None

    def search(self, text: str, near: str, limit: int, offset: int) -> list[Hit]:
        return self._ask(lambda finder: finder.page(text[:_LONGEST_TEXT], near, limit, offset))

    def prepare(self) -> None:
        self._ask(lambda _: None)

    def close(self) -> None:
        with self._lock:
            if self._finder is not None:
                self._finder.database.close()
            self._finder = None

    def _ask(self, question: Callable[[_Finder], T]) -> T:
        with self._lock:
            mark = self._source.mark()
            if self._finder is None or mark != self._mark:
                self.close()
                self._finder = _Finder(open_database(self._source, mark))
                self._mark = mark
            try:
                return question(self._finder)
            except sqlite3.DatabaseError:  # damaged on disk since it was built
                self.close()
                self._finder = _Finder(rebuild(self._source, mark))
                return question(self._finder)


class _Finder:
    """The stages of a search over one open index."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self._fts = bool(self._one("SELECT value FROM meta WHERE key = 'fts'") == "1")
        self._last = int(str(self._one("SELECT coalesce(max(id), 0) FROM place")))

    def page(self, text: str, near: str, limit: int, offset: int) -> list[Hit]:
        """Hits number `offset` to `offset + limit` for `text`."""
        words = words_of(text)
        if not words or limit <= 0:
            return []
        levels = self._levels(near)
        found = list(islice(_unique(self._stages(words, levels)), offset + limit))
        if not found:
            found = list(islice(_unique(self._guesses(words, levels)), offset + limit))
        return [self._hit(place) for place in found[offset:]]

    def _stages(self, words: list[str], levels: list[Range]) -> Iterator[int]:
        code = "".join(words)
        if any(char.isdigit() for char in code):
            yield from self._by_code(code.upper(), levels)
        whole = " ".join(words)
        yield from self._starts(_NAMED, whole, levels, later=0)
        yield from self._starts(_BEGINS, whole, levels, later=0)
        yield from self._starts(_BEGINS, whole, levels, later=1)
        useful = [word for word in words if word not in _NOISE] or words
        if len(useful) > 1 or useful != words:
            yield from self._all_words([[word] for word in useful], levels)
        if len(whole) >= _SHORTEST_PART:
            yield from self._parts(whole, levels)
        yield from self._inside([_Ranges(self._area(word)) for word in useful], levels)

    def _by_code(self, code: str, levels: list[Range]) -> Iterator[int]:
        yield from self._ids("SELECT id FROM place WHERE code = ?", (code,))
        for low, high in levels:
            yield from self._ids(
                "SELECT id FROM place WHERE code >= ? AND code < ? AND id BETWEEN ? AND ? ORDER BY code",
                (code, code + AFTER, low, high),
            )

    def _starts(self, statement: str, text: str, levels: list[Range], later: int) -> Iterator[int]:
        for first, last in levels:
            yield from self._ids(
                statement, {"later": later, "low": text, "high": text + AFTER, "first": first, "last": last}
            )

    def _parts(self, text: str, levels: list[Range]) -> Iterator[int]:
        for low, high in levels:
            if self._fts:
                yield from self._ids(
                    "SELECT rowid FROM part WHERE part MATCH ? AND rowid BETWEEN ? AND ?",
                    (f'"{text}"', low, high),
                )
            else:
                yield from self._ids(
                    "SELECT id FROM place WHERE id BETWEEN ? AND ? AND instr(plain, ?)", (low, high, text)
                )

    def _all_words(self, choices: list[list[str]], levels: list[Range]) -> Iterator[int]:
        """Places where each word, or a variant of it, begins a word of the name or of where the place is."""
        names = [set(chain.from_iterable(map(self._named, variants))) for variants in choices]
        areas = [_Ranges(chain.from_iterable(map(self._area, variants))) for variants in choices]
        pairs = list(zip(names, areas, strict=True))
        fits = [
            place
            for place in set().union(*names)
            if all(place in named or place in area for named, area in pairs)
        ]
        # more words in the name itself first, then the nearer, then in order of codes
        fits.sort(key=lambda place: (-sum(place in named for named in names), _level(place, levels), place))
        yield from fits
        yield from self._inside(areas, levels)

    def _inside(self, areas: list[_Ranges], levels: list[Range]) -> Iterator[int]:
        """Every place in an area that all the words name."""
        inside = areas[0]
        for area in areas[1:]:
            inside = inside.common(area)
        for first, last in levels:
            for low, high in inside.common(_Ranges([(first, last)])).ranges:
                yield from range(low, high + 1)

    def _guesses(self, words: list[str], levels: list[Range]) -> Iterator[int]:
        """The same search with one letter wrong in one of the words."""
        useful = [word for word in words if word not in _NOISE] or words
        unknown = [word for word in useful if not self._known(word)]
        if len(unknown) > 1:
            return
        for word in unknown or useful:
            variants = self._variants(word)
            if variants:
                yield from self._all_words(
                    [variants if other is word else [other] for other in useful], levels
                )

    def _known(self, word: str) -> bool:
        return any(True for _ in self._named(word)) or any(True for _ in self._area(word))

    def _variants(self, word: str) -> list[str]:
        """Words at one letter's distance (wrong, missing, added, swapped) with which something begins."""
        if not _SHORTEST_PART < len(word) <= 20 or not word.isalpha():
            return []
        cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
        near = {left + tail[1:] for left, tail in cuts if tail}
        near |= {left + tail[1] + tail[0] + tail[2:] for left, tail in cuts if len(tail) > 1}
        near |= {left + letter + tail[1:] for left, tail in cuts if tail for letter in _LETTERS}
        near |= {left + letter + tail for left, tail in cuts for letter in _LETTERS}
        rows = self.database.execute(
            "SELECT value FROM json_each(:words) WHERE"
            " EXISTS (SELECT 1 FROM start WHERE later = 0 AND text >= value AND text < value || :after)"
            " OR EXISTS (SELECT 1 FROM start WHERE later = 1 AND text >= value AND text < value || :after)"
            " OR EXISTS (SELECT 1 FROM area WHERE word >= value AND word < value || :after)",
            {"words": json.dumps(sorted(near - {word})), "after": AFTER},
        )
        return [str(value) for (value,) in rows][:_MOST_VARIANTS]

    def _named(self, word: str) -> Iterator[int]:
        for later in (0, 1):
            yield from self._starts(_BEGINS, word, [(1, self._last)], later)

    def _area(self, word: str) -> Iterator[Range]:
        cursor = self.database.execute(
            "SELECT low, high FROM area WHERE word >= ? AND word < ?", (word, word + AFTER)
        )
        yield from cursor

    def _levels(self, near: str) -> list[Range]:
        """Ranges of places from the nearest to everywhere, each holding the one before."""
        levels: list[Range] = []
        for length in _NEAR_LENGTHS:
            if near.isdigit() and len(near) >= length:
                low, high = self.database.execute(
                    "SELECT min(id), max(id) FROM place WHERE area >= ? AND area < ?",
                    (near[:length], near[:length] + AFTER),
                ).fetchone()
                if low is not None:
                    levels.append((low, high))
        return [*levels, (1, self._last)]

    def _hit(self, place: int) -> Hit:
        code, name, detail, area = self.database.execute(
            "SELECT code, name, detail, area FROM place WHERE id = ?", (place,)
        ).fetchone()
        return Hit(code, name, detail, area[:4])

    def _ids(self, statement: str, values: tuple[object, ...] | dict[str, object]) -> Iterator[int]:
        for (place,) in self.database.execute(statement, values):
            yield place

    def _one(self, statement: str) -> object:
        return self.database.execute(statement).fetchone()[0]


class _Ranges:
    """A set of numbers kept as sorted, separate ranges."""

    def __init__(self, ranges: Iterator[Range] | list[Range]) -> None:
        self.ranges: list[Range] = []
        for low, high in sorted(ranges):
            if self.ranges and low <= self.ranges[-1][1] + 1:
                self.ranges[-1] = (self.ranges[-1][0], max(high, self.ranges[-1][1]))
            else:
                self.ranges.append((low, high))
        self._lows = [low for low, _ in self.ranges]

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._lows, number) - 1
        return at >= 0 and number <= self.ranges[at][1]

    def common(self, other: _Ranges) -> _Ranges:
        """The numbers in both."""
        mine, theirs = self.ranges, other.ranges
        both: list[Range] = []
        i = j = 0
        while i < len(mine) and j < len(theirs):
            low, high = max(mine[i][0], theirs[j][0]), min(mine[i][1], theirs[j][1])
            if low <= high:
                both.append((low, high))
            if mine[i][1] < theirs[j][1]:
                i += 1
            else:
                j += 1
        return _Ranges(both)


def _level(place: int, levels: list[Range]) -> int:
    return next(number for number, (low, high) in enumerate(levels) if low <= place <= high)


def _unique(places: Iterator[int]) -> Iterator[int]:
    seen: set[int] = set()
    for place in places:
        if place not in seen:
            seen.add(place)
            yield place
