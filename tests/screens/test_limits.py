"""A kiosk without staff that may not go on: a pause, a full day, and somebody who is registered already."""

from __future__ import annotations

import re

import pytest

from kiosk.domain.flow import Step
from kiosk.domain.resume_code import make_code
from screens.village.leaving import FarewellPage
from screens.village.limits import ForStaffPage
from screens.village.welcome import WelcomePage
from tests.builders import a_family, a_member
from tests.screens.conftest import Stager
from tests.screens.hub_words import REAL, registered
from tests.screens.stage import Stage

NIK = str(REAL["members"][0]["nik"])  # type: ignore[index]
CODE = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b")


@pytest.fixture
def village(staged: Stager) -> Stage:
    return staged("village", failures=3, pause_minutes=10, families_a_day=2)


@pytest.mark.parametrize("wrong", [make_code(4711), "K1-0099-ZZ", "3173052107200099", "RINA"])
async def test_who_guesses_at_the_menu_is_held_up_and_so_is_the_next_one(village: Stage, wrong: str) -> None:
    await village.menu()
    for _ in range(2):
        await village.keys(wrong, "ENTER")
        assert village.step == "home"
    await village.keys(wrong, "ENTER")
    assert village.says("village.limits.paused", minutes=10)
    await village.keys("x")
    assert isinstance(village.top, WelcomePage)
    village.clock.advance(61)
    await village.keys("F10")
    assert village.says("village.limits.paused", minutes=9)
    await village.keys("x")
    village.clock.advance(600)
    await village.keys("F10")
    assert village.step == "home"


async def test_failures_of_several_people_are_one_row(village: Stage) -> None:
    for number in range(3):
        await village.menu()
        await village.keys("3173052107200099", "ENTER")
        if number < 2:
            await village.keys("F12")
            assert village.served == number + 1
    assert village.says("village.limits.paused", minutes=10)


async def test_who_cannot_read_the_captcha_keeps_what_was_answered(village: Stage) -> None:
    await village.menu()
    await village.keys("F10", "F10", "F10", str(REAL["kk"]), "ENTER")
    kept = village.draft.id
    for _ in range(3):
        await village.keys("zzzzz", "ENTER")
    assert village.says("village.limits.paused", minutes=10)
    code = CODE.search(village.text)
    assert code is not None
    await village.keys("x")
    village.clock.advance(600)
    await village.keys("F10", code[0], "ENTER")
    assert village.draft.id == kept


async def test_once_a_day_is_full_no_new_family_is_begun_but_others_go_on(village: Stage) -> None:
    registered(village.services, **REAL)
    await village.menu()
    await village.keys("F10")
    assert village.step == "AboutPage"
    other = a_member(nik="3173051208800004", birth_date="1980-08-12")
    one = registered(village.services, **{**REAL, "kk": "3173052107200013", "members": [other]})
    await village.keys("F3", "F10")
    assert isinstance(village.top, FarewellPage)
    assert village.says("village.limits.full", place=village.config.kiosk.place)
    await village.keys("x", "F10", one.reference, "ENTER")
    assert village.step == "StandingPage"


@pytest.fixture
async def twice(village: Stage) -> Stage:
    """Somebody types the NIK of a person who is registered at this kiosk."""
    registered(village.services, **REAL)
    family = a_family(**{**REAL, "kk": "3173052107200013"})
    await village.open(Step.MEMBERS, family, at="members[0].nik", answers={"members[0].nik": None})
    await village.keys(NIK, "ENTER")
    return village


async def test_who_is_registered_already_is_sent_to_the_staff_with_a_code(twice: Stage) -> None:
    assert isinstance(twice.top, ForStaffPage)
    assert twice.says("village.limits.for_staff")
    for secret in ("BUDI", NIK, "K1-0001", "Melati", "0812"):
        assert secret not in twice.text
    code = CODE.search(twice.text)
    assert code is not None
    kept = twice.draft.id
    await twice.keys("F12")
    assert code[0] in twice.text
    await twice.keys("x", "F10", code[0], "ENTER")
    assert twice.draft.id == kept


async def test_the_audit_trail_names_a_repeated_nik_without_its_digits(twice: Stage) -> None:
    await twice.keys("ENTER", "3173051208800005", "ENTER", "0005", "ENTER")
    assert twice.path == "members[0].name"
    with twice.services.open_work() as work:
        lines = work.registrations.history(twice.draft.id)
    fields = [field for line in lines for field in line.fields]
    assert fields[-1] == "again"
    assert not re.search(r"\d{4}", " ".join(fields))


async def test_who_has_mistyped_puts_it_right(twice: Stage) -> None:
    await twice.keys("ENTER")
    assert twice.path == "members[0].nik"
    await twice.keys("3173051208800005", "ENTER")
    assert twice.path == "members[0].nik_again"


async def test_who_tries_nik_after_nik_is_held_up(twice: Stage) -> None:
    for _ in range(2):
        await twice.keys("ENTER", NIK, "ENTER")
    assert twice.says("village.limits.paused", minutes=10)


async def test_at_the_counter_nobody_is_held_up(staged: Stager) -> None:
    stage = staged("counter")
    await stage.menu()
    for _ in range(30):
        await stage.keys("3173052107200099", "ENTER")
        assert stage.step == "home"
