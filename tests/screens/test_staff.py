"""Staff on screens: the first start, signing in, the lock, handing over, signing out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.domain.flow import Step
from kiosk.domain.resume_code import make_code
from kiosk.domain.staff import Role
from kiosk.services.staff import SignedIn
from screens.keys import Key, Press
from tests.builders import a_draft, a_family, a_member
from tests.screens.conftest import Stager
from tests.screens.counter import BUDI, PINS, RINA, SITI, proved, signed_in, staffed, trail
from tests.screens.stage import Stage
from tests.staff.beside import Beside

KK = "3173050101200012"
REAL = {"kk": KK}


async def begin_family(stage: Stage) -> str:
    """A family whose No. KK was typed; the id of its draft."""
    await stage.keys("F10", "F10", KK, "ENTER")
    return stage.draft.id


# The first start.


async def test_a_counter_without_accounts_makes_a_supervisor_or_practises(staged: Stager) -> None:
    stage = await staged("counter", sign_in=True).start()
    assert stage.step == "FirstStartPage"
    await stage.keys("F10", "F3", "3", "ENTER", "ENTER")
    assert stage.step == "FirstStartPage"
    await stage.keys("1", "ENTER", "siti rahma", "ENTER", "271828", "ENTER", "271828", "ENTER")
    assert stage.step == "home"
    (siti,) = stage.services.staffing.staff.people()
    assert (siti.name, siti.role) == ("siti rahma", Role.SUPERVISOR)
    assert "siti r." in stage.frame()[0]
    assert stage.services.staffing.shifts.who == siti.id


async def test_practising_first_makes_nothing_and_leaves_the_program(staged: Stager) -> None:
    stage = await staged("counter", sign_in=True).start()
    await stage.keys("2", "ENTER")
    assert (stage.left, stage.context.practises) == (0, True)
    assert stage.services.staffing.staff.is_empty()


@pytest.mark.parametrize(
    ("pin", "problem"),
    [("", "pin.missing"), ("12345", "pin.short"), ("111111", "pin.simple"), ("123456", "pin.simple")],
)
async def test_a_pin_that_is_easily_guessed_is_refused(staged: Stager, pin: str, problem: str) -> None:
    stage = await staged("counter", sign_in=True).start()
    await stage.keys("1", "ENTER", "Siti", "ENTER", pin, "ENTER")
    assert stage.says(f"problem.{problem}")
    await stage.keys("271828", "ENTER", "271829", "ENTER")
    assert stage.says("problem.pin.repeat")
    await stage.keys("271828", "ENTER", "271828", "ENTER")
    assert stage.step == "home"


async def test_a_pin_is_never_shown_while_it_is_typed(staged: Stager) -> None:
    stage = await staged("counter", sign_in=True).start()
    await stage.keys("1", "ENTER", "Siti", "ENTER")
    for digit in "271828":
        await stage.keys(digit)
        assert digit not in stage.frame()[stage.cursor[1]] if stage.cursor else False
    await stage.keys("ENTER", "271828")
    assert "271828" not in stage.text


# Signing in.


async def test_a_number_and_a_pin_sign_in(staged: Stager) -> None:
    stage = await staffed(staged).start()
    assert stage.step == "SignInPage"
    for name in PINS:
        assert name in stage.text
    await stage.keys("3", "ENTER", PINS[RINA], "ENTER")
    assert stage.step == "home"
    assert "LOKET  Rina W." in stage.frame()[0]


async def test_a_name_or_the_beginning_of_it_does_as_well(staged: Stager) -> None:
    stage = await staffed(staged).start()
    await stage.keys("budi", "ENTER", PINS[BUDI], "ENTER")
    assert stage.step == "home"


@pytest.mark.parametrize("typed", ["0", "4", "99", "x", "[/]", "\u00b2"])
async def test_who_is_not_in_the_list_is_asked_again(staged: Stager, typed: str) -> None:
    stage = await staffed(staged).start()
    await stage.keys(typed, "ENTER")
    assert stage.step == "SignInPage"
    assert stage.says("screen.staff.who", count=3)


async def test_the_same_person_goes_on_with_the_turn_after_a_restart(staged: Stager) -> None:
    stage = await signed_in(staged)
    first = stage.services.staffing.shifts.current()
    stage.context.session = None
    await stage.start()
    await stage.keys("2", "ENTER", PINS[BUDI], "ENTER")
    assert stage.services.staffing.shifts.current() == first


async def test_a_wrong_pin_is_said_and_then_costs_time_for_that_account_alone(staged: Stager) -> None:
    stage = await staffed(staged).start()
    await stage.keys("2", "ENTER")
    for _ in range(3):
        await stage.keys("000111", "ENTER")
        assert stage.says("problem.pin.wrong")
    await stage.keys("000111", "ENTER")
    assert stage.says("screen.staff.paused", seconds=5)
    await stage.keys(PINS[BUDI], "ENTER")
    assert stage.says("screen.staff.wait", seconds=5)
    assert stage.tick(2)
    assert stage.says("screen.staff.paused", seconds=3)
    await stage.keys("UP", "3", "ENTER", PINS[RINA], "ENTER")
    assert stage.step == "home"


async def test_the_pause_ends_by_itself(staged: Stager) -> None:
    stage = await staffed(staged).start()
    await stage.keys("2", "ENTER")
    for _ in range(4):
        await stage.keys("000111", "ENTER")
    stage.tick(6)
    assert not stage.says("screen.staff.paused", seconds=1)
    await stage.keys(PINS[BUDI], "ENTER")
    assert stage.step == "home"


async def test_a_supervisor_ends_the_pauses_and_signs_nobody_in(staged: Stager) -> None:
    stage = await staffed(staged).start()
    await stage.keys("2", "ENTER")
    for _ in range(4):
        await stage.keys("000111", "ENTER")
    await stage.keys("F2")
    assert stage.step == "UnlockPage"
    assert BUDI not in stage.text
    await stage.keys("1", "ENTER", PINS[SITI], "ENTER")
    assert stage.step == "SignInPage"
    assert stage.says("screen.staff.unlocked", name=BUDI)
    assert stage.context.session is None
    await stage.keys(PINS[BUDI], "ENTER")
    assert stage.step == "home"


async def test_a_number_of_the_list_is_not_taken_for_a_pin(staged: Stager) -> None:
    """Who is used to typing their number does so where somebody else's name stands already."""
    stage = await signed_in(staged)
    await stage.keys("F2", "1", "ENTER")
    assert stage.step == "LockPage"
    await stage.keys("3", "ENTER", PINS[RINA], "ENTER")
    assert stage.step == "home"
    with stage.services.open_work() as work:
        assert [one.failures for one in work.staff.everybody()] == [0, 0, 0]


