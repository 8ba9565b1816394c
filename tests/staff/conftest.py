"""A counter with a real store, real hashes, and a clock that obeys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.config import Config
from kiosk.domain.identifiers import Reference
from kiosk.domain.registration import Registration, State
from kiosk.domain.staff import Role
from kiosk.randomness import SystemRandomness
from kiosk.services.staff import SignedIn, StaffLine
from kiosk.services.staffing import Staffing
from kiosk.staffing import staffing_of
from kiosk.store.unit_of_work import Store, store_factory
from tests.store.examples import a_registration
from tests.unit.fakes import FakeClock

BOSS_PIN, CLERK_PIN = "804213", "bunga melati putih"


@dataclass
class Counter:
    """One counter: its store, its clock, its staff."""

    store: Store
    clock: FakeClock
    staffing: Staffing
    numbers: int = 0

    def add(self, name: str, role: Role, pin: str, by: SignedIn | None = None) -> StaffLine:
        made = self.staffing.staff.add(name, role, pin, by=by)
        assert isinstance(made, StaffLine), made
        return made

    def sign_in(self, staff_id: str, pin: str, code: str = "") -> SignedIn:
        found = self.staffing.staff.sign_in(staff_id, pin, code)
        assert isinstance(found, SignedIn), found
        return found

    def register(self, **changes: Any) -> Registration:
        """Stores a family as a registrar does; the receipt numbers follow one another."""
        self.numbers += 1
        whole = a_registration(self.numbers, created=self.clock.now())
        registration = replace(
            whole, reference=str(Reference("K1", self.numbers)), served_by=self.store.who, **changes
        )
        with self.store() as work:
            work.registrations.add(registration)
            if registration.state is State.SUBMITTED:
                work.outbox.add(registration, f"key-{self.numbers}")
            work.commit()
        return registration

    def lines(self) -> list[tuple[str, str, str]]:
        """Action, subject and who of every line of the trail."""
        connection = self.store._database.take()
        try:
            rows = connection.execute("SELECT action, subject, who FROM audit ORDER BY n").fetchall()
        finally:
            self.store._database.give_back(connection)
        return [(action, subject, who) for action, subject, who in rows]


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    store = store_factory(tmp_path / "data", tmp_path / "keys" / "store.key", busy_seconds=0.2)
    clock = FakeClock()
    yield Counter(store, clock, staffing_of(store, clock, SystemRandomness(), Config()))
    store.close()


@pytest.fixture
def boss(counter: Counter) -> SignedIn:
    """The supervisor, signed in; the account is S1."""
    counter.add("Ratna Dewi", Role.SUPERVISOR, BOSS_PIN)
    return counter.sign_in("S1", BOSS_PIN)


@pytest.fixture
def clerk(counter: Counter, boss: SignedIn) -> SignedIn:
    """A clerk, signed in; the account is S2."""
    counter.add("Siti Rahma", Role.CLERK, CLERK_PIN, boss)
    return counter.sign_in("S2", CLERK_PIN)
