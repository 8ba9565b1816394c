"""The second factor: an app's code where the clock is trusted, else one of ten on paper, each good once."""

from __future__ import annotations

from datetime import datetime

import pyotp
import pytest

from kiosk.domain.fields import Problem
from kiosk.domain.staff import Role, Second
from kiosk.errors import KioskError
from kiosk.services.second_factor import Sheet
from kiosk.services.staff import SignedIn
from tests.staff.conftest import BOSS_PIN, CLERK_PIN, Counter


def code_of(found: object) -> str:
    assert isinstance(found, Problem), found
    return found.code


def sheet_of(counter: Counter, staff_id: str, kind: Second, by: SignedIn) -> Sheet:
    sheet = counter.staffing.staff.set_second(staff_id, kind, by=by)
    assert sheet is not None
    return sheet


def app_code(sheet: Sheet, counter: Counter, *, later: float = 0) -> str:
    """What a telephone with the right time shows."""
    return pyotp.TOTP(sheet.secret).at(int(counter.clock.wall.timestamp() + later))


def test_the_app_is_asked_after_a_right_pin_and_only_then(counter: Counter, boss: SignedIn) -> None:
    staff = counter.staffing.staff
    sheet = sheet_of(counter, "S1", Second.TOTP, boss)
    assert code_of(staff.sign_in("S1", "940182")) == "pin.wrong"
    assert code_of(staff.sign_in("S1", "940182", app_code(sheet, counter))) == "pin.wrong"
    assert code_of(staff.sign_in("S1", BOSS_PIN)) == "second.missing"
    assert isinstance(staff.sign_in("S1", BOSS_PIN, app_code(sheet, counter)), SignedIn)
    assert pyotp.parse_uri(sheet.uri).secret == sheet.secret


def test_no_code_of_the_app_is_taken_twice_and_none_of_long_ago(counter: Counter, boss: SignedIn) -> None:
    staff = counter.staffing.staff
    sheet = sheet_of(counter, "S1", Second.TOTP, boss)
    code = app_code(sheet, counter)
    assert isinstance(staff.sign_in("S1", BOSS_PIN, code), SignedIn)
    assert code_of(staff.sign_in("S1", BOSS_PIN, code)) == "second.wrong"
    assert code_of(staff.sign_in("S1", BOSS_PIN, app_code(sheet, counter, later=-30))) == "second.wrong"
    counter.clock.advance(30)
    assert code_of(staff.sign_in("S1", BOSS_PIN, app_code(sheet, counter, later=90))) == "second.wrong"
    assert isinstance(staff.sign_in("S1", BOSS_PIN, app_code(sheet, counter, later=30)), SignedIn)


def test_with_a_doubtful_clock_the_paper_is_asked_and_each_code_is_good_once(
    counter: Counter, boss: SignedIn
) -> None:
    staff = counter.staffing.staff
    sheet = sheet_of(counter, "S1", Second.TOTP, boss)
    counter.clock.trusted = False
    assert code_of(staff.sign_in("S1", BOSS_PIN)) == "second.clock"
    assert code_of(staff.sign_in("S1", BOSS_PIN, app_code(sheet, counter))) == "second.clock"
    assert staff.wait_seconds("S1") == 0
    assert isinstance(staff.sign_in("S1", BOSS_PIN, sheet.codes[3].lower()), SignedIn)
    assert code_of(staff.sign_in("S1", BOSS_PIN, sheet.codes[3])) == "second.wrong"
    assert isinstance(staff.sign_in("S1", BOSS_PIN, sheet.codes[0].replace("-", " ")), SignedIn)
    assert staff.people()[0].codes_left == 8


def test_the_paper_is_taken_beside_the_app_too(counter: Counter, boss: SignedIn) -> None:
    """A telephone left at home keeps nobody away from the counter."""
    sheet = sheet_of(counter, "S1", Second.TOTP, boss)
    assert len(set(sheet.codes)) == 10
    assert isinstance(counter.staffing.staff.sign_in("S1", BOSS_PIN, sheet.codes[9]), SignedIn)


def test_a_list_alone_needs_no_clock(counter: Counter, boss: SignedIn) -> None:
    staff = counter.staffing.staff
    sheet = sheet_of(counter, "S1", Second.LIST, boss)
    assert (sheet.secret, sheet.uri) == ("", "")
    counter.clock.trusted = False
    assert code_of(staff.sign_in("S1", BOSS_PIN)) == "second.missing"
    assert isinstance(staff.sign_in("S1", BOSS_PIN, sheet.codes[0]), SignedIn)


def test_wrong_codes_count_as_wrong_pins_do(counter: Counter, boss: SignedIn) -> None:
    sheet_of(counter, "S1", Second.TOTP, boss)
    staff = counter.staffing.staff
    for _ in range(4):
        assert code_of(staff.sign_in("S1", BOSS_PIN, "000000")) == "second.wrong"
    assert code_of(staff.sign_in("S1", BOSS_PIN)) == "pin.wait"


def test_asking_for_the_code_costs_no_try(counter: Counter, boss: SignedIn) -> None:
    sheet_of(counter, "S1", Second.TOTP, boss)
    staff = counter.staffing.staff
    for _ in range(9):
        assert code_of(staff.sign_in("S1", BOSS_PIN)) == "second.missing"
    for wrong in range(3):
        assert code_of(staff.sign_in("S1", "940182")) == "pin.wrong", wrong
        assert code_of(staff.sign_in("S1", BOSS_PIN)) == "second.missing"
    assert code_of(staff.sign_in("S1", "940182")) == "pin.wrong_pause"


def test_a_new_sheet_and_a_reset_make_the_old_one_worthless(
    counter: Counter, boss: SignedIn, clerk: SignedIn
) -> None:
    staff = counter.staffing.staff
    old = sheet_of(counter, "S2", Second.LIST, clerk)
    new = sheet_of(counter, "S2", Second.LIST, boss)
    assert code_of(staff.sign_in("S2", CLERK_PIN, old.codes[0])) == "second.wrong"
    assert isinstance(staff.sign_in("S2", CLERK_PIN, new.codes[0]), SignedIn)
    staff.reset("S2", CLERK_PIN, by=boss)
    assert isinstance(staff.sign_in("S2", CLERK_PIN), SignedIn)
    assert staff.set_second("S2", Second.NONE, by=boss) is None


def test_a_clerk_sets_only_their_own(counter: Counter, clerk: SignedIn) -> None:
    with pytest.raises(KioskError, match=r"staff\.not_supervisor"):
        counter.staffing.staff.set_second("S1", Second.LIST, by=clerk)


def test_neither_secret_nor_codes_are_told_by_the_trail_or_the_account(
    counter: Counter, boss: SignedIn
) -> None:
    sheet = sheet_of(counter, "S1", Second.TOTP, boss)
    with counter.store.reading() as work:
        member = work.staff.get("S1")
    assert not any(code in repr(member) or code.replace("-", "") in repr(member) for code in sheet.codes)
    assert sheet.secret not in repr(counter.staffing.staff.people())
    assert (datetime.fromisoformat(member.made_at) if member else None) == counter.clock.wall


def test_accounts_without_a_second_factor_take_a_code_for_nothing(counter: Counter, boss: SignedIn) -> None:
    counter.add("Budi", Role.CLERK, "940182", boss)
    assert isinstance(counter.staffing.staff.sign_in("S2", "940182", "whatever"), SignedIn)
