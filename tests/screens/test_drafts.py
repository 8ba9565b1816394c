"""Families that take another way: newborns, added members, refusals; and stores that fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from kiosk.domain.flow import Step
from kiosk.domain.registration import Outcome
from kiosk.errors import StoreError
from tests.builders import KK, a_family, a_nik, a_participant
from tests.screens.stage import Stage
from tests.screens.test_contact import code
from tests.screens.test_kk import challenge
from tests.screens.test_members import HEAD_ROWS

BORN = date(2026, 11, 10)


@pytest.fixture
async def family_of(stage: Stage) -> Callable[..., Any]:
    """Comes to the members of a family card on which somebody of this segment is known."""

    async def come(segment: str, **changes: Any) -> Stage:
        mother = a_participant(segment, date(1995, 5, 5), "P", head=True, **changes)
        stage.know(mother)
        await stage.start()
        await stage.keys("F10", "F10", KK, "ENTER", "ENTER")
        await stage.keys(challenge(stage).characters, "ENTER")
        assert stage.step == Step.MEMBERS
        return stage

    return come


MOTHER = a_nik(date(1995, 5, 5), "P", 901)
PLACE = ("jl. melati 4", "ENTER", "ENTER", "ENTER", "1001", "ENTER", "99999", "ENTER", "99010001", "ENTER")


async def test_a_baby_of_a_pbi_mother_is_registered_without_class(family_of: Callable[..., Any]) -> None:
    stage = await family_of("PBI_JK")
    await stage.keys("F9")
    assert stage.path == "members[0].mother_nik"
    await stage.keys(MOTHER, "ENTER")
    assert stage.typed == "BAYI NYONYA RINA WIJAYA"
    await stage.keys("ENTER", "ENTER", "10112026", "ENTER", "2", "ENTER", "ENTER", "ENTER", "1", "ENTER")
    await stage.keys("ENTER", "ENTER", *PLACE, "F10")
    assert stage.step == Step.CONTACT
    assert stage.frame()[1].startswith(" 5/8")
    await stage.keys("081234567890", "ENTER", "rina@example.org", "ENTER")
    await stage.keys(code(stage), "ENTER", "F10")
    assert stage.step == Step.CONSENT
    await stage.keys("rina wijaya", "ENTER", "ya", "ENTER", "F10")
    assert stage.step == Step.ACCOUNT
    found = next(iter(stage.services.queries.newest(limit=1)))
    assert found.decision.outcome is Outcome.NEWBORN
    assert found.decision.segment == "PBI_JK"
    assert found.family["members"][0]["nik"] is None
    assert found.family["members"][0]["mother_nik"] == MOTHER


async def test_a_late_baby_is_warned_of_and_taken(family_of: Callable[..., Any]) -> None:
    stage = await family_of("PBI_JK")
    await stage.keys("F9", MOTHER, "ENTER", "ENTER", "ENTER", "01102026", "ENTER", "2", "ENTER")
    await stage.keys("ENTER", "ENTER", "1", "ENTER", "ENTER", "ENTER", *PLACE, "F10")
    assert stage.step == Step.CONTACT
    await stage.keys("081234567890", "ENTER", "rina@example.org", "ENTER", "F9")
    while "(PgDn)" in stage.text:
        await stage.keys("PGDN")
    assert stage.says("problem.newborn.late", days=52, limit=28)


@pytest.mark.parametrize(
    ("segment", "office"), [("PPU_BU", "employer"), ("PD_PEMDA", "dinsos"), ("PBPU", "pandawa")]
)
async def test_a_baby_that_belongs_elsewhere_is_told_where(
    family_of: Callable[..., Any], segment: str, office: str
) -> None:
    stage = await family_of(segment)
    await stage.keys("F9", MOTHER, "ENTER", "ENTER", "ENTER", "10112026", "ENTER")
    assert stage.path == "members[0].nik"
    assert stage.says("problem.newborn.not_here")
    assert stage.says(f"refer.{office}")
    assert stage.says("screen.members.take_out")
    await stage.keys("DEL", "F10")
    assert stage.draft.member_count == 0


async def test_a_mother_whom_nobody_knows_is_told_where(family_of: Callable[..., Any]) -> None:
    stage = await family_of("PBI_JK")
    unknown = a_nik(date(1990, 5, 5), "P", 77)
    await stage.keys("F9", unknown, "ENTER", "bayi", "ENTER", "ENTER", "10112026", "ENTER")
    assert stage.path == "members[0].nik"
    assert stage.says("problem.newborn.mother_unknown")
    assert stage.says("refer.branch")


async def test_an_older_child_needs_a_nik_and_is_told_where(family_of: Callable[..., Any]) -> None:
    stage = await family_of("PBI_JK")
    await stage.keys("F9", MOTHER, "ENTER", "ENTER", "ENTER", "01012026", "ENTER")
    assert stage.path == "members[0].birth_date"
    assert stage.says("problem.newborn.nik_required")
    assert stage.says("refer.dukcapil")


async def test_a_nik_after_all_ends_being_without_one(family_of: Callable[..., Any]) -> None:
    stage = await family_of("PBI_JK")
    await stage.keys("F9", "UP")
    assert stage.path == "members[0].nik"
    await stage.keys(a_nik(BORN, "P", 77), "ENTER")
    assert stage.path == "members[0].mother_nik"  # a newborn's mother decides, NIK or none
    assert "members[0].mother_nik" not in stage.draft.answers
    assert "members[0].no_nik" not in stage.draft.answers


async def test_f9_then_enter_on_the_empty_nik_row_goes_on(family_of: Callable[..., Any]) -> None:
    stage = await family_of("PBI_JK")
    await stage.keys("F9", "UP", "ENTER")
    assert stage.path == "members[0].mother_nik"


async def test_added_members_follow_the_family_without_a_class(family_of: Callable[..., Any]) -> None:
    stage = await family_of("PBPU")
    child = a_nik(date(2015, 4, 4), "L", 5)
    await stage.keys(child, "ENTER", "agus", "ENTER", "4", "ENTER", "ENTER", "ENTER", "ENTER", "ENTER")
    await stage.keys("1", "ENTER", "ENTER", "ENTER", *PLACE, "F10")
    assert stage.step == Step.CONTACT
    await stage.keys("081234567890", "ENTER", "a@example.org", "ENTER")
    await stage.keys(code(stage), "ENTER", "F10")
    await stage.keys("rina wijaya", "ENTER", "ya", "ENTER", "F10")
    assert stage.step == Step.ACCOUNT
    found = next(iter(stage.services.queries.newest(limit=1)))
    assert found.decision.outcome is Outcome.ADDED_MEMBERS
    assert found.decision.care_class == 2
    assert not found.demo_card


async def test_an_adult_into_a_pbi_family_by_its_heads_account_is_told_where(stage: Stage) -> None:
    stage.know(a_participant("PBI_JK", date(1975, 5, 5), head=True))
    await stage.start()
    await stage.keys("F10", "F10", KK, "ENTER", "3", "ENTER")
    await stage.keys(challenge(stage).characters, "ENTER")
    rows = list(HEAD_ROWS)
    rows[4] = "9"
    rows.insert(5, "ENTER")
    await stage.keys(*rows, "F10")
    assert stage.step == Step.MEMBERS
    assert stage.says("problem.family.not_here")
    assert stage.says("refer.dinsos")


async def test_a_known_person_is_refused_at_the_nik(family_of: Callable[..., Any]) -> None:
    stage = await family_of("PBPU")
    await stage.keys(MOTHER, "ENTER")
    assert stage.path == "members[0].nik"
    assert stage.says("problem.nik.already_registered")


# Stores that fail.


async def test_a_draft_changed_elsewhere_is_not_written_over(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, at="members[0].name")
    elsewhere = stage.services.drafts.resume(stage.draft.id)
    assert elsewhere is not None
    stage.services.drafts.save(elsewhere.with_answers({"members[0].name": "BUDI HARTONO"}))
    await stage.keys("ENTER")
    assert stage.path == "members[0].name"
    assert stage.says("problem.draft.stale")
    await stage.keys("F12", "1", "ENTER")
    assert stage.draft.answer("members[0].name") == "BUDI HARTONO"


async def test_a_full_disk_keeps_the_answer_in_the_row(stage: Stage, no_room: Callable[..., None]) -> None:
    await stage.open(Step.MEMBERS, a_family(), at="members[0].name")
    kept = stage.draft
    await stage.keys(*["BACKSPACE"] * 20, "budi hartono")
    no_room()
    await stage.keys("ENTER")
    assert stage.path == "members[0].name"
    assert stage.typed == "budi hartono"
    assert stage.says("screen.not_saved")
    assert stage.draft == kept
    no_room(full=False)
    await stage.keys("ENTER")
    assert stage.path == "members[0].relation"
    again = stage.services.drafts.resume(kept.id)
    assert again is not None
    assert again.answer("members[0].name") == "budi hartono"


BROKEN_AT = [
    (Step.TERMS, "", ("F10",)),
    (Step.KK, "kk", ("ENTER",)),
    (Step.MEMBERS, "members[0].nik", ("ENTER",)),
    (Step.MEMBERS, "members[0].nik", ("DEL", "F10")),
    (Step.MEMBERS, "members[0].relation", ("F4", "ENTER")),
    (Step.MEMBERS, "members[1].religion", ("F6",)),
    (Step.MEMBERS, "members[3].nik", ("F9",)),
    (Step.CLASS, "class", ("ENTER",)),
    (Step.CONTACT, "contact.phone", ("ENTER",)),
    (Step.REVIEW, "", ("F10",)),
    (Step.CONSENT, "consent.accepted", ("ENTER",)),
]


@pytest.mark.parametrize(("step", "at", "keys"), BROKEN_AT)
async def test_a_failing_save_is_said_on_every_page(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, step: Step, at: str, keys: tuple[str, ...]
) -> None:
    await stage.open(step, at=at)
    before, path = stage.draft, stage.path

    def broken(*_: object, **__: object) -> None:
        raise StoreError("store.io")

    with monkeypatch.context() as patched:
        patched.setattr(type(stage.services.drafts), "save", broken)
        await stage.keys(*keys)
        assert stage.step == step
        assert stage.path == path
        assert stage.says("problem.store.io")
        assert stage.draft == before
    await stage.keys(*keys)
    assert not stage.says("problem.store.io")


async def test_a_nik_typed_over_a_named_baby_asks_whose_it_is(family_of: Callable[..., Any]) -> None:
    stage = await family_of("PBI_JK")
    nik = a_nik(date(2015, 5, 5), "L", 9)
    await stage.keys("F9", MOTHER, "ENTER", "dede", "ENTER", "UP", "UP", "UP", nik, "ENTER")
    assert stage.says("screen.members.whose", name="DEDE", number=1)
    await stage.keys("F3")
    assert stage.draft.answer("members[0].no_nik") == "yes"
    assert stage.draft.answer("members[0].nik") == ""
