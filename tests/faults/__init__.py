"""Fault suites: what is acknowledged must be there, whatever is killed, unplugged, full or set back.

Each module beside this one may have a list `SUITES`; `python -m tests.faults` runs them all. A suite breaks
the program at many points, counts what was lost (nothing may be), and does the same with a careless variant
of the program, which must lose something: else the suite would not see a loss.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """What a suite found: faults tried, things lost, things that the careless variant lost, and remarks."""

    points: int
    lost: int
    control_lost: int
    notes: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """True where nothing was lost and the suite has shown that it would see a loss."""
        return self.points > 0 and self.lost == 0 and self.control_lost > 0


@dataclass(frozen=True, slots=True)
class Suite:
    """A named suite; `run(seed, many)` is deterministic from the seed and may raise `Unavailable`."""

    name: str
    run: Callable[[int, bool], Result]


class Unavailable(Exception):
    """This suite cannot run here; the text says what is missing."""


def suites() -> Iterator[Suite]:
    """Every suite of the modules beside this one, in the order of their names."""
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith(("_", "test_")):
            yield from getattr(importlib.import_module(f"{__name__}.{module.name}"), "SUITES", ())
