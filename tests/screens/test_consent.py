"""Consent: read, given by the family, never beforehand; F10 then registers."""

from __future__ import annotations

from datetime import date

import pytest

from kiosk.domain.flow import Step
from kiosk.errors import StoreError
from tests.builders import a_family, a_member
from tests.screens.stage import Stage


@pytest.fixture
async def consent(stage: Stage) -> Stage:
    await stage.open(Step.CONSENT, without=(Step.CONSENT,))
    return stage


async def test_nothing_is_ticked_beforehand(consent: Stage) -> None:
    assert consent.path == "consent.guardian"
    await consent.keys("ENTER")
    assert consent.path == "consent.accepted"
    assert consent.typed == ""
    assert consent.draft.answer("consent.accepted") == ""


@pytest.mark.parametrize("typed", ["ya", "y", "YES", "setuju", "1"])
async def test_yes_and_f10_register(consent: Stage, typed: str) -> None:
    await consent.keys("ENTER", typed, "ENTER")
    assert consent.step == Step.CONSENT
    assert consent.says("screen.consent.send")
    assert consent.services.queries.page(limit=9) == []
    await consent.keys("F10")
    assert consent.step == Step.ACCOUNT
    (found,) = consent.services.queries.page(limit=9)
    assert found.reference in consent.text
    assert consent.services.drafts.page(limit=9) == []


async def test_f10_alone_is_refused(consent: Stage) -> None:
    for _ in range(3):
        await consent.keys("F10")
        assert consent.step == Step.CONSENT
    assert consent.path == "consent.accepted"
    assert consent.says("problem.consent.missing")
    assert consent.services.queries.page(limit=9) == []


@pytest.mark.parametrize("typed", ["t", "tidak", "no", "n", "x", "0"])
async def test_no_is_no(consent: Stage, typed: str) -> None:
    await consent.keys("ENTER", typed, "ENTER")
    assert consent.path == "consent.accepted"
    assert consent.says("problem.consent.missing")
    await consent.keys("F10")
    assert consent.step == Step.CONSENT


async def test_a_yes_that_was_typed_and_f10_register_at_once(consent: Stage) -> None:
    await consent.keys("ENTER", "ya", "F10")
    assert consent.says("screen.consent.send") or consent.step == Step.ACCOUNT


async def test_blank_enters_register_nobody(consent: Stage) -> None:
    await consent.keys("ENTER", "ya", "ENTER", "ENTER", "ENTER")
    assert consent.step == Step.CONSENT


async def test_all_of_it_can_be_read_while_answering(consent: Stage) -> None:
    seen = set(consent.lines())
    for _ in range(12):
        await consent.keys("PGDN")
        seen |= set(consent.lines())
    assert all(any(line.strip().startswith(f"{number}. ") for line in seen) for number in range(1, 15))
    assert not consent.says("screen.consent.read")
    await consent.keys("PGUP")
    assert consent.says("screen.consent.read")


async def test_the_guardian_is_suggested_and_can_be_another(consent: Stage) -> None:
    assert consent.typed == "BUDI SANTOSO"
    await consent.keys("siti aminah", "ENTER")
    assert consent.draft.answer("consent.guardian") == "siti aminah"


async def test_no_guardian_where_all_are_grown_up(stage: Stage) -> None:
    await stage.open(Step.CONSENT, a_family(members=[a_member()]), without=(Step.CONSENT,))
    assert stage.path == "consent.accepted"


async def test_children_alone_need_a_guardian(stage: Stage) -> None:
    family = a_family(members=[a_member("head", date(2012, 3, 12), "L", 3, marital="single")])
    await stage.open(Step.CONSENT, family, without=(Step.CONSENT,))
    assert stage.typed == ""
    await stage.keys("ENTER", "ya", "ENTER", "F10")
    assert stage.path == "consent.guardian"
    assert stage.says("problem.consent.guardian_missing")
    await stage.keys("siti aminah", "ENTER", "ENTER", "F10")
    assert stage.step == Step.ACCOUNT


async def test_f3_and_forward_keep_the_answers_and_want_no_second_review(consent: Stage) -> None:
    await consent.keys("ENTER", "ya", "ENTER", "F3")
    assert consent.step == Step.REVIEW
    await consent.keys("F10")
    assert consent.step == Step.CONSENT
    await consent.keys("F10")
    assert consent.step == Step.ACCOUNT


async def test_f9_f1_f4(consent: Stage) -> None:
    await consent.keys("F1")
    assert consent.says("help.guardian")
    await consent.keys("F3", "F4")
    assert consent.says("screen.no_choices")
    await consent.keys("F9")
    assert consent.step == "home"
    await consent.keys("1", "ENTER")
    assert consent.step == Step.CONSENT


async def test_what_was_registered_meanwhile_is_refused_with_a_sentence(consent: Stage) -> None:
    from tests.builders import a_draft  # noqa: PLC0415

    await consent.keys("ENTER", "ya", "ENTER")
    other = a_family(kk="9901010101200077", members=[a_member()])
    assert consent.services.registrar.submit(a_draft(other), consent.services.rules()).registration
    await consent.keys("F10")
    assert consent.step == Step.CONSENT
    assert consent.says("problem.nik.already_registered")
    assert len(consent.services.queries.page(limit=9)) == 1


async def test_a_full_disk_at_the_end_registers_nobody_and_can_be_tried_again(
    consent: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await consent.keys("ENTER", "ya", "ENTER")

    def full(*_: object, **__: object) -> None:
        raise StoreError("store.full")

    with monkeypatch.context() as patched:
        patched.setattr(type(consent.services.registrar), "submit", full)
        await consent.keys("F10")
    assert consent.step == Step.CONSENT
    assert consent.says("problem.store.full")
    await consent.keys("F10")
    assert consent.step == Step.ACCOUNT


async def test_keys_typed_ahead_register_once(consent: Stage) -> None:
    await consent.keys("ENTER", "ya", "ENTER", "F10", "F10", "F10")
    assert len(consent.services.queries.page(limit=9)) == 1


def seconds_of(consent: Stage) -> int | None:
    (line,) = consent.services.queries.page(limit=9)
    return consent.services.queries.registration(line.reference).consent_seconds


async def test_for_how_long_the_text_could_be_read_is_told(consent: Stage) -> None:
    consent.clock.advance(41.9)
    await consent.keys("ENTER", "ya", "ENTER")
    consent.clock.advance(3)
    await consent.keys("F10")
    assert seconds_of(consent) == 44


async def test_a_consent_that_nobody_can_have_read_is_told_as_it_was(consent: Stage) -> None:
    await consent.keys("ENTER", "ya", "ENTER", "F10")
    assert seconds_of(consent) == 0


async def test_what_was_read_before_going_back_counts(consent: Stage) -> None:
    consent.clock.advance(60)
    await consent.keys("ENTER", "ya", "ENTER", "F3", "F10")
    assert consent.step == Step.CONSENT
    consent.clock.advance(2)
    await consent.keys("F10")
    assert seconds_of(consent) == 62
