"""Who a kiosk is to a hub: keys made here and kept before they are shown; a new life after a copy."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from kiosk.errors import KioskError
from kiosk.services.enrolment import Enrolment
from kiosk.services.sync_ports import RESTORED, KeptMessage
from kiosk.sync.voice import new_keys
from tests.unit.fakes import FakeClock, FakeRandomness, FakeStore
from tests.unit.hub_pen import HubPen


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


def _enrolment(store: FakeStore, seed: int = 1) -> Enrolment:
    return Enrolment(store, FakeClock(), FakeRandomness(seed), new_keys)


def test_the_same_keys_are_shown_until_the_hub_has_taken_them(store: FakeStore) -> None:
    asked = _enrolment(store).prepare("K1", training=False)
    assert _enrolment(store, 2).prepare("K1", training=False) == asked
    assert _enrolment(store).identity() is None, "nobody has taken them yet"
    assert str(uuid.UUID(asked.epoch)) == asked.epoch
    other = _enrolment(store).prepare("K2", training=False)
    assert other.signing_secret != asked.signing_secret
    with pytest.raises(KioskError, match=r"enrol\.stale"):
        _enrolment(store).taken(asked, (), "http://hub.test")
    taken = _enrolment(store).taken(other, HubPen().keys(), "http://hub.test")
    assert _enrolment(store).identity() == taken
    assert (taken.url, taken.cursor, taken.enrolled_at) == ("http://hub.test", 0, FakeClock().now().wall)
    assert store.state.asked_identity is None


def test_who_enrols_again_has_new_keys_and_goes_on_where_it_was(store: FakeStore) -> None:
    hub = HubPen()
    first = _enrolment(store).prepare("K1", training=False)
    known = _enrolment(store).taken(first, hub.keys(), "http://hub.test")
    store.state.identity = replace(known, cursor=7)
    again = _enrolment(store, 2).prepare("K1", training=False)
    assert again.signing_secret != first.signing_secret
    assert again.epoch == first.epoch
    assert _enrolment(store).identity() == replace(known, cursor=7), "the old keys hold until then"
    assert _enrolment(store).taken(again, hub.keys(), "http://hub.test").cursor == 7


def test_who_enrols_at_another_hub_reads_it_from_the_start_in_a_new_life(store: FakeStore) -> None:
    """The messages and card numbers of the hub before are nothing to the new one."""
    here, there = HubPen(), HubPen()
    first = _enrolment(store).prepare("K1", training=False)
    known = _enrolment(store).taken(first, here.keys(), "http://hub.test")
    store.state.identity = replace(known, cursor=7)
    with store() as work:
        work.kept_messages.add(
            KeptMessage(4, "weather", sealed=True, body=b"x", hub_key="", signature=b"", code="", kept_at="")
        )
        work.commit()
    new_keys_ = there.keys()
    publics = {bytes.fromhex(key.public) for key in new_keys_ if key.purpose == "sign"}
    again = _enrolment(store, 2).prepare("K1", training=False, is_hub=publics.__contains__)
    assert again.epoch != first.epoch
    assert _enrolment(store, 3).prepare("K1", training=False, is_hub=publics.__contains__) == again
    taken = _enrolment(store).taken(again, new_keys_, "http://other.test")
    assert (taken.cursor, taken.epoch) == (0, again.epoch)
    with store() as work:
        assert list(work.kept_messages.page(limit=9)) == []


def test_a_store_put_back_begins_a_new_life_once(store: FakeStore) -> None:
    assert _enrolment(store).begin_life() is None
    store.state.identity = replace(HubPen().identity(), asking="lease-1")
    assert _enrolment(store).begin_life() == store.state.identity
    old = store.state.identity
    store.state.identity = replace(old, epoch=RESTORED)
    with store() as work:
        work.cards.lease("0001000000010", 9, demo=False, lease="lease-0", epoch=old.epoch)
        assert work.cards.left() == 0
        work.commit()
    life = _enrolment(store, 5).begin_life()
    assert life is not None
    assert life.epoch not in {old.epoch, RESTORED}
    assert life.asking == "", "what was asked for in another life is not asked for again"
    assert _enrolment(store, 6).begin_life() == life
    with store() as work:
        assert work.cards.take() is None
    assert [line.action for line in store.state.audit] == ["kiosk.new_life"]


def test_a_lease_is_asked_for_by_one_name_until_it_came(store: FakeStore) -> None:
    with pytest.raises(KioskError, match=r"kiosk\.not_enrolled"):
        _enrolment(store).lease_to_ask_for()
    store.state.identity = HubPen().identity()
    lease = _enrolment(store).lease_to_ask_for()
    assert _enrolment(store, 2).lease_to_ask_for() == lease
    store.state.identity = replace(store.state.identity, asking="")
    assert _enrolment(store, 3).lease_to_ask_for() != lease


def test_where_the_hub_is_reached_is_remembered(store: FakeStore) -> None:
    store.state.identity = HubPen().identity()
    _enrolment(store).moved_to("http://elsewhere.test")
    _enrolment(store).moved_to("http://elsewhere.test")
    assert store.state.identity.url == "http://elsewhere.test"
    assert [line.action for line in store.state.audit] == ["hub.moved"]
