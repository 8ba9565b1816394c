"""What a family sees of a kiosk without staff before anything is asked, and the clerk's way through it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.commands.keys import pages_of
from kiosk.domain.flow import Step
from kiosk.domain.registration import State
from kiosk.language import LANGUAGES, Language
from kiosk.services.clerk import Clerk
from screens.village.about import AboutPage
from screens.village.letters import _DRAWN, COLUMNS, ROWS, large
from screens.village.menu import MenuPage
from screens.village.welcome import WelcomePage
from tests.builders import a_draft, a_family
from tests.screens.conftest import Stager
from tests.screens.hub_words import REAL
from tests.screens.stage import Stage, settings


@pytest.fixture
async def village(staged: Stager) -> Stage:
    """The first page of a kiosk without staff."""
    return await staged("village").start()


def on(stage: Stage, kind: type) -> bool:
    """Whether this page is on top."""
    return type(stage.top) is kind


@pytest.mark.parametrize(("number", "language"), list(enumerate(LANGUAGES, 1)))
async def test_a_number_is_a_language(village: Stage, number: int, language: str) -> None:
    await village.keys(str(number))
    assert on(village, MenuPage)
    assert village.context.language.code == language
    assert village.says("screen.home.new")


@pytest.mark.parametrize("key", ["ENTER", "F10"])
async def test_enter_takes_the_language_of_the_place(village: Stage, key: str) -> None:
    await village.keys(key)
    assert on(village, MenuPage)
    assert village.context.language.code == "id"


@pytest.mark.parametrize("key", ["0", "3", "9", "x", "F3", "F4", "F5", "F8", "F9", "F12", "DEL", "PGDN"])
async def test_no_other_key_leaves_the_first_page(village: Stage, key: str) -> None:
    before = village.text
    await village.keys(key)
    assert on(village, WelcomePage)
    assert village.text == before
    assert village.left is None


async def test_it_says_what_it_is_for_in_every_language(village: Stage) -> None:
    assert "Di sini Anda mendaftarkan keluarga" in village.text
    assert "Here you register your family" in village.text
    await village.keys("F1")
    assert village.says("help.page.welcome")
    await village.keys("F3", "F2")
    assert village.says("screen.staff", place="Puskesmas Cempaka")


async def test_the_cursor_stands_where_speech_should_read(village: Stage) -> None:
    assert village.cursor is not None
    x, y = village.cursor
    assert village.frame()[y][x:].startswith("1   Bahasa Indonesia")


@pytest.mark.parametrize("many", [1, 2, 3, 4])
async def test_all_languages_that_are_offered_can_be_seen(
    staged: Stager, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    codes = ["id", "en", "jv", "su"][:many]
    monkeypatch.setattr("screens.village.welcome.offered", lambda _: [Language(code) for code in codes])
    stage = await staged("village").start()
    for number, code in enumerate(codes, 1):
        assert f" {number}   {Language(code).text('screen.welcome.name')}" in stage.text
    await stage.keys(str(many))
    assert stage.context.language.code == codes[-1]
    await stage.keys("F10", "F10")
    assert stage.step == Step.TERMS


async def test_the_next_person_begins_in_the_language_of_the_place(village: Stage) -> None:
    await village.keys("2", "F3")
    assert on(village, WelcomePage)
    assert village.context.language.code == "id"


async def test_what_it_costs_comes_from_the_table_of_premiums(village: Stage) -> None:
    await village.keys("1", "F10")
    for price in ("Rp150.000", "Rp100.000", "Rp35.000"):
        assert price in village.text
    rules = village.services.rules()
    dearer = tuple(replace(one, member_pays=one.member_pays + 1000) for one in rules.premiums)
    village.services._rules.clear()
    key = (village.clock.today(), 0)
    village.services._rules[key] = replace(rules, premiums=dearer)
    for price in ("Rp151.000", "Rp101.000", "Rp36.000"):
        assert price in village.text


async def test_who_is_helped_elsewhere_is_told_before_anything_is_asked(village: Stage) -> None:
    await village.keys("1", "F10")
    for name in ("aided", "employed", "newborn"):
        assert village.says(f"screen.about.who.{name}")
        assert village.says(f"screen.about.where.{name}")
    assert village.says("screen.about.go_on")
    await village.keys("F10")
    assert village.step == Step.TERMS
    assert village.services.drafts.page(limit=1) == []


async def test_no_email_is_to_be_brought_where_none_is_asked(tmp_path: Path) -> None:
    config = settings(tmp_path, "village")
    stage = Stage(replace(config, registration=replace(config.registration, email_required=False)), seed=None)
    await stage.menu()
    await stage.keys("F10")
    assert stage.says("screen.about.bring")
    assert "email" not in stage.text
    stage.services.close()


async def test_enter_alone_says_what_to_press(village: Stage) -> None:
    await village.keys("1", "ENTER")
    assert on(village, MenuPage)
    assert village.says("screen.home.public.enter")


async def test_f3_goes_back_page_by_page(village: Stage) -> None:
    await village.keys("2", "F10", "F10", "F3")
    assert on(village, AboutPage)
    await village.keys("F3")
    assert on(village, MenuPage)
    assert village.context.language.code == "en"
    await village.keys("F3")
    assert on(village, WelcomePage)


async def test_f12_before_the_first_answer_leaves_nothing(village: Stage) -> None:
    await village.keys("2", "F10", "F12")
    assert on(village, WelcomePage)
    await village.keys("1", "F10", "F10", "F12")
    assert on(village, WelcomePage)
    assert village.services.drafts.page(limit=1) == []


async def test_the_perfect_clerk_finds_the_way(tmp_path: Path) -> None:
    stage = Stage(settings(tmp_path, "village"), seed=7)
    family = a_draft(a_family(**REAL))
    services = stage.services
    clerk = Clerk(
        family,
        services.rules(),
        services.membership.known_for,
        pages=pages_of(stage.config),
        randomness=services.proofs,
    )
    await stage.start()
    await stage.play(clerk.keys())
    assert stage.step == Step.ACCOUNT
    (found,) = services.queries.page(limit=2)
    assert found.state is State.SUBMITTED
    services.close()


def test_every_sign_is_drawn_in_its_box() -> None:
    for sign, drawing in _DRAWN.items():
        rows = drawing.split("|")
        assert len(rows) == ROWS, sign
        assert {len(row) for row in rows} == {COLUMNS}, sign
        assert set(drawing) <= set("# |"), sign
    drawings = list(_DRAWN.values())
    assert len(set(drawings)) == len(drawings)


def test_a_code_fits_the_screen_in_large_letters() -> None:
    assert max(map(len, large("ACDE-FGHJ"))) <= 74
    assert len(large("ACDE-FGHJ")) == ROWS
    assert large("a?b") == large("AB")
