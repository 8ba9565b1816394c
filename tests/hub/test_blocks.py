"""Blocks of card numbers: the same answer for the same lease, and never one number at two kiosks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from kiosk.errors import KioskError
from kiosk.hub.blocks import (
    MOST_HELD,
    MOST_IN_A_BLOCK,
    Reclaimed,
    Wanted,
    add_numbers,
    lease_block,
    numbers_left,
    reclaim,
)
from kiosk.hub.bulk import insert_many
from kiosk.hub.database import make_engine, transaction
from kiosk.hub.numbers import take
from kiosk.hub.tables import KioskStatusRow, LeaseRow
from kiosk.sync.statements import Message
from tests.hub.judged import a_record
from tests.hub.placed import EPOCH, NOW, Hub, Placed, lease_id

LATER = UUID(int=2)


def ask(hub: Hub, kiosk: Placed, seed: int = 1, want: int = 10, **changes: Any) -> dict[str, Any]:
    """What the hub answers a kiosk that wants numbers; the answer is verified."""
    wanted = replace(Wanted(lease_id(seed), EPOCH, want), **changes)
    with transaction(hub.engine) as session:
        answer = lease_block(session, kiosk.n, wanted, hub.keys.signer, NOW)
    assert answer.is_signed_by(hub.keys.signer.public)
    assert (answer.kiosk, answer.number, answer.kind) == (kiosk.name, 0, "block")
    return answer.payload() or {}


def left(hub: Hub) -> int:
    with Session(hub.engine) as session:
        return numbers_left(session, training=False)[False]


def refusal(hub: Hub, kiosk: Placed, **options: Any) -> str:
    with pytest.raises(KioskError) as found:
        ask(hub, kiosk, **options)
    return found.value.code


# The pool.


@pytest.mark.parametrize(
    ("first", "count"), [("1", 5), ("000000000000x", 5), ("0001000000000", 0), ("9" * 13, 2)]
)
def test_what_is_no_range_is_no_pool(hub: Hub, first: str, count: int) -> None:
    with pytest.raises(KioskError, match=r"numbers\.format"):
        hub.numbers(first, count)


@pytest.mark.parametrize(
    ("first", "count"), [("0000000000995", 10), ("0000000001005", 1), ("0000000000001", 5000)]
)
def test_no_number_is_given_to_the_hub_twice(hub: Hub, first: str, count: int) -> None:
    hub.numbers("0000000001000", 10)
    with pytest.raises(KioskError, match=r"numbers\.overlap"):
        hub.numbers(first, count)
    with pytest.raises(KioskError, match=r"numbers\.overlap"):
        hub.numbers(first, count, training=True)
    hub.numbers("0000000001010", 10)
    assert left(hub) == 20


def test_the_database_itself_forbids_free_numbers_twice(hub: Hub) -> None:
    hub.numbers("0000000001000", 10)
    with pytest.raises(IntegrityError), transaction(hub.engine) as session:
        session.connection().exec_driver_sql(
            "INSERT INTO card_pool (first, next, last, demo, training) VALUES (9, 1009, 1009, false, false)"
        )


def test_numbers_of_two_pools_are_taken_together(hub: Hub) -> None:
    hub.numbers("0000000001000", 2)
    hub.numbers("0000000002000", 5)
    with transaction(hub.engine) as session:
        assert [one.number for one in take(session, 4, training=False)] == [1000, 1001, 2000, 2001]
    assert left(hub) == 3


# Leases.


def test_a_kiosk_gets_a_block_and_the_same_one_for_the_same_lease(hub: Hub) -> None:
    hub.numbers("0001000000000", 1000)
    kiosk = hub.kiosk()
    first = ask(hub, kiosk, 1, 10)
    assert (first["first"], first["count"], first["lease"]) == ("0001000000000", 10, str(lease_id(1)))
    assert ask(hub, kiosk, 1, 99) == first
    assert ask(hub, kiosk, 2, 10)["first"] == "0001000000010"
    assert left(hub) == 980


def test_real_numbers_go_before_demonstrations_and_classes_stay_apart(hub: Hub) -> None:
    with transaction(hub.engine) as session:
        add_numbers(session, "0000000000100", 5, training=False, demo=True)
        add_numbers(session, "0000000000200", 5, training=True)
        add_numbers(session, "0000000000300", 5, training=False)
    kiosk = hub.kiosk()
    assert [ask(hub, kiosk, seed)["demo"] for seed in (1, 2)] == [False, True]
    assert ask(hub, hub.kiosk("K1", training=True), 3)["first"] == "0000000000200"


def test_an_empty_pool_gives_an_empty_block_that_is_filled_later(hub: Hub) -> None:
    kiosk = hub.kiosk()
    empty = ask(hub, kiosk)
    assert (empty["first"], empty["count"]) == (None, 0)
    hub.numbers("0001000000000", 4)
    assert ask(hub, kiosk)["count"] == 4


def test_no_kiosk_empties_the_pool(hub: Hub) -> None:
    hub.numbers("0001000000000", 5000)
    kiosk = hub.kiosk()
    assert ask(hub, kiosk, want=10**9)["count"] == MOST_IN_A_BLOCK
    assert ask(hub, kiosk, seed=2, left=MOST_HELD)["count"] == 0
    assert ask(hub, kiosk, seed=3, want=0)["count"] == 0


def test_a_lease_is_its_kiosks_own(hub: Hub) -> None:
    hub.numbers()
    ask(hub, hub.kiosk("K1"), 1)
    assert refusal(hub, hub.kiosk("K2"), seed=1) == "lease.foreign"


def test_the_database_itself_forbids_two_leases_of_one_number(hub: Hub) -> None:
    hub.numbers("0001000000000", 10)
    kiosk, other = hub.kiosk("K1"), hub.kiosk("K2")
    ask(hub, kiosk)
    row = {
        "id": lease_id(9), "kiosk": other.n, "epoch": EPOCH, "first": 1000000009, "count": 1, "demo": False,
        "state": "leased", "leased_at": NOW, "body": b"", "key": b"", "signature": b"",
    }  # fmt: skip
    with pytest.raises(IntegrityError), transaction(hub.engine) as session:
        insert_many(session, LeaseRow, [row])


# A kiosk that was put back from a copy.


def test_a_restored_kiosk_loses_its_older_blocks_and_gets_others(hub: Hub) -> None:
    hub.numbers("0001000000000", 100)
    kiosk = hub.kiosk()
    ask(hub, kiosk, 1, 10)
    fresh = ask(hub, kiosk, 2, 10, epoch=LATER)
    assert (fresh["first"], fresh["epoch"]) == ("0001000000010", str(LATER))
    assert [tuple(row) for row in hub.rows("SELECT first, state FROM lease ORDER BY first")] == [
        (1000000000, "lost"),
        (1000000010, "leased"),
    ]
    assert left(hub) == 80  # what it lost is given to nobody


def test_a_lease_of_another_epoch_is_not_given_again(hub: Hub) -> None:
    hub.numbers()
    kiosk = hub.kiosk()
    ask(hub, kiosk, 1)
    assert refusal(hub, kiosk, seed=1, epoch=LATER) == "lease.epoch"


def test_an_epoch_that_has_ended_does_not_come_back(hub: Hub) -> None:
    """The machine that was copied still runs: it gets nothing, and the restored one keeps its blocks."""
    hub.numbers()
    kiosk = hub.kiosk()
    ask(hub, kiosk, 1)
    ask(hub, kiosk, 2, epoch=LATER)
    assert refusal(hub, kiosk, seed=3) == "kiosk.epoch"
    assert [row.state for row in hub.rows("SELECT state FROM lease ORDER BY first")] == ["lost", "leased"]


def test_a_number_given_before_the_copy_was_put_back_is_still_confirmed(hub: Hub) -> None:
    hub.numbers("0001000000000", 100)
    kiosk = hub.kiosk()
    ask(hub, kiosk, 1, 10)
    ask(hub, kiosk, 2, 10, epoch=LATER)
    hub.put(kiosk, a_record(1, card="0001000000003"))
    hub.decide()
    assert hub.told(kiosk)[0]["card"] == "confirmed"


# The end of a kiosk.


def report(hub: Hub, kiosk: Placed, *, waiting: int = 0, minutes: int = 5, epoch: UUID = EPOCH) -> None:
    row = {
        "kiosk": kiosk.n, "seen_at": NOW, "reported_at": NOW - timedelta(minutes=minutes), "waiting": waiting,
        "epoch": epoch,
    }  # fmt: skip
    with transaction(hub.engine) as session:
        insert_many(session, KioskStatusRow, [row])


def retired(hub: Hub, kiosk: Placed) -> Reclaimed:
    with transaction(hub.engine) as session:
        return reclaim(session, kiosk.n, NOW)


def used(hub: Hub, kiosk: Placed, following: int) -> None:
    """The kiosk tells how far it has come in its first block of ten."""
    ask(hub, kiosk, 99, want=0, next=((1000000000, following),))


def test_what_a_retired_kiosk_has_not_given_comes_back(hub: Hub) -> None:
    hub.numbers("0001000000000", 10)
    kiosk, other = hub.kiosk("K1"), hub.kiosk("K2")
    ask(hub, kiosk)
    used(hub, kiosk, 1000000004)
    report(hub, kiosk)
    assert retired(hub, kiosk) == Reclaimed(freed=6, quarantined=0)
    again = ask(hub, other, 2)
    assert (again["first"], again["count"]) == ("0001000000004", 6)


def test_a_block_that_was_never_touched_comes_back_whole(hub: Hub) -> None:
    hub.numbers("0001000000000", 10)
    kiosk, other = hub.kiosk("K1"), hub.kiosk("K2")
    ask(hub, kiosk)
    used(hub, kiosk, 1000000000)
    report(hub, kiosk)
    assert retired(hub, kiosk).freed == 10
    assert ask(hub, other, 2)["first"] == "0001000000000"


def test_a_confirmed_number_never_comes_back_whatever_was_told(hub: Hub) -> None:
    hub.numbers("0001000000000", 10)
    kiosk = hub.kiosk()
    ask(hub, kiosk)
    hub.put(kiosk, a_record(1, card="0001000000007"))
    hub.decide()
    used(hub, kiosk, 1000000002)
    report(hub, kiosk)
    assert retired(hub, kiosk).freed == 2


@pytest.mark.parametrize(
    "doubt", [{"waiting": 1}, {"minutes": 61}, {"epoch": LATER}, {"silent": True}, {"undecided": True}]
)
def test_where_it_is_not_certain_nobody_gets_them(hub: Hub, doubt: dict[str, Any]) -> None:
    hub.numbers("0001000000000", 10)
    kiosk = hub.kiosk()
    ask(hub, kiosk)
    if not doubt.pop("silent", False):
        used(hub, kiosk, 1000000004)
    if doubt.pop("undecided", False):
        hub.put(kiosk, a_record(1))
    report(hub, kiosk, **doubt)
    assert retired(hub, kiosk) == Reclaimed(freed=0, quarantined=10)
    assert left(hub) == 0


def test_a_kiosk_that_never_told_anything_gives_nothing_back(hub: Hub) -> None:
    hub.numbers("0001000000000", 10)
    kiosk = hub.kiosk()
    ask(hub, kiosk)
    assert retired(hub, kiosk) == Reclaimed(freed=0, quarantined=10)


def test_a_kiosk_cannot_talk_its_numbers_back_down(hub: Hub) -> None:
    hub.numbers("0001000000000", 10)
    kiosk = hub.kiosk()
    ask(hub, kiosk)
    used(hub, kiosk, 1000000008)
    used(hub, kiosk, 1000000002)
    report(hub, kiosk)
    assert retired(hub, kiosk).freed == 2


# Many at once.


def test_fifty_kiosks_at_once_never_hold_one_number_twice(hub: Hub) -> None:
    hub.numbers("0001000000000", 700)
    kiosks = [hub.kiosk(f"K{number}") for number in range(50)]
    together = Barrier(10)
    engine = make_engine(hub.engine.url.render_as_string(hide_password=False), pool=10)

    def life(worker: int) -> list[Message]:
        """Five kiosks that ask by turns, repeat themselves, and are put back from copies."""
        together.wait(30)
        answers = []
        for turn in range(6):
            for kiosk in kiosks[worker * 5 : worker * 5 + 5]:
                epoch = UUID(int=1 + turn // 4)
                lease = lease_id(kiosk.n * 100 + turn // 2 + 10 * (turn // 4))
                with transaction(engine) as session:
                    wanted = Wanted(lease, epoch, 3)
                    answers.append(lease_block(session, kiosk.n, wanted, hub.keys.signer, NOW))
        return answers

    try:
        with ThreadPoolExecutor(10) as pool:
            given = [one for found in pool.map(life, range(10)) for one in found]
    finally:
        engine.dispose()
    blocks: dict[str, tuple[int, int, str]] = {}
    for answer in given:
        told = answer.payload() or {}
        if told["count"]:
            block = (int(told["first"]), told["count"], answer.kiosk)
            assert blocks.setdefault(told["lease"], block) == block
    numbers = [first + place for first, count, _kiosk in blocks.values() for place in range(count)]
    assert len(blocks) == 150
    assert len(numbers) == len(set(numbers)) == 450
    assert left(hub) == 250


def test_deciders_and_leases_at_once_share_the_pool(hub: Hub) -> None:
    """Numbers that the hub gives to families and blocks that it leases come from one pool, each once."""
    hub.numbers("0001000000000", 300)
    kiosks = [hub.kiosk(f"K{number}") for number in range(4)]
    for seed in range(80):
        hub.put(kiosks[seed % 4], a_record(seed, kiosks[seed % 4].name, people=1))
    together = Barrier(4)

    def work(worker: int) -> None:
        together.wait(30)
        if worker % 2:
            while hub.decide(most=7):
                pass
        else:
            for turn in range(10):
                ask(hub, kiosks[worker], worker * 100 + turn, 5)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    leased = {
        row.first + place
        for row in hub.rows("SELECT first, count AS size FROM lease")
        for place in range(row.size)
    }
    given = {row.number for row in hub.rows("SELECT number FROM card")}
    assert (len(leased), len(given), len(leased & given)) == (100, 80, 0)
    assert left(hub) == 120
