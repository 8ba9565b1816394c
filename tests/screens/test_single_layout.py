"""One question a page: the same rows, explained, for who has never done it."""

from __future__ import annotations

import pytest

from kiosk.domain import entry
from kiosk.domain.flow import Step
from kiosk.domain.form import SPECS
from kiosk.language import LANGUAGES
from screens.display import key_of
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


EXPLAIN_THEMSELVES = {entry.CAPTCHA, entry.CODE, "consent.accepted", "consent.guardian"}
"""Questions with something of their own under them; F1 explains them."""


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_question_has_its_heading_its_help_and_an_example(staged: Stager, language: str) -> None:
    """All of it is on the page, none of it cut off at the bottom."""
    stage = staged(layout="single", confirm_nik=True, language=language)
    seen = set()
    for step in (Step.KK, Step.MEMBERS, Step.CLASS, Step.CONTACT, Step.CONSENT):
        journey = await stage.open(step, at="members[2].nik" if step is Step.MEMBERS else "")
        paths = [*entry.rows(step, journey.flow, 2), *entry.rows(step, journey.flow)]
        for path in dict.fromkeys(paths):
            await stage.open(step, at=path)
            if stage.path != path:
                continue
            key = key_of(path)
            assert stage.says(f"question.{key}"), path
            alone = f"example.single.{key}"
            example = alone if stage.context.language.has(alone) else f"example.{key}"
            assert stage.says(example) or stage.says("screen.may_stay_blank"), path
            assert path in EXPLAIN_THEMSELVES or stage.says(f"help.{key}"), f"{path}:\n{stage.text}"
            seen.add(key)
    assert seen >= set(SPECS) - {"login", "mother_nik", "terms"}, set(SPECS) - seen


async def test_it_is_said_whom_a_question_is_about(single: Stage) -> None:
    await single.open(Step.MEMBERS, at="members[1].religion")
    assert single.frame()[2].strip() == "Anggota 2: SITI AMINAH"
    await single.open(Step.MEMBERS, at="members[1].nik")
    assert single.frame()[2].strip().startswith("Anggota 2: 15-03-1983, perempuan")
    await single.open(Step.MEMBERS, at="address.street")
    assert single.frame()[2].strip() == single.context.t("screen.review.family")
    assert "SITI" not in single.text
