"""The staff of a walk: a clerk and a supervisor who take turns, take families back, and sign for the day."""

from __future__ import annotations

import random
from collections.abc import Iterable

from kiosk.bootstrap import Services
from kiosk.domain.draft import Draft
from kiosk.domain.fields import Problem
from kiosk.domain.registration import Registration
from kiosk.domain.staff import Member, Role
from kiosk.services.staff import SignedIn

CLERK, SUPERVISOR = "S1", "S2"
_ROLES = {CLERK: Role.CLERK, SUPERVISOR: Role.SUPERVISOR}
_REASON = "the family came back with another card"


def engage(house: Services) -> None:
    """Makes their accounts; nobody types a PIN in a walk, so that walks cost no hashing."""
    with house.open_work() as work:
        for name, role in _ROLES.items():
            work.staff.add(Member(name, f"PETUGAS {name}", role, "no PIN fits this"))
        work.commit()
    house.staffing.shifts.begin(_signed_in(house, CLERK))


def take_turn(house: Services, draw: random.Random, in_hand: Draft | None) -> None:
    """One of them signs in where somebody works, at times the other one: then the draft in hand passes on."""
    house.staffing.shifts.begin(_signed_in(house, draw.choice((CLERK, SUPERVISOR))), in_hand)


def sign_out(house: Services) -> None:
    """Whoever is there goes away."""
    house.staffing.shifts.leave()


def close_day(house: Services) -> None:
    """The supervisor signs the report of the day, where somebody had a turn."""
    shifts = house.staffing.shifts
    report = shifts.end_of_day()
    if report.shifts:
        shifts.sign(report, _signed_in(house, SUPERVISOR))


def take_back(house: Services, draw: random.Random, known: Iterable[Registration]) -> Registration | None:
    """Both take one of the registrations that they know back; what it is now, None where they may not."""
    references = sorted(one.reference for one in known)
    if not references:
        return None
    both = (_signed_in(house, CLERK), _signed_in(house, SUPERVISOR))
    found = house.staffing.risky.void(draw.choice(references), *both, _REASON)
    return None if isinstance(found, Problem) else found


def _signed_in(house: Services, name: str) -> SignedIn:
    return SignedIn(name, f"PETUGAS {name}", _ROLES[name], house.clock.now())
