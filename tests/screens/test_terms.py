"""The terms: read, agreed to with F10, and never asked for twice."""

from __future__ import annotations

import pytest

from kiosk.domain.flow import Fact, Step
from tests.screens.stage import Stage


@pytest.fixture
async def terms(stage: Stage) -> Stage:
    await stage.start()
    await stage.keys("F10")
    return stage


async def test_f10_agrees_to_this_version(terms: Stage) -> None:
    await terms.keys("F10")
    assert terms.step == Step.KK
    assert terms.draft.fact(Fact.TERMS) == "v1"


@pytest.mark.parametrize("key", ["ENTER", "PGDN", " ", "DOWN"])
async def test_other_keys_turn_the_page_and_agree_to_nothing(terms: Stage, key: str) -> None:
    before = terms.text
    await terms.keys(key)
    assert terms.step == Step.TERMS
    assert terms.text != before


async def test_all_of_it_can_be_read(terms: Stage) -> None:
    seen = set(terms.lines())
    for _ in range(10):
        await terms.keys("PGDN")
        seen |= set(terms.lines())
    for heading in range(1, 11):
        assert any(line.strip().startswith(f"{heading}. ") for line in seen)
    assert terms.says("screen.terms.agree")
    await terms.keys("HOME")
    assert "SYARAT PEMAKAIAN" in terms.text


@pytest.mark.parametrize("key", ["F3", "F12"])
async def test_who_does_not_agree_goes_home(terms: Stage, key: str) -> None:
    await terms.keys(key)
    assert terms.step == "home"
    assert terms.services.drafts.page(limit=9) == []


@pytest.mark.parametrize("key", ["y", "F9", "F4", "F6", "BACKSPACE", "DEL", "F8"])
async def test_keys_without_a_meaning_here_do_nothing(terms: Stage, key: str) -> None:
    await terms.keys(key)
    assert terms.step == Step.TERMS


async def test_help_and_staff(terms: Stage) -> None:
    await terms.keys("F1")
    assert terms.says("help.page.terms")
    await terms.keys("F3", "F2")
    assert terms.says("screen.staff", place="Puskesmas Cempaka")
