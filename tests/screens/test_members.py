"""The members: filled in one after the other, looked through, taken out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kiosk.domain.flow import Step
from tests.builders import a_family, a_member, a_nik
from tests.screens.stage import Stage

HEAD = a_nik(date(1980, 8, 12), "L", 1)
WIFE = a_nik(date(1983, 3, 15), "P", 2)
SON = a_nik(date(2012, 3, 12), "L", 3)
HEAD_ROWS = (
    *(HEAD, "ENTER", "budi santoso", "ENTER", "ENTER", "ENTER", "ENTER", "jakarta", "ENTER", "2", "ENTER"),
    *("1", "ENTER", "88", "ENTER", "sri", "ENTER"),
    *("jl. melati 4", "ENTER", "3", "ENTER", "7", "ENTER", "1001", "ENTER", "99999", "ENTER"),
    *("99010001", "ENTER"),
)


@pytest.fixture
async def blank(stage: Stage) -> Stage:
    """At the first member's NIK."""
    await stage.open(Step.MEMBERS, a_family(members=[]), without=(Step.MEMBERS,))
    assert stage.path == "members[0].nik"
    return stage


@pytest.fixture
async def three(stage: Stage) -> Stage:
    """Three members filled in, the cursor at the first NIK."""
    await stage.open(Step.MEMBERS, at="members[0].nik")
    return stage


async def test_the_last_row_leads_to_what_was_left_out(blank: Stage) -> None:
    await blank.keys(*HEAD_ROWS[:2], "DOWN", *HEAD_ROWS[4:])
    assert blank.path == "members[0].name"
    assert blank.says("problem.name.missing")
    assert blank.draft.at == "members[0].name"
    await blank.keys("budi santoso", "F10")
    assert blank.step == Step.CLASS


@pytest.mark.parametrize(
    ("path", "offered"),
    [
        ("members[0].nik", {"F6"}),
        ("members[0].name", set()),
        ("members[0].relation", {"F4"}),
        ("members[0].birth_place", set()),
        ("address.region", {"F4"}),
        ("fktp", {"F4"}),
        ("members[1].name", {"F6"}),
        ("members[1].religion", {"F4", "F6"}),
        ("members[1].birth_place", {"F6"}),
    ],
)
async def test_a_key_is_offered_where_it_does_something(stage: Stage, path: str, offered: set[str]) -> None:
    await stage.open(Step.MEMBERS, at=path, answers={"members[0].birth_place": "JAKARTA", path: None})
    line = stage.frame()[-1]
    assert {key for key in ("F4", "F6") if f"{key} " in line} == offered


def member(stage: Stage, index: int) -> dict[str, str]:
    return dict(stage.draft.member(index))


async def test_a_head_is_filled_in_row_by_row(blank: Stage) -> None:
    await blank.keys(*HEAD_ROWS)
    assert blank.path == "members[1].nik"
    assert member(blank, 0) == {
        "nik": HEAD,
        "name": "budi santoso",
        "relation": "head",
        "birth_date": "12-08-1980",
        "sex": "L",
        "birth_place": "jakarta",
        "marital": "2",
        "religion": "1",
        "occupation": "88",
        "mother_name": "sri",
    }
    assert blank.draft.answer("address.region") == "9901011001"
    assert blank.journey.flow.problems_of(Step.MEMBERS) == ()


async def test_every_enter_is_durable_with_the_place_to_go_on(blank: Stage) -> None:
    for typed in HEAD_ROWS:
        await blank.keys(typed)
        if typed == "ENTER":
            kept = blank.services.drafts.resume(blank.draft.id)
            assert kept is not None
            assert kept.answers == blank.draft.answers
            assert kept.at == blank.path


