"""A record whose time is in doubt says so wherever it is shown, and is listed under the right day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.commands.stored import _lines, _view
from kiosk.domain.draft import Draft
from kiosk.domain.registration import Registration
from tests.faults.clock import JUMPS, Place
from tests.faults.families import family, steps
from tests.faults.hand import Hand

DOUBT = "waktu diragukan"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A kiosk in practice."""
    made = Place(tmp_path, 3)
    yield made
    made.house.close()


def registered(place: Place, jump: str) -> Registration:
    """A family that came through after the clock had jumped."""
    found: Draft | Registration = place.house.drafts.start()
    place.suffer(next(one for one in JUMPS if one.name == jump))
    for step in steps(family(3, 1)):
        assert isinstance(found, Draft)
        found = place.step(step, found)
    assert isinstance(found, Registration)
    return found


@pytest.mark.parametrize(
    ("jump", "says"), [("no jump", False), ("no clock", True), ("ten years ahead", True)]
)
async def test_lists_and_pages_say_it(place: Place, jump: str, *, says: bool) -> None:
    record = registered(place, jump)
    hand = await Hand(place.house).start()
    home = "\n".join(hand.lines())
    assert record.reference in home
    assert (DOUBT in home) is says
    await hand.type("1", "enter")
    account = "\n".join(hand.lines())
    assert record.reference in account
    assert (DOUBT in account.lower()) is says
    assert (DOUBT in "\n".join(place.house.receipt(record, hand.context.language)).lower()) is says


@pytest.mark.parametrize(("jump", "says"), [("no jump", False), ("no clock", True)])
def test_the_commands_say_it(place: Place, jump: str, *, says: bool) -> None:
    record = registered(place, jump)
    (line,) = _lines(place.house.queries, None, 0)
    assert (DOUBT in line) is says
    told = list(_view(record, full=False))
    assert any(DOUBT in text for text in told) is says
    assert any("time time.doubtful" in text for text in told) is says
