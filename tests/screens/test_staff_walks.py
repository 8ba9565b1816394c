"""Whatever staff press, in whatever order: every frame can be shown, and nobody gets in without a PIN."""

from __future__ import annotations

import random

import pytest

from tests.screens.conftest import Stager
from tests.screens.counter import BUDI, PINS, RINA, SITI, staffed
from tests.screens.hub_words import REAL, registered
from tests.screens.stage import NAMES

KEYS = [
    *(key for key in NAMES if key != "F12"),
    *("1", "2", "3", "4", "5", "6", "7", "ENTER", "ENTER", "ENTER", "F2", "F2", "F3", "x", "[/]", "000111"),
    *PINS.values(),
    *[f"F3 UP {number} ENTER {pin} ENTER" for number, pin in enumerate(list(PINS.values())[:2], 1)] * 4,
    *[f"F2 {number} ENTER" for number in range(1, 8)] * 2,
    *("orangnya tertukar", "161803", "K1-0001-PA", "DEL"),
]
"""What is pressed; a line with blanks between capitals is pressed key by key."""


@pytest.mark.parametrize("seed", range(4))
async def test_a_walk_over_the_pages_of_the_staff(staged: Stager, seed: int) -> None:
    chance = random.Random(seed)
    stage = staffed(staged)
    registered(stage.services, **REAL)
    await stage.start()
    names = {f"S{number}": name for number, name in enumerate((SITI, BUDI, RINA), 1)}
    shown: set[str] = set()
    for step in range(200):
        if step % 20 == 0:
            stage.tick(60)  # pauses after wrong PINs come to their end
        for key in chance.choice(KEYS).split(" "):
            await stage.keys(key)
        shown.add(stage.step)
        session = stage.context.session
        if any(getattr(page, "locks", False) for page in stage.pages):
            assert str(REAL["kk"])[:12] not in stage.text.replace(" ", "")
        elif session is not None:
            assert session.id in names or len(stage.services.staffing.staff.people(with_inactive=True)) > 3
            assert stage.services.staffing.shifts.who == session.id
    assert stage.left is None
    assert len(shown) > 5
    assert stage.services.open_work.verify_audit().ok
