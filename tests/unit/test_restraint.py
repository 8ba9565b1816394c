"""The limits of a kiosk without staff: counted over an hour, across processes and new starts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NoReturn

import pytest

from kiosk.domain.registration import Moment
from kiosk.services.restraint import Restraint, RestraintRules
from kiosk.store.failure_note import NOTE, FailureNoteFile
from tests.screens.stage import StageClock


def restraint(folder: Path, clock: StageClock, **rules: int) -> Restraint:
    given = {"failures": 3, "pause_minutes": 10} | rules
    return Restraint(_no_store, clock, FailureNoteFile(folder), RestraintRules(**given))


def _no_store() -> NoReturn:
    raise AssertionError("not asked")


@pytest.fixture
def clock() -> StageClock:
    return StageClock()


def test_so_many_failures_make_a_pause_which_ends(tmp_path: Path, clock: StageClock) -> None:
    one = restraint(tmp_path, clock)
    assert [one.failed() for _ in range(3)] == [False, False, True]
    assert one.paused_seconds() == 600
    clock.advance(599)
    assert one.paused_seconds() == 1
    clock.advance(1)
    assert one.paused_seconds() == 0
    assert [one.failed() for _ in range(3)] == [False, False, True]


def test_a_fresh_process_forgets_nothing(tmp_path: Path, clock: StageClock) -> None:
    assert [restraint(tmp_path, clock).failed() for _ in range(3)] == [False, False, True]
    assert restraint(tmp_path, clock).paused_seconds() == 600


def test_failures_of_more_than_an_hour_ago_count_no_more(tmp_path: Path, clock: StageClock) -> None:
    one = restraint(tmp_path, clock)
    one.failed()
    one.failed()
    clock.advance(3600)
    assert not one.failed()
    assert one.paused_seconds() == 0


def test_a_new_start_ends_no_pause_and_a_clock_set_back_makes_none_endless(tmp_path: Path) -> None:
    before = Moment("2026-11-22T09:00:00.000+07:00", "boot-1", 10**12)
    FailureNoteFile(tmp_path).remember([before] * 3)
    later = _Still(Moment("2026-11-22T09:05:00.000+07:00", "boot-2", 10**9))
    assert (
        Restraint(_no_store, later, FailureNoteFile(tmp_path), RestraintRules(3, 10)).paused_seconds() == 300
    )
    back = _Still(Moment("2020-01-01T00:00:00.000+07:00", "boot-2", 601 * 10**9))
    assert Restraint(_no_store, back, FailureNoteFile(tmp_path), RestraintRules(3, 10)).paused_seconds() == 0


class _Still:
    """A clock that stands still at a moment."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment

    def now(self) -> Moment:
        return self._moment

    def today(self) -> date:
        return date.fromisoformat(self._moment.wall[:10])


@pytest.mark.parametrize("content", ["", "{", "[1]", '[{"wall": "x"}]', "null"])
def test_a_note_that_is_spoilt_holds_nothing(tmp_path: Path, content: str, clock: StageClock) -> None:
    (tmp_path / NOTE).write_text(content)
    assert restraint(tmp_path, clock).paused_seconds() == 0
    assert not restraint(tmp_path, clock).failed()


def test_a_folder_that_is_not_there_stops_nobody(tmp_path: Path, clock: StageClock) -> None:
    assert not restraint(tmp_path / "none", clock).failed()


def test_without_a_limit_nothing_is_counted(tmp_path: Path, clock: StageClock) -> None:
    one = restraint(tmp_path, clock, failures=0)
    assert not any(one.failed() for _ in range(100))
    assert list(tmp_path.iterdir()) == []
