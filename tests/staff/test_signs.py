"""Signs of misuse: each with its numbers, from the days that were asked for, and nobody blocked by one."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from kiosk.domain.registration import Moment, State
from kiosk.services.signs import Sign, SignKind
from kiosk.services.staff import SignedIn
from kiosk.staffing import sign_rules
from tests.staff.conftest import Counter
from tests.store.examples import a_registration

DAY = date(2026, 11, 22)


def a_family(phone: str, account: str) -> dict[str, Any]:
    family = dict(a_registration(1).family)
    return family | {"contact": {"phone": phone}, "bank": {"name": "BRI", "account": account, "owner": "A"}}


def signs(counter: Counter, kind: SignKind, first: date = DAY, last: date = DAY) -> list[Sign]:
    return [one for one in counter.staffing.signs.of(first, last) if one.kind is kind]


def test_quiet_days_give_no_sign(counter: Counter) -> None:
    for number in range(5):
        counter.register(family=a_family(f"+62812000000{number}", f"10000{number}"), consent_seconds=40)
    assert counter.staffing.signs.of(DAY, DAY) == []


def test_one_phone_for_many_families_is_told_with_their_number_and_who_served_them(
    counter: Counter, boss: SignedIn, clerk: SignedIn
) -> None:
    counter.staffing.shifts.begin(clerk)
    first = counter.register(family=a_family("+6281200000009", "1"))
    second = counter.register(family=a_family("+6281200000009", "2"))
    assert signs(counter, SignKind.PHONE) == []
    counter.staffing.shifts.begin(boss)
    third = counter.register(family=a_family("+6281200000009", "3"))
    counter.register(family=a_family("+6281200000009", "4"), state=State.CANCELLED)
    (found,) = signs(counter, SignKind.PHONE)
    assert (found.number, found.limit, found.about, found.staff) == (3, 3, "0009", ("S2", "S1"))
    assert found.references == (first.reference, second.reference, third.reference)


def test_one_account_for_two_families_is_told_and_an_empty_one_is_not(counter: Counter) -> None:
    for account in ("", "", "", "123456789012345", "123456789012345"):
        counter.register(family=a_family(f"+62812{counter.numbers:08d}", account))
    (found,) = signs(counter, SignKind.ACCOUNT)
    assert (found.number, found.about) == (2, "2345")


def test_a_consent_that_was_hardly_on_the_screen_is_told_with_its_seconds(counter: Counter) -> None:
    for seconds in (5, 4, 0, None):
        counter.register(
            family=a_family(f"+62812{counter.numbers:08d}", str(counter.numbers)), consent_seconds=seconds
        )
    assert [(one.number, one.limit) for one in signs(counter, SignKind.CONSENT)] == [(0, 5), (4, 5)]


def test_night_hours_are_told_unless_the_clock_was_in_doubt(counter: Counter) -> None:
    for hour, trusted in ((4, True), (5, True), (20, True), (21, True), (23, False)):
        wall = f"2026-11-22T{hour:02d}:30:00.000+07:00"
        counter.register(
            family=a_family(f"+62812{counter.numbers:08d}", str(counter.numbers)),
            created=Moment(wall, "boot-1", 1, trusted),
        )
    assert [one.number for one in signs(counter, SignKind.NIGHT)] == [4, 21]


def test_only_the_days_that_were_asked_for_are_read(counter: Counter) -> None:
    for day in range(3):
        counter.clock.advance(86_400 * bool(day))
        counter.register(family=a_family("+6281200000009", "1"))
    assert signs(counter, SignKind.PHONE, DAY, DAY + timedelta(days=1)) == []
    assert signs(counter, SignKind.PHONE, DAY, DAY + timedelta(days=2))[0].number == 3
    with counter.store.reading() as work:
        assert len(work.taken.of_days("2026-11-23", "2026-11-24")) == 2


def test_the_limits_are_data_with_a_source_and_a_reason_each() -> None:
    told = tomllib.loads((Path(__file__).parents[2] / "data" / "signs.toml").read_text("utf-8"))
    rules = sign_rules()
    assert rules.source
    assert told["valid_from"] <= date(2026, 11, 22)
    for name in ("families_a_phone", "families_an_account", "consent_seconds", "night_from", "night_until"):
        assert getattr(rules, name) == told[name]["value"]
        assert told[name]["why"]
