"""How long look-ups in the reference data take, against the limits that a person at the keyboard feels."""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kiosk import reference
from kiosk.regions import RegionBook
from kiosk.resources import data_dir
from kiosk.search import SearchIndex, open_index
from kiosk.search_index import words_of

REGIONS = data_dir() / "regions.csv"
NEAR = "3173051001"
KINDS = ("PUSKESMAS", "KLINIK PRATAMA", "DR.")


@dataclass(frozen=True, slots=True)
class Measure:
    """A duration in milliseconds that `run` returns and `limit` bounds."""

    name: str
    limit: float
    run: Callable[[], float]


@contextmanager
def _facilities(count: int = 10_000) -> Iterator[Path]:
    """An invented list of `count` facilities named after real villages."""
    with REGIONS.open(encoding="utf-8", newline="") as file:
        villages = [row for row in csv.reader(file) if len(row[0]) == 10][:: 83_762 // count][:count]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "facilities.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["code", "name", "kind", "regency", "address"])
            for number, (code, name) in enumerate(villages):
                kind = KINDS[min(number % 5, 2)]
                writer.writerow(
                    [f"{number:08}", f"{kind} {name.upper()}", "", code[:4], f"Jl. {name} {number % 90}"]
                )
        yield path


@lru_cache(maxsize=1)
def _trigrams() -> tuple[str, ...]:
    """Every three letters that stand together in the name of a village."""
    found: set[str] = set()
    with REGIONS.open(encoding="utf-8", newline="") as file:
        for code, name in csv.reader(file):
            if len(code) == 10:
                for word in words_of(name):
                    found.update(word[at : at + 3] for at in range(len(word) - 2))
    return tuple(sorted(found))


def _p99(durations: list[float]) -> float:
    return sorted(durations)[int(len(durations) * 0.99)] * 1000


def _timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _three_letters(ask: Callable[[SearchIndex, str], object]) -> float:
    with tempfile.TemporaryDirectory() as folder, _facilities() as facilities:
        index = open_index(Path(folder), REGIONS, [facilities])
        index.prepare()
        return _p99([_timed(lambda text=text: ask(index, text)) for text in _trigrams()])  # type: ignore[misc]


def three_letters_of_a_village() -> float:
    """99th percentile in milliseconds over every three letters, near a district."""
    return _three_letters(lambda index, text: index.villages(text, near=NEAR))


def three_letters_of_a_facility() -> float:
    """The same over 10,000 facilities."""
    return _three_letters(lambda index, text: index.facilities(text, near=NEAR))


def page_of_all_three_letters() -> float:
    """99th percentile in milliseconds of the fifth page, with nothing near."""
    return _three_letters(lambda index, text: index.villages(text, offset=80))


def slips() -> float:
    """99th percentile in milliseconds of names with two letters swapped."""
    with REGIONS.open(encoding="utf-8", newline="") as file:
        names = [row[1].lower() for row in csv.reader(file) if len(row[0]) == 10 and len(row[1]) > 5][::400]
    slipped = [name[:2] + name[3] + name[2] + name[4:] for name in names]
    with tempfile.TemporaryDirectory() as folder:
        index = open_index(Path(folder), REGIONS, [])
        index.prepare()
        return _p99([_timed(lambda text=text: index.villages(text, near=NEAR)) for text in slipped])  # type: ignore[misc]


def build() -> float:
    """Milliseconds to build the index of all villages, the best of three."""

    def once() -> float:
        with tempfile.TemporaryDirectory() as folder:
            return _timed(open_index(Path(folder), REGIONS, []).prepare)

    return min(once() for _ in range(3)) * 1000


def open_regions() -> float:
    """Milliseconds to open the region book and read one name."""
    return min(_timed(lambda: RegionBook(REGIONS).name(NEAR)) for _ in range(20)) * 1000


def tables() -> float:
    """Milliseconds to read every table but the occupations."""
    names = [path.stem for path in data_dir().glob("*.toml") if path.stem != "occupations"]
    return min(_timed(lambda: [reference.table(name) for name in names]) for _ in range(10)) * 1000


MEASURES = [
    Measure("any three letters of a village, p99 ms", 10, three_letters_of_a_village),
    Measure("any three letters of a facility, p99 ms", 10, three_letters_of_a_facility),
    Measure("any three letters, page 5, p99 ms", 10, page_of_all_three_letters),
    Measure("a name with a slip, p99 ms", 50, slips),
    Measure("building the search index, ms", 1500, build),
    Measure("opening the regions and one name, ms", 1, open_regions),
    Measure("reading the tables, ms", 5, tables),
]
