"""A kiosk on its real store syncs with a real hub: each record once, each state true, on any line."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.bootstrap import services
from kiosk.clock import SystemClock
from kiosk.domain.consent import consented_to
from kiosk.domain.family import read_family
from kiosk.domain.flow import Fact, again_fact
from kiosk.domain.registration import State
from kiosk.errors import KioskError
from kiosk.hub import routes
from kiosk.hub.database import transaction
from kiosk.hub.intake import Item, take_in
from kiosk.hub.keys import SEAL, KeyFile
from kiosk.hub.kiosks import retire, revoke
from kiosk.hub.rotating import activate, announce
from kiosk.services.sync_ports import RESTORED
from kiosk.settings import Hub as HubSettings
from kiosk.settings import Receipts
from kiosk.store.copying import StoreCopier
from kiosk.store.proof import proved
from kiosk.store.restore import restore
from kiosk.store.sync_note import SyncNoteFile
from kiosk.sync import run
from kiosk.sync.enrolment import EnrolCode
from kiosk.sync.envelope import read
from kiosk.sync.http import HubLine
from kiosk.sync.keys import SigningKey
from kiosk.sync.talk import ItemAnswer, Named, send_envelopes
from kiosk.syncing import only_one
from tests.builders import TODAY, a_member
from tests.hub.placed import Hub
from tests.hub.running import RunningHub, a_hub
from tests.sync.here import KioskHere, config_in
from tests.sync.proxy import CALM, Faults, HttpMessage, Proxy


@pytest.fixture
def here(tmp_path: Path, served: RunningHub) -> Iterator[KioskHere]:
    """An enrolled kiosk for practice."""
    with closing(KioskHere.in_folder(tmp_path / "k1", url=served.url)) as kiosk:
        kiosk.enrol(served.code("K1", training=True), served.url)
        yield kiosk


def held_at(hub: Hub) -> Counter[tuple[str, int]]:
    """How often the hub has each version of each record."""
    return Counter((str(row.record), row.version) for row in hub.rows("SELECT record, version FROM envelope"))


@contextmanager
def deciding(hub: Hub) -> Iterator[None]:
    """The hub decides what comes in, in a thread of its own."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            if not hub.decide():
                time.sleep(0.01)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


def through(proxy: Proxy, here: KioskHere) -> KioskHere:
    """The same kiosk behind a bad line."""
    config = replace(here.config, hub=replace(here.config.hub, url=proxy.url))
    return KioskHere(config, replace(here.house, config=config))


def port_of(served: RunningHub) -> int:
    return int(served.url.rpartition(":")[2])


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


@pytest.mark.parametrize(("end", "code"), [(revoke, "kiosk.revoked"), (retire, "kiosk.retired")])
def test_a_kiosk_that_was_shut_out_keeps_what_waits(
    here: KioskHere, hub: Hub, served: RunningHub, end: Callable[..., int], code: str
) -> None:
    registration = here.register()
    with transaction(hub.engine) as session:
        end(session, "K1", training=True, who="test")
    outcome = here.sync()
    assert (outcome.code, outcome.exit_code, outcome.waiting) == (code, 1, 1)
    here.enrol(served.code("K1", training=True), served.url)
    assert here.sync().sent == 1
    assert here.states() == {registration.reference: State.SENT}


def test_clocks_days_apart_hinder_nobody_and_are_left_alone(
    tmp_path: Path, database: str, key_file: KeyFile
) -> None:
    three_days = 3 * 24 * 3600
    with (
        a_hub(database, key_file, clock=lambda: time.time() + three_days) as served,
        closing(KioskHere.in_folder(tmp_path / "k1", url=served.url)) as here,
    ):
        here.enrol(served.code("K1", training=True), served.url)
        here.register()
        before = here.house.clock.now()
        assert here.sync().sent == 1
        assert here.house.clock.now().day == before.day
        drift = SyncNoteFile(here.config.store_dir).last().drift_ms
        assert drift is not None
        assert abs(drift + three_days * 1000) < 60_000


