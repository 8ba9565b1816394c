"""Chooses what the counter's staff work with: accounts, turns, acts of two, signs of misuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.errors import KioskError

if TYPE_CHECKING:
    from kiosk.services.ports import Clock, Randomness
    from kiosk.services.signs import SignRules
    from kiosk.services.staffing import Staffing
    from kiosk.store.unit_of_work import Store


def staffing_of(store: Store, clock: Clock, randomness: Randomness) -> Staffing:
    """All of it on the store that is open."""
    from kiosk.hashing import Argon2Hasher
    from kiosk.services.risky import Risky
    from kiosk.services.shifts import Shifts
    from kiosk.services.signs import Signs
    from kiosk.services.staff import Staff
    from kiosk.services.staffing import Staffing

    return Staffing(
        staff=Staff(store, clock, randomness, Argon2Hasher()),
        shifts=Shifts(store, clock),
        risky=Risky(store, clock),
        signs=Signs(store, sign_rules),
    )


def sign_rules() -> SignRules:
    """From when on something is a sign of misuse; raises KioskError where the data cannot be read."""
    from kiosk.reference import table
    from kiosk.services.signs import SignRules

    told = table("signs")
    names = ("families_a_phone", "families_an_account", "consent_seconds", "night_from", "night_until")
    try:
        return SignRules(**{name: int(told[name]["value"]) for name in names}, source=str(told["source"]))
    except (KeyError, TypeError, ValueError) as error:
        raise KioskError("reference.malformed", "signs") from error
