"""A life of a kiosk's store that has ended never comes back, whoever asks in its name and however late."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from kiosk.errors import KioskError
from kiosk.hub.blocks import Wanted, lease_block
from tests.hub.placed import EPOCH, NOW, Hub, Placed


def ask(hub: Hub, kiosk: Placed, epoch: UUID, lease: UUID | None = None) -> int:
    """How many numbers a kiosk gets in this life of its store."""
    wanted = Wanted(lease or uuid4(), epoch, 10)
    with Session(hub.engine) as session:
        found = lease_block(session, kiosk.n, wanted, hub.keys.signer, NOW).payload()
        session.commit()
    assert found is not None
    return int(found["count"])


def states(hub: Hub) -> list[str]:
    with hub.engine.connect() as connection:
        return list(connection.execute(text("SELECT state FROM lease ORDER BY first")).scalars())


def test_a_new_life_loses_the_numbers_of_the_one_before(hub: Hub) -> None:
    hub.numbers()
    kiosk, restored = hub.kiosk(), uuid4()
    assert ask(hub, kiosk, EPOCH) == ask(hub, kiosk, EPOCH) == ask(hub, kiosk, restored) == 10
    assert states(hub) == ["lost", "lost", "leased"]


def test_a_life_that_has_ended_gets_nothing_and_takes_nothing_away(hub: Hub) -> None:
    """Even one without a block: a word of it may have been on its way for long."""
    hub.numbers()
    kiosk, restored = hub.kiosk(), uuid4()
    assert ask(hub, kiosk, restored) == 10
    with pytest.raises(KioskError, match=r"kiosk\.epoch"):
        ask(hub, kiosk, EPOCH)
    assert states(hub) == ["leased"]
    assert ask(hub, kiosk, restored) == 10


def test_lives_of_different_kiosks_are_apart(hub: Hub) -> None:
    hub.numbers()
    one, other = hub.kiosk(), hub.kiosk("K2")
    assert ask(hub, one, uuid4()) == 10
    assert ask(hub, other, EPOCH) == 10
