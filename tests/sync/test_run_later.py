"""A kiosk and its hub over time: keys change, kiosks go and come back, practice stays apart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.bootstrap import services
from kiosk.clock import SystemClock
from kiosk.domain.registration import State
from kiosk.errors import KioskError
from kiosk.hub.database import transaction
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
from kiosk.sync.http import HubLine
from kiosk.sync.keys import SigningKey
from kiosk.sync.talk import ItemAnswer, Named, send_envelopes
from kiosk.syncing import only_one
from tests.builders import TODAY
from tests.hub.placed import Hub
from tests.hub.running import RunningHub, a_hub
from tests.sync.held import held_at, port_of, through
from tests.sync.here import KioskHere, config_in
from tests.sync.proxy import CALM, Faults, Proxy


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