async def test_whoever_was_chosen_stays_marked_after_a_wrong_pin(staged: Stager) -> None:
    stage = await staffed(staged).start()
    await stage.keys("2", "ENTER", "000111", "ENTER")
    assert f" >  2  {BUDI}" in stage.text


async def test_more_people_than_lines_are_scrolled_to_and_chosen(staged: Stager) -> None:
    stage = staged("counter", sign_in=True)
    staff = stage.services.staffing.staff
    staff.add("Petugas 01", Role.SUPERVISOR, PINS[SITI])
    boss = staff.sign_in("S1", PINS[SITI])
    assert isinstance(boss, SignedIn)
    with stage.services.open_work() as work:
        first = work.staff.everybody()[0]
        for number in range(2, 31):
            work.staff.add(
                replace(first, id=f"S{number}", name=f"Petugas {number:02} yang panjang namanya ini")
            )
        work.commit()
    await stage.start()
    assert "Petugas 30" not in stage.text
    await stage.keys(*["PGDN"] * 6)
    assert "Petugas 30" in stage.text
    await stage.keys(*["PGUP"] * 6, "28", "ENTER")
    assert " > 28  Petugas 28" in stage.text
    await stage.keys(PINS[SITI], "ENTER")
    assert stage.step == "home"


async def test_an_account_that_is_closed_meanwhile_is_no_longer_asked_for(staged: Stager) -> None:
    stage = await staffed(staged).start()
    await stage.keys("2", "ENTER")
    stage.services.staffing.staff.deactivate("S2", by=proved(stage, SITI))
    await stage.keys(PINS[BUDI], "ENTER")
    assert stage.says("problem.staff.unknown")
    assert BUDI not in stage.text
    await stage.keys(PINS[BUDI], "ENTER", "2", "ENTER", PINS[RINA], "ENTER")
    assert stage.step == "home"


async def test_f5_changes_the_language_of_the_page_to_sign_in(staged: Stager) -> None:
    stage = await staffed(staged).start()
    await stage.keys("F5")
    assert "Sign in" in stage.text


@pytest.mark.parametrize(
    "name",
    [
        "[/bold] [red]X",
        "\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57 \u540d",
        "A" * 40,
        "O\u2019Neil %s %(x)s",
    ],
)
async def test_a_strange_name_is_shown_as_it_is_and_moves_nothing(staged: Stager, name: str) -> None:
    stage = await staged("counter", sign_in=True).start()
    await stage.keys("1", "ENTER", name, "ENTER", "271828", "ENTER", "271828", "ENTER")
    assert stage.step == "home"
    await stage.keys("F2", "6", "ENTER")
    assert name[:20] in stage.text
    await stage.keys("1", "ENTER", "F3", "F3", "F2", "5", "ENTER", "F10", "F3", "F3", "F2", "3", "ENTER")
    assert stage.step == "SignInPage"
    assert name in stage.text


