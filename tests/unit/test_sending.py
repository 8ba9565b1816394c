"""What goes to the hub, and what a receipt changes: only a true one, and only what it names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kiosk.domain.registration import State
from kiosk.errors import KioskError
from kiosk.services.sending import FIRST_WAIT_MS, LONGEST_WAIT_MS, Received, ms_of, wall_of
from kiosk.sync.content import decode, unpack
from kiosk.sync.envelope import Envelope, read
from kiosk.sync.keys import SigningKey
from tests.unit.hub_pen import NOW_MS, HubPen
from tests.unit.synced import SyncedKiosk


@pytest.fixture
def kiosk() -> SyncedKiosk:
    return SyncedKiosk()


def test_what_is_sealed_is_the_registration_and_only_the_hub_can_open_it(kiosk: SyncedKiosk) -> None:
    registration = kiosk.register()
    (envelope,) = kiosk.envelopes()
    (again,) = kiosk.envelopes()
    header = envelope.header
    assert (header.kiosk, header.record, header.version, header.training) == ("K1", registration.id, 1, True)
    assert again.header.content_hash == header.content_hash, "the content is the same however often sealed"
    assert again.sealed != envelope.sealed
    packed = kiosk.hub.sealing.open(envelope.sealed, envelope.info)
    assert packed is not None
    content = decode(unpack(packed), header.schema)
    assert (content.reference, content.card) == (registration.reference, registration.card)
    identity = kiosk.store.state.identity
    assert identity is not None
    assert envelope.is_signed_by(SigningKey.from_secret(identity.signing_secret).public)


def test_without_a_hub_there_is_nobody_to_seal_to(kiosk: SyncedKiosk) -> None:
    kiosk.register()
    kiosk.store.state.identity = None
    with pytest.raises(KioskError, match=r"kiosk\.not_enrolled"):
        kiosk.envelopes()


def test_what_is_sealed_is_on_its_way_from_then_on(kiosk: SyncedKiosk) -> None:
    kiosk.register()
    (one,) = kiosk.sending.due(limit=1)
    assert one.queued.left_at == ""
    kiosk.envelopes()
    first = kiosk.clock.now().wall
    kiosk.clock.advance(60)
    kiosk.envelopes()
    (one,) = kiosk.sending.due(limit=1)
    assert one.queued.left_at == first


def test_what_was_taken_back_a_moment_ago_is_not_sealed_and_marks_nothing_else(kiosk: SyncedKiosk) -> None:
    kiosk.register(1)
    kiosk.register(2)
    outgoing = kiosk.sending.due(limit=2)
    del kiosk.store.state.outbox[outgoing[0].queued.registration, 1]
    with pytest.raises(KioskError, match=r"outbox\.withdrawn"):
        kiosk.sending.sealed(outgoing)
    assert [one.left_at for one in kiosk.store.state.outbox.values()] == [""]
    assert len(kiosk.sending.sealed(outgoing[1:])) == 1


def test_what_is_sealed_to_be_asked_for_is_not_on_its_way(kiosk: SyncedKiosk) -> None:
    kiosk.register()
    outgoing = kiosk.sending.due(limit=1)
    assert len(kiosk.sending.sealed(outgoing, sets_out=False)) == 1
    assert [one.left_at for one in kiosk.store.state.outbox.values()] == [""]


def test_where_nobody_is_enrolled_nothing_is_on_its_way(kiosk: SyncedKiosk) -> None:
    kiosk.register()
    kiosk.store.state.identity = None
    with pytest.raises(KioskError, match=r"kiosk\.not_enrolled"):
        kiosk.envelopes()
    assert [one.left_at for one in kiosk.store.state.outbox.values()] == [""]


def test_a_receipt_makes_it_sent_once(kiosk: SyncedKiosk) -> None:
    kiosk.register()
    (envelope,) = kiosk.envelopes()
    word = kiosk.hub.receipt(envelope)
    assert kiosk.sending.receipts([word]) == Received(1)
    stored = kiosk.stored(envelope)
    assert (stored.state, stored.state_at) == (State.SENT, "2026-11-22T10:41:00.000+07:00")
    lines = len(kiosk.store.state.audit)
    assert kiosk.sending.receipts([word, word]).taken == 0
    assert len(kiosk.store.state.audit) == lines
    assert kiosk.sending.waiting() == 0
    assert kiosk.sending.due(limit=9) == kiosk.sending.all_waiting(limit=9) == []


LIES: dict[str, tuple[dict[str, Any], str]] = {
    "another kiosk": ({"kiosk": "K2"}, "receipt.signature"),
    "another record": ({"record": "0198f2c0-0000-7000-8000-0000000000aa"}, "receipt.unknown"),
    "another version": ({"version": 2}, "receipt.unknown"),
    "another content": ({"content_hash": b"\x01" * 32}, "receipt.hash"),
    "another class": ({"training": False}, "receipt.signature"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_receipt_for_something_else_changes_nothing_but_the_trail(kiosk: SyncedKiosk, lie: str) -> None:
    changes, code = LIES[lie]
    kiosk.register()
    (envelope,) = kiosk.envelopes()
    done = kiosk.sending.receipts([kiosk.hub.receipt(envelope, **changes)])
    assert (done.taken, done.codes) == (0, (code,))
    assert kiosk.stored(envelope).state is State.SUBMITTED
    assert kiosk.sending.waiting() == 1
    assert kiosk.actions() == [("receipt.refused", (code,))]


def test_a_receipt_of_another_hub_or_a_changed_one_is_not_believed(kiosk: SyncedKiosk) -> None:
    kiosk.register()
    (envelope,) = kiosk.envelopes()
    word = kiosk.hub.receipt(envelope)
    forged = HubPen().receipt(envelope)
    claimed = replace(forged, receipt=replace(forged.receipt, hub_key=word.receipt.hub_key))
    later = replace(word, receipt=replace(word.receipt, received_ms=word.receipt.received_ms + 1))
    torn = [
        replace(
            word,
            receipt=replace(
                word.receipt,
                signature=bytes(byte ^ (place == at) for place, byte in enumerate(word.receipt.signature)),
            ),
        )
        for at in range(64)
    ]
    done = kiosk.sending.receipts([forged, claimed, later, *torn])
    assert done.taken == 0
    assert set(done.codes) == {"receipt.unknown_key", "receipt.signature"}
    assert kiosk.stored(envelope).state is State.SUBMITTED
    assert kiosk.sending.receipts([word]).taken == 1


def test_receipts_of_many_are_taken_in_few_transactions_and_one_lie_stops_none(kiosk: SyncedKiosk) -> None:
    for number in range(1, 26):
        kiosk.register(number)
    envelopes = kiosk.envelopes()
    words = [kiosk.hub.receipt(one) for one in envelopes]
    words[7] = kiosk.hub.receipt(envelopes[7], content_hash=bytes(32))
    before = kiosk.store.commits
    done = kiosk.sending.receipts(words)
    assert (done.taken, done.codes) == (24, ("receipt.hash",))
    assert kiosk.store.commits - before == 5
    assert [one.registration.id for one in kiosk.sending.due(limit=99)] == [envelopes[7].header.record]


def test_what_the_hub_does_not_take_waits_longer_each_time_and_holds_up_nobody(kiosk: SyncedKiosk) -> None:
    kiosk.register(1)
    kiosk.register(2)
    waits = []
    for _ in range(12):
        (bad, *_) = kiosk.sending.all_waiting(limit=1)
        kiosk.sending.put_off([(bad.queued, "envelope.malformed")])
        (bad, good) = kiosk.sending.all_waiting(limit=2)
        assert kiosk.sending.due(limit=9) == [good]
        waits.append(bad.queued.next_try_ms - ms_of(kiosk.clock.now().wall))
    assert waits[0] == FIRST_WAIT_MS
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT_MS
    assert (bad.queued.code, bad.queued.tries) == ("envelope.malformed", 12)
    assert kiosk.stored(_envelope_of(kiosk, bad.registration.id)).state is State.SUBMITTED
    aside = [line for line in kiosk.store.state.audit if line.action == "registration.set_aside"]
    assert [line.codes for line in aside] == [("envelope.malformed",)], "told once, not at each attempt"
    kiosk.clock.advance(LONGEST_WAIT_MS / 1000)
    assert len(kiosk.sending.due(limit=9)) == 2


def _envelope_of(kiosk: SyncedKiosk, record: str) -> Envelope:
    waiting = kiosk.sending.all_waiting(limit=9)
    return next(one for one in map(read, kiosk.sending.sealed(waiting)) if one.header.record == record)


def test_a_conflict_waits_the_longest_at_once(kiosk: SyncedKiosk) -> None:
    kiosk.register()
    (one,) = kiosk.sending.due(limit=1)
    kiosk.sending.put_off([(one.queued, "record.conflict")])
    (one,) = kiosk.sending.all_waiting(limit=1)
    assert one.queued.next_try_ms - ms_of(kiosk.clock.now().wall) == LONGEST_WAIT_MS


def test_what_has_a_receipt_is_put_off_no_more(kiosk: SyncedKiosk) -> None:
    kiosk.register()
    (one,) = kiosk.sending.due(limit=1)
    (envelope,) = kiosk.envelopes()
    kiosk.sending.receipts([kiosk.hub.receipt(envelope)])
    kiosk.sending.put_off([(one.queued, "late")])
    (queued,) = kiosk.store.state.outbox.values()
    assert (queued.code, queued.tries) == ("", 0)


def test_what_lies_on_a_stick_waits_as_before(kiosk: SyncedKiosk) -> None:
    registration = kiosk.register()
    (one,) = kiosk.sending.due(limit=1)
    kiosk.sending.exported([one.queued])
    (again,) = kiosk.sending.due(limit=1)
    assert again.queued.exported_at == kiosk.clock.now().wall
    assert again.registration.state is State.SUBMITTED
    assert kiosk.store.state.audit[-1].action == "registration.exported"
    assert kiosk.store.state.audit[-1].subject == registration.reference


def test_a_store_that_takes_nothing_loses_no_receipt(kiosk: SyncedKiosk) -> None:
    kiosk.register()
    (envelope,) = kiosk.envelopes()
    word = kiosk.hub.receipt(envelope)
    kiosk.store.broken = True
    with pytest.raises(KioskError, match=r"store\.full"):
        kiosk.sending.receipts([word])
    kiosk.store.broken = False
    assert kiosk.stored(envelope).state is State.SUBMITTED
    assert kiosk.sending.receipts([word]).taken == 1


def test_the_hubs_times_are_told_in_the_time_of_this_place() -> None:
    now = SyncedKiosk().clock.now()
    assert wall_of(NOW_MS, now) == "2026-11-22T10:41:00.000+07:00"
    assert ms_of(wall_of(NOW_MS, now)) == NOW_MS
    with pytest.raises(ValueError, match="offset"):
        ms_of("2026-11-22T10:41:00")
