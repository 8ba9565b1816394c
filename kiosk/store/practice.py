"""Runs of scenarios, and how far lessons were done: statements on their tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.dialects.sqlite import insert as upsert

from kiosk.services.training_ports import LessonNote, RunNote
from kiosk.store.mapping import moment_columns, moment_from, storable
from kiosk.store.session import Session, Statement
from kiosk.store.tables import LessonRow, RunRow, table_of

_RUN = table_of(RunRow)
_R = _RUN.c
_INSERT = upsert(_RUN)
_PUT = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=["id"],
        set_={name: _INSERT.excluded[name] for name in _R.keys() if name != "id"},  # noqa: SIM118
    )
)
_GET = Statement(select(_RUN).where(_R.id == bindparam("id_")))
_NEWEST = Statement(select(_RUN).order_by(_R.id.desc()).limit(bindparam("limit_")))
# The empty text stands in the statement itself: with a parameter the partial index could not be used.
_UNFINISHED = Statement(
    select(_RUN).where(_R.scenario == bindparam("scenario_"), _R.ended_at == literal_column("''"))
)
_BEST = Statement(
    select(_RUN)
    .where(_R.scenario == bindparam("scenario_"), _R.points >= 0)
    .order_by(_R.points.desc())
    .limit(1)
)


class SqlRuns:
    """Runs by id and by scenario; ids sort by time."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, note: RunNote) -> None:
        """Keeps it, in the place of what was kept of the same run."""
        values = {
            "id": note.id,
            "scenario": storable(note.scenario),
            "started": json.dumps(moment_columns(note.started)),
            "ended_at": note.ended_at,
            "points": note.points,
            "document": json.dumps(note.document),
        }
        self._session.run(_PUT, values)

    def get(self, run: str) -> RunNote | None:
        return _note(self._session.row(_GET, {"id_": run}))

    def newest(self, *, limit: int) -> Sequence[RunNote]:
        rows = self._session.rows(_NEWEST, {"limit_": limit})
        return [note for row in rows if (note := _note(row))]

    def unfinished(self, scenario: str) -> RunNote | None:
        """The run of this scenario that was cut short."""
        return _note(self._session.row(_UNFINISHED, {"scenario_": scenario}))

    def best(self, scenario: str) -> RunNote | None:
        """The run of this scenario with the most points; one that has none yet counts for nothing."""
        return _note(self._session.row(_BEST, {"scenario_": scenario}))


def _note(row: tuple[Any, ...] | None) -> RunNote | None:
    if row is None:
        return None
    run, scenario, started, ended_at, points, document = row
    return RunNote(run, scenario, moment_from(**json.loads(started)), ended_at, points, json.loads(document))


_LESSON = table_of(LessonRow)
_L = _LESSON.c
_LESSON_INSERT = upsert(_LESSON)
_PUT_LESSON = Statement(
    _LESSON_INSERT.on_conflict_do_update(
        index_elements=["lesson"],
        set_={name: _LESSON_INSERT.excluded[name] for name in ("step", "done_at")},
    )
)
_GET_LESSON = Statement(select(_LESSON).where(_L.lesson == bindparam("lesson_")))


class SqlLessons:
    """How far each lesson was done, by its name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, note: LessonNote) -> None:
        """Keeps it, in the place of what was kept of the same lesson."""
        values = {"lesson": storable(note.lesson), "step": note.step, "done_at": note.done_at}
        self._session.run(_PUT_LESSON, values)

    def get(self, lesson: str) -> LessonNote:
        """What is kept of it; its beginning where nothing is."""
        row = self._session.row(_GET_LESSON, {"lesson_": lesson})
        return LessonNote(*row) if row else LessonNote(lesson)