async def test_signing_out_takes_the_message_of_the_phone_away(staged: Stager) -> None:
    stage = await signed_in(staged)
    family = a_family(kk=KK, members=[a_member(nik="3173051208800003")])
    journey = await stage.open(Step.CONTACT, family, at="contact.phone", without=[Step.CONTACT])
    await journey.record({"verified_phone": None})
    await stage.keys("081234567890", "ENTER", "budi@example.org", "ENTER")
    assert [path for path in stage.config.sms_spool.rglob("*") if path.is_file()]
    await stage.keys("F2", "3", "ENTER")
    assert [path for path in stage.config.sms_spool.rglob("*") if path.is_file()] == []


async def test_f12_leaves_after_a_question(staged: Stager) -> None:
    stage = await staffed(staged).start()
    await stage.keys("F12", "F10")
    assert stage.left == 0


# The lock.


async def test_a_locked_screen_shows_nothing_and_opens_at_the_same_place(staged: Stager) -> None:
    stage = await signed_in(staged)
    await begin_family(stage)
    await stage.keys("F2", "1", "ENTER")
    assert stage.step == "LockPage"
    assert "317305" not in stage.text
    assert KK not in stage.text
    await stage.keys("F3", "F12", "F9", "F10", "F8", "DEL")
    assert stage.step == "LockPage"
    await stage.keys(PINS[BUDI], "ENTER")
    assert stage.path == "captcha"
    assert stage.services.staffing.shifts.current().staff == "S2"  # type: ignore[union-attr]


@pytest.mark.parametrize("key", list(Key))
async def test_no_key_gets_past_a_lock_or_the_page_to_sign_in(staged: Stager, key: Key) -> None:
    stage = await signed_in(staged)
    await begin_family(stage)
    await stage.keys("F2", "1", "ENTER")
    kept = stage.pages[:-1]
    for _ in range(3):
        await stage.top.press(Press(key, "x" if key is Key.TEXT else ""))
        assert stage.step in {"LockPage", "UnlockPage", "Help"}
        assert "317305" not in stage.text
    assert stage.pages[: len(kept)] == kept
    assert stage.left is None
    stage.context.session = None
    await stage.start()
    for _ in range(3):
        await stage.top.press(Press(key, "x" if key is Key.TEXT else ""))
        assert stage.step in {"SignInPage", "UnlockPage", "Help", "Confirm"}
    assert stage.context.session is None


async def test_a_lock_that_another_one_opens_passes_the_turn_and_the_family_on(staged: Stager) -> None:
    stage = await signed_in(staged)
    draft = await begin_family(stage)
    await stage.keys("F2", "1", "ENTER", "UP", "3", "ENTER", PINS[RINA], "ENTER")
    assert stage.path == "captcha"
    assert "Rina W." in stage.frame()[0]
    assert trail(stage, draft)[-1] == ("draft.handed_over", "S2")
    assert ("shift.handed_over", "S2") in trail(stage, "shift-1")
    assert ("shift.began", "S3") in trail(stage, "shift-2")


async def test_what_is_done_after_the_hand_over_is_on_the_second_ones_record(staged: Stager) -> None:
    stage = await signed_in(staged)
    draft = await begin_family(stage)
    await stage.keys("F2", "2", "ENTER")
    assert stage.step == "HandOverPage"
    assert BUDI not in stage.text
    await stage.keys("2", "ENTER", PINS[RINA], "ENTER")
    assert stage.path == "captcha"
    await stage.keys("salah", "ENTER")
    saved = [who for action, who in trail(stage, draft) if action == "draft.saved"]
    assert (saved[0], saved[-1]) == ("S2", "S3")


async def test_a_hand_over_can_be_called_off(staged: Stager) -> None:
    stage = await signed_in(staged)
    await begin_family(stage)
    await stage.keys("F2", "2", "ENTER", "F3")
    assert stage.path == "captcha"
    assert stage.context.session is not None
    assert stage.context.session.id == "S2"


async def test_an_accounts_page_left_open_is_not_the_next_ones(staged: Stager) -> None:
    stage = await signed_in(staged, SITI)
    await stage.keys("F2", "6", "ENTER")
    assert stage.step == "AccountsPage"
    from screens.staff import turn  # noqa: PLC0415

    await turn.lock(stage.context)
    await stage.keys("UP", "2", "ENTER", PINS[BUDI], "ENTER")
    assert stage.step == "home"


