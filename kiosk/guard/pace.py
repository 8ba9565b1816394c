"""How soon a fresh process takes the place of one that has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HEALTHY_SECONDS: Final = 60.0
"""A process that lived so long has not failed at its start."""

FIRST_PAUSE: Final = 10.0
LONGEST_PAUSE: Final = 300.0
_HASTY: Final = 3
"""From so many failures in a row the pause is no longer cut short by a key."""


@dataclass(frozen=True, slots=True)
class Pause:
    """How long the calm page stands, and whether a key ends it sooner."""

    seconds: float
    any_key: bool


class Pace:
    """Counts failures in a row: each pause is twice as long as the one before, up to the longest."""

    def __init__(self) -> None:
        self._failures = 0

    def served(self) -> None:
        """A process has ended as it should."""
        self._failures = 0

    def failed(self, lived: float) -> Pause:
        """The pause after a process that failed, having lived so many seconds."""
        self._failures = 1 if lived >= HEALTHY_SECONDS else self._failures + 1
        seconds = min(FIRST_PAUSE * 2 ** min(self._failures - 1, 10), LONGEST_PAUSE)
        return Pause(seconds, any_key=self._failures < _HASTY)
