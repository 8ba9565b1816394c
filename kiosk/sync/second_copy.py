"""A second copy of what waits: on every stick that is marked for it, refreshed when something has changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.errors import KioskError
from kiosk.sync.carrying import Carrying
from kiosk.sync.usb import MARK

_DEPTH = 2
"""How deep below a folder a stick may lie: its name, or a person's name and that of the stick."""

_MOST_NAMES = 200


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
class SecondCopies:
    """The marked sticks of one kiosk; `state` tells what waits, so that nothing is written in vain.

    `problem` is the code of what failed last, empty where all went well.
    """

    places: Sequence[Path]
    carrying: Carrying
    state: Callable[[], Hashable]
    problem: str = ""
    _written: dict[Path, Hashable] = field(default_factory=dict)

    def refresh(self) -> int:
        """Writes what waits to every marked stick that has something else; how many were written.

        Nothing here raises: a stick that fails is tried again the next time.
        """
        written, problem = 0, ""
        sticks = list(marked_sticks(self.places))
        for gone in set(self._written) - set(sticks):
            del self._written[gone]  # pulled: what comes back under its name may be another
        try:
            state = self.state() if sticks else None
        except (KioskError, OSError) as error:
            self.problem = getattr(error, "code", "stick.io")
            return 0
        for stick in sticks:
            if self._written.get(stick) == state:
                continue
            try:
                self.carrying.copy(stick)
            except (KioskError, OSError) as error:
                problem = getattr(error, "code", "stick.io")
            else:
                self._written[stick] = state
                written += 1
        self.problem = problem
        return written
