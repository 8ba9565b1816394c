"""Phone, e-mail and the code that proves the phone."""

from __future__ import annotations

import re

import pytest

from kiosk.domain.flow import Fact, Step
from tests.screens.stage import Stage

PHONE = "+6281234567890"


def code(stage: Stage, phone: str = PHONE) -> str:
    """The code on the simulated phone."""
    assert stage.services.phone is not None
    found = re.search(r"\b[0-9]{6}\b", stage.services.phone.latest(phone) or "")
    assert found is not None, "no code was sent"
    return found[0]


def another(right: str) -> str:
    return f"{(int(right) + 1) % 10**6:06d}"


@pytest.fixture
async def contact(stage: Stage) -> Stage:
    """At the phone, everything before it filled in."""
    await stage.open(Step.CONTACT, without=(Step.CONTACT,))
    assert stage.path == "contact.phone"
    return stage


@pytest.fixture
async def asked(contact: Stage) -> Stage:
    """At the code."""
    await contact.keys("0812 3456 7890", "ENTER", "budi@example.org", "ENTER")
    assert contact.path == "otp"
    return contact


async def test_the_right_code_proves_the_phone(asked: Stage) -> None:
    await asked.keys(code(asked), "ENTER")
    assert asked.step == Step.REVIEW
    assert asked.draft.fact(Fact.VERIFIED) == PHONE
    assert asked.services.phone is not None
    assert asked.services.phone.latest(PHONE) is None


async def test_the_simulated_message_is_shown_and_marked(asked: Stage) -> None:
    assert asked.says("screen.otp.simulation")
    assert code(asked) in asked.text


@pytest.mark.parametrize("key", ["ENTER", "F10"])
async def test_a_wrong_code_is_counted(asked: Stage, key: str) -> None:
    await asked.keys(another(code(asked)), key)
    assert asked.path == "otp"
    assert asked.says("problem.otp.wrong", left=4)
    assert asked.typed == ""


async def test_five_wrong_codes_end_it(asked: Stage) -> None:
    wrong = another(code(asked))
    for _ in range(5):
        await asked.keys(wrong, "ENTER")
    await asked.keys(code(asked), "ENTER")
    assert asked.says("problem.otp.too_many")
    assert asked.step == Step.CONTACT


async def test_letters_cost_no_try(asked: Stage) -> None:
    await asked.keys("abc", "ENTER", another(code(asked)), "ENTER")
    assert asked.says("problem.otp.wrong", left=4)


@pytest.mark.parametrize("key", ["ENTER", "F10"])
async def test_no_code_is_no_proof(asked: Stage, key: str) -> None:
    await asked.keys(key)
    assert asked.path == "otp"
    assert asked.says("problem.otp.missing")


async def test_a_code_grows_old(asked: Stage) -> None:
    asked.clock.advance(301)
    await asked.keys(code(asked), "ENTER")
    assert asked.says("problem.otp.expired", minutes=5)


async def test_f5_sends_another_after_a_minute(asked: Stage) -> None:
    first = code(asked)
    await asked.keys("F5")
    assert code(asked) == first
    asked.tick(60)
    await asked.keys("F5")
    assert asked.says("screen.otp.sent", left=1)
    await asked.keys(first, "ENTER")
    if code(asked) != first:
        assert asked.says("problem.otp.expired", minutes=5)
        await asked.keys(code(asked), "ENTER")
    assert asked.step == Step.REVIEW


async def test_f5_too_early_says_how_long_to_wait(asked: Stage) -> None:
    assert "F5" not in asked.frame()[-1]
    asked.tick(20)
    await asked.keys("F5")
    assert asked.says("problem.otp.wait", seconds=40)
    asked.tick(40)
    assert "F5" in asked.frame()[-1]


async def test_a_number_that_had_its_codes_is_not_said_to_have_another(asked: Stage) -> None:
    for _ in range(2):
        asked.tick(60)
        await asked.keys("F5")
    await asked.keys("F12", "F10")
    await asked.open(Step.CONTACT, without=(Step.CONTACT,))
    await asked.keys("0812 3456 7890", "ENTER", "budi@example.org", "ENTER")
    assert asked.says("problem.otp.too_many_sent", minutes=58)
    assert asked.says("screen.otp.no_more", minutes=58)
    assert not asked.says("screen.otp.again")
    asked.tick(58 * 60)
    assert asked.says("screen.otp.not_sent")
    await asked.keys("F5")
    await asked.keys(code(asked), "ENTER")
    assert asked.step == Step.REVIEW


async def test_the_wait_is_counted_down(asked: Stage) -> None:
    assert asked.says("screen.otp.where", wait=60)
    asked.tick(10)
    assert asked.says("screen.otp.where", wait=50)
    asked.tick(60)
    assert asked.says("screen.otp.again")


