"""Help and questions over a page: they hide it, and give it back as it was."""

from __future__ import annotations

import pytest

from kiosk.domain.flow import Step
from tests.screens.stage import Stage


@pytest.mark.parametrize("key", ["ENTER", "F3", "F1", "F12"])
async def test_help_goes_back_to_the_very_place(stage: Stage, key: str) -> None:
    await stage.open(Step.MEMBERS, at="members[1].name")
    await stage.keys("x", "LEFT")
    before, cursor = stage.text, stage.cursor
    await stage.keys("F1")
    assert stage.says("help.name")
    assert stage.says("help.page.members")
    await stage.keys(key)
    assert stage.text == before
    assert stage.cursor == cursor


async def test_what_is_typed_over_help_goes_nowhere(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, at="members[1].name")
    before = stage.text
    await stage.keys("F1", "halo", "F10", "F9", "F6", "F3")
    assert stage.text == before


async def test_a_question_takes_only_yes_and_no(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, at="members[1].nik")
    await stage.keys("DEL", "ENTER", "y", "F9", "F6")
    assert stage.step == "Confirm"
    assert stage.draft.member_count == 3
    await stage.keys("F12")
    assert stage.step == Step.MEMBERS
    await stage.keys("DEL", "F10")
    assert stage.draft.member_count == 2


async def test_help_says_that_it_scrolls_only_where_it_does(stage: Stage) -> None:
    await stage.start()
    await stage.keys("F1")
    assert "PgDn" not in stage.frame()[-1]


async def test_a_question_has_help_too(stage: Stage) -> None:
    await stage.start()
    await stage.keys("F12", "F1")
    assert stage.says("help.page.confirm")
    await stage.keys("F3", "F3")
    assert stage.step == "home"


async def test_long_help_scrolls(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, at="members[0].occupation")
    await stage.keys("F1", "END")
    assert stage.says("screen.help.keys")
    await stage.keys("HOME")
    assert stage.says("help.occupation")
