"""Accounts: none by default, opened by a PIN alone, held up by wrong ones, unlocked by a supervisor."""

from __future__ import annotations

import pytest

from kiosk.domain.fields import Problem
from kiosk.domain.staff import Role
from kiosk.errors import KioskError
from kiosk.services.staff import SignedIn
from tests.staff.conftest import BOSS_PIN, CLERK_PIN, Counter


def code_of(found: object) -> str:
    assert isinstance(found, Problem), found
    return found.code


def test_there_is_no_account_until_somebody_makes_the_first_which_is_a_supervisors(counter: Counter) -> None:
    staff = counter.staffing.staff
    assert staff.is_empty()
    assert staff.people() == []
    assert code_of(staff.sign_in("S1", "000000")) == "staff.unknown"
    with pytest.raises(KioskError, match=r"staff\.first_supervisor"):
        staff.add("Siti Rahma", Role.CLERK, CLERK_PIN)
    assert staff.is_empty()
    counter.add("Ratna Dewi", Role.SUPERVISOR, BOSS_PIN)
    assert not staff.is_empty()
    assert [(one.id, one.name, one.role) for one in staff.people()] == [("S1", "Ratna Dewi", Role.SUPERVISOR)]


def test_only_a_supervisor_makes_further_accounts(counter: Counter, boss: SignedIn, clerk: SignedIn) -> None:
    staff = counter.staffing.staff
    for by in (None, clerk):
        with pytest.raises(KioskError, match=r"staff\.not_supervisor"):
            staff.add("Budi", Role.SUPERVISOR, "940182", by=by)
    assert code_of(staff.add("SITI  RAHMA", Role.CLERK, "940182", by=boss)) == "staff.name_taken"
    assert code_of(staff.add("Budi", Role.CLERK, "111111", by=boss)) == "pin.simple"
    assert [one.id for one in staff.people()] == ["S1", "S2"]


def test_the_pin_opens_the_account_in_any_form_of_its_letters(counter: Counter, clerk: SignedIn) -> None:
    assert (clerk.id, clerk.name, clerk.is_supervisor) == ("S2", "Siti Rahma", False)
    assert isinstance(counter.staffing.staff.sign_in("S2", f" {CLERK_PIN} "), SignedIn)
    assert code_of(counter.staffing.staff.sign_in("S2", CLERK_PIN.upper())) == "pin.wrong"
    assert code_of(counter.staffing.staff.sign_in("S2", "")) == "pin.missing"
    assert code_of(counter.staffing.staff.sign_in("S2", "\udcff" * 12)) == "pin.wrong"


def test_no_pin_is_in_the_store_in_clear_or_by_a_quick_hash(counter: Counter, boss: SignedIn) -> None:
    with counter.store.reading() as work:
        member = work.staff.get(boss.id)
    assert member is not None
    assert member.pin_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert BOSS_PIN not in repr(member)


@pytest.mark.usefixtures("clerk")
def test_wrong_pins_bring_a_pause_that_grows_and_holds_up_nobody_else(counter: Counter) -> None:
    staff = counter.staffing.staff
    found = [code_of(staff.sign_in("S2", "wrong wrong wrong")) for _ in range(5)]
    assert found == ["pin.wrong"] * 3 + ["pin.wrong_pause", "pin.wait"]
    assert staff.wait_seconds("S2") == 5
    assert code_of(staff.sign_in("S2", CLERK_PIN)) == "pin.wait"
    assert isinstance(staff.sign_in("S1", BOSS_PIN), SignedIn)
    counter.clock.advance(5)
    wrong = staff.sign_in("S2", "wrong wrong wrong")
    assert isinstance(wrong, Problem)
    assert wrong.params == {"seconds": 10}
    counter.clock.advance(9)
    assert code_of(staff.sign_in("S2", CLERK_PIN)) == "pin.wait"
    counter.clock.advance(1)
    assert isinstance(staff.sign_in("S2", CLERK_PIN), SignedIn)
    assert code_of(staff.sign_in("S2", "wrong wrong wrong")) == "pin.wrong"


