"""Figures against limits, most of them ratios to a yardstick measured in the same run.

Each module beside this one has a list `MEASURES`; `python -m tests.bench` runs them all.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that `run` returns and `limit` bounds from above."""

    name: str
    limit: float
    run: Callable[[], float]
