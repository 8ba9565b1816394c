"""How long to wait and how much to send at once, learnt from the line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.sync.pace import MOST, Backoff, Pace

RECORD = 700


def _met(pace: Pace, speed: float, delay: float, *, times: int = 12) -> None:
    for _ in range(times):
        size = 1500 + pace.batch(RECORD) * RECORD
        pace.answered(size, delay + size / speed)
        pace.grow()


def test_a_line_is_asked_for_little_until_it_is_known() -> None:
    pace = Pace()
    assert pace.batch(RECORD) == 8
    _met(pace, 1_000_000, 0.05)
    assert pace.batch(RECORD) == MOST


@pytest.mark.parametrize("speed", [1_200, 8_000, 1_000_000])
def test_a_deadline_fits_the_line(speed: int) -> None:
    pace = Pace()
    _met(pace, speed, 0.3)
    size = pace.batch(RECORD) * RECORD
    takes = 0.3 + size / speed
    assert takes < pace.deadline(size) < 8 + 6 * takes


def test_a_slow_line_gets_no_more_than_it_carries_in_a_while() -> None:
    pace = Pace()
    _met(pace, 1_200, 0.5)
    assert pace.batch(RECORD) * RECORD / 1_200 <= 30


def test_after_a_failure_half_as_many_go_at_once_and_then_more_again() -> None:
    pace = Pace()
    _met(pace, 1_000_000, 0.05)
    sizes = []
    for _ in range(7):
        sizes.append(pace.batch(RECORD))
        pace.shrink(sizes[-1])
    assert sizes == [50, 25, 12, 6, 3, 1, 1]
    pace.grow()
    assert pace.batch(RECORD) == 2


def test_who_waited_in_vain_waits_longer_and_not_for_ever() -> None:
    pace = Pace(longest=600)
    before = pace.deadline(35_000)
    pace.waited_in_vain()
    assert pace.deadline(35_000) == pytest.approx(2 * before)
    for _ in range(20):
        pace.waited_in_vain()
    assert pace.deadline(10**9) == 600
    for _ in range(9):
        pace.answered(500, 0.1)
    assert pace.deadline(35_000) < before


@given(st.lists(st.tuples(st.integers(0, 10**7), st.floats(0, 10**4)), max_size=40))
def test_whatever_was_met_there_is_a_wait_and_a_batch(met: list[tuple[int, float]]) -> None:
    pace = Pace()
    for size, seconds in met:
        pace.answered(size, seconds)
        pace.waited_in_vain()
    assert 0 < pace.deadline(1000) <= 600
    assert 1 <= pace.batch(RECORD) <= MOST


def test_each_failure_in_a_row_may_wait_twice_as_long_up_to_a_cap() -> None:
    most = Backoff(2, 900, draw=lambda: 1.0)
    assert [most.failed() for _ in range(11)] == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    most.succeeded()
    assert most.failed() == 2
    assert Backoff(2, 900, draw=lambda: 0.0).failed() == 0
    assert Backoff(2, 900, draw=lambda: 0.5).failed() == 1