async def test_a_wife_and_a_child_take_most_from_nik_and_head(blank: Stage) -> None:
    await blank.keys(*HEAD_ROWS, WIFE, "ENTER", "siti aminah", "ENTER", *["ENTER"] * 3)
    assert member(blank, 1)["relation"] == "wife"
    assert member(blank, 1)["sex"] == "P"
    await blank.keys("ENTER", "ENTER", "ENTER", "2", "ENTER", "ani", "ENTER")
    assert member(blank, 1)["marital"] == "married"
    assert member(blank, 1)["religion"] == "1"
    assert blank.path == "members[2].nik"
    await blank.keys(SON, "ENTER", "agus", "F6")
    assert member(blank, 2)["name"] == "agus aminah"
    await blank.keys(*["ENTER"] * 8)
    assert member(blank, 2)["relation"] == "child"
    assert member(blank, 2)["mother_name"] == "siti aminah".upper()
    await blank.keys("F10")
    assert blank.step == Step.CLASS


async def test_f6_puts_in_the_district_of_the_nik_and_stays(blank: Stage) -> None:
    await blank.keys("F6")
    assert blank.typed == "990101"
    assert blank.path == "members[0].nik"
    await blank.keys(HEAD[6:], "ENTER")
    assert member(blank, 0)["nik"] == HEAD


async def test_f6_takes_over_what_the_member_before_has(three: Stage) -> None:
    await three.keys("PGDN", "DOWN", "DOWN", "DOWN", "DOWN", "DOWN", "DOWN", "DOWN")
    assert three.path == "members[1].religion"
    await three.keys("F6")
    assert member(three, 1)["religion"] == "islam"
    assert three.path == "members[1].occupation"
    await three.keys("F6")
    assert three.says("screen.nothing_before")


@pytest.mark.parametrize(
    ("path", "typed", "code", "params"),
    [
        ("nik", "", "nik.missing", {}),
        ("nik", "99010112O8800001", "nik.characters", {}),
        ("nik", "99010112088000", "nik.length", {"count": 14}),
        ("nik", "9999999999999999", "nik.placeholder", {}),
        ("nik", "9901019908800001", "nik.date", {}),
        ("nik", "9901011208800000", "nik.serial", {}),
        ("nik", "3173051208800003", "nik.not_training", {}),
        ("name", "", "name.missing", {}),
        ("name", "BUD1", "name.characters", {}),
        ("name", "B" * 61, "name.too_long", {"limit": 60}),
        ("relation", "", "relation.missing", {}),
        ("relation", "99", "relation.choice", {}),
        ("birth_date", "31-02-1980", "birth_date.format", {}),
        ("birth_date", "12-08-2036", "birth_date.future", {}),
        ("birth_date", "", "birth_date.missing", {}),
        ("sex", "3", "sex.choice", {}),
        ("birth_place", "<script>", "name.characters.birth_place", {}),
        ("marital", "9", "marital.choice", {}),
        ("religion", "8", "religion.choice", {}),
        ("occupation", "90", "occupation.choice", {}),
        ("mother_name", "<b>", "name.characters", {}),
        ("address.street", "", "address.missing", {}),
        ("address.rt", "1234", "rt.format", {"least": 1, "most": 3}),
        ("address.rw", "abc", "rw.format", {"least": 1, "most": 3}),
        ("address.region", "1010", "region.unknown", {}),
        ("address.postcode", "1234", "postcode.format", {}),
        ("fktp", "123", "fktp.unknown", {}),
        ("fktp", "", "fktp.missing", {}),
    ],
)
async def test_a_wrong_answer_stays_on_screen(
    three: Stage, path: str, typed: str, code: str, params: dict[str, Any]
) -> None:
    at = path if "." in path or path == "fktp" else f"members[0].{path}"
    before = three.draft.answer(at)
    while three.path != at:
        await three.keys("DOWN")
    await three.keys(*["BACKSPACE"] * len(before), typed, "ENTER")
    assert three.path == at
    assert three.typed == typed
    assert three.says(f"problem.{code}", **params)
    assert three.draft.answer(at) == before


