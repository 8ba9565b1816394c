"""What a family pays and when: premiums by date and the window of the first payment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from kiosk.domain.rulebook import Limits, Premium, Rulebook


def premium_on(premiums: Iterable[Premium], care_class: int, day: date) -> Premium:
    """The premium of a class in force on `day`; LookupError where the table does not reach back so far."""
    in_force = [
        premium for premium in premiums if premium.care_class == care_class and premium.valid_from <= day
    ]
    if not in_force:
        raise LookupError(f"no premium of class {care_class} is known for {day.isoformat()}")
    return max(in_force, key=lambda premium: premium.valid_from)


def per_person(rules: Rulebook, care_class: int) -> int:
    """Whole rupiah that one member of the class pays a month today, the state's aid taken off."""
    return premium_on(rules.premiums, care_class, rules.today).member_pays


def payment_window(day: date, limits: Limits) -> tuple[date, date]:
    """The first and last day of the first payment for a registration on `day`.

    Source: day 14 to day 30 (Tempo 2024; Perpres 82/2018 art. 15).
    """
    return day + timedelta(days=limits.first_payment_day), day + timedelta(days=limits.last_payment_day)


def newborn_window(day: date, born: date, limits: Limits) -> tuple[date, date]:
    """The same for a newborn alone: at once, until 28 days after birth (Perpres 82/2018 art. 16)."""
    return day, max(day, born + timedelta(days=limits.newborn_days))
