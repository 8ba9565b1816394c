"""The No. KK, the captcha and what is known of a family card."""

from __future__ import annotations

import pytest

from kiosk.domain.captcha import Challenge, number_words, question
from kiosk.domain.flow import Fact, Step
from screens.registration.kk import KkPage
from tests.builders import KK, a_participant
from tests.screens.stage import Stage


@pytest.fixture
async def kk(stage: Stage) -> Stage:
    await stage.start()
    await stage.keys("F10", "F10")
    assert stage.step == Step.KK
    return stage


def challenge(stage: Stage) -> Challenge:
    assert isinstance(stage.top, KkPage)
    return stage.top._desk.challenge


async def wrong(stage: Stage, times: int) -> None:
    for _ in range(times):
        await stage.keys("zzzzz", "ENTER")


async def test_number_and_captcha_lead_to_the_members(kk: Stage) -> None:
    await kk.keys(KK, "ENTER", challenge(kk).characters.lower(), "ENTER")
    assert kk.step == Step.MEMBERS
    assert kk.draft.fact(Fact.CAPTCHA) == "passed"
    assert "990101 010120 0012" in kk.text


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "kk.missing"),
        ("99010101012000O2", "kk.characters"),
        ("990101", "kk.length"),
        ("9999999999999999", "kk.placeholder"),
        ("3173052107200012", "kk.not_training"),
    ],
)
async def test_a_wrong_number_stays_and_says_how_to_mend_it(kk: Stage, typed: str, code: str) -> None:
    await kk.keys(typed, "ENTER")
    assert kk.path == "kk"
    assert kk.typed == typed
    params = {"count": len(typed)} if code == "kk.length" else {}
    assert kk.says(f"problem.{code}", **params)
    assert kk.services.drafts.resume(kk.draft.id) is not None
    assert kk.draft.answer("kk") == ""


@pytest.mark.parametrize("typed", ["9901010101200012", " 990101.010120-0012 ", "\u202e9901 0101 0120 0012"])
async def test_separators_cost_nothing(kk: Stage, typed: str) -> None:
    await kk.paste(typed)
    await kk.keys("ENTER")
    assert kk.path == "captcha"


@pytest.mark.parametrize(
    ("typed", "code"), [("9999010101200012", "kk.region_unknown"), ("9901019901200012", "kk.date")]
)
async def test_a_warning_passes_at_the_second_enter(kk: Stage, typed: str, code: str) -> None:
    await kk.keys(typed, "ENTER")
    assert kk.path == "kk"
    assert kk.says(f"problem.{code}")
    assert kk.says("screen.once_more")
    await kk.keys("ENTER")
    assert kk.path == "captcha"


async def test_another_answer_is_warned_of_anew(kk: Stage) -> None:
    await kk.keys("9999010101200012", "ENTER", "BACKSPACE", "3", "ENTER")
    assert kk.path == "kk"
    assert kk.says("problem.kk.region_unknown")


async def test_the_sum_in_words_is_another_way(kk: Stage) -> None:
    await kk.keys(KK, "ENTER")
    assert question(challenge(kk), "id") in kk.text
    await kk.keys(str(challenge(kk).answer), "ENTER")
    assert kk.step == Step.MEMBERS


@pytest.mark.parametrize("language", ["id", "en"])
async def test_the_sum_may_be_answered_in_words(kk: Stage, language: str) -> None:
    await kk.keys(KK, "ENTER")
    await kk.keys(number_words(challenge(kk).answer, language), "ENTER")
    assert kk.step == Step.MEMBERS


async def test_f5_shows_another(kk: Stage) -> None:
    await kk.keys(KK, "ENTER", "abc")
    before = challenge(kk)
    await kk.keys("F5")
    assert challenge(kk).characters != before.characters
    assert kk.typed == ""


@pytest.mark.parametrize("key", ["ENTER", "F10"])
async def test_no_answer_is_no_proof(kk: Stage, key: str) -> None:
    await kk.keys(KK, "ENTER", key)
    assert kk.path == "captcha"
    assert kk.says("problem.captcha.missing")


async def test_a_wrong_answer_shows_another_and_counts(kk: Stage) -> None:
    await kk.keys(KK, "ENTER")
    before = challenge(kk)
    await wrong(kk, 1)
    assert kk.says("problem.captcha.wrong", left=4)
    assert challenge(kk) != before


async def test_five_wrong_answers_pause_and_the_draft_is_kept(kk: Stage) -> None:
    await kk.keys(KK, "ENTER")
    await wrong(kk, 5)
    assert kk.says("problem.captcha.paused", seconds=60)
    await kk.keys(challenge(kk).characters, "ENTER")
    assert kk.step == Step.KK
    kk.tick(30)
    assert kk.says("problem.captcha.paused", seconds=30)
    kept = kk.services.drafts.resume(kk.draft.id)
    assert kept is not None
    assert kept.answer("kk") == KK
    kk.tick(31)
    await kk.keys(challenge(kk).characters, "ENTER")
    assert kk.step == Step.MEMBERS


