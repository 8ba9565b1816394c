"""A kiosk on its real store syncs with a real hub: each record once, each state true, on any line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.consent import consented_to
from kiosk.domain.family import read_family
from kiosk.domain.flow import Fact, again_fact
from kiosk.domain.registration import State
from kiosk.hub import routes
from kiosk.hub.intake import Item, take_in
from kiosk.sync.envelope import read
from tests.builders import a_member
from tests.hub.placed import Hub
from tests.hub.running import RunningHub
from tests.sync.held import deciding, held_at, port_of, through
from tests.sync.here import KioskHere
from tests.sync.proxy import Faults, HttpMessage, Proxy


def test_a_family_is_sent_and_then_accepted_when_the_hub_says_so(here: KioskHere, hub: Hub) -> None:
    registration = here.register()
    outcome = here.sync()
    assert (outcome.code, outcome.sent, outcome.waiting) == ("", 1, 0)
    assert here.states() == {registration.reference: State.SENT}
    assert held_at(hub) == {(registration.id, 1): 1}
    assert hub.decide() == 1
    outcome = here.sync()
    assert (outcome.code, outcome.heard["accepted"]) == ("", 1)
    assert here.states() == {registration.reference: State.ACCEPTED}
    assert here.sync().heard.total() == 0, "the cursor stands behind what was taken"


def test_who_waits_for_the_decision_hears_it(here: KioskHere, hub: Hub) -> None:
    registration = here.register()
    with deciding(hub):
        outcome = here.sync(wait_seconds=20)
    assert outcome.heard["accepted"] == 1
    assert here.states() == {registration.reference: State.ACCEPTED}


def test_what_was_refused_is_mended_and_accepted_as_the_next_version(
    here: KioskHere, hub: Hub, served: RunningHub, tmp_path: Path
) -> None:
    first = here.register(1)
    here.sync()
    hub.decide()
    with closing(KioskHere.in_folder(tmp_path / "k2", "K2", url=served.url)) as other:
        other.enrol(served.code("K2", training=True), served.url)
        double = other.register(1, kk="9901010101209999")
        other.sync()
        hub.decide()
        assert other.sync().heard["refused"] == 1
        standing = other.house.standings.of(other.house.queries.registration(double.reference))
        assert (standing.state, standing.other_reference) == (State.NEEDS_FIX, first.reference)
        rules = other.house.rules()
        draft = other.house.mending.open(double.reference, rules).draft
        draft = draft.with_answers({"members[0].nik": str(a_member(serial=7)["nik"])})
        draft = draft.with_facts({again_fact(str(a_member(serial=7)["nik"])): "yes"})
        draft = draft.with_facts({Fact.CONSENTED: consented_to(read_family(draft, rules)[0])})
        draft = other.house.drafts.save(draft)
        mended = other.house.mending.submit(draft, rules).registration
        assert mended is not None
        assert (mended.id, mended.reference, mended.version) == (double.id, double.reference, 2)
        assert other.sync().sent == 1
        hub.decide()
        other.sync()
        assert other.states() == {double.reference: State.ACCEPTED}
    assert held_at(hub) == {(first.id, 1): 1, (double.id, 1): 1, (double.id, 2): 1}


def test_a_kiosk_gets_card_numbers_and_they_are_confirmed(here: KioskHere, hub: Hub) -> None:
    hub.numbers("0001000000000", 1000, training=True)
    assert here.sync().numbers == 200
    registration = here.register()
    assert registration.card == "0001000000000"
    here.sync()
    hub.decide()
    here.sync()
    found = here.house.queries.registration(registration.reference)
    assert (found.state, found.card, found.demo_card) == (State.ACCEPTED, "0001000000000", False)
    assert here.sync().numbers == 0, "there are enough"


def test_without_a_number_the_family_is_told_that_it_follows(here: KioskHere, hub: Hub) -> None:
    registration = here.register()
    assert registration.waits_for_number, "an enrolled kiosk makes no number up"
    here.sync()
    hub.numbers("0001000000000", 10, training=True)
    hub.decide()
    here.sync()
    found = here.house.queries.registration(registration.reference)
    assert (found.state, found.card) == (State.ACCEPTED, "0001000000000")
    assert found.virtual_accounts


def test_a_lost_reply_is_asked_for_before_anything_is_sent_again(
    here: KioskHere, hub: Hub, served: RunningHub
) -> None:
    here.register(1)
    here.register(2)
    with Proxy([port_of(served)]) as proxy:
        behind = through(proxy, here)
        behind.sync()
        behind.register(3)
        fourth = behind.register(4)
        proxy.change = _torn(2)  # the inbox is read, then the reply to the batch is lost
        outcome = behind.sync()
    assert (outcome.code, outcome.sent, outcome.waiting) == ("", 2, 0)
    assert proxy.met["/v1/envelopes"] == 2, "one batch in each run"
    assert proxy.met["/v1/receipts"] == 1
    assert set(held_at(hub).values()) == {1}
    assert here.states()[fourth.reference] is State.SENT


def _torn(number: int) -> Callable[[HttpMessage], bytes]:
    """Tears one of the replies from now on, counted from 1."""
    seen: list[bytes] = []

    def change(reply: HttpMessage) -> bytes:
        seen.append(reply.raw)
        return reply.raw[: len(reply.raw) // 2] if len(seen) == number else reply.raw

    return change


BAD = Faults(
    lost_request=8, cut_request=8, late=8, lost_reply=20, cut_reply=8, torn_reply=8, repeat=8, echo=8
)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_on_a_line_that_does_everything_wrong_each_record_arrives_once(
    here: KioskHere, hub: Hub, served: RunningHub, seed: int
) -> None:
    references = [here.register(number).reference for number in range(1, 41)]
    with Proxy([port_of(served)], seed=seed, faults=BAD) as proxy:
        behind = through(proxy, here)
        ends: list[str] = []
        while behind.house.queries.waiting() and len(ends) < 60:
            ends.append(behind.sync().code)
        proxy.settle()
        assert proxy.met.total() > proxy.met["nothing"]
        while hub.decide():
            pass
        while set(here.states().values()) != {State.ACCEPTED} and len(ends) < 90:
            ends.append(behind.sync().code)
    assert len(held_at(hub)) == 40, ends
    assert set(held_at(hub).values()) == {1}
    assert here.states() == dict.fromkeys(references, State.ACCEPTED), ends
    assert here.house.open_work.verify_audit().ok


def test_a_hub_that_is_not_there_loses_nothing(here: KioskHere, hub: Hub) -> None:
    registration = here.register()
    config = replace(here.config, hub=replace(here.config.hub, url="http://127.0.0.1:9"))
    away = KioskHere(config, replace(here.house, config=config))
    outcome = away.sync()
    assert (outcome.code, outcome.exit_code, outcome.waiting, outcome.contact) == (
        "hub.unreachable", 5, 1, False
    )  # fmt: skip
    assert here.states() == {registration.reference: State.SUBMITTED}
    assert here.sync().sent == 1
    assert held_at(hub) == {(registration.id, 1): 1}


def _poisoned(monkeypatch: pytest.MonkeyPatch, bad: str) -> list[int]:
    """The hub breaks down whenever a certain record is among those that it is given."""
    sizes: list[int] = []

    def breaks(session: Any, caller: Any, envelopes: Sequence[bytes], keys: Any, **how: Any) -> list[Item]:
        sizes.append(len(envelopes))
        if any(read(one).header.record == bad for one in envelopes):
            raise RuntimeError("poison")
        return take_in(session, caller, envelopes, keys, **how)

    monkeypatch.setattr(routes, "take_in", breaks)
    return sizes


def test_one_record_that_breaks_the_hub_is_set_aside_and_the_others_get_through(
    here: KioskHere, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    registrations = [here.register(number) for number in range(1, 8)]
    bad = registrations[3]
    sizes = _poisoned(monkeypatch, bad.id)
    outcome = here.sync()
    assert (outcome.sent, outcome.waiting, dict(outcome.set_aside)) == (6, 1, {"hub.error": 1})
    assert outcome.code == ""
    assert sizes[:2] == [7, 3], "halved after the failure"
    assert sizes.count(1) >= 2, "tried alone before it is set aside"
    states = here.states()
    assert states.pop(bad.reference) is State.SUBMITTED
    assert set(states.values()) == {State.SENT}
    with here.house.open_work.reading() as work:
        (aside,) = work.outbox.set_aside()
    assert (aside.registration, aside.code) == (bad.id, "hub.error")
    assert here.sync().sent == 0, "it is not tried again at once"
    monkeypatch.setattr(routes, "take_in", take_in)
    with here.house.open_work() as work:
        work.outbox.put(replace(aside, next_try_ms=0))
        work.commit()
    assert here.sync().sent == 1
    assert len(held_at(hub)) == 7


def test_a_record_that_is_there_with_another_content_is_set_aside_by_name(here: KioskHere, hub: Hub) -> None:
    first, second = here.register(1), here.register(2)
    here.sync()
    with here.house.open_work() as work:
        for registration in (first, second):
            queued = work.outbox.get(registration.id, 1)
            assert queued is not None
            work.outbox.put(replace(queued, sent_at="", hash="", receipt=None))
            work.registrations.move(replace(registration, state=State.SUBMITTED, state_at=""))
        changed = replace(first, family={**first.family, "fktp": "99010002"})
        work.registrations.replace(changed)
        work.commit()
    outcome = here.sync()
    assert (outcome.sent, dict(outcome.set_aside)) == (1, {"record.conflict": 1})
    assert here.states() == {first.reference: State.SUBMITTED, second.reference: State.SENT}
    assert set(held_at(hub).values()) == {1}
