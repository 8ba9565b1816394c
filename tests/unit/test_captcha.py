"""The captcha: what it shows, what it takes, and the pause after wrong answers."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.captcha import ALPHABET, Challenge, check, make_challenge, number_words, question
from kiosk.domain.glyphs import COLUMNS, GLYPHS, ROWS, big
from kiosk.services.captcha_desk import CaptchaDesk
from tests.unit.fakes import FakeClock, FakeRandomness

MINUTE_NS = 60 * 10**9
THIRTEEN_MINUS_FIVE = Challenge("K7XT4", 13, "minus", 5, issued_ns=0)
TEN_PLUS_TEN = Challenge("K7XT4", 10, "plus", 10, issued_ns=0)
NOUGHT = Challenge("K7XT4", 9, "minus", 9, issued_ns=0)


@given(st.binary(min_size=16, max_size=16))
def test_every_challenge_can_be_answered_both_ways(randomness: bytes) -> None:
    challenge = make_challenge(randomness, 5)
    assert len(challenge.characters) == 5
    assert set(challenge.characters) <= set(ALPHABET)
    assert 0 <= challenge.answer <= 20
    assert 0 <= challenge.left <= 39
    assert 1 <= challenge.right <= 19
    for language in ("id", "en"):
        assert question(challenge, language)
        assert check(challenge, number_words(challenge.answer, language), 6) is None
    assert check(challenge, challenge.characters.lower(), 6) is None
    assert check(challenge, str(challenge.answer), 6) is None
    assert max(map(len, big(challenge.characters))) <= 60


def test_challenges_differ_and_use_the_whole_alphabet_and_range() -> None:
    drawn = [make_challenge(FakeRandomness().take(16, str(n)), 0) for n in range(2000)]
    assert len({one.characters for one in drawn}) > 1900
    assert set("".join(one.characters for one in drawn)) == set(ALPHABET)
    assert {one.answer for one in drawn} == set(range(21))
    assert {one.operation for one in drawn} == {"plus", "minus"}


def test_too_few_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        make_challenge(b"short", 0)


@pytest.mark.parametrize(
    ("challenge", "raw", "code"),
    [
        (THIRTEEN_MINUS_FIVE, "K7XT4", None),
        (THIRTEEN_MINUS_FIVE, " k7 xt-4 ", None),
        (THIRTEEN_MINUS_FIVE, "8", None),
        (THIRTEEN_MINUS_FIVE, "08", None),
        (THIRTEEN_MINUS_FIVE, "Delapan", None),
        (THIRTEEN_MINUS_FIVE, "eight", None),
        (THIRTEEN_MINUS_FIVE, "9", "captcha.wrong"),
        (THIRTEEN_MINUS_FIVE, "-8", None),
        (THIRTEEN_MINUS_FIVE, "K7XT", "captcha.wrong"),
        (THIRTEEN_MINUS_FIVE, "K7XT48", "captcha.wrong"),
        (THIRTEEN_MINUS_FIVE, "\u0668", "captcha.wrong"),
        (THIRTEEN_MINUS_FIVE, "9" * 5000, "captcha.wrong"),
        (THIRTEEN_MINUS_FIVE, "", "captcha.missing"),
        (THIRTEEN_MINUS_FIVE, " \u200b ", "captcha.missing"),
        (TEN_PLUS_TEN, "20", None),
        (TEN_PLUS_TEN, "2O", None),
        (TEN_PLUS_TEN, "dua puluh", None),
        (TEN_PLUS_TEN, "duapuluh", None),
        (NOUGHT, "0", None),
        (NOUGHT, "O", None),
        (NOUGHT, "nol", None),
        (NOUGHT, "kosong", None),
        (NOUGHT, "zero", None),
    ],
)
def test_answers(challenge: Challenge, raw: str, code: str | None) -> None:
    assert check(challenge, raw, MINUTE_NS) == code


def test_a_challenge_lives_ten_minutes() -> None:
    assert check(THIRTEEN_MINUS_FIVE, "8", 10 * MINUTE_NS - 1) is None
    assert check(THIRTEEN_MINUS_FIVE, "8", 10 * MINUTE_NS) == "captcha.expired"
    assert check(THIRTEEN_MINUS_FIVE, "9", 10 * MINUTE_NS) == "captcha.expired"


@pytest.mark.parametrize(
    ("number", "indonesian", "english"),
    [
        (0, "nol", "zero"),
        (7, "tujuh", "seven"),
        (10, "sepuluh", "ten"),
        (11, "sebelas", "eleven"),
        (13, "tiga belas", "thirteen"),
        (20, "dua puluh", "twenty"),
        (21, "dua puluh satu", "twenty-one"),
        (30, "tiga puluh", "thirty"),
        (39, "tiga puluh sembilan", "thirty-nine"),
    ],
)
def test_numbers_in_words(number: int, indonesian: str, english: str) -> None:
    assert (number_words(number, "id"), number_words(number, "en")) == (indonesian, english)


def test_every_number_has_its_own_words_and_no_other_number_has_any() -> None:
    for language in ("id", "en"):
        assert len({number_words(number, language) for number in range(40)}) == 40
        for outside in (-1, 40):
            with pytest.raises(ValueError, match="words"):
                number_words(outside, language)


def test_the_question_in_two_languages() -> None:
    assert question(THIRTEEN_MINUS_FIVE, "id") == "tiga belas dikurangi lima"
    assert question(THIRTEEN_MINUS_FIVE, "en") == "thirteen minus five"
    assert question(TEN_PLUS_TEN, "id") == "sepuluh ditambah sepuluh"
    assert question(TEN_PLUS_TEN, "en") == "ten plus ten"


def test_glyphs_are_of_one_size_and_plain() -> None:
    assert set(GLYPHS) == set(ALPHABET)
    for rows in GLYPHS.values():
        assert [len(row) for row in rows] == [COLUMNS] * ROWS
        assert set("".join(rows)) == {"#", " "}


def test_no_two_glyphs_can_be_mistaken_for_each_other() -> None:
    for one, other in itertools.combinations(ALPHABET, 2):
        pairs = zip("".join(GLYPHS[one]), "".join(GLYPHS[other]), strict=True)
        assert sum(a != b for a, b in pairs) >= 7, (one, other)


def desk_of(clock: FakeClock, facts: dict[str, str] | None = None) -> CaptchaDesk:
    return CaptchaDesk(clock, FakeRandomness(), facts)


def saved(desk: CaptchaDesk) -> dict[str, str]:
    return {name: value for name, value in desk.facts().items() if value is not None}


def code_of(desk: CaptchaDesk, raw: str) -> str | None:
    problem = desk.answer(raw)
    return problem.code if problem else None


def test_a_right_answer_passes_and_a_wrong_one_brings_another_challenge() -> None:
    desk = desk_of(FakeClock())
    first = desk.challenge
    problem = desk.answer("XXXXXX")
    assert problem is not None
    assert (problem.field, problem.code, dict(problem.params)) == ("captcha", "captcha.wrong", {"left": 4})
    assert desk.challenge.characters != first.characters
    assert desk.answer(desk.challenge.characters) is None


def test_a_blank_answer_costs_nothing() -> None:
    desk = desk_of(FakeClock())
    first = desk.challenge
    assert [code_of(desk, " ") for _ in range(9)] == ["captcha.missing"] * 9
    assert desk.challenge is first


def test_a_late_answer_brings_another_challenge_and_is_not_counted() -> None:
    clock = FakeClock()
    desk = desk_of(clock)
    late = desk.challenge.characters
    clock.advance(601)
    assert code_of(desk, late) == "captcha.expired"
    assert desk.challenge.characters != late
    assert code_of(desk, desk.challenge.characters) is None
    assert desk.facts()["captcha_tries"] == "2 0 0"


def test_bytes_are_asked_for_by_the_number_of_the_challenge() -> None:
    randomness = FakeRandomness()
    desk = CaptchaDesk(FakeClock(), randomness)
    desk.renew()
    desk.answer("wrong")
    assert randomness.purposes == ["captcha:1", "captcha:2", "captcha:3"]


def fail(desk: CaptchaDesk, times: int) -> str | None:
    return [code_of(desk, "wrong") for _ in range(times)][-1]


def test_five_wrong_answers_in_a_row_pause_even_a_right_one() -> None:
    clock = FakeClock()
    desk = desk_of(clock)
    assert fail(desk, 4) == "captcha.wrong"
    assert fail(desk, 1) == "captcha.paused"
    right = desk.challenge.characters
    problem = desk.answer(right)
    assert problem is not None
    assert (problem.code, dict(problem.params)) == ("captcha.paused", {"seconds": 60})
    clock.advance(59.5)
    assert desk.paused_seconds() == 1
    clock.advance(0.5)
    assert desk.paused_seconds() == 0
    assert desk.answer(right) is None


def test_only_wrong_answers_in_a_row_count() -> None:
    desk = desk_of(FakeClock())
    fail(desk, 4)
    assert desk.answer(desk.challenge.characters) is None
    assert fail(desk, 4) == "captcha.wrong"


def test_each_pause_is_twice_as_long_up_to_ten_minutes() -> None:
    clock = FakeClock()
    desk = desk_of(clock)
    pauses = []
    for _ in range(6):
        fail(desk, 5)
        pauses.append(desk.paused_seconds())
        clock.advance(desk.paused_seconds())
    assert pauses == [60, 120, 240, 480, 600, 600]


def test_a_challenge_shown_in_a_pause_can_still_be_answered_after_it() -> None:
    clock = FakeClock()
    desk = desk_of(clock)
    for _ in range(5):
        fail(desk, 5)
        clock.advance(desk.paused_seconds())
    assert desk.answer(desk.challenge.characters) is None


def test_a_kill_forgives_neither_the_wrong_answers_nor_the_pause() -> None:
    clock = FakeClock()
    desk = desk_of(clock)
    fail(desk, 4)
    desk = desk_of(clock, saved(desk))
    assert fail(desk, 1) == "captcha.paused"
    clock.advance(20)
    desk = desk_of(clock, saved(desk))
    assert desk.paused_seconds() == 40
    assert code_of(desk, desk.challenge.characters) == "captcha.paused"
    clock.advance(40)
    fail(desk, 5)
    assert desk_of(clock, saved(desk)).paused_seconds() == 120


def test_the_wall_clock_neither_ends_nor_lengthens_a_pause() -> None:
    clock = FakeClock()
    desk = desk_of(clock)
    fail(desk, 5)
    clock.jump(3600)
    assert desk.paused_seconds() == 60
    clock.jump(-86400)
    assert desk.paused_seconds() == 60


def test_a_pause_ends_after_a_restart_whatever_the_clock_says() -> None:
    clock = FakeClock()
    desk = desk_of(clock)
    fail(desk, 5)
    clock.reboot(off_seconds=-86400, uptime_seconds=20)
    desk = desk_of(clock, saved(desk))
    assert desk.paused_seconds() == 40
    clock.advance(40)
    assert desk.answer(desk.challenge.characters) is None
    assert desk.facts()["captcha_pause"] is None
