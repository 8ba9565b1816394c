"""A kiosk without staff: a screen left alone, the code to come back with, and the fresh process behind it."""

from __future__ import annotations

import re

import pytest

from kiosk.domain.flow import Step
from kiosk.domain.resume_code import parse_code
from screens.keys import Key, Press
from screens.village.idle import StillTherePage, ask
from screens.village.leaving import FAREWELL_SECONDS, FarewellPage
from screens.village.welcome import WelcomePage
from tests.builders import a_family
from tests.screens.conftest import Stager
from tests.screens.driven import driven
from tests.screens.hub_words import REAL
from tests.screens.notepad import Notepad
from tests.screens.stage import Stage

KK = "3173052107200012"
STEPS = [Step.KK, Step.MEMBERS, Step.CLASS, Step.CONTACT, Step.REVIEW, Step.CONSENT]


@pytest.fixture
def village(staged: Stager) -> Stage:
    return staged("village", warn_seconds=30)


async def at(stage: Stage, step: Step) -> None:
    """The family in hand at this step."""
    journey = await stage.open(step, a_family(**REAL))
    await journey.record({}, at=getattr(stage.top, "path", "") or step.value)


@pytest.mark.parametrize("step", STEPS)
async def test_any_key_goes_back_to_where_it_was_and_does_no_more(village: Stage, step: Step) -> None:
    await at(village, step)
    before, page = village.text, village.top
    for press in (Press(Key.TEXT, "7"), Press(Key.ENTER), Press(Key.FINISH), Press(Key.NEXT)):
        await ask(village.context)
        assert isinstance(village.top, StillTherePage)
        assert village.says("village.idle.ask")
        assert "BUDI" not in village.text
        village.tick(29)
        await village._press(press)
        assert village.top is page
        assert village.text == before
    assert village.served == 0


@pytest.mark.parametrize("step", STEPS)
async def test_where_nobody_is_the_family_is_kept_and_a_fresh_process_serves(
    village: Stage, step: Step
) -> None:
    await at(village, step)
    kept = village.draft.id
    await ask(village.context)
    village.tick(30)
    await village.settle()
    assert village.served == 1
    assert isinstance(village.top, WelcomePage)
    assert not re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", village.text), "nobody is there to read a code"
    with village.services.open_work() as work:
        lines = [line.action for line in work.registrations.history(kept)]
    assert lines[-1] == "draft.slip"
    await village.keys("F10", KK, "ENTER")
    assert village.draft.id == kept
    assert village.step == step


async def test_it_is_asked_once_and_as_often_as_wanted(village: Stage) -> None:
    await at(village, Step.MEMBERS)
    for _ in range(3):
        await ask(village.context)
        await ask(village.context)
        assert len(village.pages) == 2
        village.tick(5)
        assert village.says("village.idle.clears", seconds=25)
        await village.keys("x")
        assert len(village.pages) == 1


async def test_a_key_in_the_last_second_comes_too_late_and_is_nobodys(village: Stage) -> None:
    await at(village, Step.MEMBERS)
    await ask(village.context)
    village.tick(30)
    page = village.top
    assert isinstance(page, StillTherePage)
    await page.press(Press(Key.TEXT, "x"))
    await village.settle()
    assert village.served == 1


async def test_nothing_is_kept_of_whom_nothing_was_accepted(village: Stage) -> None:
    await village.start()
    await village.keys("F10", "F10", "F10", "F10", "3173")
    await ask(village.context)
    village.tick(30)
    await village.settle()
    assert village.served == 1
    assert [draft.kk for draft in village.services.drafts.page(limit=9)] == [""]


@pytest.mark.parametrize("key", ["F9", "F12"])
async def test_who_leaves_writes_the_code_down_and_a_fresh_process_serves(village: Stage, key: str) -> None:
    await at(village, Step.CLASS)
    kept = village.draft.id
    await village.keys(key)
    assert isinstance(village.top, FarewellPage)
    found = re.search(r"\b([A-Z0-9]{4}-[A-Z0-9]{4})\b", village.text)
    assert found is not None
    assert parse_code(found[1])
    assert "BUDI" not in village.text
    assert "3173" not in village.text
    await village.keys("a")
    assert village.served == 1
    assert found[1] not in village.text
    await village.keys("F10", found[1], "ENTER")
    assert village.draft.id == kept


async def test_a_code_does_not_stay_on_a_screen_left_alone(village: Stage) -> None:
    await at(village, Step.CLASS)
    await village.keys("F12")
    await ask(village.context)
    assert isinstance(village.top, FarewellPage)
    village.tick(FAREWELL_SECONDS - 1)
    await village.settle()
    assert village.served == 0
    village.tick()
    await village.settle()
    assert village.served == 1


async def test_who_only_looked_needs_no_fresh_process(village: Stage) -> None:
    await village.start()
    await village.keys("F10", "F10", "F3", "F3")
    assert isinstance(village.top, WelcomePage)
    await village.keys("F10", "F12")
    assert isinstance(village.top, WelcomePage)
    assert village.served == 0


async def test_what_was_typed_on_the_way_needs_one(village: Stage) -> None:
    await village.start()
    await village.keys("F10", "3173", "F3")
    assert village.served == 1
    await village.keys("F10", "F10", "F10", "F12")
    assert village.served == 2


async def test_the_first_page_rests_until_it_has_said_something(village: Stage) -> None:
    await village.start()
    page = village.top
    assert isinstance(page, WelcomePage)
    assert page.rests
    await village.keys("F2")
    assert not page.rests


class Stirred(Notepad):
    """Counts the keys that mean nothing."""

    stirs = 0

    async def stirred(self) -> None:
        self.stirs += 1


async def test_a_key_that_means_nothing_is_told_of() -> None:
    page = Stirred()
    async with driven(lambda _: page) as kiosk:
        await kiosk.press("ctrl+c", "escape", "f11", "a")
    assert page.stirs == 3
    assert page.text == "a"


class Resting(Notepad):
    """May stand for ever."""

    rests = True


async def test_nobody_is_missed_where_a_page_rests() -> None:
    calls = []

    async def on_idle(_: object) -> None:
        calls.append(1)

    page = Resting()
    async with driven(lambda _: page, idle_seconds=0.0, on_idle=on_idle) as kiosk:
        for _ in range(600):
            kiosk.app._on_second()
        await kiosk.app.pipeline.settle()
        assert calls == []
        page.rests = False
        kiosk.app._on_second()
        await kiosk.app.pipeline.settle()
    assert calls == [1]


async def test_f12_leaves_at_once_whatever_lies_over_the_page() -> None:
    page, over = Notepad(), Notepad()
    async with driven(lambda _: page, unattended=True) as kiosk:
        kiosk.app.shell.push(over)
        await kiosk.press("f12")
    assert page.presses == [Press(Key.FINISH)]
    assert over.presses == []


async def test_f12_where_any_key_will_do_is_any_key() -> None:
    page, over = Notepad(), Stirred()
    async with driven(lambda _: page, unattended=True) as kiosk:
        kiosk.app.shell.push(over)
        await kiosk.press("f12")
    assert page.presses == []
    assert over.presses == [Press(Key.FINISH)]
