"""The list of members: from one to the other, masked numbers, taking somebody out, many and long names."""

from __future__ import annotations

from datetime import date

import pytest

from kiosk.domain.flow import Step
from tests.builders import a_family, a_member
from tests.screens.conftest import Stager
from tests.screens.stage import Stage
from tests.screens.test_members import HEAD, member


@pytest.fixture
async def three(stage: Stage) -> Stage:
    """Three members filled in, the cursor at the first NIK."""
    await stage.open(Step.MEMBERS, at="members[0].nik")
    return stage


async def test_pages_of_members(three: Stage) -> None:
    await three.keys("PGDN")
    assert three.path == "members[1].nik"
    await three.keys("PGDN", "PGDN")
    assert three.path == "members[3].nik"
    await three.keys("PGDN")
    assert three.path == "members[3].nik"
    await three.keys("PGUP", "PGUP", "PGUP", "PGUP")
    assert three.path == "members[0].nik"


async def test_the_arrows_go_on_over_the_ends_of_a_member(three: Stage) -> None:
    while three.path != "members[1].nik":
        await three.keys("DOWN")
    await three.keys("UP")
    assert three.path == "members[0].nik"
    await three.keys("UP")
    assert three.path == "members[0].nik"


async def test_numbers_are_masked_until_f8(three: Stage) -> None:
    await three.keys("PGDN", "DOWN")
    assert "990101 120880 0001" not in three.text
    assert "9901**********01" in three.text
    await three.keys("F8")
    assert "990101 120880 0001" in three.text
    await three.keys("F8")
    assert "990101 120880 0001" not in three.text


async def test_del_takes_a_member_out_after_a_question(three: Stage) -> None:
    await three.keys("PGDN", "DEL")
    assert "SITI AMINAH" in three.text
    await three.keys("F3")
    assert three.draft.member_count == 3
    await three.keys("DEL", "F10")
    assert three.says("screen.members.removed")
    assert [member(three, index)["name"] for index in (0, 1)] == ["BUDI SANTOSO", "AGUS SANTOSO"]
    kept = three.services.drafts.resume(three.draft.id)
    assert kept is not None
    assert kept.member_count == 2


async def test_the_last_and_the_only_member_can_be_taken_out(three: Stage) -> None:
    await three.keys("PGDN", "PGDN", "DEL", "F10")
    assert three.path == "members[2].nik"
    await three.keys("PGUP", "DEL", "F10", "PGUP", "DEL", "F10")
    assert three.draft.member_count == 0
    assert three.path == "members[0].nik"
    await three.keys("F10")
    assert three.step == Step.MEMBERS
    assert three.message


async def test_del_in_a_nik_that_is_being_changed_takes_a_digit(three: Stage) -> None:
    await three.keys("BACKSPACE", "HOME", "DEL")
    assert three.typed == HEAD[1:-1]
    assert three.draft.member_count == 3


async def test_the_nik_is_typed_twice_where_the_place_wants_it(staged: Stager) -> None:
    stage = staged(confirm_nik=True)
    await stage.open(Step.MEMBERS, a_family(members=[]), without=(Step.MEMBERS,))
    await stage.keys(HEAD, "ENTER", "0002", "ENTER")
    assert stage.path == "members[0].nik_again"
    assert stage.says("problem.nik.again_wrong")
    assert "0002" not in stage.text
    await stage.keys("F10")
    assert stage.path == "members[0].nik_again"
    await stage.keys("0001", "ENTER")
    assert stage.path == "members[0].name"


async def test_a_changed_nik_is_typed_twice_again(staged: Stager) -> None:
    stage = staged(confirm_nik=True)
    await stage.open(Step.MEMBERS, at="members[0].nik")
    await stage.keys("BACKSPACE", "9", "ENTER")
    assert stage.path == "members[0].nik_again"
    await stage.keys("PGDN", "F10")
    assert stage.path == "members[0].nik_again"
    assert stage.says("problem.nik.again_missing")


async def test_many_members_scroll(stage: Stage) -> None:
    members = [
        a_member(),
        *(a_member("child", date(2010, 1, 1 + n), serial=20 + n, name=f"ANAK {n}") for n in range(12)),
    ]
    await stage.open(Step.MEMBERS, a_family(members=members), at="members[0].nik")
    for number in range(12):
        await stage.keys("PGDN")
        assert f"ANAK {number}" in stage.text
    await stage.keys("PGDN")
    assert stage.says("screen.members.more")


async def test_long_and_wide_names_keep_their_columns(stage: Stage) -> None:
    members = [
        a_member(name="MUHAMMAD ABDURRAHMAN AL-FATIH PUTRA SETIAWAN KUSUMAWARDHANI"),
        a_member("wife", date(1983, 3, 15), "P", 2, name="Ñ" * 60),
        a_member("child", date(2012, 3, 12), "L", 3),
    ]
    await stage.open(Step.MEMBERS, a_family(members=members), at="members[0].name")
    await stage.keys("PGDN", "DOWN", "PGDN")
    rows = [line for line in stage.frame() if "Selesai" in line]
    assert len(rows) == 3
    assert len({line.index("Selesai") for line in rows}) == 1
