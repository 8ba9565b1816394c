"""The list behind F4: letters narrow it, arrows move in it, Enter takes, F3 leaves."""

from __future__ import annotations

import pytest

from kiosk.domain.flow import Step
from tests.screens.stage import Stage


async def listing(stage: Stage, path: str) -> Stage:
    step = Step.CLASS if path.startswith(("class", "bank")) else Step.MEMBERS
    await stage.open(step, at=path)
    await stage.keys("F4")
    assert stage.step == "Chooser"
    return stage


def options(stage: Stage) -> list[str]:
    return [line.strip() for line in stage.frame()[4:22] if line.strip()]


async def test_a_table_is_listed_with_its_codes(stage: Stage) -> None:
    await listing(stage, "members[0].relation")
    assert len(options(stage)) == 11
    assert options(stage)[0] == ">  1 Kepala keluarga"


async def test_f1_helps_with_the_field_and_with_the_list(stage: Stage) -> None:
    await listing(stage, "members[0].relation")
    await stage.keys("F1")
    assert stage.says("help.relation")
    assert stage.says("help.page.choose")
    await stage.keys("F3")
    assert stage.step == "Chooser"


async def test_words_that_fit_no_place_are_typed_anew_after_the_list(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, at="fktp", answers={"fktp": None})
    await stage.keys("zzz", "ENTER", "F3")
    assert stage.typed == "zzz"
    await stage.keys("99010002", "ENTER")
    assert stage.draft.answer("fktp") == "99010002"


async def test_letters_and_codes_narrow_it(stage: Stage) -> None:
    await listing(stage, "members[0].relation")
    await stage.keys("me")
    assert [line.split()[-1] for line in options(stage)] == ["Menantu", "Mertua"]
    await stage.keys("BACKSPACE", "BACKSPACE", "1")
    assert len(options(stage)) == 3
    await stage.keys("0", "ENTER")
    assert stage.draft.answer("members[0].relation") == "servant"


async def test_what_begins_with_the_letters_comes_before_what_holds_them(stage: Stage) -> None:
    await listing(stage, "members[0].occupation")
    await stage.keys("gu")
    found = [line.lstrip("> 0123456789") for line in options(stage)]
    assert found.index("Guru") < found.index("Mengurus rumah tangga")


async def test_nothing_fits_is_said_and_enter_takes_nothing(stage: Stage) -> None:
    await listing(stage, "members[0].religion")
    await stage.keys("[/]", "ENTER")
    assert stage.says("screen.choose.none")
    assert stage.step == "Chooser"
    await stage.keys("BACKSPACE", "BACKSPACE", "BACKSPACE")
    assert len(options(stage)) == 7


@pytest.mark.parametrize("key", ["F3", "F4", "F12"])
async def test_leaving_takes_nothing(stage: Stage, key: str) -> None:
    await listing(stage, "members[0].religion")
    await stage.keys("DOWN", key)
    assert stage.path == "members[0].religion"
    assert stage.draft.answer("members[0].religion") == "islam"


async def test_a_long_list_scrolls_with_the_choice_in_sight(stage: Stage) -> None:
    await listing(stage, "members[0].occupation")
    for _ in range(95):
        await stage.keys("DOWN")
        assert any(line.lstrip().startswith(">") for line in stage.frame()[4:22])
    await stage.keys("PGUP", "PGUP", "PGDN")
    assert any(line.lstrip().startswith(">") for line in stage.frame()[4:22])
    await stage.keys("ENTER")
    assert stage.path == "members[0].mother_name"


async def test_places_are_found_by_parts_of_their_names_and_with_a_slip(stage: Stage) -> None:
    await listing(stage, "address.region")
    await stage.keys(*["BACKSPACE"] * 40, "kenangga")
    assert "Desa Kenanga Latihan" in options(stage)[0]
    await stage.keys(*["BACKSPACE"] * 40)
    assert len(options(stage)) >= 9


async def test_facilities_show_code_name_and_where(stage: Stage) -> None:
    await listing(stage, "fktp")
    await stage.keys(*["BACKSPACE"] * 40, "harapan")
    assert "9901U001 KLINIK LATIHAN HARAPAN" in options(stage)[0]


async def test_hostile_letters_find_nothing_and_break_nothing(stage: Stage) -> None:
    await listing(stage, "fktp")
    for text in ("[/]", '"', "*", "' OR 1=1 --", "%", "(", "\\", "\u202e", "^", "NEAR", "AND"):
        await stage.keys(*["BACKSPACE"] * 40)
        await stage.paste(text)
    await stage.paste("x" * 5000)
    assert stage.step == "Chooser"


async def test_a_warned_choice_can_be_confirmed(stage: Stage) -> None:
    await listing(stage, "members[0].sex")
    await stage.keys("per", "ENTER")
    assert stage.path == "members[0].sex"
    assert stage.says("problem.nik.sex_mismatch")
    await stage.keys("ENTER")
    assert stage.draft.answer("members[0].sex") == "P"


async def test_the_class_list(stage: Stage) -> None:
    await listing(stage, "class")
    assert len(options(stage)) == 3
