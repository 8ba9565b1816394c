"""What practice keeps: runs of scenarios and lessons that were done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from kiosk.domain.registration import Moment
from kiosk.services.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class RunNote:
    """One run of a scenario; `ended_at` is empty and `points` -1 while it goes on.

    One that was given up keeps those points. `document` has the `seed`, the `tally` and, at the end, the
    `score` and the `title`.
    """

    id: str
    scenario: str
    started: Moment
    ended_at: str = ""
    points: int = -1
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LessonNote:
    """How far a lesson was done: the step to go on with, and when it was finished; empty while it is not."""

    lesson: str
    step: int = 0
    done_at: str = ""


class Runs(Protocol):
    """The runs of scenarios, found by id and by scenario."""

    def put(self, note: RunNote) -> None: ...
    def get(self, run: str) -> RunNote | None: ...
    def newest(self, *, limit: int) -> Sequence[RunNote]: ...
    def unfinished(self, scenario: str) -> RunNote | None: ...
    def best(self, scenario: str) -> RunNote | None: ...


class LessonNotes(Protocol):
    """How far each lesson was done."""

    def put(self, note: LessonNote) -> None: ...
    def get(self, lesson: str) -> LessonNote: ...


class PracticeWork(UnitOfWork, Protocol):
    """A unit of work that also knows what was practised."""

    runs: Runs
    lessons: LessonNotes
