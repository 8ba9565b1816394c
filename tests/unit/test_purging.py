"""What is purged, when, and what stays: nothing before the decision and the days of grace."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from kiosk.domain.draft import Draft
from kiosk.domain.identifiers import masked_reference
from kiosk.domain.registration import Event, Registration, State, after
from kiosk.services.ports import CodeAttempt
from kiosk.services.purging import Purging
from tests.unit.synced import SyncedKiosk

DAY = 24 * 3600


@pytest.fixture
def kiosk() -> SyncedKiosk:
    return SyncedKiosk()


def _purging(kiosk: SyncedKiosk, forgotten: list[str] | None = None) -> Purging:
    forget = (lambda _: None) if forgotten is None else forgotten.append
    return Purging(kiosk.store, kiosk.clock, grace_days=30, forget=forget)


def test_nothing_goes_before_the_decision_and_the_days_of_grace(kiosk: SyncedKiosk) -> None:
    with kiosk.store() as work:
        kiosk.lease(work, demo=True)
        work.commit()
    accepted, sent, refused = kiosk.sent(1), kiosk.sent(2), kiosk.sent(3)
    kiosk.register(4)
    problem = {"field": "kk", "code": "kk.date", "severity": "error", "params": {"was": "317"}}
    kiosk.inbox.take([kiosk.hub.decision(accepted, "accepted", card="confirmed")])
    kiosk.inbox.take([kiosk.hub.decision(refused, "refused", problems=[problem])])
    purging = _purging(kiosk)
    kiosk.clock.advance(30 * DAY)
    assert purging.purge() == 0, "the last day of grace"
    kiosk.clock.advance(DAY)
    assert purging.purge() == 1
    kiosk.clock.advance(1000 * DAY)
    assert purging.purge() == 0
    left = {one.state for one in kiosk.store.state.registrations.values() if one.family}
    assert left == {State.SENT, State.NEEDS_FIX, State.SUBMITTED}
    assert kiosk.stored(accepted).purged_at
    assert not kiosk.stored(sent).purged_at


def test_what_stays_tells_of_nobody_and_shows_which_receipt_it_was(kiosk: SyncedKiosk) -> None:
    with kiosk.store() as work:
        kiosk.lease(work, demo=True)
        work.commit()
    envelope = kiosk.sent()
    whole = kiosk.stored(envelope)
    problem = {"field": "members[0].name", "code": "name.x", "severity": "warning", "params": {"was": "BUDI"}}
    kiosk.inbox.take([kiosk.hub.decision(envelope, "accepted", card="0001234567890", problems=[problem])])
    with kiosk.store() as work:
        work.codes.add(CodeAttempt("c", whole.id, "+6281234567890", "s", kiosk.clock.now()))
        work.resume_codes.put("code", whole.id, "")
        work.drafts.save(Draft(whole.id, "", {"kk": "9901010101200001"}), "")
        work.commit()
    kiosk.clock.advance(31 * DAY)
    forgotten: list[str] = []
    assert _purging(kiosk, forgotten).purge() == 1
    assert forgotten == [whole.reference]
    state = kiosk.store.state
    kept = (state.registrations, state.drafts, state.codes, state.slips, state.decisions, state.tombstones)
    told = repr(kept)
    member = whole.family["members"][0]
    personal = (whole.family["kk"], member["nik"], member["name"], "81234567890", "0001234567890", "BUDI")
    assert [number for number in personal if str(number) in told] == []
    stone = state.tombstones[whole.id]
    receipt = state.outbox[whole.id, 1].receipt
    assert receipt is not None
    assert stone.receipt_hash == hashlib.sha256(receipt.signature).hexdigest()
    assert stone.hash == envelope.header.content_hash.hex()
    assert stone.reference == masked_reference(whole.reference) == "K1-**01-**"
    left = kiosk.stored(envelope)
    assert (left.reference, left.state, left.created) == (whole.reference, State.ACCEPTED, whole.created)
    assert (left.decision.people, left.decision.premium_total) == (1, whole.decision.premium_total)
    assert [line.action for line in state.audit][-1] == "registration.purged"


def test_a_clock_in_doubt_purges_nothing(kiosk: SyncedKiosk) -> None:
    with kiosk.store() as work:
        kiosk.lease(work, demo=True)
        work.commit()
    envelope = kiosk.sent()
    kiosk.inbox.take([kiosk.hub.decision(envelope, "accepted", card="confirmed")])
    kiosk.clock.advance(400 * DAY)
    kiosk.clock.trusted = False
    assert _purging(kiosk).purge() == 0
    kiosk.clock.trusted = True
    assert _purging(kiosk).purge() == 1


def test_a_family_that_waits_for_its_number_is_kept_until_it_came(kiosk: SyncedKiosk) -> None:
    envelope = kiosk.sent()
    kiosk.inbox.take([kiosk.hub.decision(envelope, "accepted", card_due=True)])
    assert kiosk.stored(envelope).waits_for_number
    kiosk.clock.advance(400 * DAY)
    assert _purging(kiosk).purge() == 0
    kiosk.inbox.take([kiosk.hub.decision(envelope, "accepted", card="0001234567890")])
    assert _purging(kiosk).purge() == 1


def test_what_was_taken_back_is_purged_too_with_or_without_a_number(kiosk: SyncedKiosk) -> None:
    for number in (1, 2):
        found = kiosk.register(number)
        assert found.waits_for_number
        with kiosk.store() as work:
            gone = after(found, Event.CANCEL, kiosk.clock.now().wall)
            assert isinstance(gone, Registration)
            work.registrations.move(gone)
            work.outbox.withdraw(found.id, 1)
            work.commit()
        if number == 1:
            kiosk.clock.advance(29 * DAY)
    kiosk.clock.advance(2 * DAY)
    assert _purging(kiosk).purge() == 1
    left = [one.purged_at for one in kiosk.store.state.registrations.values()]
    assert [bool(at) for at in left] == [True, False]
    line = kiosk.store.state.audit[-1]
    assert (line.action, line.who) == ("registration.purged", "program")


def test_what_the_hub_says_later_brings_nothing_back(kiosk: SyncedKiosk) -> None:
    with kiosk.store() as work:
        kiosk.lease(work, demo=True)
        work.commit()
    envelope = kiosk.sent()
    kiosk.inbox.take([kiosk.hub.decision(envelope, "accepted", card="confirmed")])
    kiosk.clock.advance(31 * DAY)
    _purging(kiosk).purge()
    header = envelope.header
    lapse = {"record": header.record, "version": 1, "hash": header.content_hash.hex(), "reference": "",
             "at": "2026-12-23T08:00:00+07:00"}  # fmt: skip
    kiosk.inbox.take(
        [
            kiosk.hub.decision(envelope, "accepted", card="0001234567890"),
            kiosk.hub.letter("lapsed", lapse),
        ]
    )
    left = kiosk.stored(envelope)
    assert (left.card, left.virtual_accounts, left.family) == (None, {}, {})
    assert left.state is State.LAPSED
    assert kiosk.inbox.take([replace(kiosk.hub.letter("weather", {}), number=3)]).code == ""
    assert _purging(kiosk).purge() == 0


def test_what_cannot_be_forgotten_outside_stays_inside_until_it_can(kiosk: SyncedKiosk) -> None:
    with kiosk.store() as work:
        kiosk.lease(work, demo=True)
        work.commit()
    envelope = kiosk.sent()
    kiosk.inbox.take([kiosk.hub.decision(envelope, "accepted", card="confirmed")])
    kiosk.clock.advance(31 * DAY)

    def refuses(_: str) -> None:
        raise OSError("read-only")

    with pytest.raises(OSError, match="read-only"):
        Purging(kiosk.store, kiosk.clock, grace_days=30, forget=refuses).purge()
    assert not kiosk.stored(envelope).purged_at
    assert _purging(kiosk).purge() == 1