def test_new_keys_of_the_hub_are_taken_from_its_inbox(here: KioskHere, hub: Hub, key_file: KeyFile) -> None:
    old = key_file.current().signer.id
    assert announce(hub.engine, key_file, who="test", now=datetime.now(UTC)) == 1
    here.register(1)
    assert here.sync().sent == 1
    activate(hub.engine, key_file, who="test", now=lambda: datetime.now(UTC))
    assert key_file.current().signer.id != old
    here.register(2)
    assert here.sync().sent == 1
    while hub.decide():
        pass
    assert here.sync().heard["accepted"] == 2


def test_what_was_restored_is_not_sent_again_and_gives_no_old_number(
    here: KioskHere, hub: Hub, served: RunningHub, tmp_path: Path
) -> None:
    hub.numbers("0001000000000", 1000, training=True)
    here.sync()
    for number in range(1, 13):
        here.register(number)
    copy = tmp_path / "k1.copy"
    config = here.config
    StoreCopier(
        config.store_dir, config.key_file, kiosk="K1", profile="training", now=lambda: "2026-11-22"
    ).copy(copy)
    here.sync()
    lost = here.register(99)
    assert lost.card == "0001000000012"
    here.close()
    restore(copy, config.store_dir, config.key_file, profile="training", stamp="x", replace=True)
    with closing(KioskHere.in_folder(tmp_path / "k1", url=served.url)) as again:
        assert set(again.states().values()) == {State.SUBMITTED}
        with again.house.open_work.reading() as work:
            identity = work.identity.get()
            assert identity is not None
            assert identity.epoch == RESTORED
        assert again.register(50).card is None, "the number follows"
        with Proxy([port_of(served)]) as proxy:
            behind = through(proxy, again)
            outcome = behind.sync()
            sent = proxy.met["/v1/envelopes"]
        assert (outcome.sent, outcome.waiting, outcome.numbers) == (13, 0, 200)
        assert sent == 1, "only the new one is sent, the others had their receipts"
        assert again.register(51).card == "0001000000200"
    assert set(held_at(hub).values()) == {1}


def test_the_next_batch_is_on_its_way_before_the_reply_to_the_last_one(
    here: KioskHere, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 60):
        here.register(number)
    met = asyncio.Event()
    under_way: list[int] = []

    async def held(line: HubLine, names: Sequence[Named], envelopes: Sequence[bytes]) -> list[ItemAnswer]:
        answers = await send_envelopes(line, names, envelopes)
        under_way.append(len(names))
        if len(under_way) == 3:
            met.set()
        if len(under_way) == 2:
            await asyncio.wait_for(met.wait(), 30)
        return answers

    monkeypatch.setattr(run, "send_envelopes", held)
    outcome = here.sync()
    assert (outcome.code, outcome.sent) == ("", 59)
    assert sum(under_way) == 59, "nobody is sent twice"
    assert set(held_at(hub).values()) == {1}


def test_one_program_at_a_time_talks_with_the_hub(here: KioskHere) -> None:
    with only_one(here.config.store_dir), pytest.raises(KioskError, match=r"sync\.busy"):
        here.sync()
    assert here.sync().code == ""


def test_practice_and_real_data_never_meet(tmp_path: Path, served: RunningHub) -> None:
    with closing(KioskHere.in_folder(tmp_path / "k2", "K2", url=served.url)) as practice:
        with pytest.raises(KioskError, match=r"enrol\.kiosk"):
            practice.enrol(served.code("K2"), served.url)
        with pytest.raises(KioskError, match=r"kiosk\.not_enrolled"):
            practice.sync()
        practice.enrol(served.code("K2", training=True), served.url)
        practice.register()
        assert practice.sync().sent == 1
        # A store that was enrolled for practice under settings for real families.
        real = replace(practice.config, kiosk=replace(practice.config.kiosk, profile="counter"))
        with pytest.raises(KioskError, match=r"kiosk\.other_class"):
            KioskHere(real, replace(practice.house, config=real)).sync()
        other = replace(practice.config, kiosk=replace(practice.config.kiosk, id="K3"))
        with pytest.raises(KioskError, match=r"kiosk\.other_id"):
            KioskHere(other, replace(practice.house, config=other)).sync()


