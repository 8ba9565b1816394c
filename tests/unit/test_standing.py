"""How a registration stands, in the kiosk's own time, and how long its receipt is given out again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta, timezone

import pytest

from kiosk.domain.fields import Problem
from kiosk.domain.registration import Registration, State
from kiosk.services.registration import Registrar
from kiosk.services.standing import Standing, Standings
from kiosk.services.sync_ports import HubDecision
from tests.builders import a_draft, a_rulebook
from tests.unit.fakes import FakeClock, FakeRandomness, FakeStore

WIT = timezone(timedelta(hours=9))
UTC = "2026-11-22T03:41:00.000+00:00"


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def standings(store: FakeStore, clock: FakeClock) -> Standings:
    return Standings(store, clock, zone=WIT, grace_days=30)


@pytest.fixture
def registration(store: FakeStore, clock: FakeClock) -> Registration:
    done = Registrar(store, clock, FakeRandomness(), kiosk_id="K1").submit(a_draft(), a_rulebook())
    assert done.registration is not None
    return done.registration


def test_what_waits_has_no_time_and_no_reason(standings: Standings, registration: Registration) -> None:
    assert standings.of(registration) == Standing(State.SUBMITTED)


def test_what_the_hub_would_not_take_is_told_by_its_code(
    store: FakeStore, standings: Standings, registration: Registration
) -> None:
    with store() as work:
        queued = work.outbox.get(registration.id, 1)
        assert queued is not None
        work.outbox.put(replace(queued, code="conflict"))
        work.commit()
    assert standings.of(registration).code == "conflict"
    assert standings.of(replace(registration, state=State.SENT)).code == ""


@pytest.mark.parametrize("state", [State.SENT, State.ACCEPTED, State.NEEDS_FIX, State.LAPSED])
def test_times_are_told_as_they_are_here(
    standings: Standings, registration: Registration, state: State
) -> None:
    standing = standings.of(replace(registration, state=state, state_at=UTC))
    assert (standing.state, standing.at) == (state, "22-11-2026 12:41")


@pytest.mark.parametrize("at", ["", "soon", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_is_no_crash(standings: Standings, registration: Registration, at: str) -> None:
    assert standings.of(replace(registration, state=State.ACCEPTED, state_at=at)).reprint_until is None


def test_a_refusal_is_that_of_the_version_that_is_here(
    store: FakeStore, standings: Standings, registration: Registration
) -> None:
    problem = Problem("fktp", "fktp.unknown")
    with store() as work:
        told = HubDecision(registration.id, 1, "refused", "", UTC, (problem,), "K2-0001-AA")
        work.decisions.put(told)
        work.commit()
    standing = standings.of(replace(registration, state=State.NEEDS_FIX))
    assert (standing.problems, standing.other_reference) == ((problem,), "K2-0001-AA")
    assert standings.of(replace(registration, version=2)).problems == ()


@pytest.mark.parametrize(
    ("state", "until"),
    [
        (State.SUBMITTED, None),
        (State.SENT, None),
        (State.NEEDS_FIX, None),
        (State.ACCEPTED, date(2026, 12, 22)),
        (State.LAPSED, date(2026, 12, 22)),
    ],
)
def test_a_receipt_is_given_out_again_until_the_days_of_grace_are_over(
    clock: FakeClock, standings: Standings, registration: Registration, state: State, until: date | None
) -> None:
    standing = standings.of(replace(registration, state=state, state_at=UTC))
    assert standing.reprint_until == until
    assert standings.may_reprint(standing)
    clock.advance(30 * 86_400)
    assert standings.may_reprint(standing)
    clock.advance(86_400)
    assert standings.may_reprint(standing) is (until is None)
