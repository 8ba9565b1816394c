"""Premiums by date, and the days between which the first one is paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.parsers import age_on, months_after
from kiosk.domain.premium import newborn_window, payment_window, per_person, premium_on
from kiosk.domain.rulebook import Premium
from tests.builders import TODAY, a_rulebook

LIMITS = a_rulebook().limits


@pytest.mark.parametrize(
    ("day", "prices"),
    [
        (date(2020, 7, 1), (150_000, 100_000, 25_500)),
        (date(2020, 12, 31), (150_000, 100_000, 25_500)),
        (date(2021, 1, 1), (150_000, 100_000, 35_000)),
        (TODAY, (150_000, 100_000, 35_000)),
    ],
)
def test_a_member_pays_what_is_in_force_on_the_day(day: date, prices: tuple[int, int, int]) -> None:
    assert tuple(per_person(a_rulebook(day), care_class) for care_class in (1, 2, 3)) == prices


def test_a_day_before_the_table_has_no_premium() -> None:
    with pytest.raises(LookupError, match=r"class 1.*2020-06-30"):
        premium_on(a_rulebook().premiums, 1, date(2020, 6, 30))


def test_member_and_state_together_pay_the_gross_premium() -> None:
    assert all(premium.gross == premium.member_pays + premium.aid for premium in a_rulebook().premiums)


def test_a_new_rate_holds_from_its_day_in_whatever_order_the_table_is_written() -> None:
    new = Premium(1, date(2027, 1, 1), 160_000, 160_000)
    for premiums in ((new, *a_rulebook().premiums), (*a_rulebook().premiums, new)):
        assert premium_on(premiums, 1, date(2026, 12, 31)).member_pays == 150_000
        assert premium_on(premiums, 1, date(2027, 1, 1)).member_pays == 160_000


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 11, 22), date(2026, 12, 6), date(2026, 12, 22)),
        (date(2026, 12, 18), date(2027, 1, 1), date(2027, 1, 17)),
        (date(2028, 2, 15), date(2028, 2, 29), date(2028, 3, 16)),
        (date(2027, 1, 31), date(2027, 2, 14), date(2027, 3, 2)),
    ],
)
def test_the_first_payment_falls_between_day_14_and_day_30(day: date, first: date, last: date) -> None:
    assert payment_window(day, LIMITS) == (first, last)


@pytest.mark.parametrize(("days", "left"), [(0, 28), (10, 18), (28, 0), (29, 0), (200, 0)])
def test_a_newborn_pays_at_once_and_never_in_the_past(days: int, left: int) -> None:
    window = newborn_window(TODAY, TODAY - timedelta(days=days), LIMITS)
    assert window == (TODAY, TODAY + timedelta(days=left))


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 8, 22), 3, date(2026, 11, 22)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 8, 31), 3, date(2026, 11, 30)),
        (date(2026, 10, 1), 3, date(2027, 1, 1)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
    ],
)
def test_months_end_with_the_month(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 36))
def test_months_after_is_never_off_by_more_than_a_month_end(day: date, months: int) -> None:
    then = months_after(day, months)
    assert (then.year * 12 + then.month) - (day.year * 12 + day.month) == months
    assert then.day == day.day or (then + timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    ("born", "day", "years"),
    [
        (date(2000, 2, 29), date(2001, 2, 28), 0),
        (date(2000, 2, 29), date(2001, 3, 1), 1),
        (date(2008, 11, 22), TODAY, 18),
        (date(2008, 11, 23), TODAY, 17),
        (TODAY, TODAY, 0),
    ],
)
def test_a_year_is_lived_on_the_birthday(born: date, day: date, years: int) -> None:
    assert age_on(born, day) == years


def test_the_window_is_data() -> None:
    longer = replace(LIMITS, first_payment_day=1, last_payment_day=2)
    assert payment_window(TODAY, longer) == (date(2026, 11, 23), date(2026, 11, 24))