async def test_a_question_of_the_supervisor_is_not_answered_by_the_next_one(staged: Stager) -> None:
    from screens.staff import turn  # noqa: PLC0415

    stage = await signed_in(staged, SITI)
    await stage.keys("F2", "6", "ENTER", "3", "ENTER", "4", "ENTER")
    assert stage.step == "Confirm"
    await turn.lock(stage.context)
    await stage.keys("2", "ENTER", PINS[BUDI], "ENTER")
    assert stage.step == "home"
    assert len(stage.pages) == 1
    assert len(stage.services.staffing.staff.people()) == 3


async def test_with_one_account_there_is_nobody_to_hand_over_to(staged: Stager) -> None:
    stage = await staged("counter", sign_in=True).start()
    await stage.keys("1", "ENTER", SITI, "ENTER", "271828", "ENTER", "271828", "ENTER", "F2", "2", "ENTER")
    assert stage.says("screen.staff.nobody_else")
    await stage.keys("1", "ENTER")
    assert stage.says("screen.staff.nobody_else")
    await stage.keys("F3")
    assert stage.step == "home"


async def test_a_full_disk_is_said_and_keeps_nobody_out_for_good(
    staged: Stager, no_room: Callable[..., None]
) -> None:
    stage = await signed_in(staged)
    draft = await begin_family(stage)
    await stage.keys("F2", "1", "ENTER")
    no_room()
    await stage.keys(PINS[BUDI], "ENTER")
    assert stage.step == "LockPage"
    assert stage.says("screen.not_saved") or stage.says("problem.store.full")
    no_room(full=False)
    await stage.keys(PINS[BUDI], "ENTER")
    assert stage.draft.id == draft


async def test_a_lock_is_not_locked_again(staged: Stager) -> None:
    from screens.staff import turn  # noqa: PLC0415

    stage = await signed_in(staged)
    await turn.lock(stage.context)
    await stage.keys("F1")
    await turn.lock(stage.context)
    await stage.keys("F3", PINS[BUDI], "ENTER")
    assert stage.step == "home"


# Signing out.


async def test_signing_out_keeps_the_family_and_the_turn(staged: Stager) -> None:
    stage = await signed_in(staged)
    draft = await begin_family(stage)
    await stage.keys("F2", "3", "ENTER")
    assert stage.step == "SignInPage"
    assert stage.says("screen.draft_kept")
    assert KK not in stage.text
    assert "Budi H." not in stage.frame()[0]
    assert stage.services.staffing.shifts.who == ""
    await stage.keys("3", "ENTER", PINS[RINA], "ENTER", "1", "ENTER")
    assert stage.draft.id == draft


async def test_a_clerk_has_no_menu_of_the_supervisor(staged: Stager) -> None:
    stage = await signed_in(staged)
    await stage.keys("F2")
    assert not stage.says("screen.staff.menu_accounts")
    await stage.keys("6", "ENTER")
    assert stage.step == "StaffMenu"
    await stage.keys("F2")
    assert stage.step == "home"


async def test_with_a_family_in_hand_the_day_does_not_end(staged: Stager) -> None:
    stage = await signed_in(staged, SITI)
    await begin_family(stage)
    await stage.keys("F2")
    assert not stage.says("screen.staff.menu_end")


async def test_a_counter_without_sign_in_is_as_ever(staged: Stager) -> None:
    stage = await staged("counter").start()
    assert stage.step == "home"
    await stage.keys("F2")
    assert stage.says("screen.staff", place="Puskesmas Cempaka")


async def test_a_slip_of_the_village_kiosk_opens_its_family_at_the_counter(
    staged: Stager, tmp_path: Path
) -> None:
    beside = Beside(tmp_path)
    village = beside.open("village")
    draft, code = beside.draft(village)
    stage = await signed_in(staged, slips_from=str(beside.file("village")))
    await stage.keys(code, "ENTER")
    assert stage.draft.id == draft.id
    assert stage.path == "members[0].relation"
    assert village.drafts.resume(draft.id) is None
    village.open_work.close()


async def test_a_kiosk_beside_that_cannot_be_read_is_said(staged: Stager, tmp_path: Path) -> None:
    stage = await signed_in(staged, slips_from=str(tmp_path / "nowhere.toml"))
    await stage.keys(make_code(77), "ENTER")
    assert stage.step == "home"
    assert stage.says("problem.slips.other")


async def test_every_page_of_a_family_knows_f2(staged: Stager) -> None:
    stage = await signed_in(staged)
    family = a_family(kk=KK, members=[a_member(nik="3173051208800003")])
    draft = a_draft(family)
    assert draft.answers
    for step in (Step.KK, Step.MEMBERS, Step.CLASS, Step.CONTACT, Step.REVIEW, Step.CONSENT):
        await stage.open(step, family)
        shown = stage.step
        await stage.keys("F2")
        assert stage.step == "StaffMenu"
        await stage.keys("F3")
        assert stage.step == shown
