"""The hub's audit lines are a chain: what is changed, taken out or put in is found."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import Session

from kiosk.hub.audit import note
from kiosk.hub.chain import Proof, link_lines, verify
from kiosk.hub.database import transaction
from kiosk.hub.events import EventLog
from kiosk.hub.working import decide_forever
from tests.hub.conftest import Command
from tests.hub.judged import a_record
from tests.hub.placed import Hub


def write(hub: Hub, count: int) -> None:
    with transaction(hub.engine) as session:
        for number in range(count):
            note(session, "desk", "test", f"subject {number}", codes=("a.code",), reason="weil é")


def proof(hub: Hub, head: str = "") -> Proof:
    with Session(hub.engine) as session:
        return verify(session, head=head)


def change(hub: Hub, sql: str) -> None:
    with hub.engine.begin() as connection:
        connection.exec_driver_sql(sql)


def test_lines_are_linked_once_and_in_order(hub: Hub) -> None:
    assert link_lines(hub.engine) == 0
    write(hub, 5)
    assert proof(hub) == Proof(0, "", loose=5)
    assert link_lines(hub.engine) == 5
    write(hub, 3)
    assert (link_lines(hub.engine), link_lines(hub.engine)) == (3, 0)
    found = proof(hub)
    assert (found.links, found.ok, found.loose, len(found.head)) == (8, True, 0, 64)
    assert [row.n for row in hub.rows("SELECT n FROM audit_link ORDER BY place")] == list(range(1, 9))


@pytest.mark.parametrize(
    ("sql", "what", "place"),
    [
        ("UPDATE audit SET reason = 'x' WHERE n = 4", "altered", 4),
        ("UPDATE audit SET at = at + interval '1 microsecond' WHERE n = 4", "altered", 4),
        ("UPDATE audit SET who = 'somebody' WHERE n = 4", "altered", 4),
        ("UPDATE audit_link SET digest = decode(repeat('00', 32), 'hex') WHERE n = 4", "altered", 4),
        ("DELETE FROM audit WHERE n = 4", "missing", 4),
        ("DELETE FROM audit WHERE n = 4; DELETE FROM audit_link WHERE n = 4", "missing", 5),
        (
            (
                "DELETE FROM audit WHERE n = 4; DELETE FROM audit_link WHERE n = 4;"
                "UPDATE audit_link SET place = place - 1 WHERE n = 5"
            ),
            "altered",
            5,
        ),
    ],
)
def test_what_was_changed_or_taken_out_is_found(hub: Hub, sql: str, what: str, place: int) -> None:
    write(hub, 8)
    link_lines(hub.engine)
    change(hub, sql)
    found = proof(hub)
    assert (found.what, found.first_bad, found.links) == (what, place, 3)


def test_a_cut_and_a_new_chain_are_found_by_a_mark_from_elsewhere(hub: Hub) -> None:
    write(hub, 8)
    link_lines(hub.engine)
    head = proof(hub).head
    assert proof(hub, head[:8].upper()).ok
    write(hub, 2)
    link_lines(hub.engine)
    assert proof(hub, head).ok
    change(hub, "DELETE FROM audit_link WHERE n > 6; DELETE FROM audit WHERE n > 6")
    assert proof(hub).ok
    assert proof(hub, head).what == "head_unknown"
    change(hub, "DELETE FROM audit_link; UPDATE audit SET who = 'somebody' WHERE n = 2")
    link_lines(hub.engine)
    assert proof(hub).ok
    assert proof(hub, head).what == "head_unknown"


def test_a_line_that_became_durable_late_is_linked_late(hub: Hub) -> None:
    with transaction(hub.engine) as session:
        note(session, "desk", "test", "late")
        write(hub, 4)
        assert link_lines(hub.engine) == 4
    assert link_lines(hub.engine) == 1
    assert [row.n for row in hub.rows("SELECT n FROM audit_link ORDER BY place")] == [2, 3, 4, 5, 1]
    assert proof(hub).ok


def test_a_line_put_in_long_before_the_others_stays_outside_until_all_are_looked_for(hub: Hub) -> None:
    write(hub, 2)
    change(hub, "ALTER SEQUENCE audit_n_seq RESTART WITH 50000")
    write(hub, 2)
    link_lines(hub.engine)
    change(hub, "INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES (7, now(), 'x', 'x', 'x', '', '')")
    assert link_lines(hub.engine) == 0
    assert proof(hub).loose == 1
    assert link_lines(hub.engine, all_of_them=True) == 1


def test_several_that_link_at_once_make_one_chain(hub: Hub) -> None:
    write(hub, 500)
    together = threading.Barrier(3)

    def link(_number: int) -> int:
        together.wait(30)
        return sum(link_lines(hub.engine) for _ in range(10))

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(link, range(3))) == 500
    assert proof(hub).links == 500


def test_workers_link_what_they_decide(hub: Hub) -> None:
    kiosk = hub.kiosk()
    for seed in range(5):
        hub.put(kiosk, a_record(seed, people=1))

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - nothing waits any more
            self.set()
            return True

    decide_forever(hub.engine, hub.desk, Stop(), EventLog())
    assert (proof(hub).links, proof(hub).loose) == (5, 0)


def test_the_command_says_what_it_found(hub: Hub, command: Command) -> None:
    write(hub, 4)
    link_lines(hub.engine)
    code, out, _ = command("verify")
    mark = re.search(r"4 lines, whole; mark of the last: ([0-9a-f]{8})", out)
    assert (code, bool(mark)) == (0, True)
    assert mark is not None
    assert command("verify", "--head", mark[1])[0] == 0
    assert command("verify", "--head", "00000000")[0] == 1
    change(hub, "UPDATE audit SET reason = 'x' WHERE n = 2")
    code, out, _ = command("verify")
    assert (code, "BROKEN at line 2: it was altered" in out) == (1, True)
    found = json.loads(command("verify", "--json")[1])
    assert (found["ok"], found["what"], found["first_bad"], found["lines"]) == (False, "altered", 2, 1)