async def test_what_is_too_long_is_refused_and_not_cut_without_a_word(three: Stage) -> None:
    while three.path != "address.street":
        await three.keys("DOWN")
    await three.keys(*["BACKSPACE"] * 12)
    await three.paste("Jl. Melati " * 30)
    await three.keys("ENTER")
    assert three.path == "address.street"
    assert three.says("problem.address.characters", limit=120)
    assert three.draft.answer("address.street") == "Jl. Melati 4"


async def test_a_date_that_differs_from_the_nik_passes_at_the_second_enter(three: Stage) -> None:
    await three.keys("DOWN", "DOWN", "DOWN", *["BACKSPACE"] * 10, "13081980", "ENTER")
    assert three.path == "members[0].birth_date"
    assert three.says("problem.nik.birth_date_mismatch")
    assert three.draft.answer("members[0].birth_date") == "1980-08-12"
    await three.keys("ENTER")
    assert three.draft.answer("members[0].birth_date") == "13081980"
    assert three.path == "members[0].sex"


async def test_f10_with_a_warned_answer_asks_again_too(three: Stage) -> None:
    await three.keys(*["DOWN"] * 4, "BACKSPACE", "P", "F10")
    assert three.path == "members[0].sex"
    assert three.says("problem.nik.sex_mismatch")
    await three.keys("F10")
    assert three.draft.answer("members[0].sex") == "P"


async def test_the_first_typed_character_replaces_a_suggestion(blank: Stage) -> None:
    await blank.keys(HEAD, "ENTER", "budi", "ENTER")
    assert blank.typed == "head"
    await blank.keys("4")
    assert blank.typed == "4"
    await blank.keys("BACKSPACE", "1", "ENTER", "BACKSPACE")
    assert blank.typed == ""


async def test_an_arrow_into_a_suggestion_keeps_it(blank: Stage) -> None:
    await blank.keys(HEAD, "ENTER", "budi", "ENTER", "ENTER")
    await blank.keys("LEFT", "BACKSPACE", "9", "ENTER")
    assert blank.path == "members[0].birth_date"
    assert blank.typed == "12-08-1990"
    assert blank.says("problem.nik.birth_date_mismatch")


@pytest.mark.parametrize(
    ("path", "letters", "answer"),
    [
        ("members[0].relation", "fam", "other_kin"),
        ("members[0].marital", "cerai m", "widowed"),
        ("members[0].religion", "bud", "buddha"),
        ("members[0].sex", "per", "P"),
    ],
)
async def test_f4_lists_the_choices(three: Stage, path: str, letters: str, answer: str) -> None:
    while three.path != path:
        await three.keys("DOWN")
    await three.keys("F4", letters, "ENTER")
    if three.path == path:  # such as a sex that differs from the NIK
        await three.keys("ENTER")
    assert three.draft.answer(path) == answer


async def test_village_and_facility_are_found_by_name(three: Stage) -> None:
    while three.path != "address.region":
        await three.keys("DOWN")
    await three.keys(*["BACKSPACE"] * 10, "kenanga", "ENTER")
    assert three.step == "Chooser"
    assert "Desa Kenanga Latihan" in three.text
    await three.keys("ENTER")
    assert three.draft.answer("address.region") == "9901011002"
    await three.keys("ENTER", *["BACKSPACE"] * 8, "F4", "harapan", "ENTER")
    assert three.draft.answer("fktp") == "9901U001"


async def test_the_village_list_begins_near_the_kk(three: Stage) -> None:
    while three.path != "address.region":
        await three.keys("DOWN")
    await three.keys(*["BACKSPACE"] * 10, "F4")
    assert three.text.count("Latihan") >= 9


async def test_leaving_a_list_changes_nothing(three: Stage) -> None:
    await three.keys("DOWN", "DOWN", "F4", "anak", "F3")
    assert three.path == "members[0].relation"
    assert three.draft.answer("members[0].relation") == "head"


