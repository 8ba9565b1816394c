"""What a PIN must be, what a pause costs, and what is asked of a name and a reason."""

from __future__ import annotations

import pytest

from kiosk.domain.identifiers import Reference
from kiosk.domain.shift import Gap, gaps_between
from kiosk.domain.staff import name_problem, pause_after, pin_problem, reason_problem


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "pin.missing"),
        ("   ", "pin.missing"),
        ("12345", "pin.short"),
        ("80421", "pin.short"),
        ("000000", "pin.simple"),
        ("123456", "pin.simple"),
        ("654321", "pin.simple"),
        ("567890", "pin.simple"),
        ("210987", "pin.simple"),
        ("aaaaaaaaaaaa", "pin.simple"),
        ("bunga melati", ""),
        ("bunga mawar", "pin.short"),
        ("804213", ""),
        ("\u0668\u0660\u0664\u0662\u0661\u0663", "pin.short"),
        ("135790", ""),
        ("x" * 64 + "y" * 65, "pin.long"),
    ],
)
def test_a_new_pin_must_not_be_easily_guessed(raw: str, code: str) -> None:
    problem = pin_problem(raw)
    assert (problem.code if problem else "") == code


def test_a_pin_is_typed_twice_and_blanks_around_it_do_not_count() -> None:
    assert pin_problem("804213", " 804213 ") is None
    other = pin_problem("804213", "804214")
    assert other is not None
    assert other.code == "pin.repeat"


def test_the_pause_begins_after_the_third_wrong_pin_and_doubles_to_ten_minutes() -> None:
    assert [pause_after(failures) for failures in range(13)] == [
        0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 600, 600,
    ]  # fmt: skip
    assert pause_after(10**9) == 600


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "staff.name_missing"),
        ("\u200b", "staff.name_missing"),
        ("Siti  Rahma", ""),
        ("siti rahma ", "staff.name_taken"),
        ("Siti\x1b[2J", "staff.name_long"),
        ("S" * 41, "staff.name_long"),
    ],
)
def test_a_name_is_printable_short_and_nobody_elses(raw: str, code: str) -> None:
    taken = ["SITI RAHMA"] if code == "staff.name_taken" else []
    problem = name_problem(raw, taken)
    assert (problem.code if problem else "") == code


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "reason.short"),
        ("salah     k", "reason.short"),
        ("salah ketik KK", ""),
        ("x" * 201, "reason.long"),
    ],
)
def test_a_reason_says_something(raw: str, code: str) -> None:
    problem = reason_problem(raw)
    assert (problem.code if problem else "") == code


def test_gaps_are_told_kiosk_by_kiosk() -> None:
    given = [str(Reference(kiosk, number)) for kiosk, number in
             [("K1", 4), ("K1", 5), ("K2", 1), ("K1", 9), ("K2", 3), ("K1", 10)]]  # fmt: skip
    assert gaps_between(given) == (Gap("K1", 6, 8), Gap("K2", 2, 2))
    assert gaps_between([]) == ()
