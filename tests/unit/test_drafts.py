"""Drafts that wait: how they end, and the codes on slips by which they are taken up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.draft import Draft
from kiosk.domain.fields import Problem
from kiosk.domain.resume_code import ALPHABET, LENGTH, grouped, is_right, make_code, parse_code
from kiosk.services.drafts import DraftRules, Drafts
from tests.unit.fakes import FakeClock, FakeRandomness, FakeStore

DAY = 86_400


class Desk:
    """The drafts of a kiosk in memory."""

    def __init__(self, **rules: int) -> None:
        self.store, self.clock = FakeStore(), FakeClock()
        self.drafts = Drafts(self.store, self.clock, FakeRandomness(), DraftRules(**rules))

    def saved(self, draft: Draft | None = None) -> Draft:
        return self.drafts.save((draft or self.drafts.start()).with_answers({"kk": "9901"}))

    @property
    def ids(self) -> set[str]:
        return set(self.store.state.drafts)

    @property
    def actions(self) -> list[tuple[str, str]]:
        return [(line.action, line.subject) for line in self.store.state.audit]


@pytest.fixture
def desk() -> Desk:
    return Desk(days=30, warn_days=5)


# Codes.


@given(st.integers(min_value=0, max_value=2**128))
def test_a_code_has_eight_signs_and_checks_itself(number: int) -> None:
    code = make_code(number)
    assert len(code) == LENGTH == 8
    assert set(code) <= set(ALPHABET)
    assert is_right(code)
    assert parse_code(f" {grouped(code).lower()} ") == code


def test_no_sign_looks_like_another() -> None:
    assert not set("0O1IL2Z5S8BUV") & set(ALPHABET)
    assert len(ALPHABET) == len(set(ALPHABET)) == 23


@given(st.integers(0, 23**7 - 1), st.integers(0, 7), st.sampled_from(ALPHABET))
def test_one_wrong_sign_is_seen(number: int, place: int, sign: str) -> None:
    code = make_code(number)
    wrong = code[:place] + sign + code[place + 1 :]
    assert is_right(wrong) is (wrong == code)


@given(st.integers(0, 23**7 - 1), st.integers(0, 5))
def test_two_neighbours_that_changed_places_are_seen(number: int, place: int) -> None:
    code = make_code(number)
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert is_right(wrong) is (wrong == code)


@pytest.mark.parametrize("text", ["", "ACDEFGH", "ACDEFGHJK", "ACDE-FGH1", "K1-0001-PA", "990101010120"])
def test_what_has_not_the_form_is_no_code(text: str) -> None:
    assert parse_code(text) is None


# Slips.


def code_of(found: Draft | Problem) -> str:
    return found.code if isinstance(found, Problem) else found.id


def test_a_code_takes_its_draft_up_once(desk: Desk) -> None:
    draft = desk.saved()
    code = desk.drafts.slip(draft.id)
    assert desk.drafts.take_up(code) == draft
    assert code_of(desk.drafts.take_up(code)) == "resume.used"
    assert desk.actions[-2:] == [("draft.slip", draft.id), ("draft.resumed", draft.id)]


def test_a_new_slip_closes_the_one_before(desk: Desk) -> None:
    draft = desk.saved()
    first = desk.drafts.slip(draft.id)
    desk.drafts = Drafts(desk.store, desk.clock, FakeRandomness(2))
    second = desk.drafts.slip(draft.id)
    assert first != second
    assert code_of(desk.drafts.take_up(first)) == "resume.used"
    assert desk.drafts.take_up(second) == draft


def test_the_code_of_a_draft_that_has_ended_says_so(desk: Desk) -> None:
    draft = desk.saved()
    code = desk.drafts.slip(draft.id)
    desk.drafts.discard(draft.id)
    assert code_of(desk.drafts.take_up(code)) == "resume.gone"


def test_after_five_wrong_codes_there_is_a_pause_that_grows(desk: Desk) -> None:
    draft = desk.saved()
    code = desk.drafts.slip(draft.id)
    wrong = make_code(12_345)
    for seconds in (60, 120, 240, 480, 600, 600):
        assert [code_of(desk.drafts.take_up(wrong)) for _ in range(5)] == ["resume.wrong"] * 5
        held = desk.drafts.take_up(code)
        assert isinstance(held, Problem)
        assert (held.code, held.params) == ("resume.paused", {"seconds": seconds})
        desk.clock.advance(seconds)
    assert desk.drafts.take_up(code) == draft


def test_a_right_code_forgives_the_wrong_ones(desk: Desk) -> None:
    draft = desk.saved()
    for number in range(3):
        desk.drafts = Drafts(desk.store, desk.clock, FakeRandomness(number + 1))
        code = desk.drafts.slip(draft.id)
        assert [code_of(desk.drafts.take_up(make_code(99))) for _ in range(4)] == ["resume.wrong"] * 4
        assert desk.drafts.take_up(code) == draft


# The end of what nobody goes on with.


def test_a_draft_ends_after_its_days_and_the_trail_says_so(desk: Desk) -> None:
    draft = desk.saved()
    for days in (25, 5):
        desk.clock.advance(days * DAY)
        assert desk.drafts.expire() == 0
    desk.clock.advance(DAY)
    other = desk.saved(desk.drafts.start())
    assert desk.drafts.expire() == 1
    assert desk.ids == {other.id}
    assert [action for action, subject in desk.actions if subject == draft.id] == [
        "draft.saved",
        "draft.ending",
        "draft.expired",
    ]


def test_after_a_long_pause_nothing_ends_before_it_was_told(desk: Desk) -> None:
    """A kiosk that was off, or whose clock has gone far ahead over a restart, which looks the same."""
    draft = desk.saved()
    desk.clock.advance(200 * DAY)
    for _ in range(3):
        assert desk.drafts.expire() == 0
    (told,) = desk.drafts.ending(limit=9)
    assert (told.id, desk.drafts.days_left(told)) == (draft.id, 0)
    desk.clock.advance(DAY)
    assert desk.drafts.expire() == 1


def test_who_goes_on_is_told_anew(desk: Desk) -> None:
    draft = desk.saved()
    desk.clock.advance(40 * DAY)
    desk.drafts.expire()
    desk.clock.advance(DAY)
    desk.saved(draft)
    desk.clock.advance(31 * DAY)
    assert desk.drafts.expire() == 0
    assert [action for action, _ in desk.actions].count("draft.ending") == 2


def test_a_change_begins_the_days_anew(desk: Desk) -> None:
    draft = desk.saved()
    desk.clock.advance(29 * DAY)
    desk.saved(draft)
    desk.clock.advance(29 * DAY)
    assert desk.drafts.expire() == 0


def test_it_is_told_beforehand(desk: Desk) -> None:
    desk.saved()
    for day, told in ((24, []), (1, [5]), (4, [1]), (1, [0])):
        desk.clock.advance(day * DAY)
        assert [desk.drafts.days_left(one) for one in desk.drafts.ending(limit=9)] == told


def test_nothing_ends_by_a_clock_in_doubt(desk: Desk) -> None:
    desk.saved()
    desk.clock.jump(3652 * DAY)
    desk.clock.trusted = False
    assert desk.drafts.expire() == 0
    assert len(desk.ids) == 1


def test_what_was_saved_in_doubt_stays(desk: Desk) -> None:
    desk.clock.jump(-3652 * DAY)
    desk.clock.trusted = False
    draft = desk.saved()
    desk.clock.jump(3652 * DAY)
    desk.clock.trusted = True
    assert desk.drafts.expire() == 0
    desk.saved(draft)
    desk.clock.advance(31 * DAY)
    assert desk.drafts.expire() == 0
    desk.clock.advance(DAY)
    assert desk.drafts.expire() == 1


def test_zero_days_are_for_ever() -> None:
    desk = Desk(days=0)
    desk.saved()
    desk.clock.advance(9999 * DAY)
    assert desk.drafts.expire() == 0
    assert desk.drafts.ending(limit=9) == []
    assert desk.drafts.days_left(desk.drafts.page(limit=1)[0]) is None
