"""Changed settings on screens: told to whoever signs in, agreed by two people, in nobody's way."""

from __future__ import annotations

from kiosk.domain.flow import Step
from kiosk.staffing import told_settings
from tests.screens.conftest import Stager
from tests.screens.counter import BUDI, PINS, SITI, proved, signed_in, staffed, trail
from tests.screens.stage import Stage

REASON = "nama puskesmas berganti"


async def changed(staged: Stager) -> Stage:
    """A clerk at a counter whose place has another name than was agreed."""
    stage = staffed(staged)
    before = told_settings(stage.services.config) | {"[kiosk] place": "Puskesmas Lama"}
    watch = stage.services.staffing.settings
    now, watch._now = watch._now, before
    watch.begin(proved(stage, SITI))
    watch._now = now
    await stage.start()
    await stage.keys("2", "ENTER", PINS[BUDI], "ENTER")
    return stage


async def test_nothing_is_told_where_nothing_was_changed(staged: Stager) -> None:
    stage = await signed_in(staged)
    assert not stage.says("screen.staff.settings_warning")
    await stage.keys("F2")
    assert not stage.says("screen.staff.menu_settings")


async def test_a_change_is_told_and_two_people_agree(staged: Stager) -> None:
    stage = await changed(staged)
    assert stage.says("screen.staff.settings_warning")
    await stage.keys("F2", "6", "ENTER")
    assert "Puskesmas Lama -> " in stage.text
    await stage.keys("kenapa", "ENTER")
    assert stage.says("problem.reason.short", least=10)
    await stage.keys(REASON, "ENTER", PINS[BUDI], "ENTER")
    await stage.keys("1", "ENTER", PINS[SITI], "ENTER")
    assert stage.step == "home"
    assert stage.says("screen.staff.settings_done")
    await stage.keys("DOWN")
    assert not stage.says("screen.staff.settings_warning")
    assert ("approved.settings", "S2") in trail(stage, "settings")


async def test_families_are_served_all_the_same(staged: Stager) -> None:
    stage = await changed(staged)
    await stage.keys("F10")
    assert stage.step == Step.TERMS


async def test_the_line_where_one_types_stays_in_sight_below_the_long_message(staged: Stager) -> None:
    stage = await changed(staged)
    assert stage.says("screen.staff.settings_warning")
    assert stage.says("screen.home.ask")
    await stage.keys("1", "2")
    assert f"{stage.context.t('screen.home.ask')} 12" in stage.text