async def test_a_family_without_a_head_is_led_back(three: Stage) -> None:
    await three.keys("DOWN", "DOWN", *["BACKSPACE"] * 4, "9", "ENTER", "F10")
    assert three.step == Step.MEMBERS
    assert three.says("problem.family.no_head")


async def test_two_heads_are_refused_at_the_second(three: Stage) -> None:
    await three.keys("PGDN", "DOWN", "DOWN", *["BACKSPACE"] * 4, "1", "ENTER")
    assert three.says("problem.family.two_heads")
    assert three.path == "members[1].relation"


async def test_f10_in_a_half_filled_member_goes_to_what_is_missing(three: Stage) -> None:
    await three.keys("PGDN", "PGDN", "PGDN", a_nik(date(2015, 5, 5), "P", 9), "ENTER", "F10")
    assert three.path == "members[3].name"
    assert three.says("problem.name.missing")


async def test_f10_accepts_what_was_typed_in_the_row(three: Stage) -> None:
    await three.keys("DOWN", *["BACKSPACE"] * 12, "budi hartono", "F10")
    assert three.draft.answer("members[0].name") == "budi hartono"
    assert three.step == Step.CLASS


async def test_f10_on_a_blank_member_ends_the_step(three: Stage) -> None:
    await three.keys("PGDN", "PGDN", "PGDN", "F10")
    assert three.step == Step.CLASS


async def test_f3_and_forward_lose_nothing(three: Stage) -> None:
    before = three.draft.answers
    await three.keys("F3")
    assert three.step == Step.KK
    await three.keys("F10")
    assert three.step == Step.MEMBERS
    assert three.draft.answers == before


async def test_f9_saves_for_later_or_passes_what_may_stay_empty(three: Stage) -> None:
    await three.keys(*["DOWN"] * 5)
    assert "F9 Kosongkan" in three.text
    await three.keys("jakar", "F9")
    assert three.path == "members[0].marital"
    assert three.draft.answer("members[0].birth_place") == ""
    assert "F9 Nanti" in three.text
    await three.keys("F9")
    assert three.step == "home"
    await three.keys("1", "ENTER")
    assert three.path == "members[0].marital"


async def test_a_nik_of_another_member_is_refused(three: Stage) -> None:
    await three.keys("PGDN", "PGDN", "PGDN", WIFE, "ENTER")
    assert three.path == "members[3].nik"
    assert three.says("problem.nik.duplicate_in_family")


async def test_f9_throws_no_answer_away(three: Stage) -> None:
    before = three.draft.answers
    await three.keys("F9")
    assert three.step == "home"
    await three.keys("1", "ENTER")
    assert three.draft.answers == before
    await three.keys("UP", *["DOWN"] * 5, "jakarta", "ENTER", "UP", "F9")
    assert three.step == "home"
    await three.keys("1", "ENTER")
    assert three.draft.answer("members[0].birth_place") == "jakarta"


async def test_f9_on_an_emptied_nik_is_a_baby_without_one(three: Stage) -> None:
    await three.keys("PGDN", "PGDN", *["BACKSPACE"] * 16)
    assert "F9 Tanpa NIK" in three.text
    await three.keys("F9")
    assert three.path == "members[2].mother_nik"


async def test_a_registered_person_is_refused_at_the_nik(three: Stage) -> None:
    from tests.builders import a_draft  # noqa: PLC0415

    family = a_family(kk="9901010101200077", members=[a_member(born=date(1970, 1, 2), serial=55)])
    submitted = three.services.registrar.submit(a_draft(family), three.services.rules())
    assert submitted.registration is not None
    await three.keys("PGDN", "PGDN", "PGDN", a_nik(date(1970, 1, 2), "L", 55), "ENTER")
    assert three.says("problem.nik.already_registered")
    assert three.draft.member_count == 3
