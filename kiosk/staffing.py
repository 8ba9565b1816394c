"""Chooses what the counter's staff work with: accounts, turns, acts of two, signs of misuse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kiosk.errors import KioskError

if TYPE_CHECKING:
    from kiosk.config import Config
    from kiosk.services.ports import Clock, Randomness
    from kiosk.services.signs import SignRules
    from kiosk.services.slips_beside import OtherKiosk
    from kiosk.services.staffing import Staffing
    from kiosk.store.unit_of_work import Store


def staffing_of(store: Store, clock: Clock, randomness: Randomness, config: Config) -> Staffing:
    """All of it on the store that is open."""
    from kiosk.hashing import Argon2Hasher
    from kiosk.services.drafts import Drafts
    from kiosk.services.risky import Risky
    from kiosk.services.settings_watch import SettingsWatch
    from kiosk.services.shifts import Shifts
    from kiosk.services.signs import Signs
    from kiosk.services.slips_beside import Slips
    from kiosk.services.staff import Staff
    from kiosk.services.staffing import Staffing

    risky = Risky(store, clock)
    return Staffing(
        staff=Staff(store, clock, randomness, Argon2Hasher()),
        shifts=Shifts(store, clock),
        risky=risky,
        signs=Signs(store, sign_rules),
        settings=SettingsWatch(store, clock, risky, told_settings(config)),
        slips=Slips(
            store,
            clock,
            Drafts(store, clock, randomness),
            kiosk_id=config.kiosk.id,
            other=lambda: _kiosk_beside(config),
        ),
    )


def _kiosk_beside(config: Config) -> OtherKiosk | None:
    """The village kiosk on this machine whose slips are taken at the counter, where there is one.

    Raises KioskError `slips.other` where its settings cannot be used, or name this kiosk.
    """
    from kiosk.config import load
    from kiosk.services.slips_beside import OtherKiosk

    if config.profile != "counter" or not config.counter.slips_from:
        return None
    try:
        there = load(config.counter.slips_from, "village")
    except KioskError as error:
        raise KioskError("slips.other", error.code) from error
    if there.kiosk.id == config.kiosk.id:
        raise KioskError("slips.other")
    return OtherKiosk(there.kiosk.id, lambda: _opened_beside(there))


@contextmanager
def _opened_beside(there: Config) -> Iterator[Store]:
    """Its store for as long as it is needed; none is ever made, nor a key."""
    from kiosk.store.engine import DATABASE
    from kiosk.store.unit_of_work import store_factory

    if not ((there.store_dir / DATABASE).is_file() and there.key_file.is_file()):
        raise KioskError("slips.other")
    try:
        store = store_factory(there.store_dir, there.key_file)
    except KioskError as error:
        raise KioskError("slips.other", error.code) from error
    try:
        yield store
    finally:
        store.close()


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
