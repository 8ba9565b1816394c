"""What the store keeps of syncing, on a real encrypted file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.domain.fields import Problem
from kiosk.domain.registration import Event, Registration, State, after, stripped
from kiosk.errors import StoreError
from kiosk.services.ports import LeasedCard
from kiosk.services.sync_ports import (
    HubDecision,
    HubKey,
    HubReceipt,
    Identity,
    KeptMessage,
    Tombstone,
)
from kiosk.store.unit_of_work import Store
from tests.store import examples

WHEN = "2026-11-22T10:41:00.000+07:00"


def _queued(store: Store, *numbers: int) -> list[Registration]:
    registrations = [examples.a_registration(number) for number in numbers]
    with store() as work:
        for registration in registrations:
            work.registrations.add(registration)
            work.outbox.add(registration, f"key-{registration.reference}")
        work.commit()
    return registrations


def test_what_waits_comes_oldest_first_page_by_page_with_its_registration(store: Store) -> None:
    registrations = _queued(store, 3, 1, 2)
    with store.reading() as work:
        first = work.outbox.due(0, limit=2)
        rest = work.outbox.due(0, limit=2, after=first[-1].queued.n)
    assert [one.registration for one in (*first, *rest)] == registrations
    assert [one.queued.key for one in rest] == ["key-K1-0002-XX"]


def test_a_version_put_off_waits_for_its_time_and_a_clock_that_ran_ahead_puts_nothing_off(
    store: Store,
) -> None:
    _queued(store, 1, 2)
    with store() as work:
        (one, other) = (found.queued for found in work.outbox.due(0, limit=9))
        work.outbox.put(replace(one, next_try_ms=5000, tries=2, code="envelope.malformed"))
        work.outbox.put(replace(other, next_try_ms=10**13))
        work.commit()
    with store.reading() as work:
        assert [found.queued.n for found in work.outbox.due(4999, limit=9)] == [other.n]
        assert [found.queued.n for found in work.outbox.due(5000, limit=9)] == [one.n, other.n]
        assert [found.queued.n for found in work.outbox.due(None, limit=9)] == [one.n, other.n]
        assert [(found.n, found.code, found.tries) for found in work.outbox.set_aside()] == [
            (one.n, "envelope.malformed", 2)
        ]
        assert work.outbox.waiting() == 2


def test_a_receipt_ends_the_waiting_and_is_kept(store: Store) -> None:
    (registration,) = _queued(store, 1)
    receipt = HubReceipt(1_795_318_860_000, "ab" * 8, b"s" * 64)
    with store() as work:
        (found,) = work.outbox.due(0, limit=9)
        sent = replace(found.queued, sent_at=WHEN, hash="cd" * 32, receipt=receipt)
        work.outbox.put(sent)
        moved = after(registration, Event.SEND, WHEN)
        assert isinstance(moved, Registration)
        work.registrations.move(moved)
        work.commit()
    with store.reading() as work:
        assert work.outbox.waiting() == 0
        assert work.outbox.due(None, limit=9) == []
        assert work.outbox.get(registration.id, 1) == sent
        found_again = work.registrations.by_reference(registration.reference)
        assert found_again == replace(registration, state=State.SENT, state_at=WHEN)
        (line,) = work.registrations.page(state=State.SENT)
        assert (line.version, line.state_at, line.purged_at) == (1, WHEN, "")


def test_a_version_sent_anew_is_the_same_registration(store: Store) -> None:
    (registration,) = _queued(store, 1)
    family = {**registration.family, "members": [examples.a_member(5, 0)], "kk": examples.kk(5)}
    mended = replace(registration, family=family, version=2, state_at=WHEN)
    with store() as work:
        work.registrations.replace(mended)
        assert work.outbox.due(None, limit=9) == []
        work.outbox.add(mended, "key-2", queued_at=WHEN)
        with pytest.raises(StoreError, match=r"store\.duplicate"):
            work.outbox.add(mended, "key-3")
        work.commit()
    with store.reading() as work:
        assert work.registrations.by_draft(registration.id) == mended
        assert [(one.version, one.key, one.queued_at) for one in work.outbox.versions(mended.id)] == [
            (1, f"key-{registration.reference}", registration.created.wall),
            (2, "key-2", WHEN),
        ]
        (due,) = work.outbox.due(None, limit=9)
        assert (due.queued.version, due.registration) == (2, mended)
        assert work.registrations.by_nik(examples.nik(1)) == work.registrations.by_kk(examples.kk(1)) == []
        assert work.registrations.by_nik(examples.nik(5)) == work.registrations.by_kk(examples.kk(5))


def test_what_is_not_there_is_not_changed(store: Store) -> None:
    (registration,) = _queued(store, 1)
    stranger = examples.a_registration(2)
    with store() as work:
        (due,) = work.outbox.due(0, limit=9)
        with pytest.raises(StoreError, match=r"store\.unknown"):
            work.registrations.replace(stranger)
        with pytest.raises(StoreError, match=r"store\.unknown"):
            work.registrations.move(stranger)
        with pytest.raises(StoreError, match=r"store\.unknown"):
            work.outbox.put(replace(due.queued, n=99))
        assert work.registrations.by_draft(registration.id) == registration


def test_decisions_are_kept_by_version(store: Store) -> None:
    problem = Problem("members[0].nik", "nik.already_registered", params={"reference": "K2-0009-XX"})
    refused = HubDecision("id-1", 1, "refused", "aa" * 32, WHEN, (problem,), "K2-0009-XX", "none")
    accepted = HubDecision("id-1", 2, "accepted", "bb" * 32, WHEN, card="confirmed")
    with store() as work:
        work.decisions.put(accepted)
        work.decisions.put(replace(refused, card=""))
        work.decisions.put(refused)
        work.commit()
    with store.reading() as work:
        assert work.decisions.all_of("id-1") == [refused, accepted]
        assert work.decisions.get("id-1", 2) == accepted
        assert work.decisions.get("id-1", 3) is None
        assert work.decisions.get("id-2", 1) is None


def test_an_identity_is_kept_whole_and_shows_no_secret(store: Store) -> None:
    identity = Identity(
        "K1",
        training=True,
        signing_secret=b"\x07" * 32,
        opening_secret=b"\x08" * 32,
        hub_keys=(HubKey("ab" * 8, "cd" * 32, "sign"), HubKey("ef" * 8, "01" * 32, "seal", retired=True)),
        url="http://hub.test",
        enrolled_at=WHEN,
        epoch="epoch-1",
        cursor=7,
        asking="lease-1",
    )
    with store() as work:
        assert work.identity.get() is None
        work.identity.put(replace(identity, cursor=6, epoch=""))
        work.identity.put(identity)
        work.commit()
    with store.reading() as work:
        assert work.identity.get() == identity
    assert "x07" not in repr(identity)
    assert "x08" not in repr(identity)


def test_a_block_of_another_life_of_the_store_gives_nothing(store: Store) -> None:
    identity = Identity("K1", False, b"s" * 32, b"o" * 32, epoch="epoch-1")  # noqa: FBT003
    with store() as work:
        work.cards.lease("0000000000900", 5, demo=True)
        assert work.cards.take() == LeasedCard("0000000000900", demo=True)
        work.identity.put(identity)
        assert work.cards.take() is None, "an enrolled kiosk gives no number that is made up"
        work.cards.lease("0000000000800", 1, demo=True, lease="lease-0", epoch="epoch-1")
        assert work.cards.take() == LeasedCard("0000000000800", demo=True), (
            "but for those of a hub for trying"
        )
        work.cards.lease("0001000000010", 2, demo=False, lease="lease-1", epoch="epoch-1")
        assert work.cards.left() == 2
        assert work.cards.take() == LeasedCard("0001000000010", demo=False)
        work.identity.put(replace(identity, epoch="epoch-2"))
        assert (work.cards.take(), work.cards.left()) == (None, 0)
        work.cards.lease("0000000000700", 1, demo=True, lease="lease-d", epoch="epoch-2")
        assert work.cards.take() is None, "a demonstration number never stands for a real one"
        work.cards.lease("0001000000500", 1, demo=False, lease="lease-2", epoch="epoch-2")
        assert work.cards.take() == LeasedCard("0001000000500", demo=False)
        assert [(one.next, one.lease, one.epoch) for one in work.cards.blocks() if not one.demo] == [
            (1_000_000_011, "lease-1", "epoch-1"),
            (1_000_000_501, "lease-2", "epoch-2"),
        ]


def test_a_stripped_registration_keeps_its_place_in_lists_and_nothing_of_anybody(store: Store) -> None:
    (registration, other) = _queued(store, 1, 2)
    with store() as work:
        for one in (registration, other):
            work.registrations.move(replace(one, state=State.ACCEPTED, state_at=WHEN))
        work.codes.add(examples.a_code(1, draft=1))
        work.resume_codes.put("code", registration.id, WHEN)
        work.commit()
    with store() as work:
        first, second = work.registrations.decided("2026-11-23", limit=9)
        assert work.registrations.decided("2026-11-22T10", limit=9) == []
        work.registrations.replace(stripped(first, "2026-12-22"))
        work.codes.forget(first.id)
        work.resume_codes.forget(first.id)
        stone = Tombstone(first.id, "K1-****-XX", "aa", "bb", WHEN, "2026-12-22")
        work.tombstones.add(stone)
        work.commit()
    with store.reading() as work:
        assert work.registrations.decided("2026-11-23", limit=9) == [second]
        assert work.tombstones.get(first.id) == stone
        assert work.tombstones.get(second.id) is None
        found = work.registrations.by_reference(registration.reference)
        assert found is not None
        assert (found.state, found.purged_at, found.decision.people) == (State.ACCEPTED, "2026-12-22", 4)
        assert (found.family, found.card, found.waits_for_number) == ({}, None, False)
        assert [line.reference for line in work.registrations.page()] == [other.reference, found.reference]
        assert work.registrations.by_nik(examples.nik(1)) == work.registrations.by_kk(examples.kk(1)) == []
        assert work.codes.latest(first.id) is None
        assert work.resume_codes.find("code") is None
    dump = _everything(store)
    for personal in (examples.nik(1), examples.kk(1), "88888" + f"{1:011d}"):
        assert personal not in dump
    assert examples.nik(2) in dump, "the other one is still whole"


def _everything(store: Store) -> str:
    connection = store._database.take()
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    rows = [connection.execute(f"SELECT * FROM {name}").fetchall() for (name,) in tables]
    store._database.give_back(connection)
    return repr(rows)


def test_messages_that_nobody_understands_are_kept_once(store: Store) -> None:
    message = KeptMessage(4, "weather", True, b"sealed", "ab" * 8, b"s" * 64, "inbox.unknown", WHEN)  # noqa: FBT003
    with store() as work:
        work.kept_messages.add(message)
        work.kept_messages.add(replace(message, kind="again"))
        work.commit()
    with store.reading() as work:
        assert work.kept_messages.page(limit=9) == [message]
        assert work.kept_messages.page(limit=9, after=4) == []
