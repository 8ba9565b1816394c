"""Families that leave unfinished: the code on the slip, the list with its ages, and the end of old drafts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from kiosk.domain.draft import Draft
from kiosk.domain.flow import Step
from kiosk.domain.resume_code import make_code, parse_code
from tests.builders import KK, TODAY
from tests.screens.conftest import Stager
from tests.screens.stage import Stage

OTHER_KK = "9901010101200099"


def code_on(stage: Stage) -> str:
    """The code that the screen shows."""
    found = re.search(r"\b([A-Z0-9]{4}-[A-Z0-9]{4})\b", stage.text)
    assert found is not None, stage.text
    assert parse_code(found[1])
    return found[1]


def saved(stage: Stage, days_ago: int = 0, kk: str = KK, name: str = "RINA LESTARI") -> Draft:
    """A draft that was saved so many days ago."""
    clock = stage.clock
    today, clock._today = clock._today, TODAY - timedelta(days=days_ago)
    draft = stage.services.drafts.start().with_answers({"kk": kk, "members[0].name": name})
    facts = {"terms": "v1", "captcha": "passed"}
    kept = stage.services.drafts.save(draft.with_facts(facts).moved_to("members[0].relation"))
    clock._today = today
    return kept


@pytest.mark.parametrize("key", ["F9", "F12"])
@pytest.mark.parametrize(
    ("step", "at"),
    [
        (Step.KK, "kk"),
        (Step.MEMBERS, "members[1].name"),
        (Step.CLASS, "bank.name"),
        (Step.CONTACT, "contact.email"),
        (Step.REVIEW, ""),
        (Step.CONSENT, "consent.accepted"),
    ],
)
async def test_who_leaves_gets_a_code_that_takes_the_family_up_there(
    stage: Stage, step: Step, at: str, key: str
) -> None:
    journey = await stage.open(step, at=at)
    await journey.record({}, at=at or step.value)
    identity = stage.draft.id
    if (step, key) == (Step.MEMBERS, "F9"):
        key = "F12"  # in a row that may stay empty F9 says "not known"
    await stage.keys(key)
    assert stage.step == "home"
    assert stage.says("screen.draft_kept")
    code = code_on(stage)
    await stage.keys(code.lower(), "ENTER")
    assert stage.draft.id == identity
    assert stage.step == step


async def test_the_slip_says_nothing_of_the_family(stage: Stage) -> None:
    await stage.open(Step.MEMBERS)
    await stage.keys("F12")
    assert KK not in re.sub(r"\s", "", stage.text)
    assert "BUDI" not in stage.text
    assert stage.says("screen.slip.days", days=30)


async def test_a_family_of_whom_nothing_was_typed_gets_none(stage: Stage) -> None:
    await stage.start()
    await stage.keys("F10", "F10", "F12")
    assert stage.step == "home"
    assert re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", stage.text) is None


async def test_a_code_is_taken_once(stage: Stage) -> None:
    await stage.open(Step.MEMBERS)
    await stage.keys("F12")
    code = code_on(stage)
    await stage.keys(code, "ENTER", "F12")
    assert code_on(stage) != code
    await stage.keys(code, "ENTER")
    assert stage.step == "home"
    assert stage.says("problem.resume.used")


async def test_a_code_is_not_shown_once_its_family_is_discarded(stage: Stage) -> None:
    journey = await stage.open(Step.MEMBERS)
    await journey.record({}, at="members[0].name")
    await stage.keys("F12")
    code = code_on(stage)
    await stage.keys("1", "DEL", "F10")
    assert stage.says("screen.home.discarded")
    assert code not in stage.text


async def test_a_wrong_code_says_so_and_five_of_them_wait(stage: Stage) -> None:
    journey = await stage.open(Step.MEMBERS)
    await journey.record({}, at="members[0].name")
    await stage.keys("F12")
    code = code_on(stage)
    for _ in range(5):
        await stage.keys(make_code(4711), "ENTER")
        assert stage.says("problem.resume.wrong")
    await stage.keys(code, "ENTER")
    assert stage.says("problem.resume.paused", seconds=60)
    stage.clock.advance(60)
    await stage.keys(code, "ENTER")
    assert stage.step == Step.MEMBERS


async def test_in_the_village_only_the_code_or_the_whole_kk_go_on(staged: Stager) -> None:
    stage = staged("village")
    for days in (0, 1):
        saved(stage, days, kk=("3171010101200012", "3171010101200099")[days])
    await stage.menu()
    assert "RINA" not in stage.text
    for typed in ("1", "2", "RINA LESTARI", "3171010101", "317101010120001", "9901012"):
        await stage.keys(typed, "ENTER")
        assert stage.step == "home", typed
    await stage.keys("3171010101200099", "ENTER")
    assert stage.path == "members[0].relation"
    await stage.keys("F12")
    code = code_on(stage)
    assert stage.text.count("RINA") == 0
    await stage.keys("ENTER", "F10", code, "ENTER")
    assert stage.path == "members[0].relation"


async def test_a_disk_that_is_full_keeps_nobody_on_the_screen(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kiosk.errors import StoreError  # noqa: PLC0415

    def full(_: str, _earlier: str) -> str:
        raise StoreError("store.full")

    await stage.open(Step.MEMBERS)
    monkeypatch.setattr(stage.services.drafts, "slip", full)
    await stage.keys("F12")
    assert stage.step == "home"
    assert stage.says("screen.draft_kept")


# The list.


async def test_the_list_tells_age_step_and_what_is_missing(stage: Stage) -> None:
    for days in (0, 1, 12):
        saved(stage, days, kk=f"99010101012000{days:02d}")
    await stage.start()
    line = [line for line in stage.text.splitlines() if " R*** " in line]
    line.sort(key=lambda text: ("hari ini" not in text, "kemarin" not in text))
    assert "hari ini" in line[0]
    assert "kemarin" in line[1]
    assert "12 hari lalu" in line[2]
    missing = re.search(r"3/8 kurang (\d+)$", line[0])
    assert missing is not None
    assert int(missing[1]) > 5


async def test_fewer_are_missing_once_more_is_filled_in(stage: Stage) -> None:
    await stage.open(Step.CONSENT, without=[Step.CONSENT])
    await stage.keys("F12")
    assert re.findall(r"kurang (\d+)", stage.text) == ["1"]


async def test_what_will_be_removed_is_told_and_has_a_place_in_the_list(stage: Stage) -> None:
    saved(stage, 28, kk=OTHER_KK, name="SITI")
    for number in range(6):
        saved(stage, 0, kk=f"99010101012000{number:02d}")
    await stage.start()
    assert stage.says("screen.home.ending", numbers="5", days=3)
    await stage.keys("5", "ENTER")
    assert stage.draft.answer("kk") == OTHER_KK


async def a_day_later(stage: Stage) -> None:
    stage.clock._today = (stage.clock._today or TODAY) + timedelta(days=1)
    await stage.start()


async def test_the_first_screen_removes_what_is_too_old_and_was_told_of(stage: Stage) -> None:
    old, young = saved(stage, 31), saved(stage, 29, kk=OTHER_KK)
    await stage.start()
    assert stage.services.drafts.resume(old.id) == old
    assert stage.says("screen.home.ending", numbers="1, 2", days=1)
    await a_day_later(stage)
    assert stage.services.drafts.resume(old.id) is None
    assert stage.services.drafts.resume(young.id) == young
    assert stage.says("screen.home.ending", numbers="1", days=1)
    with stage.services.open_work.reading() as work:
        assert [line.action for line in work.registrations.history(old.id)] == [
            "draft.saved",
            "draft.ending",
            "draft.expired",
        ]


async def test_so_does_the_village(staged: Stager) -> None:
    stage = staged("village")
    old = saved(stage, 31)
    await stage.start()
    await a_day_later(stage)
    assert stage.services.drafts.resume(old.id) is None


async def test_other_days_are_kept_to(staged: Stager) -> None:
    stage = staged()
    assert stage.config.drafts.days == 30
    longer = replace(stage.services.drafts._rules, days=40)
    stage.services.drafts._rules = longer
    old = saved(stage, 31)
    for _ in range(3):
        await a_day_later(stage)
    assert stage.services.drafts.resume(old.id) == old
