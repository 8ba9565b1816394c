"""Several workers at once, and workers that die: a record is decided once, a person registered once."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from kiosk.hub.database import make_engine
from kiosk.hub.deciding import decide_once
from kiosk.sync.content import Content
from tests.hub.judged import RECEIVED_MS, a_record, with_family, with_member
from tests.hub.placed import Hub

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 4


@contextmanager
def several(hub: Hub) -> Iterator[Engine]:
    engine = make_engine(hub.engine.url.render_as_string(hide_password=False), pool=WORKERS)
    try:
        yield engine
    finally:
        engine.dispose()


def decide_together(hub: Hub, most: int, meanwhile: Callable[[], None] = lambda: None) -> int:
    """Four workers decide until nothing waits; how many they decided together."""
    together = threading.Barrier(WORKERS + 1)

    def work(engine: Engine) -> int:
        done = 0
        together.wait(30)
        while hub.rows("SELECT 1 FROM envelope WHERE decided_at IS NULL LIMIT 1"):
            done += decide_once(engine, hub.desk, most=most)
        return done

    with several(hub) as engine, ThreadPoolExecutor(WORKERS) as pool:
        running = [pool.submit(work, engine) for _ in range(WORKERS)]
        together.wait(30)
        meanwhile()
        return sum(one.result() for one in running)


def niks_of(record: Content) -> set[str]:
    return {str(member["nik"]) for member in record.family["members"]}


def states(hub: Hub) -> dict[UUID, str]:
    return {row.record: row.state for row in hub.rows("SELECT record, state FROM registration")}


@pytest.mark.parametrize("most", [1, 7])
def test_of_two_families_with_one_person_exactly_one_is_accepted(hub: Hub, most: int) -> None:
    kiosks = [hub.kiosk("K1"), hub.kiosk("K2")]
    pairs = []
    for seed in range(20):
        first, second = a_record(seed, "K1", people=2), a_record(seed + 500, "K2", people=2)
        second = with_member(second, 1, nik=first.family["members"][0]["nik"])
        pairs.append([hub.put(kiosk, one) for kiosk, one in zip(kiosks, (first, second), strict=True)])
    assert decide_together(hub, most) == 40
    found = states(hub)
    for pair in pairs:
        assert sorted(found[one] for one in pair) == ["accepted", "refused"]
    for kiosk in kiosks:
        told = hub.told(kiosk)  # asserts that the numbers have no gap
        assert len(told) == 20
        for one in told:
            assert (one["other_reference"] is not None) == (one["decision"] == "refused")


@pytest.mark.parametrize("seed", range(3))
def test_however_families_overlap_nobody_is_registered_twice_and_nobody_is_refused_for_nothing(
    hub: Hub, seed: int
) -> None:
    draw = random.Random(seed)
    kiosks = [hub.kiosk(f"K{number}") for number in range(3)]
    crowd = [str(member["nik"]) for at in range(12) for member in a_record(at, people=2).family["members"]]
    records: dict[UUID, Content] = {}
    for number in range(40):
        kiosk = draw.choice(kiosks)
        record = a_record(number + 100, kiosk.name, people=3)
        for place, nik in enumerate(draw.sample(crowd, 2)):
            record = with_member(record, place, nik=nik)
        id_ = hub.put(kiosk, record, received_ms=RECEIVED_MS + draw.randrange(5))
        records[id_] = record
    assert decide_together(hub, 5) == 40
    found = states(hub)
    accepted = [niks_of(records[one]) for one, state in found.items() if state == "accepted"]
    held = set().union(*accepted)
    assert len(held) == sum(map(len, accepted))
    names = {records[one].reference for one, state in found.items() if state == "accepted"}
    for one, state in found.items():
        assert (state == "refused") <= bool(niks_of(records[one]) & held)
    for kiosk in kiosks:
        assert {told["other_reference"] for told in hub.told(kiosk)} - {None} <= names
    assert len(hub.rows("SELECT * FROM member WHERE live")) == len(held)


def test_versions_that_come_while_others_are_decided_are_decided_in_order(hub: Hub) -> None:
    kiosk = hub.kiosk()
    bad = [with_family(a_record(seed, people=1), **{"class": 9}) for seed in range(15)]
    ids = [hub.put(kiosk, record) for record in bad]

    def mend() -> None:
        for id_, seed in zip(ids, range(15), strict=True):
            hub.put(kiosk, a_record(seed, people=1), id_=str(id_), version=2)

    decide_together(hub, 3, mend)
    while hub.decide():
        pass
    assert set(states(hub).values()) == {"accepted"}
    last: dict[str, int] = {}
    for told in hub.told(kiosk):
        assert last.get(told["record"], 0) < told["version"]
        last[told["record"]] = told["version"]
    assert set(last.values()) == {2}


def test_a_worker_that_dies_in_the_middle_leaves_everything_as_it_was(hub: Hub) -> None:
    hub.numbers()
    kiosk = hub.kiosk()
    ids = {hub.put(kiosk, a_record(seed)) for seed in range(3)}
    url = hub.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.hub.halfway", url, str(hub.key_file.path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "halfway\n"
        assert hub.decide() == 0  # it has them all
        worker.kill()
    waiting = "SELECT count(*) AS n FROM envelope WHERE decided_at IS NULL"
    while hub.rows(
        "SELECT 1 FROM pg_locks WHERE relation = 'envelope'::regclass AND pid <> pg_backend_pid()"
    ):
        pass  # the server has yet to see that the worker is gone
    assert hub.rows(waiting)[0].n == 3
    for table in ("registration", "member", "inbox", "card", "audit"):
        assert hub.rows(f"SELECT * FROM {table}") == []
    assert hub.decide() == 3
    assert states(hub) == dict.fromkeys(ids, "accepted")
    assert len(hub.told(kiosk)) == 3
