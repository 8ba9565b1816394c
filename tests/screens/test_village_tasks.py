"""Where one question fills a page: the list between the parts, and the review in parts."""

from __future__ import annotations

import pytest

from kiosk.domain.flow import Fact, Step, fingerprint
from screens.registration.review import ReviewPage
from screens.village.check import CheckPage
from screens.village.tasks import TasksPage
from tests.builders import KK, a_family, a_member
from tests.screens.conftest import Stager
from tests.screens.hub_words import refused, registered
from tests.screens.stage import Stage


@pytest.fixture
def single(staged: Stager) -> Stage:
    return staged(layout="single")


def marks(stage: Stage) -> list[str]:
    """The mark and the name of each part on the screen."""
    found = (line for line in stage.frame() if line[3:6] in {"[x]", " > ", "[ ]"})
    return [f"{line[3:6].strip()} {line[7:44].strip()}" for line in found]


async def after_three(stage: Stage) -> Stage:
    await stage.open(Step.MEMBERS, at="members[2].mother_name")
    await stage.keys("SITI", "ENTER")
    assert isinstance(stage.top, TasksPage)
    return stage


async def test_after_the_card_it_is_told_what_comes(single: Stage) -> None:
    await single.start()
    await single.keys("F10", "F10", KK, "ENTER", "13", "ENTER")
    assert isinstance(single.top, TasksPage)
    assert marks(single)[:2] == ["[x] Nomor KK", "> Anggota 1"]
    assert single.says("screen.tasks.go_on")
    await single.keys("ENTER")
    assert single.path == "members[0].nik"


async def test_after_a_member_enter_asks_for_the_next_one(single: Stage) -> None:
    await after_three(single)
    assert marks(single)[1:5] == [
        "[x] Anggota 1: BUDI SANTOSO",
        "[x] Anggota 2: SITI AMINAH",
        "[x] Anggota 3: AGUS SANTOSO",
        "> Anggota 4, bila masih ada",
    ]
    assert single.says("screen.tasks.more")
    await single.keys("ENTER")
    assert single.path == "members[3].nik"


async def test_the_cursor_stands_at_what_comes_next(single: Stage) -> None:
    await after_three(single)
    assert single.cursor is not None
    x, y = single.cursor
    assert single.frame()[y][x] == ">"


async def test_and_f10_says_that_all_are_there(single: Stage) -> None:
    await after_three(single)
    await single.keys("F10")
    assert single.step == Step.CLASS


async def test_f10_without_a_head_says_what_is_missing(single: Stage) -> None:
    child = a_member("child", serial=3, name="AGUS SANTOSO")
    await single.open(Step.MEMBERS, a_family(members=[child]), at="fktp")
    await single.keys("ENTER")
    assert isinstance(single.top, TasksPage)
    await single.keys("F10")
    assert single.step == Step.MEMBERS
    assert single.says("problem.family.no_head")


async def test_after_the_account_the_phone_is_next(single: Stage) -> None:
    await single.open(Step.CLASS, at="bank.owner", without=(Step.CONTACT,))
    await single.keys("ENTER")
    assert "> HP dan email" in marks(single)
    await single.keys("F3")
    assert single.step == Step.CLASS
    await single.keys("F10", "F10")
    assert single.step == Step.CONTACT


async def test_f3_goes_back_to_the_last_member_and_on_through_all(single: Stage) -> None:
    await after_three(single)
    for path in ("members[2].nik", "members[1].nik", "members[0].nik"):
        await single.keys("F3")
        assert single.path == path
    await single.keys("F3")
    assert single.step == Step.KK


async def test_who_stops_at_the_list_goes_on_at_the_next_question(single: Stage) -> None:
    await after_three(single)
    await single.keys("F9")
    assert single.step == "home"
    await single.keys("1", "ENTER")
    assert single.path == "members[3].nik"


async def test_help_and_staff_at_the_list(single: Stage) -> None:
    await after_three(single)
    await single.keys("F1")
    assert single.says("help.page.tasks")
    await single.keys("F3", "F2")
    assert single.says("screen.staff", place="Puskesmas Cempaka")


async def test_a_large_family_is_seen_from_its_end(single: Stage) -> None:
    people = [a_member("head" if n == 1 else "other_kin", serial=n, marital="single") for n in range(1, 21)]
    await single.open(Step.MEMBERS, a_family(members=people), at="members[19].mother_name")
    await single.keys("SITI", "ENTER")
    assert any(mark.startswith("> Anggota 21") for mark in marks(single))
    assert single.says("screen.tasks.more")
    await single.keys("PGUP", "PGUP")
    assert marks(single)[0] == "[x] Nomor KK"


async def test_the_sheet_has_no_list(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, at="members[2].mother_name")
    await stage.keys("SITI", "ENTER")
    assert stage.path == "members[3].nik"


# The review in parts.


async def test_each_part_is_said_to_be_right_by_itself(single: Stage) -> None:
    await single.open(Step.REVIEW)
    assert isinstance(single.top, CheckPage)
    for part, shown in enumerate(("BUDI", "SITI AMINAH", "AGUS", "Jl. Melati 4", "0812 3456 7890"), 1):
        assert single.says("screen.review.part", at=part, of=5)
        assert shown in single.text
        await single.keys("F10")
    assert single.step == Step.CONSENT
    assert single.draft.fact(Fact.REVIEWED) == fingerprint(single.draft)


async def test_every_answer_is_in_one_part(single: Stage) -> None:
    await single.open(Step.REVIEW)
    page = single.top
    assert isinstance(page, CheckPage)
    seen: list[str] = []
    for _ in page._parts():
        seen += page._paths
        assert len(page._paths) <= 11, "a part is seen without scrolling"
        await single.keys("F10")
    assert sorted(seen) == sorted(ReviewPage._rows(page))


async def test_a_number_changes_its_row_and_comes_back_to_the_part(single: Stage) -> None:
    await single.open(Step.REVIEW)
    await single.keys("F10", "2", "ENTER")
    assert single.path == "members[1].name"
    await single.keys(*["BACKSPACE"] * 20, "siti maryam", "ENTER")
    assert single.says("screen.review.part", at=2, of=5)
    assert "SITI MARYAM" in single.text
    await single.keys("99", "ENTER")
    assert single.says("screen.review.number")


async def test_f3_goes_back_part_by_part(single: Stage) -> None:
    await single.open(Step.REVIEW)
    await single.keys("F10", "F10", "F3")
    assert single.says("screen.review.part", at=2, of=5)
    await single.keys("F3", "F3")
    assert single.step == Step.CONTACT


async def test_the_total_stands_at_the_end_alone(single: Stage) -> None:
    await single.open(Step.REVIEW)
    assert "Rp300.000" not in single.text
    await single.keys("F10", "F10", "F10", "F10")
    assert "Rp300.000" in single.text


async def test_what_was_refused_is_looked_at_as_a_whole(single: Stage) -> None:
    refused(single.services, registered(single.services))
    await single.start()
    await single.keys("1", "ENTER")
    await single.keys("9901011203120044", "ENTER")
    assert type(single.top) is ReviewPage
