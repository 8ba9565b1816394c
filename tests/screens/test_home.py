"""The first screen: lists, going on with a draft, finding, throwing away, language, leaving."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from kiosk.domain.flow import Step
from kiosk.errors import StoreError
from tests.builders import KK, a_draft, a_family, a_member
from tests.screens.conftest import Stager
from tests.screens.stage import Stage

OTHER_KK = "9901010101200099"


def register(stage: Stage, **changes: object) -> str:
    """Registers a family without screens; its reference."""
    stage.services.registrar.submit(a_draft(a_family(**changes)), stage.services.rules())
    (found,) = stage.services.queries.page(limit=1)
    return found.reference


def keep(stage: Stage, name: str, kk: str = KK) -> str:
    """Keeps a draft that stopped at the members; its id."""
    draft = stage.services.drafts.start().with_answers({"kk": kk, "members[0].name": name})
    facts = {"terms": "v1", "captcha": "passed"}
    return stage.services.drafts.save(draft.with_facts(facts).moved_to("members[0].relation")).id


async def test_f10_begins_a_family(stage: Stage) -> None:
    await stage.start()
    await stage.keys("F10")
    assert stage.step == Step.TERMS


async def test_nothing_is_kept_of_a_family_that_was_only_begun(stage: Stage) -> None:
    await stage.start()
    await stage.keys("F10", "F3")
    assert stage.step == "home"
    assert stage.services.drafts.page(limit=9) == []


async def test_drafts_and_todays_families_are_listed_masked(stage: Stage) -> None:
    reference = register(stage)
    keep(stage, "rina lestari", OTHER_KK)
    await stage.start()
    assert reference in stage.text
    assert "B*** S******" in stage.text
    assert "R*** L******" in stage.text
    assert "9901**********99" in stage.text
    assert OTHER_KK not in stage.text
    assert KK not in stage.text


async def test_what_is_not_listed_is_told(stage: Stage) -> None:
    rules, registrar = stage.services.rules(), stage.services.registrar
    for number in range(1, 10):
        draft = a_draft(a_family(kk=f"99010101012000{number:02}", members=[a_member(serial=number)]))
        assert registrar.submit(replace(draft, id=f"{draft.id[:-1]}{number}"), rules).registration
        await stage.start()
        assert stage.says("screen.home.more") == (number == 9)


async def test_a_number_of_the_list_goes_on_with_a_draft_at_its_field(stage: Stage) -> None:
    keep(stage, "RINA LESTARI")
    await stage.start()
    await stage.keys("1", "ENTER")
    assert stage.path == "members[0].relation"
    assert stage.draft.answer("members[0].name") == "RINA LESTARI"


async def test_a_number_of_the_list_shows_a_registered_family(stage: Stage) -> None:
    reference = register(stage)
    keep(stage, "RINA LESTARI", OTHER_KK)
    await stage.start()
    await stage.keys("2", "ENTER")
    assert stage.step == Step.ACCOUNT
    assert reference in stage.text
    await stage.keys("F3")
    assert stage.step == "home"


async def test_a_whole_kk_goes_on_with_its_draft(stage: Stage) -> None:
    keep(stage, "RINA LESTARI")
    await stage.start()
    await stage.keys("990101 010120 0012", "ENTER")
    assert stage.path == "members[0].relation"


async def test_a_kk_beyond_the_listed_drafts_is_found(stage: Stage) -> None:
    keep(stage, "RINA LESTARI")
    for number in range(60):
        keep(stage, "WATI", f"99010101012001{number:02d}")
    await stage.start()
    assert "RINA" not in stage.text
    await stage.keys(KK, "ENTER")
    assert stage.draft.answer("members[0].name") == "RINA LESTARI"


@pytest.mark.parametrize("by", ["reference", "small letters", "nik", "kk"])
async def test_a_registered_family_is_found(stage: Stage, by: str) -> None:
    reference = register(stage)
    typed = {
        "reference": reference,
        "small letters": reference.lower().replace("-", " "),
        "nik": str(a_member()["nik"]),
        "kk": KK,
    }[by]
    await stage.start()
    await stage.keys(typed, "ENTER")
    assert stage.step == Step.ACCOUNT
    assert reference in stage.text


@pytest.mark.parametrize("typed", ["99", "0", "K1-9999-ZZ", "halo", "9901010101209999", "[/]", "²", "-", " "])
async def test_what_is_nowhere_is_said_so(stage: Stage, typed: str) -> None:
    register(stage)
    await stage.start()
    await stage.keys(typed, "ENTER")
    assert stage.step == "home"
    assert stage.message or not typed.strip()


async def test_a_draft_is_thrown_away_after_a_question(stage: Stage) -> None:
    keep(stage, "RINA LESTARI")
    await stage.start()
    await stage.keys("1", "DEL")
    assert "RINA LESTARI" in stage.text
    await stage.keys("F3")
    assert len(stage.services.drafts.page(limit=9)) == 1
    await stage.keys("DEL", "F10")
    assert stage.says("screen.home.discarded")
    assert stage.services.drafts.page(limit=9) == []
    assert "RINA" not in stage.text


async def test_del_without_a_number_of_the_list_throws_nothing_away(stage: Stage) -> None:
    keep(stage, "RINA LESTARI")
    await stage.start()
    for typed in ("DEL", "2", "DEL"):
        await stage.keys(typed)
    assert stage.step == "home"
    assert len(stage.services.drafts.page(limit=9)) == 1


async def test_a_draft_that_somebody_else_finished_is_said_so(stage: Stage) -> None:
    number = keep(stage, "RINA LESTARI")
    await stage.start()
    stage.services.drafts.discard(number)
    await stage.keys("1", "ENTER")
    assert stage.says("screen.home.draft_gone")


async def test_f5_changes_the_language_and_back(stage: Stage) -> None:
    await stage.start()
    await stage.keys("F5")
    assert "Register a new family" in stage.text
    assert "F5 Bahasa Indonesia" in stage.text
    await stage.keys("F10", "F3")
    assert "Register a new family" in stage.text
    await stage.keys("F5")
    assert "Daftarkan keluarga baru" in stage.text


async def test_f12_leaves_after_a_question(stage: Stage) -> None:
    await stage.start()
    await stage.keys("F12", "F3")
    assert stage.left is None
    await stage.keys("F12", "F10")
    assert stage.left == 0


async def test_the_village_cannot_be_left(staged: Stager) -> None:
    stage = await staged("village").menu()
    await stage.keys("F12", "F10")
    assert stage.left is None
    assert "F12" not in stage.frame()[23]


async def test_the_village_shows_nobodys_data(staged: Stager) -> None:
    stage = staged("village")
    draft = stage.services.drafts.start().with_answers({"kk": "3173052107200012", "members[0].name": "RINA"})
    stage.services.drafts.save(draft.with_facts({"terms": "v1", "captcha": "passed"}).moved_to("kk"))
    await stage.menu()
    assert "RINA" not in stage.text
    assert not re.search(r"\*{4}", stage.text)
    await stage.keys("1", "ENTER")
    assert stage.step == "home"
    await stage.keys("3173052107200012", "ENTER")
    assert stage.step == Step.KK
    await stage.keys("F12")
    assert "RINA" not in stage.text
    assert "3173" not in stage.text


async def test_the_village_finds_no_registered_family(staged: Stager) -> None:
    stage = staged("village")
    await stage.menu()
    for typed in ("K1-0001-PA", "3173051208800003"):
        await stage.keys(typed, "ENTER")
        assert stage.says("screen.home.not_found")


async def test_few_card_numbers_are_said(stage: Stage) -> None:
    with stage.services.open_work() as work:
        while work.cards.left() > 49:
            work.cards.take()
        work.commit()
    await stage.start()
    assert stage.says("screen.home.cards_low", count=49)


async def test_enough_card_numbers_are_not_talked_of(stage: Stage) -> None:
    await stage.start()
    assert stage.message == ""


async def test_f1_and_f2(stage: Stage) -> None:
    await stage.start()
    await stage.keys("F1")
    assert "Bantuan" in stage.frame()[1]
    await stage.keys("ENTER", "F2")
    assert stage.says("screen.training.menu")


async def test_f2_at_a_counter_without_accounts_says_who_helps(staged: Stager) -> None:
    stage = await staged("counter").start()
    await stage.keys("F2")
    assert stage.says("screen.staff", place="Puskesmas Cempaka")


async def test_the_waiting_families_are_counted_above(stage: Stage) -> None:
    register(stage)
    await stage.start()
    assert "1 menunggu kirim" in stage.frame()[0]


async def test_a_store_that_fails_is_said_and_nothing_ends(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(stage, "RINA LESTARI")
    await stage.start()

    def broken(*_: object) -> None:
        raise StoreError("store.io")

    monkeypatch.setattr(type(stage.services.drafts), "resume", broken)
    await stage.keys("1", "ENTER")
    assert stage.step == "home"
    assert stage.says("problem.store.io")
