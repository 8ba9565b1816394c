"""What a supervisor does on screens: the report of a day, taking back, accounts, signs of misuse."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.domain.registration import State
from kiosk.domain.staff import Role, Second
from kiosk.printing import printer_of
from kiosk.services.paper import WIDTH
from kiosk.settings import PrinterSettings
from tests.builders import a_member
from tests.screens.conftest import Stager
from tests.screens.counter import BUDI, PINS, RINA, SITI, signed_in, staffed, trail
from tests.screens.hub_words import REAL, refused, registered, sent
from tests.screens.stage import Stage

SECOND = {"kk": "3173050101200099"}


def register(stage: Stage, **changes: object) -> str:
    """Registers a family of one without screens; its reference."""
    return registered(stage.services, **{**REAL, **changes}).reference


def another(stage: Stage) -> str:
    """Another one, of another person."""
    return register(stage, **SECOND, members=[a_member(nik="3173051208850004", birth_date="1985-08-12")])


# The report.


async def test_a_supervisor_reads_and_signs_the_day(staged: Stager) -> None:
    stage = await signed_in(staged)
    register(stage)
    another(stage)
    await stage.keys("F2", "5", "ENTER")
    assert stage.step == "EndOfDayPage"
    assert re.search(r"Keluarga terdaftar +2\b", stage.text)
    assert stage.says("report.adds_up")
    await stage.keys("F10")
    assert stage.step == "SignReportPage"
    assert BUDI not in stage.text
    await stage.keys("1", "ENTER", PINS[SITI], "ENTER")
    assert stage.step == "SignInPage"
    assert stage.says("screen.staff.day_closed", name=SITI)
    (last, *_) = stage.services.staffing.shifts.days()
    assert last.signed_by == "S1"
    assert last.report is not None
    assert (last.report.families, last.report.adds_up) == (2, True)
    assert stage.services.staffing.shifts.current() is None


async def test_a_report_is_read_again_when_more_was_done_meanwhile(staged: Stager) -> None:
    stage = await signed_in(staged, SITI)
    await stage.keys("F2", "5", "ENTER", "F10")
    register(stage)
    await stage.keys(PINS[SITI], "ENTER")
    assert stage.step == "EndOfDayPage"
    assert stage.says("problem.shift.changed")
    assert re.search(r"Keluarga terdaftar +1\b", stage.text)
    await stage.keys("F10", PINS[SITI], "ENTER")
    assert stage.step == "SignInPage"


async def test_the_signed_report_lies_beside_the_receipts(staged: Stager, tmp_path: Path) -> None:
    stage = await signed_in(staged, SITI)
    object.__setattr__(stage.config.receipts, "dir", str(tmp_path / "receipts"))
    register(stage)
    await stage.keys("F2", "5", "ENTER", "F10", PINS[SITI], "ENTER")
    (file,) = (tmp_path / "receipts").glob("LAPORAN-*.txt")
    assert file.name in stage.text
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text("utf-8")
    assert SITI in text
    assert "3173" not in text


async def test_the_signed_report_and_the_codes_come_out_of_the_printer(
    staged: Stager, tmp_path: Path
) -> None:
    stage = await signed_in(staged, SITI)
    config = replace(stage.config, printer=PrinterSettings("text", str(tmp_path / "paper")))
    (tmp_path / "paper").mkdir()
    printer = printer_of(config)
    object.__setattr__(stage.services, "printer", printer)
    register(stage)
    await stage.keys("F2", "6", "ENTER", "2", "ENTER", "2", "ENTER")
    codes = re.findall(r"[A-Z0-9]{4}-[A-Z0-9]{4}", stage.text)
    await stage.keys("ENTER")
    assert stage.says("screen.staff.sheet_printed")
    await stage.keys("F10", "F3", "F2", "5", "ENTER", "F10", PINS[SITI], "ENTER")
    assert stage.says("screen.staff.report_printed")
    assert printer is not None
    printer.close()
    printed = [file.read_text("cp437") for file in sorted((tmp_path / "paper").iterdir())]
    assert sum(codes[9] in text for text in printed) == 1
    assert sum("LAPORAN HARI" in text and SITI in text for text in printed) == 1
    assert all(len(line) <= WIDTH for text in printed for line in text.splitlines())


async def test_f3_leaves_the_report_and_changes_nothing(staged: Stager) -> None:
    stage = await signed_in(staged)
    await stage.keys("F2", "5", "ENTER", "F3")
    assert stage.step == "home"
    assert stage.services.staffing.shifts.current() is not None


# Taking back.


async def test_two_people_take_a_registration_back(staged: Stager) -> None:
    stage = await signed_in(staged)
    reference = register(stage)
    await stage.start()
    await stage.keys(reference, "ENTER")
    assert "Del Batalkan" in stage.frame()[23]
    await stage.keys("DEL")
    assert stage.step == "VoidPage"
    await stage.keys("salah", "ENTER")
    assert stage.says("problem.reason.short", least=10)
    await stage.keys("orangnya tertukar", "ENTER")
    assert stage.step == "FirstPage"
    assert RINA not in stage.text
    await stage.keys(PINS[BUDI], "ENTER")
    assert stage.step == "SecondPage"
    assert RINA not in stage.text  # one of two clerks must be a supervisor
    await stage.keys("1", "ENTER", PINS[SITI], "ENTER")
    assert stage.says("screen.staff.voided")
    assert stage.services.queries.registration(reference).state is State.CANCELLED
    assert ("registration.voided", "S2") in trail(stage, reference)
    (approval,) = stage.services.staffing.risky.of(reference)
    assert (approval.first, approval.second, approval.reason) == ("S2", "S1", "orangnya tertukar")
    assert "Del" not in stage.frame()[23]


async def test_a_supervisor_needs_a_second_person_as_well(staged: Stager) -> None:
    stage = await signed_in(staged, SITI)
    reference = register(stage)
    await stage.keys(reference, "ENTER", "DEL", "orangnya tertukar", "ENTER", PINS[SITI], "ENTER")
    assert SITI not in "\n".join(stage.frame()[2:])
    await stage.keys("2", "ENTER", PINS[RINA], "ENTER")
    assert stage.services.queries.registration(reference).state is State.CANCELLED


async def test_without_a_second_person_nothing_is_taken_back(staged: Stager) -> None:
    stage = await signed_in(staged)
    staff = stage.services.staffing.staff
    reference = register(stage)
    await stage.keys(reference, "ENTER", "DEL", "orangnya tertukar", "ENTER", PINS[BUDI], "ENTER")
    await stage.keys("1", "ENTER", "000111", "ENTER", "F3", "F3")
    assert stage.services.queries.registration(reference).state is State.SUBMITTED
    assert stage.services.staffing.risky.of(reference) == []
    assert staff.wait_seconds("S1") == 0


async def test_what_the_hub_has_cannot_be_taken_back_here(staged: Stager) -> None:
    stage = await signed_in(staged)
    reference = register(stage)
    sent(stage.services, stage.services.queries.registration(reference))
    await stage.start()
    await stage.keys(reference, "ENTER", "DEL")
    assert stage.step == "account"
    assert "Del" not in stage.frame()[23]


async def test_a_refused_family_is_taken_back_and_its_card_goes(staged: Stager) -> None:
    stage = await signed_in(staged)
    reference = register(stage)
    refused(stage.services, stage.services.queries.registration(reference))
    await stage.start()
    assert stage.context.to_mend == 1
    await stage.keys(reference, "ENTER", "DEL", "keluarga pindah", "ENTER", PINS[BUDI], "ENTER")
    await stage.keys("1", "ENTER", PINS[SITI], "ENTER", "F3")
    assert stage.step == "home"
    assert stage.context.to_mend == 0


# Accounts.


async def test_a_supervisor_makes_an_account_and_its_owner_signs_in(staged: Stager) -> None:
    stage = await signed_in(staged, SITI)
    await stage.keys("F2", "6", "ENTER", "F10", "Dewi Lestari", "ENTER", "1", "ENTER")
    await stage.keys("161803", "ENTER", "161803", "ENTER")
    assert stage.step == "AccountsPage"
    assert stage.says("screen.staff.added", name="Dewi Lestari")
    await stage.keys("F3", "F2", "2", "ENTER", "dewi", "ENTER", "161803", "ENTER")
    assert "Dewi L." in stage.frame()[0]


async def test_a_name_that_is_taken_is_refused(staged: Stager) -> None:
    stage = await signed_in(staged, SITI)
    await stage.keys("F2", "6", "ENTER", "F10", "budi hartono", "ENTER")
    assert stage.says("problem.staff.name_taken")


async def test_a_forgotten_pin_is_given_anew(staged: Stager) -> None:
    stage = await signed_in(staged, SITI)
    await stage.keys("F2", "6", "ENTER", "2", "ENTER", "1", "ENTER", "161803", "ENTER", "161803", "ENTER")
    assert stage.says("screen.staff.was_reset", name=BUDI)
    staff = stage.services.staffing.staff
    assert getattr(staff.sign_in("S2", "161803"), "id", "") == "S2"


async def test_a_closed_account_cannot_be_chosen_and_opens_again(staged: Stager) -> None:
    stage = await signed_in(staged, SITI)
    await stage.keys("F2", "6", "ENTER", "2", "ENTER", "4", "ENTER", "F10")
    assert stage.says("screen.staff.was_closed", name=BUDI)
    await stage.keys("F3", "F2", "1", "ENTER")
    assert BUDI not in stage.text
    await stage.keys(PINS[SITI], "ENTER", "F2", "6", "ENTER", "2", "ENTER", "1", "ENTER")
    assert stage.says("screen.staff.opened", name=BUDI)


async def test_the_last_supervisor_cannot_be_closed(staged: Stager) -> None:
    stage = await signed_in(staged, SITI)
    await stage.keys("F2", "6", "ENTER", "1", "ENTER", "4", "ENTER", "F10")
    assert stage.says("problem.staff.last_supervisor")
    assert stage.services.staffing.staff.people()[0].role is Role.SUPERVISOR


async def test_a_second_code_is_shown_once_and_then_asked(staged: Stager) -> None:
    stage = await signed_in(staged, SITI)
    await stage.keys("F2", "6", "ENTER", "2", "ENTER", "2", "ENTER")
    assert stage.step == "SecondSheetPage"
    codes = re.findall(r"[A-Z0-9]{4}-[A-Z0-9]{4}", stage.text)
    assert len(codes) == 10
    await stage.keys("F3", "ENTER", "F12")
    assert stage.step == "SecondSheetPage"  # only who says that it is kept leaves it
    await stage.keys("F10")
    assert codes[0] not in stage.text
    assert stage.services.staffing.staff.people()[1].second is Second.LIST
    await stage.keys("F3", "F2", "1", "ENTER", "2", "ENTER", PINS[BUDI], "ENTER")
    assert stage.step == "LockPage"
    await stage.keys("AAAA-AAAA", "ENTER")
    assert stage.says("problem.second.wrong")
    await stage.keys(PINS[BUDI], "ENTER", codes[0], "ENTER")
    assert stage.step == "home"
    await stage.keys("F2", "1", "ENTER", PINS[BUDI], "ENTER", codes[0], "ENTER")
    assert stage.step == "LockPage"


async def test_everybody_changes_their_own_pin(staged: Stager) -> None:
    stage = await signed_in(staged)
    await stage.keys("F2", "4", "ENTER", "000111", "ENTER", "161803", "ENTER", "161803", "ENTER")
    assert stage.says("problem.pin.wrong")
    await stage.keys(PINS[BUDI], "ENTER", "161803", "ENTER", "161803", "ENTER")
    assert stage.says("screen.staff.pin_changed")
    await stage.keys("F2", "1", "ENTER", "161803", "ENTER")
    assert stage.step == "home"


# Signs.


async def test_signs_are_listed_with_their_numbers_and_no_persons_data(staged: Stager) -> None:
    stage = await signed_in(staged, SITI)
    register(stage)
    another(stage)
    await stage.keys("F2", "7", "ENTER")
    assert stage.step == "SignsPage"
    assert "rekening" in stage.text
    assert "K1-0001" in stage.text
    assert "K1-0002" in stage.text
    assert SITI in stage.text
    assert "123456789012345" not in stage.text
    await stage.keys("F3")
    assert stage.step == "home"


async def test_no_signs_are_said_so(staged: Stager) -> None:
    stage = await signed_in(staged, SITI)
    await stage.keys("F2", "7", "ENTER")
    assert stage.says("screen.staff.no_signs")


@pytest.mark.parametrize("page", ["sign_in", "menu", "accounts", "report", "signs"])
async def test_f1_explains_every_page(staged: Stager, page: str) -> None:
    stage = await staffed(staged).start()
    if page != "sign_in":
        await stage.keys("1", "ENTER", PINS[SITI], "ENTER", "F2")
        number = {"accounts": "6", "report": "5", "signs": "7"}.get(page)
        if number:
            await stage.keys(number, "ENTER")
    before = stage.text
    await stage.keys("F1")
    assert stage.step == "Help"
    await stage.keys("ENTER")
    assert stage.text == before
