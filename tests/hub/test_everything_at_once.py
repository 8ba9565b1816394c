"""Deciding, mending, lapsing, leasing and giving numbers at the same moment: nobody waits in a circle."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from kiosk.hub.blocks import Wanted, add_numbers, lease_block
from kiosk.hub.chain import link_lines, verify
from kiosk.hub.database import make_engine, transaction
from kiosk.hub.deciding import decide_once
from kiosk.hub.lapsing import Ending, lapse
from kiosk.hub.numbers_due import give_due_numbers
from kiosk.sync.content import Content
from tests.hub.judged import RECEIVED_MS, a_record, with_family, with_member
from tests.hub.placed import EPOCH, NOW, Hub, Placed, lease_id

RECORDS, TURNS = 120, 12


class Life:
    """What several people and machines do to one hub, each by turns."""

    def __init__(self, hub: Hub, engine: Engine) -> None:
        self.hub = hub
        self.engine = engine
        self.draw = random.Random(7)
        self.records: dict[UUID, Content] = {}
        self.kiosks: list[Placed] = [hub.kiosk(f"K{number}") for number in range(4)]
        self.senders: dict[UUID, Placed] = {}
        crowd = [str(one["nik"]) for at in range(30) for one in a_record(at, people=2).family["members"]]
        for number in range(RECORDS):
            self._send(number, crowd)

    def _send(self, number: int, crowd: list[str]) -> None:
        kiosk = self.draw.choice(self.kiosks)
        record = a_record(number + 1000, kiosk.name, people=3)
        for place, nik in enumerate(self.draw.sample(crowd, 2)):
            record = with_member(record, place, nik=nik)
        if number % 10 == 0:
            record = with_family(record, **{"class": 9})
        if number % 2:
            record = replace(record, card=f"{self.draw.randrange(1000, 1200):013d}")
        id_ = self.hub.put(kiosk, record, received_ms=RECEIVED_MS + number)
        self.records[id_], self.senders[id_] = record, kiosk

    def decide(self, turn: int) -> None:
        decide_once(self.engine, self.hub.desk, most=(1, 3, 17)[turn % 3])

    def mend(self, turn: int) -> None:
        id_ = list(self.records)[turn * 7 % RECORDS]
        with suppress(IntegrityError):  # this version was sent before
            self.hub.put(self.senders[id_], self.records[id_], id_=str(id_), version=2 + turn % 2)

    def lapse(self, turn: int) -> None:
        del turn
        accepted = self.hub.rows("SELECT reference FROM registration WHERE state = 'accepted' LIMIT 2")
        ending = Ending(self.engine, lambda: self.hub.keys, "desk", lambda: NOW)
        list(lapse(ending, [row.reference for row in accepted]))

    def lease(self, turn: int) -> None:
        kiosk = self.kiosks[turn % 4]
        with transaction(self.engine) as session:
            lease_block(session, kiosk.n, Wanted(lease_id(turn), EPOCH, 3), self.hub.keys.signer, NOW)

    def give(self, turn: int) -> None:
        with transaction(self.engine) as session:
            add_numbers(session, f"{5000 + turn * 10:013d}", 4, training=False)
        give_due_numbers(self.engine, lambda: self.hub.keys, training=False, who="desk", now=lambda: NOW)

    def link(self, turn: int) -> None:
        del turn
        link_lines(self.engine)


def test_whatever_happens_at_once_the_hub_stays_true(hub: Hub) -> None:
    hub.numbers("0000000001000", 60)
    engine = make_engine(hub.engine.url.render_as_string(hide_password=False), pool=8)
    life = Life(hub, engine)
    works = (life.decide, life.decide, life.decide, life.mend, life.lapse, life.lease, life.give, life.link)
    together = threading.Barrier(len(works))

    def by_turns(work: Callable[[int], None]) -> None:
        together.wait(30)
        for turn in range(TURNS):
            work(turn)

    try:
        with ThreadPoolExecutor(len(works)) as pool:
            list(pool.map(by_turns, works))  # raises what any of them met, a circle of locks too
        end = time.monotonic() + 60
        while decide_once(engine, hub.desk):
            assert time.monotonic() < end
    finally:
        engine.dispose()
    assert_true(hub, life)


def assert_true(hub: Hub, life: Life) -> None:
    assert hub.rows("SELECT 1 FROM envelope WHERE decided_at IS NULL") == []
    assert hub.rows("SELECT 1 FROM quarantine") == []
    accepted = {row.record for row in hub.rows("SELECT record FROM registration WHERE state = 'accepted'")}
    live = Counter(row.record for row in hub.rows("SELECT record FROM member WHERE live"))
    assert live == {id_: len(life.records[id_].family["members"]) for id_ in accepted}
    cards = [int(row.card) for row in hub.rows("SELECT card FROM registration WHERE card IS NOT NULL")]
    given = {row.number for row in hub.rows("SELECT number FROM card")}
    assert len(cards) == len(set(cards))
    assert set(cards) <= given
    free = {n for row in hub.rows("SELECT next, last FROM card_pool") for n in range(row.next, row.last + 1)}
    leased = {
        row.first + place
        for row in hub.rows("SELECT first, count AS size FROM lease")
        for place in range(row.size)
    }
    assert free.isdisjoint(given | leased)
    for kiosk in life.kiosks:
        hub.told(kiosk)  # asserts that the numbers have no gap
    while link_lines(hub.engine, all_of_them=True):
        pass
    with Session(hub.engine) as session:
        proof = verify(session)
    assert (proof.ok, proof.loose) == (True, 0)