@pytest.mark.usefixtures("clerk")
def test_neither_a_clock_that_is_set_nor_a_restart_forgives_wrong_pins(counter: Counter) -> None:
    staff = counter.staffing.staff
    for _ in range(4):
        staff.sign_in("S2", "wrong wrong wrong")
    counter.clock.jump(3600)
    assert staff.wait_seconds("S2") == 5
    counter.clock.jump(-7200)
    assert staff.wait_seconds("S2") == 5
    counter.clock.jump(3600)
    counter.clock.reboot(uptime_seconds=2)
    assert staff.wait_seconds("S2") == 3


@pytest.mark.usefixtures("clerk")
def test_a_try_counts_before_it_is_looked_at(counter: Counter) -> None:
    """Pulling the plug while a PIN is compared gives no free guess."""

    class Unplugged(Exception):
        pass

    class Plug:
        def fits(self, *_: str) -> bool:
            raise Unplugged

    staff = counter.staffing.staff
    staff._hasher = Plug()  # type: ignore[assignment]  # only this half of it is asked
    for _ in range(4):
        with pytest.raises(Unplugged):
            staff.sign_in("S2", CLERK_PIN)
    assert staff.wait_seconds("S2") == 5


def test_a_supervisor_unlocks_and_a_clerk_does_not(counter: Counter, boss: SignedIn, clerk: SignedIn) -> None:
    staff = counter.staffing.staff
    for _ in range(4):
        staff.sign_in("S2", "wrong wrong wrong")
    with pytest.raises(KioskError, match=r"staff\.not_supervisor"):
        staff.unlock("S2", by=clerk)
    staff.unlock("S2", by=boss)
    assert isinstance(staff.sign_in("S2", CLERK_PIN), SignedIn)
    assert ("staff.unlocked", "S2", "S1") in counter.lines()


def test_a_reset_gives_a_new_pin_and_the_old_one_is_worth_nothing(
    counter: Counter, boss: SignedIn, clerk: SignedIn
) -> None:
    staff = counter.staffing.staff
    with pytest.raises(KioskError, match=r"staff\.not_supervisor"):
        staff.reset("S1", "940182", by=clerk)
    assert code_of(staff.reset("S2", "111111", by=boss)) == "pin.simple"
    assert staff.reset("S2", "940182", by=boss) is None
    assert code_of(staff.sign_in("S2", CLERK_PIN)) == "pin.wrong"
    assert isinstance(staff.sign_in("S2", "940182"), SignedIn)


def test_a_person_changes_their_own_pin_by_the_old_one(counter: Counter, clerk: SignedIn) -> None:
    staff = counter.staffing.staff
    assert code_of(staff.change_pin(clerk, "wrong wrong wrong", "940182")) == "pin.wrong"
    assert staff.change_pin(clerk, CLERK_PIN, "940182") is None
    assert isinstance(staff.sign_in("S2", "940182"), SignedIn)


@pytest.mark.usefixtures("clerk")
def test_a_closed_account_opens_nothing_and_the_last_supervisor_stays(
    counter: Counter, boss: SignedIn
) -> None:
    staff = counter.staffing.staff
    with pytest.raises(KioskError, match=r"staff\.last_supervisor"):
        staff.deactivate("S1", by=boss)
    staff.deactivate("S2", by=boss)
    assert code_of(staff.sign_in("S2", CLERK_PIN)) == "staff.unknown"
    assert [one.id for one in staff.people()] == ["S1"]
    assert staff.name_of("S2") == "Siti Rahma"
    second = counter.add("Budi", Role.SUPERVISOR, "940182", boss)
    staff.deactivate("S1", by=counter.sign_in(second.id, "940182"))
    with pytest.raises(KioskError, match=r"staff\.unknown"):
        staff.unlock("S2", by=boss)


@pytest.mark.usefixtures("clerk")
@pytest.mark.usefixtures("boss")
def test_what_is_done_to_accounts_stands_in_the_trail_without_names_and_pins(counter: Counter) -> None:
    counter.staffing.staff.sign_in("S2", "wrong wrong wrong")
    assert counter.lines() == [
        ("staff.added", "S1", "-"),
        ("staff.added", "S2", "S1"),
        ("staff.refused", "S2", "-"),
    ]
    connection = counter.store._database.take()
    told = repr(connection.execute("SELECT * FROM audit").fetchall())
    counter.store._database.give_back(connection)
    assert "Siti" not in told
    assert CLERK_PIN not in told