async def test_an_hour_has_three_codes(asked: Stage) -> None:
    for _ in range(2):
        asked.tick(60)
        await asked.keys("F5")
    asked.tick(60)
    await asked.keys("F5")
    assert asked.says("problem.otp.too_many_sent", minutes=57, seconds=3420)


async def test_another_number_gets_a_code_of_its_own(asked: Stage) -> None:
    await asked.keys("UP", "UP", *["BACKSPACE"] * 14, "0813 9999 8888", "ENTER", "ENTER")
    assert asked.path == "otp"
    await asked.keys(code(asked, "+6281399998888"), "ENTER")
    assert asked.draft.fact(Fact.VERIFIED) == "+6281399998888"


async def test_f9_goes_on_without_a_code(asked: Stage) -> None:
    await asked.keys("F9")
    assert asked.step == Step.REVIEW
    assert asked.draft.fact(Fact.UNVERIFIED) == PHONE
    while "(PgDn)" in asked.text:
        await asked.keys("PGDN")
    assert "! Nomor HP belum dibuktikan" in asked.text


async def test_a_code_after_all_proves_it(asked: Stage) -> None:
    held = code(asked)
    await asked.keys("F9", "F3")
    assert asked.step == Step.CONTACT
    await asked.keys("DOWN", "DOWN")
    assert asked.path == "otp"
    await asked.keys(held, "ENTER")
    assert asked.step == Step.REVIEW
    assert asked.draft.fact(Fact.VERIFIED) == PHONE
    assert asked.draft.fact(Fact.UNVERIFIED) == ""


async def test_f9_elsewhere_keeps_it_for_later(contact: Stage) -> None:
    await contact.keys("F9")
    assert contact.step == "home"


async def test_a_draft_taken_up_at_the_code_still_takes_it(asked: Stage) -> None:
    held = code(asked)
    await asked.keys("F12", "1", "ENTER")
    assert asked.path == "otp"
    await asked.keys(held, "ENTER")
    assert asked.step == Step.REVIEW


async def test_a_draft_taken_up_later_is_sent_a_new_code(asked: Stage) -> None:
    await asked.keys("F12")
    asked.clock.advance(600)
    await asked.keys("1", "ENTER")
    assert asked.says("screen.otp.sent", left=1)
    await asked.keys(code(asked), "ENTER")
    assert asked.step == Step.REVIEW


@pytest.mark.parametrize(
    ("path", "typed", "problem"),
    [
        ("contact.phone", "", "phone.missing"),
        ("contact.phone", "12345", "phone.format"),
        ("contact.phone", "021 555 6789", "phone.not_mobile"),
        ("contact.email", "", "email.missing"),
        ("contact.email", "budi@", "email.format"),
        ("contact.email", "[@click=app.quit]x[/]@a.b", "email.format"),
    ],
)
async def test_a_wrong_answer_stays(contact: Stage, path: str, typed: str, problem: str) -> None:
    if path == "contact.email":
        await contact.keys("081234567890", "ENTER")
    await contact.keys(typed, "ENTER")
    assert contact.path == path
    assert contact.typed == typed
    assert contact.says(f"problem.{problem}")


async def test_a_message_that_cannot_be_sent_is_said(contact: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr("kiosk.channels.sms_files.FilesSender.send", broken)
    await contact.keys("081234567890", "ENTER", "budi@example.org", "ENTER")
    assert contact.says("problem.otp.not_sent")
    assert contact.says("screen.otp.not_sent")
    await contact.keys("F9")
    assert contact.step == Step.REVIEW


async def test_without_a_simulation_no_message_is_shown(asked: Stage) -> None:
    text = code(asked)
    await asked.keys("F12")
    object.__setattr__(asked.services, "phone", None)
    await asked.keys("1", "ENTER")
    assert asked.path == "otp"
    assert text not in asked.text
    await asked.keys(text, "ENTER")
    assert asked.step == Step.REVIEW


async def test_a_code_is_not_asked_of_a_family_twice(asked: Stage) -> None:
    await asked.keys(code(asked), "ENTER", "F3")
    assert asked.step == Step.CONTACT
    assert asked.says("screen.otp.verified")
    await asked.keys("F10")
    assert asked.step == Step.REVIEW


async def test_an_address_that_was_refused_is_typed_anew(stage: Stage) -> None:
    await stage.open(Step.CONTACT, at="contact.email", answers={"contact.email": None})
    await stage.keys("budi", "ENTER", "budi@example.org", "ENTER")
    assert stage.draft.answer("contact.email") == "budi@example.org"


async def test_an_address_that_was_refused_can_be_mended_as_well(stage: Stage) -> None:
    await stage.open(Step.CONTACT, at="contact.email", answers={"contact.email": None})
    await stage.keys("budi@", "ENTER", "END", "example.org", "ENTER")
    assert stage.draft.answer("contact.email") == "budi@example.org"
