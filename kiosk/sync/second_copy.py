"""A second copy of what waits: on every stick that is marked for it, refreshed when more waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.errors import KioskError
from kiosk.sync.carrying import Carrying
from kiosk.sync.usb import MANIFEST, MARK

_DEPTH = 2
"""How deep below a folder a stick may lie: its name, or a person's name and that of the stick."""

_MOST_NAMES = 200
_MOST_PARCELS = 50


def marked_sticks(places: Sequence[Path]) -> Iterator[Path]:
    """The sticks at or below these folders that have the mark in their root; links are not followed."""
    seen: set[Path] = set()
    for place in places:
        for folder in _folders(place, _DEPTH):
            if folder not in seen and _is_marked(folder):
                seen.add(folder)
                yield folder


def _folders(place: Path, depth: int) -> Iterator[Path]:
    yield place
    if not depth:
        return
    inside: list[Path] = []
    with suppress(OSError):
        for name, child in enumerate(sorted(place.iterdir())):
            if name < _MOST_NAMES and child.is_dir() and not child.is_symlink():
                inside.append(child)
    for child in inside:
        yield from _folders(child, depth - 1)


def _is_marked(folder: Path) -> bool:
    try:
        mark = folder / MARK
        return mark.is_file() and not mark.is_symlink()
    except OSError:
        return False


@dataclass(slots=True)
class _Stick:
    """What this program has written to one stick since it was plugged in."""

    newest: Path
    place: int
    parcels: int = 1

    @property
    def is_there(self) -> bool:
        return (self.newest / MANIFEST).is_file()


@dataclass(slots=True)
class SecondCopies:
    """The marked sticks of one kiosk.

    A stick that comes is written whole; what waits later is added, so that nobody who types feels it, and
    all is put together again from time to time. `problem` is the code of what failed last, empty where all
    went well.
    """

    places: Sequence[Path]
    carrying: Carrying
    problem: str = ""
    _sticks: dict[Path, _Stick] = field(default_factory=dict)

    def refresh(self) -> int:
        """Writes what is not there yet to every marked stick; how many were written.

        Nothing here raises: a stick that fails is written whole the next time.
        """
        sticks = list(marked_sticks(self.places))
        for gone in set(self._sticks) - set(sticks):
            del self._sticks[gone]  # what comes back under its name may be another one
        written, problem = 0, ""
        for stick in sticks:
            try:
                written += self._refresh(stick)
            except (KioskError, OSError) as error:
                self._sticks.pop(stick, None)
                problem = getattr(error, "code", "stick.io")
        self.problem = problem
        return written

    def _refresh(self, stick: Path) -> bool:
        known = self._sticks.get(stick)
        if known is None or not known.is_there or known.parcels >= _MOST_PARCELS:
            copied = self.carrying.copy(stick)
            self._sticks[stick] = _Stick(copied.folder, copied.place)
            return True
        if not self.carrying.has_more(known.place):
            return False
        copied = self.carrying.copy(stick, known.place)
        self._sticks[stick] = _Stick(copied.folder, copied.place, known.parcels + 1)
        return True
