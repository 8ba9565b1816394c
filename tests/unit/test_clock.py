"""The clock: what a moment says, and when it is doubted."""

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from kiosk.clock import RELEASED, SystemClock, find_zone, read_boot_id, ticks_ns
from kiosk.domain.registration import Moment

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=timezone(timedelta(hours=7))).timestamp()


class Hands:
    """The two hands of a clock that a test moves."""

    def __init__(self, seconds: float = NOON, ticks: int = 0) -> None:
        self.seconds = seconds
        self.ticks = ticks

    def pass_time(self, seconds: float, *, jump: float = 0.0) -> None:
        self.seconds += seconds + jump
        self.ticks += int(seconds * 1e9)

    def clock(self, today: date | None = None, boot: str = "boot-a") -> SystemClock:
        return SystemClock(today, wall=lambda: self.seconds, ticks=lambda: self.ticks, boot=boot)


def test_a_moment_is_local_time_with_offset_to_the_millisecond() -> None:
    moment = Hands(NOON + 0.1239, 77).clock().now()
    assert moment == Moment("2026-11-22T12:00:00.123+07:00", "boot-a", 77, trusted=True)


def test_the_real_clock_has_a_boot_and_moves_forward() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.boot == second.boot != ""
    assert first.monotonic_ns <= second.monotonic_ns <= ticks_ns()
    assert clock.today().isoformat() == clock.now().day


def test_another_zone() -> None:
    clock = SystemClock(zone="Asia/Jayapura", wall=lambda: NOON, boot="b")
    assert clock.now().wall == "2026-11-22T14:00:00.000+09:00"


@pytest.mark.parametrize("name", ["Nowhere/Atall", "../../etc/passwd", ""])
def test_an_unknown_zone_is_western_indonesian_time(name: str) -> None:
    assert find_zone(name).utcoffset(datetime(2026, 1, 1)) == timedelta(hours=7)  # noqa: DTZ001


def test_a_given_day_keeps_the_time_of_day_and_is_trusted() -> None:
    hands = Hands()
    clock = hands.clock(date(2024, 2, 29))
    clock.now()
    hands.pass_time(0, jump=-86400)
    moment = clock.now()
    assert moment.wall == "2024-02-29T12:00:00.000+07:00"
    assert moment.trusted
    assert clock.today() == date(2024, 2, 29)


def test_before_the_program_was_built_nothing_is_trusted() -> None:
    assert not Hands(0.0).clock().now().trusted
    assert (
        not Hands(datetime(2025, 12, 31, 12, tzinfo=find_zone("Asia/Jakarta")).timestamp())
        .clock()
        .now()
        .trusted
    )


@pytest.mark.parametrize(
    ("jump", "trusted"), [(0, True), (119, True), (-119, True), (121, False), (-121, False)]
)
def test_a_jump_against_monotonic_time_is_doubted(jump: float, *, trusted: bool) -> None:
    hands = Hands()
    clock = hands.clock()
    assert clock.now().trusted
    hands.pass_time(3600, jump=jump)
    assert clock.now().trusted is trusted


def test_doubt_stays_until_the_clock_agrees_again() -> None:
    hands = Hands()
    clock = hands.clock()
    clock.now()
    hands.pass_time(60, jump=7200)
    assert [clock.now().trusted, clock.now().trusted] == [False, False]
    hands.pass_time(60, jump=-7200)
    assert clock.now().trusted


def test_a_long_wait_without_a_jump_is_trusted() -> None:
    hands = Hands()
    clock = hands.clock()
    clock.now()
    hands.pass_time(86400 * 30)
    assert clock.now().trusted


def test_a_clock_behind_what_the_store_remembers_is_doubted() -> None:
    before = Hands().clock(boot="boot-before").now()
    behind = Hands(NOON - 3600).clock()
    behind.remember(before)
    assert not behind.now().trusted
    ahead = Hands(NOON + 86400).clock()
    ahead.remember(before)
    assert ahead.now().trusted


def test_within_a_boot_a_remembered_moment_counts_by_its_ticks() -> None:
    clock = Hands(NOON + 1000, 0).clock()
    clock.remember(Moment("2026-11-22T12:00:00.000+07:00", "boot-a", 0))
    assert not clock.now().trusted


def test_a_doubtful_moment_is_not_remembered() -> None:
    clock = Hands().clock()
    clock.remember(Moment("2099-01-01T00:00:00.000+07:00", "boot-x", 0, trusted=False))
    assert clock.now().trusted


def test_without_a_boot_id_a_process_makes_one(tmp_path: Path) -> None:
    missing = tmp_path / "boot_id"
    assert read_boot_id(missing) != read_boot_id(missing)
    missing.write_text("one\n", encoding="ascii")
    assert read_boot_id(missing) == "one"


@pytest.mark.parametrize("year", [1970, 2019])
def test_a_clock_that_stands_before_the_program_judges_by_its_release(year: int) -> None:
    hands = Hands(datetime(year, 1, 1, tzinfo=timezone(timedelta(hours=7))).timestamp())
    assert hands.clock().today() == RELEASED


def test_a_clock_that_jumped_ten_years_ahead_judges_by_the_time_that_passed() -> None:
    hands = Hands()
    clock = hands.clock()
    clock.now()
    hands.pass_time(2 * 86_400, jump=3652 * 86_400)
    assert clock.today() == date(2026, 11, 24)


def test_a_clock_set_back_across_a_boot_judges_by_the_last_trusted_day() -> None:
    hands = Hands()
    clock = hands.clock(boot="boot-b")
    clock.remember(Moment("2027-03-01T12:00:00.000+07:00", "boot-a", 5, trusted=True))
    assert clock.today() == date(2027, 3, 1)


@pytest.mark.parametrize(("years", "trusted"), [(1, True), (2, False), (10, False), (-10, False)])
def test_a_clock_far_ahead_after_another_boot_is_doubted(years: int, *, trusted: bool) -> None:
    hands = Hands(NOON + years * 365 * 86_400, ticks=60 * 10**9)
    clock = hands.clock(boot="boot-b")
    clock.remember(Moment("2026-11-22T12:00:00.000+07:00", "boot-a", 5))
    assert clock.now().trusted is trusted
    assert trusted or clock.today() == date(2026, 11, 22)


def test_a_clock_set_back_while_the_machine_was_off_is_doubted_however_long_it_runs() -> None:
    hands = Hands(NOON - 180)
    clock = hands.clock(boot="boot-b")
    clock.remember(Moment("2026-11-22T12:00:00.000+07:00", "boot-a", 5))
    hands.pass_time(600)
    assert not clock.now().trusted


def test_days_that_a_boot_lasts_in_doubt_are_counted() -> None:
    hands = Hands(0.0, ticks=3 * 86_400 * 10**9)
    clock = hands.clock(boot="boot-b")
    clock.remember(Moment("2026-11-22T12:00:00.000+07:00", "boot-a", 5))
    assert clock.today() == date(2026, 11, 25)
