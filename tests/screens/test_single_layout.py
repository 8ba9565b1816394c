"""One question a page: the same rows, explained, for who has never done it."""

from __future__ import annotations

import pytest

from kiosk.domain import entry
from kiosk.domain.flow import Step
from tests.builders import a_family
from tests.screens.conftest import Stager
from tests.screens.stage import Stage
from tests.screens.test_members import HEAD


@pytest.fixture
def single(staged: Stager) -> Stage:
    return staged(layout="single", confirm_nik=True)


async def test_one_row_is_asked_at_a_time_and_explained(single: Stage) -> None:
    await single.open(Step.MEMBERS, a_family(members=[]), without=(Step.MEMBERS,))
    assert single.says("question.nik")
    assert single.says("help.nik")
    assert not single.says("field.religion")
    await single.keys(HEAD, "ENTER")
    assert single.says("question.nik_again")
    await single.keys("0001", "ENTER")
    assert single.says("question.name")
    assert single.says("help.name")


async def test_every_question_says_how_far_along_it_is(single: Stage) -> None:
    journey = await single.open(Step.CLASS)
    rows = entry.rows(Step.CLASS, journey.flow)
    for number, path in enumerate(rows, 1):
        assert single.path == path
        assert single.says("screen.question", at=number, of=len(rows))
        await single.keys("ENTER")


async def test_the_cursor_stands_in_the_answer_on_every_question(single: Stage) -> None:
    for step in (Step.KK, Step.MEMBERS, Step.CLASS, Step.CONTACT, Step.CONSENT):
        journey = await single.open(step, at="members[0].nik" if step is Step.MEMBERS else "")
        for path in entry.rows(step, journey.flow):
            await single.open(step, at=path)
            if single.path != path:
                continue
            assert single.cursor is not None
            x, y = single.cursor
            assert single.frame()[y].startswith("   > "), path
            assert x >= 5


async def test_the_typed_twice_digits_are_hidden(single: Stage) -> None:
    await single.open(Step.MEMBERS, a_family(members=[]), without=(Step.MEMBERS,))
    await single.keys(HEAD, "ENTER", "0001")
    assert "> ****" in single.text


async def test_a_wrong_answer_stays_under_its_question(single: Stage) -> None:
    await single.open(Step.CLASS, without=(Step.CLASS,))
    await single.keys("7", "ENTER")
    assert single.says("question.class")
    assert single.says("problem.class.choice")
    assert single.typed == "7"


async def test_a_message_hides_no_question(single: Stage) -> None:
    """The longest sentences take lines from the work; the answer must not be under them."""
    for step in (Step.KK, Step.MEMBERS, Step.CLASS, Step.CONTACT, Step.CONSENT):
        journey = await single.open(step, at="members[0].nik" if step is Step.MEMBERS else "")
        for path in entry.rows(step, journey.flow):
            await single.open(step, at=path)
            if single.path != path:
                continue
            assert single.cursor is not None
            assert single.cursor[1] <= 18, f"{path}: {single.text}"


async def test_up_goes_to_the_question_before(single: Stage) -> None:
    await single.open(Step.CLASS, at="bank.account")
    await single.keys("UP")
    assert single.says("question.bank")


async def test_the_village_takes_real_numbers_and_no_practice(staged: Stager) -> None:
    stage = staged("village")
    await stage.menu()
    await stage.keys("F10", "F10", "F10", "9901010101200012", "ENTER")
    assert stage.says("problem.kk.training_only")
    await stage.keys(*["BACKSPACE"] * 16, "3173052107200012", "ENTER")
    assert stage.path == "captcha"