async def test_when_a_pause_is_over_the_new_captcha_is_drawn(kk: Stage) -> None:
    await kk.keys(KK, "ENTER")
    await wrong(kk, 5)
    assert kk.tick(59)
    assert kk.says("problem.captcha.paused", seconds=1)
    assert kk.tick(), "nothing would draw what comes after the pause"
    assert kk.says("screen.captcha.type")
    assert not kk.tick(), "once it is drawn, there is nothing more to draw"


async def test_a_pause_is_told_once_and_offers_no_other_captcha(kk: Stage) -> None:
    await kk.keys(KK, "ENTER")
    await wrong(kk, 6)
    sentence = kk.context.t("problem.captcha.paused", seconds=60)
    assert kk.text.count(sentence) == 1
    assert "F5" not in kk.frame()[-1]
    held = challenge(kk)
    await kk.keys("F5")
    assert challenge(kk) == held


async def test_another_captcha_is_offered_where_one_is_shown(kk: Stage) -> None:
    assert "F5" in kk.frame()[-1]
    await kk.keys(KK, "ENTER", challenge(kk).characters, "ENTER", "F3")
    assert kk.step == Step.KK
    assert "F5" not in kk.frame()[-1]


async def test_a_pause_outlives_leaving_and_coming_back(kk: Stage) -> None:
    await kk.keys(KK, "ENTER")
    await wrong(kk, 5)
    await kk.keys("F12", "1", "ENTER")
    assert kk.step == Step.KK
    await kk.keys(challenge(kk).characters, "ENTER")
    assert kk.step == Step.KK
    assert kk.says("problem.captcha.paused", seconds=60)


async def test_a_captcha_grows_old(kk: Stage) -> None:
    await kk.keys(KK, "ENTER")
    kk.clock.advance(601)
    await kk.keys(challenge(kk).characters, "ENTER")
    assert kk.says("problem.captcha.expired")
    assert kk.step == Step.KK


async def test_f3_and_f10_lose_nothing(kk: Stage) -> None:
    await kk.keys(KK, "ENTER", "F3")
    assert kk.step == Step.TERMS
    await kk.keys("F10")
    assert kk.step == Step.KK
    await kk.keys("UP")
    assert kk.draft.answer("kk") == KK
    assert kk.typed == KK


async def test_f9_keeps_it_for_later(kk: Stage) -> None:
    await kk.keys(KK, "ENTER", "F9")
    assert kk.step == "home"
    assert kk.says("screen.draft_kept")
    await kk.keys("1", "ENTER")
    assert kk.path == "captcha"


async def test_who_is_known_on_the_card_is_shown_masked_and_asked_about(kk: Stage) -> None:
    known = a_participant("PPU_BU", head=True)
    kk.know(known)
    await kk.keys(KK, "ENTER")
    assert kk.path == "login"
    assert "H*** W*****" in kk.text
    assert "HADI" not in kk.text
    assert known.nik not in kk.text
    await kk.keys("ENTER")
    assert kk.draft.answer("login") == "none"
    assert kk.path == "captcha"


async def test_the_login_is_chosen_by_code_word_or_list(kk: Stage) -> None:
    kk.know(a_participant("PBPU", head=True))
    await kk.keys(KK, "ENTER", "9", "ENTER")
    assert kk.says("problem.login.choice")
    await kk.keys("BACKSPACE", "F4", "DOWN", "DOWN", "ENTER")
    assert kk.draft.answer("login") == "head"
    assert kk.path == "captcha"


async def test_a_solved_captcha_is_not_asked_again(kk: Stage) -> None:
    await kk.keys(KK, "ENTER", challenge(kk).characters, "ENTER", "F3")
    assert kk.step == Step.KK
    assert kk.path == "kk"
    assert "###" not in kk.text
    await kk.keys("ENTER")
    assert kk.step == Step.MEMBERS


async def test_choices_and_same_have_nothing_here(kk: Stage) -> None:
    await kk.keys("F4")
    assert kk.says("screen.no_choices")
    await kk.keys("F6")
    assert kk.says("screen.nothing_before")


async def test_another_card_after_the_members_asks_who_is_known_there(kk: Stage) -> None:
    await kk.keys(KK, "ENTER", challenge(kk).characters, "ENTER", "F3")
    kk.know(a_participant("PBPU", head=True, kk="9901010101200099"))
    await kk.keys("BACKSPACE", "BACKSPACE", "99", "ENTER")
    assert kk.path == "login"
