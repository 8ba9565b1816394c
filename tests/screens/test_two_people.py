"""Two people at one draft: neither writes over the other unnoticed, and nothing of either is lost."""

from __future__ import annotations

from kiosk.domain.draft import Draft
from kiosk.domain.flow import Step
from tests.screens.stage import Stage


def elsewhere(stage: Stage) -> Draft:
    """The draft in hand as somebody else has read it from the store."""
    found = stage.services.drafts.resume(stage.draft.id)
    assert found is not None
    return found


async def test_what_the_other_saved_is_shown_and_what_was_typed_stays(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, at="members[0].name")
    stage.services.drafts.save(elsewhere(stage).with_answers({"members[0].religion": "hindu"}))
    await stage.keys(*["BACKSPACE"] * len(stage.typed), "budi hartono", "ENTER")
    assert stage.says("problem.draft.stale")
    assert (stage.path, stage.typed) == ("members[0].name", "budi hartono")
    assert stage.draft.answer("members[0].religion") == "hindu"
    await stage.keys("ENTER")
    stored = elsewhere(stage)
    assert stored.answer("members[0].name") == "budi hartono"
    assert stored.answer("members[0].religion") == "hindu"


async def test_a_row_that_the_other_took_away_is_left(stage: Stage) -> None:
    await stage.open(Step.MEMBERS, at="members[2].name")
    stage.services.drafts.save(elsewhere(stage).without_member(2).without_member(1))
    await stage.keys("x", "ENTER")
    assert stage.says("problem.draft.stale")
    assert stage.draft.member_count == 1


async def test_a_family_that_the_other_finished_is_said_on_the_first_screen(stage: Stage) -> None:
    await stage.open(Step.CONSENT)
    stage.services.registrar.submit(elsewhere(stage), stage.services.rules())
    await stage.keys("ya", "ENTER")
    assert stage.step == "home"
    assert stage.says("problem.draft.gone")
    assert len(list(stage.services.queries.newest())) == 1


async def test_a_family_that_the_other_threw_away_does_not_come_back(stage: Stage) -> None:
    await stage.open(Step.CONSENT)
    stage.services.drafts.discard(stage.draft.id)
    await stage.keys("ya", "ENTER")
    assert stage.step == "home"
    assert stage.services.drafts.page(limit=2) == []


async def test_nobody_registers_what_the_other_has_changed_since(stage: Stage) -> None:
    await stage.open(Step.CONSENT)
    await stage.keys("ya", "ENTER")
    stage.services.drafts.save(elsewhere(stage).with_answers({"contact.email": "lain@example.org"}))
    await stage.keys("F10")
    assert stage.says("problem.draft.stale")
    assert list(stage.services.queries.newest()) == []
    assert stage.draft.answer("contact.email") == "lain@example.org"