def test_a_code_of_another_hub_enrols_nobody(tmp_path: Path, served: RunningHub) -> None:
    with closing(KioskHere.in_folder(tmp_path / "k1", url=served.url)) as here:
        with pytest.raises(KioskError, match=r"enrol\.unknown"):
            here.enrol(EnrolCode.fresh(SigningKey.generate().public), served.url)
        true = served.code("K1", training=True)
        with pytest.raises(KioskError, match=r"enrol\.hub"):
            here.enrol(EnrolCode(true.secret, b"other"), served.url)
        here.enrol(served.code("K1", training=True), served.url)
        assert here.sync().code == ""


def test_a_lost_answer_to_an_enrolment_is_asked_for_again(tmp_path: Path, served: RunningHub) -> None:
    code = served.code("K1", training=True)
    with (
        Proxy([port_of(served)], faults=Faults(lost_reply=100)) as proxy,
        closing(KioskHere.in_folder(tmp_path / "k1", url=served.url)) as here,
    ):
        with pytest.raises(KioskError, match=r"reply\.lost"):
            here.enrol(code, proxy.url)
        proxy.faults = CALM
        here.enrol(code, proxy.url)
        assert here.sync().code == ""


def test_keys_that_were_taken_under_another_code_are_made_anew(tmp_path: Path, served: RunningHub) -> None:
    with (
        Proxy([port_of(served)], faults=Faults(lost_reply=100)) as proxy,
        closing(KioskHere.in_folder(tmp_path / "k1", url=served.url)) as here,
    ):
        with pytest.raises(KioskError, match=r"reply\.lost"):
            here.enrol(served.code("K1", training=True), proxy.url)
        here.enrol(served.code("K1", training=True), served.url)
        here.register()
        assert here.sync().sent == 1


def test_what_is_sealed_to_an_old_key_is_taken(here: KioskHere, hub: Hub, key_file: KeyFile) -> None:
    here.register()
    key_file.rotate(SEAL)
    assert here.sync().sent == 1
    assert hub.decide() == 1


def test_after_the_days_of_grace_a_run_removes_the_family_and_its_receipt(
    tmp_path: Path, served: RunningHub, hub: Hub
) -> None:
    receipts = tmp_path / "receipts"
    config = replace(
        config_in(tmp_path / "k1", url=served.url),
        receipts=Receipts(dir=str(receipts)),
        hub=HubSettings(url=served.url, grace_days=0),
    )
    with closing(KioskHere(config, services(config, clock=SystemClock(TODAY)))) as here:
        hub.numbers("0001000000000", 500, training=True)
        here.enrol(served.code("K1", training=True), served.url)
        here.sync()
        registration = here.register(3)
        here.house.receipt(registration, here.house.language)
        here.sync()
        hub.decide()
        here.sync()
        kept = here.house.queries.registration(registration.reference)
        assert (kept.state, bool(kept.family)) == (State.ACCEPTED, True), (
            "the day of the decision is one of grace"
        )
        later = replace(
            here.house, clock=SystemClock(date.fromisoformat(kept.state_at[:10]) + timedelta(days=1))
        )
        assert KioskHere(config, later).sync().code == ""
        gone = here.house.queries.registration(registration.reference)
        assert (gone.state, dict(gone.family), bool(gone.purged_at)) == (State.ACCEPTED, {}, True)
        assert list(receipts.iterdir()) == []
        assert here.house.open_work.verify_audit().ok
        with here.house.open_work.reading() as work:
            stone = work.tombstones.get(registration.id)
        assert stone is not None
        assert stone.receipt_hash
    assert proved(config.store_dir, config.key_file).ok
