"""A counter with staff on a stage: accounts made without screens, people who sign in by keys."""

from __future__ import annotations

from kiosk.domain.fields import Problem
from kiosk.domain.staff import Role
from kiosk.services.staff import SignedIn
from tests.screens.conftest import Stager
from tests.screens.stage import Stage

SITI, BUDI, RINA = "Siti Rahma", "Budi Hartono", "Rina Wulandari"
PINS = {SITI: "271828", BUDI: "141421", RINA: "kuda makan rumput"}
"""A supervisor and two clerks, the second of whom has a passphrase."""


def proved(stage: Stage, name: str) -> SignedIn:
    """Somebody who has just typed the right PIN."""
    staff = stage.services.staffing.staff
    (line,) = (one for one in staff.people() if one.name == name)
    found = staff.sign_in(line.id, PINS[name])
    assert isinstance(found, SignedIn)
    return found


def staffed(staged: Stager, **changes: object) -> Stage:
    """A counter with its three people, of whom none is signed in."""
    stage = staged("counter", sign_in=True, **changes)
    staff = stage.services.staffing.staff
    assert not isinstance(staff.add(SITI, Role.SUPERVISOR, PINS[SITI]), Problem)
    siti = proved(stage, SITI)
    for name in (BUDI, RINA):
        assert not isinstance(staff.add(name, Role.CLERK, PINS[name], by=siti), Problem)
    return stage


async def signed_in(staged: Stager, name: str = BUDI, **changes: object) -> Stage:
    """The first screen of somebody who has signed in by keys."""
    stage = await staffed(staged, **changes).start()
    await stage.keys(str(list(PINS).index(name) + 1), "ENTER", PINS[name], "ENTER")
    assert stage.step == "home"
    return stage


def trail(stage: Stage, subject: str) -> list[tuple[str, str]]:
    """What was done to a draft, a turn or a registration, and by whose id, oldest first."""
    with stage.services.open_work() as work:
        return [(line.action, line.who) for line in work.registrations.history(subject)]
