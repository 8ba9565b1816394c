"""Chooses what the counter's staff work with: accounts, turns, acts of two, signs of misuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.errors import KioskError

if TYPE_CHECKING:
    from kiosk.config import Config
    from kiosk.services.ports import Clock, Randomness
    from kiosk.services.signs import SignRules
    from kiosk.services.staffing import Staffing
    from kiosk.store.unit_of_work import Store


def staffing_of(store: Store, clock: Clock, randomness: Randomness, config: Config) -> Staffing:
    """All of it on the store that is open."""
    from kiosk.hashing import Argon2Hasher
    from kiosk.services.risky import Risky
    from kiosk.services.settings_watch import SettingsWatch
    from kiosk.services.shifts import Shifts
    from kiosk.services.signs import Signs
    from kiosk.services.staff import Staff
    from kiosk.services.staffing import Staffing

    risky = Risky(store, clock)
    return Staffing(
        staff=Staff(store, clock, randomness, Argon2Hasher()),
        shifts=Shifts(store, clock),
        risky=risky,
        signs=Signs(store, sign_rules),
        settings=SettingsWatch(store, clock, risky, told_settings(config)),
    )


def told_settings(config: Config) -> dict[str, str]:
    """The settings that this profile goes by, as `[section] key` and value; what may hold a password is
    told by a mark of it.
    """
    from dataclasses import asdict
    from hashlib import sha256

    from kiosk.config import PROFILES

    sections = {name: part for name, part in asdict(config).items() if name not in PROFILES}
    told = {
        f"[{section}] {key}": _as_written(value)
        for section, part in {**sections, config.profile: asdict(config.screens)}.items()
        for key, value in part.items()
    }
    if config.hub.database:
        told["[hub] database"] = f"({sha256(config.hub.database.encode()).hexdigest()[:8]})"
    return told


def _as_written(value: object) -> str:
    """As in kiosk.toml."""
    return str(value).lower() if isinstance(value, bool) else str(value)


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
