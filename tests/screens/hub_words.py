"""What the hub has said of a registration, put into the store of a stage as taking its word does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kiosk.bootstrap import Services
from kiosk.domain.fields import Problem
from kiosk.domain.registration import Event, Forbidden, Registration, after
from kiosk.services.sync_ports import HubDecision
from tests.builders import a_draft, a_family, a_member

SENT_AT = "2026-11-22T10:40:00.000+07:00"
DECIDED_AT = "2026-11-22T10:41:00.000+07:00"
CHILD_NIK = "members[2].nik"
TAKEN = Problem(CHILD_NIK, "nik.already_registered", params={"reference": "K2-0007-QQ"})

REAL = {
    "kk": "3173052107200012",
    "members": [a_member(nik="3173051208800003", birth_date="1980-08-12")],
    "address": {"street": "Jl. Melati 4", "region": "3173051001", "postcode": "10510"},
    "fktp": "09020107",
}
"""What makes an invented family one that can be registered outside practice."""


def registered(services: Services, **changes: object) -> Registration:
    """A family registered without screens."""
    draft = replace(services.drafts.start(), answers=a_draft(a_family(**changes)).answers)
    done = services.registrar.submit(draft, services.rules()).registration
    assert done is not None
    return done


def sent(services: Services, registration: Registration, at: str = SENT_AT) -> Registration:
    """Its present version has a receipt."""
    with services.open_work() as work:
        queued = work.outbox.get(registration.id, registration.version)
        assert queued is not None
        work.outbox.put(replace(queued, sent_at=at, hash="00" * 32))
        moved = _moved(registration, Event.SEND, at)
        work.registrations.replace(moved)
        work.commit()
    return moved


def accepted(services: Services, registration: Registration, at: str = DECIDED_AT) -> Registration:
    """The hub has taken it."""
    told = HubDecision(registration.id, registration.version, "accepted", "00" * 32, at, card="none")
    return _decided(services, registration, Event.ACCEPT, told)


def refused(
    services: Services,
    registration: Registration,
    problems: Iterable[Problem] = (TAKEN,),
    other: str = "K2-0007-QQ",
) -> Registration:
    """The hub has refused it."""
    told = HubDecision(
        registration.id,
        registration.version,
        "refused",
        "00" * 32,
        DECIDED_AT,
        tuple(problems),
        other,
        "none",
    )
    return _decided(services, registration, Event.REFUSE, told)


def lapsed(services: Services, registration: Registration, at: str = DECIDED_AT) -> Registration:
    """The premium was not paid in time."""
    moved = _moved(accepted(services, registration, at), Event.LAPSE, at)
    with services.open_work() as work:
        work.registrations.replace(moved)
        work.commit()
    return moved


def _decided(services: Services, registration: Registration, event: Event, told: HubDecision) -> Registration:
    moved = _moved(sent(services, registration), event, told.decided_at)
    with services.open_work() as work:
        work.decisions.put(told)
        work.registrations.replace(moved)
        work.commit()
    return moved


def _moved(registration: Registration, event: Event, at: str) -> Registration:
    moved = after(registration, event, at)
    assert not isinstance(moved, Forbidden), moved
    return moved
