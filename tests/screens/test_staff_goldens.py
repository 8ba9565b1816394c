"""The pages of the staff as they are seen, in both languages, compared character by character.

`GOLDENS=write pytest tests/screens/test_staff_goldens.py` writes the frames anew; look at what changed.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable

import pytest

from kiosk.language import LANGUAGES
from tests.builders import a_member
from tests.screens.conftest import Stager
from tests.screens.counter import BUDI, PINS, SITI, signed_in, staffed
from tests.screens.hub_words import REAL, registered
from tests.screens.stage import Stage
from tests.screens.test_goldens import GOLDENS, framed

FOLDER = GOLDENS / "staff"
Scene = Callable[[Stager, str], Awaitable[Stage]]


async def first_start(staged: Stager, language: str) -> Stage:
    return await staged("counter", sign_in=True, language=language).start()


async def first_supervisor(staged: Stager, language: str) -> Stage:
    stage = await first_start(staged, language)
    await stage.keys("1", "ENTER", SITI, "ENTER", "271828", "ENTER", "2718")
    return stage


async def sign_in(staged: Stager, language: str) -> Stage:
    stage = await staffed(staged, language=language).start()
    await stage.keys("2", "ENTER")
    for _ in range(4):
        await stage.keys("000111", "ENTER")
    return stage


async def locked(staged: Stager, language: str) -> Stage:
    stage = await signed_in(staged, language=language)
    await stage.keys("F10", "F10", str(REAL["kk"]), "ENTER", "F2", "1", "ENTER")
    return stage


async def hand_over(staged: Stager, language: str) -> Stage:
    stage = await signed_in(staged, language=language)
    await stage.keys("F2", "2", "ENTER")
    return stage


async def home(staged: Stager, language: str) -> Stage:
    stage = await signed_in(staged, language=language)
    registered(stage.services, **REAL)
    return await stage.start()


async def menu(staged: Stager, language: str) -> Stage:
    stage = await signed_in(staged, SITI, language=language)
    await stage.keys("F2")
    return stage


async def menu_of_a_clerk_with_a_family(staged: Stager, language: str) -> Stage:
    stage = await signed_in(staged, language=language)
    await stage.keys("F10", "F10", str(REAL["kk"]), "ENTER", "F2")
    return stage


async def accounts(staged: Stager, language: str) -> Stage:
    stage = await signed_in(staged, SITI, language=language)
    staff = stage.services.staffing.staff
    assert stage.context.session is not None
    staff.deactivate("S3", by=stage.context.session)
    await stage.keys("F2", "6", "ENTER")
    return stage


async def account(staged: Stager, language: str) -> Stage:
    stage = await signed_in(staged, SITI, language=language)
    await stage.keys("F2", "6", "ENTER", "2", "ENTER")
    return stage


async def report(staged: Stager, language: str) -> Stage:
    stage = await signed_in(staged, language=language)
    two_families(stage)
    await stage.keys("F2", "5", "ENTER")
    return stage


def two_families(stage: Stage) -> None:
    """Two families with one phone and one account between them, of whom one is a man of other data."""
    registered(stage.services, **REAL)
    other = [a_member(nik="3173051208850004", birth_date="1985-08-12")]
    registered(stage.services, **{**REAL, "kk": "3173050101200099", "members": other, "class": 3})


async def sign_report(staged: Stager, language: str) -> Stage:
    stage = await report(staged, language)
    await stage.keys("F10")
    return stage


async def void(staged: Stager, language: str) -> Stage:
    stage = await signed_in(staged, language=language)
    one = registered(stage.services, **REAL)
    await stage.keys(one.reference, "ENTER", "DEL")
    return stage


async def second_of_two(staged: Stager, language: str) -> Stage:
    stage = await void(staged, language)
    await stage.keys("orangnya tertukar", "ENTER", PINS[BUDI], "ENTER")
    return stage


async def signs(staged: Stager, language: str) -> Stage:
    stage = await signed_in(staged, SITI, language=language)
    two_families(stage)
    await stage.keys("F2", "7", "ENTER")
    return stage


SCENES: dict[str, Scene] = {
    scene.__name__: scene
    for scene in (
        *(first_start, first_supervisor, sign_in, locked, hand_over, home, menu, accounts, account),
        *(menu_of_a_clerk_with_a_family, report, sign_report, void, second_of_two, signs),
    )
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SCENES)
async def test_frame(staged: Stager, name: str, language: str) -> None:
    stage = await SCENES[name](staged, language)
    frame = framed(stage.frame())
    file = FOLDER / f"{name}.{language}.txt"
    if os.environ.get("GOLDENS") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(frame, "utf-8")
    assert frame == file.read_text("utf-8")


def test_no_golden_is_left_over() -> None:
    wanted = {f"{name}.{language}" for name in SCENES for language in LANGUAGES}
    assert {file.stem for file in FOLDER.glob("*.txt")} == wanted
