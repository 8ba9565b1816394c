"""A refusal on the screens: its card, the field that is mended, and what is sent again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from kiosk.domain.fields import Problem
from kiosk.domain.flow import Step
from kiosk.domain.registration import State
from tests.builders import KK, a_member, a_nik
from tests.screens.conftest import Stager
from tests.screens.hub_words import CHILD_NIK, REAL, accepted, refused, registered
from tests.screens.stage import Stage
from tests.screens.test_contact import code

RIGHT_NIK = a_nik(date(2012, 3, 12), "L", 33)
FACILITY = Problem("fktp", "fktp.unknown")


@pytest.fixture
async def card(stage: Stage) -> Stage:
    """The first screen with one refusal."""
    refused(stage.services, registered(stage.services))
    return await stage.start()


def stored(stage: Stage) -> tuple[State, int]:
    (found,) = stage.services.queries.newest()
    return found.state, found.version


# The card.


async def test_a_card_says_whose_and_what_and_nothing_more(card: Stage) -> None:
    assert "1 perlu diperbaiki" in card.frame()[0]
    assert card.says("screen.mend.cards", count=1)
    assert "L-0001-8Y" in card.text
    assert "B*** S******" in card.text
    assert "Anggota 3, NIK: NIK ini sudah terdaftar dengan kode K2-0007-QQ" in card.text
    assert "BUDI" not in card.text
    assert KK not in card.text


async def test_its_number_opens_it_at_the_field_and_says_why(card: Stage) -> None:
    await card.keys("1", "ENTER")
    assert card.path == CHILD_NIK
    assert card.says("screen.mend.taken", other="K2-0007-QQ")


async def test_mended_with_enter_and_two_keys_it_is_sent_again(card: Stage) -> None:
    await card.keys("1", "ENTER", RIGHT_NIK, "ENTER")
    assert card.step == Step.REVIEW
    assert "F10 Kirim lagi" in card.frame()[23]
    await card.keys("F10")
    assert card.step == Step.ACCOUNT
    assert "L-0001-8Y" in card.text
    assert card.says("screen.account.mended")
    assert "1 menunggu kirim" in card.frame()[0]
    assert "perlu diperbaiki" not in card.frame()[0]
    assert stored(card) == (State.SUBMITTED, 2)
    await card.keys("F12")
    assert not card.says("screen.mend.cards", count=1)


async def test_every_mended_answer_is_kept_and_the_card_says_so(card: Stage) -> None:
    await card.keys("1", "ENTER", RIGHT_NIK, "ENTER", "F12")
    assert "mulai diperbaiki" in card.text
    assert not card.says("screen.home.drafts"), "a card is no second draft"
    await card.keys("1", "ENTER")
    assert card.step == Step.REVIEW
    assert card.draft.answer(CHILD_NIK) == RIGHT_NIK
    assert card.says("screen.mend.gone_on", at="22-11-2026 09:00")
    assert not card.says("screen.mend.refused", why="")
    assert "990101 120312 0033" in card.text, "what was mended is in sight"
    assert stored(card) == (State.NEEDS_FIX, 1)


async def test_what_was_refused_is_said_again_until_it_is_changed(card: Stage) -> None:
    await card.keys("1", "ENTER", "PGUP", "DOWN", "ENTER", "F12", "1", "ENTER")
    assert card.says("screen.mend.gone_on", at="22-11-2026 09:00")
    assert card.says("screen.mend.taken", other="K2-0007-QQ")


async def test_looking_leaves_nothing_behind(card: Stage) -> None:
    await card.keys("1", "ENTER", "F12")
    assert card.step == "home"
    assert "mulai diperbaiki" not in card.text
    assert not card.says("screen.slip.code")
    assert card.services.drafts.page(limit=9) == []


async def test_what_was_mended_so_far_is_thrown_away_after_a_question(card: Stage) -> None:
    await card.keys("1", "ENTER", RIGHT_NIK, "ENTER", "F12", "1", "DEL")
    assert card.says("screen.mend.discard", reference="L-0001-8Y")
    await card.keys("F10")
    assert card.says("screen.home.discarded")
    assert card.services.drafts.page(limit=9) == []
    await card.keys("1", "ENTER")
    assert card.draft.answer(CHILD_NIK) != RIGHT_NIK
    assert stored(card) == (State.NEEDS_FIX, 1)


async def test_a_slip_leads_back_to_it(card: Stage) -> None:
    await card.keys("1", "ENTER", RIGHT_NIK, "ENTER", "F9")
    slip = next(line for line in card.frame() if "Kode untuk melanjutkan" in line).split()[-1]
    await card.keys(slip, "ENTER")
    assert card.step == Step.REVIEW
    assert card.draft.answer(CHILD_NIK) == RIGHT_NIK


async def test_sending_what_was_not_changed_is_asked_about_once(card: Stage) -> None:
    await card.keys("1", "ENTER", "ENTER", "F10")
    assert card.says("screen.mend.unchanged")
    assert stored(card) == (State.NEEDS_FIX, 1)
    await card.keys("F10")
    assert stored(card) == (State.SUBMITTED, 2)


async def test_another_line_of_the_review_can_be_changed_as_well(card: Stage) -> None:
    await card.keys("1", "ENTER", RIGHT_NIK, "ENTER", "2", "ENTER")
    assert card.path == "members[0].nik"
    await card.keys("ENTER", "F10")
    assert stored(card) == (State.SUBMITTED, 2)


async def test_a_changed_phone_is_proved_again(stage: Stage) -> None:
    refused(stage.services, registered(stage.services), [Problem("contact.phone", "phone.format")], "")
    await stage.start()
    await stage.keys("1", "ENTER", "081399998888", "ENTER")
    assert stage.path == "otp"
    await stage.keys(code(stage, "+6281399998888"), "ENTER")
    assert stage.step == Step.REVIEW
    await stage.keys("F10")
    (found,) = stage.services.queries.newest()
    assert found.verified_phone
    assert found.family["contact"]["phone"] == "+6281399998888"


async def test_an_unchanged_phone_is_not(card: Stage) -> None:
    await card.keys("1", "ENTER", RIGHT_NIK, "ENTER", "F10")
    assert card.step == Step.ACCOUNT


async def test_a_member_taken_out_needs_consent_again(card: Stage) -> None:
    await card.keys("1", "ENTER", "DEL", "F10", "F10")
    assert card.step == Step.REVIEW
    assert "F10 Kirim lagi" not in card.frame()[23]
    await card.keys("F10")
    assert card.step == Step.CONSENT
    assert card.path == "consent.accepted"
    assert card.typed == ""
    await card.keys("F10")
    assert card.says("problem.consent.missing")
    await card.keys("ya", "ENTER", "F10")
    assert card.step == Step.ACCOUNT
    (found,) = card.services.queries.newest()
    assert [member["name"] for member in found.family["members"]] == ["BUDI SANTOSO", "SITI AMINAH"]


async def test_another_class_needs_consent_again(stage: Stage) -> None:
    refused(stage.services, registered(stage.services), [Problem("class", "class.choice")], "")
    await stage.start()
    await stage.keys("1", "ENTER", "3", "ENTER", "F10")
    assert stage.step == Step.CONSENT


@pytest.mark.parametrize("layout", ["sheet", "single"])
async def test_a_nik_is_asked_twice_where_the_settings_say_so(staged: Stager, layout: str) -> None:
    stage = staged(layout=layout, confirm_nik=True)
    refused(stage.services, registered(stage.services))
    await stage.start()
    await stage.keys("1", "ENTER", RIGHT_NIK, "ENTER")
    assert stage.path == "members[2].nik_again"
    await stage.keys(RIGHT_NIK[-4:], "ENTER")
    assert stage.step == Step.REVIEW
    await stage.keys("F10")
    assert stored(stage) == (State.SUBMITTED, 2)


TWO = (FACILITY, Problem("contact.email", "email.format"))


@pytest.fixture
async def two_wrong(stage: Stage) -> Stage:
    """The first screen with a refusal that names two answers."""
    refused(stage.services, registered(stage.services), TWO, "")
    return await stage.start()


async def test_one_wrong_answer_after_the_other_is_opened_before_the_review(two_wrong: Stage) -> None:
    assert "(+1)" in two_wrong.text
    await two_wrong.keys("1", "ENTER")
    assert two_wrong.path == "fktp"
    await two_wrong.keys("99010002", "ENTER")
    if two_wrong.path == "fktp":
        await two_wrong.keys("ENTER")  # a warning asks to look again
    assert two_wrong.path == "contact.email"
    assert two_wrong.says("problem.email.format")
    await two_wrong.keys(*["BACKSPACE"] * 30, "baru@example.org", "ENTER")
    assert two_wrong.step == Step.REVIEW
    await two_wrong.keys("F10")
    assert stored(two_wrong) == (State.SUBMITTED, 2)


async def test_what_is_passed_over_is_asked_about_once_and_leads_nowhere_again(two_wrong: Stage) -> None:
    await two_wrong.keys("1", "ENTER", "ENTER")
    assert two_wrong.path == "contact.email"
    await two_wrong.keys("F10")
    assert two_wrong.step == Step.REVIEW
    await two_wrong.keys("F10")
    assert two_wrong.says("screen.mend.unchanged")
    await two_wrong.keys("F10")
    assert stored(two_wrong) == (State.SUBMITTED, 2)


async def test_the_rest_is_opened_when_it_is_gone_on_with(two_wrong: Stage) -> None:
    await two_wrong.keys("1", "ENTER", "99010002", "ENTER")
    if two_wrong.path == "fktp":
        await two_wrong.keys("ENTER")
    await two_wrong.keys("F12", "1", "ENTER")
    assert two_wrong.path == "contact.email"
    assert two_wrong.says("problem.email.format")
    assert two_wrong.says("screen.mend.gone_on", at="22-11-2026 09:00")


async def test_a_family_as_a_whole_is_mended_at_its_members(stage: Stage) -> None:
    problems = [Problem("members", "family.no_head"), Problem("contact.email", "email.format")]
    refused(stage.services, registered(stage.services), problems, "")
    await stage.start()
    await stage.keys("1", "ENTER")
    assert stage.step == Step.MEMBERS
    assert stage.says("problem.family.no_head")
    await stage.keys("F10")
    assert stage.path == "contact.email"
    await stage.keys("ENTER")
    assert stage.step == Step.REVIEW


# What a hub may say.


@pytest.mark.parametrize(
    ("problem", "at"),
    [
        (FACILITY, "fktp"),
        (Problem("kk", "kk.length", params={"count": 15}), "kk"),
        (Problem("address.region", "region.unknown"), "address.region"),
        (Problem("bank.account", "account.format"), "bank.account"),
        (Problem("contact.email", "email.format"), "contact.email"),
        (Problem("members[0].birth_date", "birth_date.future"), "members[0].birth_date"),
    ],
)
async def test_each_field_is_opened_on_its_own_page(stage: Stage, problem: Problem, at: str) -> None:
    refused(stage.services, registered(stage.services), [problem], "")
    await stage.start()
    await stage.keys("1", "ENTER")
    assert stage.path == at
    assert stage.says("screen.mend.refused", why="")
    await stage.keys("ENTER")
    assert stage.step == Step.REVIEW


@pytest.mark.parametrize(
    "problem",
    [
        Problem("", "record.accepted"),
        Problem("", "a.code.of.tomorrow"),
        Problem("[/]\x1b[31m", "\x1b]0;x\x07"),
        Problem("consent.guardian", "nik.length"),
        Problem("members[7].nik", "nik.length", params={"count": "{x}"}),
    ],
)
async def test_what_no_form_asks_is_said_over_the_review(stage: Stage, problem: Problem) -> None:
    refused(stage.services, registered(stage.services), [problem], "")
    await stage.start()
    assert "L-0001-8Y" in stage.text
    await stage.keys("1", "ENTER")
    assert stage.step in {Step.REVIEW, Step.CONSENT, Step.MEMBERS}
    assert stage.says("screen.mend.refused", why="")


async def test_a_refusal_without_a_reason_is_said_so(stage: Stage) -> None:
    refused(stage.services, registered(stage.services), [], "")
    await stage.start()
    await stage.keys("1", "ENTER")
    assert stage.says("problem.hub.refused")


async def test_another_family_with_the_same_people_is_named(stage: Stage) -> None:
    refused(stage.services, registered(stage.services), [FACILITY], "K9-0001-XX")
    await stage.start()
    assert "sama: K9-0001-XX" in stage.text
    await stage.keys("1", "ENTER")
    assert stage.says("screen.mend.other", other="K9-0001-XX")


# What happened meanwhile.


async def test_what_was_decided_meanwhile_is_said_on_the_first_screen(card: Stage) -> None:
    await card.keys("1", "ENTER", RIGHT_NIK, "ENTER")
    (found,) = card.services.queries.newest()
    with card.services.open_work() as work:
        work.registrations.replace(replace(found, state=State.ACCEPTED))
        work.commit()
    await card.keys("F10")
    assert card.step == "home"
    assert card.says("problem.mend.decided")
    assert card.services.drafts.page(limit=9) == []


async def test_no_answer_is_kept_to_what_was_decided_meanwhile(card: Stage) -> None:
    await card.keys("1", "ENTER")
    (found,) = card.services.queries.newest()
    with card.services.open_work() as work:
        work.registrations.replace(replace(found, state=State.CANCELLED))
        work.commit()
    await card.keys(RIGHT_NIK, "ENTER")
    assert card.step == "home"
    assert card.says("problem.mend.cancelled")
    assert card.services.drafts.page(limit=9) == []


async def test_what_somebody_else_has_sent_is_said(card: Stage) -> None:
    await card.keys("1", "ENTER", RIGHT_NIK, "ENTER")
    opened = card.services.mending.open("L-0001-8Y", card.services.rules()).draft
    card.services.mending.submit(opened, card.services.rules())
    await card.keys("F10")
    assert card.step == "home"
    assert card.says("problem.mend.done")
    assert stored(card) == (State.SUBMITTED, 2)


async def test_a_card_that_is_one_no_more_is_said(card: Stage) -> None:
    (found,) = card.services.queries.newest()
    with card.services.open_work() as work:
        work.registrations.replace(replace(found, purged_at="2026-12-24"))
        work.commit()
    await card.keys("1", "ENTER")
    assert card.step == "home"
    assert card.says("problem.mend.purged")


async def test_two_who_mend_see_what_the_other_saved(card: Stage) -> None:
    await card.keys("1", "ENTER")
    opened = card.services.mending.open("L-0001-8Y", card.services.rules()).draft
    card.services.drafts.save(opened.with_answers({"contact.email": "lain@example.org"}))
    await card.keys(RIGHT_NIK, "ENTER")
    assert card.says("problem.draft.stale")
    assert card.draft.answer("contact.email") == "lain@example.org"
    assert card.typed == RIGHT_NIK
    await card.keys("ENTER", "F10")
    (found,) = card.services.queries.newest()
    assert found.family["contact"]["email"] == "lain@example.org"
    assert found.family["members"][2]["nik"] == RIGHT_NIK


async def test_a_full_disk_sends_nothing_and_loses_nothing(card: Stage, no_room: Callable[..., None]) -> None:
    await card.keys("1", "ENTER", RIGHT_NIK, "ENTER")
    no_room()
    await card.keys("F10")
    assert card.step == Step.REVIEW
    assert card.says("screen.not_saved")
    assert stored(card) == (State.NEEDS_FIX, 1)
    no_room(full=False)
    await card.keys("F10")
    assert stored(card) == (State.SUBMITTED, 2)


# The first screen.


async def test_lists_share_their_numbers_and_their_room(stage: Stage) -> None:
    services = stage.services
    for number in range(5):
        kk = f"99010101012001{number:02d}"
        one = registered(services, kk=kk, members=[a_member(serial=10 + number, name="WATI")])
        refused(services, one, [FACILITY], "")
    for number in range(9):
        draft = services.drafts.start().with_answers({"kk": KK, "members[0].name": f"R{number}"})
        services.drafts.save(draft.moved_to("members[0].relation"))
    for number in range(9):
        registered(services, kk=f"99010101012002{number:02d}", members=[a_member(serial=30 + number)])
    await stage.start()
    numbers = [int(line[3:5]) for line in stage.frame()[3:20] if line[3:5].strip().isdigit()]
    assert numbers == list(range(1, 8))
    assert stage.says("screen.mend.cards", count=5)
    assert stage.says("screen.home.today")
    await stage.keys("4", "ENTER")
    assert stage.draft.answer("members[0].name") == "R8"
    await stage.keys("F12", "1", "DEL")
    assert stage.step == "home", "a card cannot be thrown away"
    assert len(stage.services.queries.page(state=State.NEEDS_FIX)) == 5
    last = next(line for line in reversed(stage.frame()[:20]) if line[3:5].strip().isdigit())[3:5].strip()
    await stage.keys("BACKSPACE", str(int(last) + 1), "ENTER")
    assert stage.says("screen.home.not_found"), "a line without room has no number"
    await stage.keys(last, "ENTER")
    assert stage.step == Step.ACCOUNT


async def test_a_refused_family_is_opened_from_its_page_as_well(card: Stage) -> None:
    await card.keys("L-0001-8Y", "ENTER")
    assert card.step == Step.ACCOUNT
    assert card.says("screen.mend.how")
    assert "F10 Perbaiki" in card.frame()[23]
    await card.keys("F10")
    assert card.path == CHILD_NIK


# The village.


async def test_the_village_shows_no_card_and_opens_by_the_whole_kk(staged: Stager) -> None:
    stage = staged("village")
    one = refused(
        stage.services, registered(stage.services, **REAL), [Problem("members[0].name", "name.missing")], ""
    )
    await stage.menu()
    assert one.reference not in stage.text
    assert "B***" not in stage.text
    await stage.keys(one.reference, "ENTER")
    assert stage.step == "StandingPage"
    assert stage.says("screen.standing.needs_fix", at="22-11-2026 10:41")
    assert stage.says("screen.mend.by_kk")
    for secret in ("BUDI", "B***", "3173", "Nama"):
        assert secret not in stage.text
    await stage.keys("ENTER", "3173051208800003", "ENTER")
    assert stage.says("screen.home.not_found"), "a NIK opens nothing here"
    await stage.keys("3173052107200012", "ENTER")
    assert stage.path == "members[0].name"
    await stage.keys("F12")
    assert "BUDI" not in stage.text


async def test_the_village_tells_how_a_registration_stands_by_its_code(staged: Stager) -> None:
    stage = staged("village")
    one = registered(stage.services, **REAL)
    accepted(stage.services, one)
    await stage.menu()
    for typed in (one.reference, "3173052107200012"):
        await stage.keys(typed, "ENTER")
        assert stage.says("screen.standing.accepted", at="22-11-2026 10:41")
        assert "BUDI" not in stage.text
        await stage.keys("F1")
        assert stage.says("help.page.standing")
        await stage.keys("ENTER", "F2", "F3")
        assert stage.step == "home"
    await stage.keys("K1-0099-ZZ", "ENTER")
    assert stage.says("screen.home.not_found")
