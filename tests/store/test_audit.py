"""The audit chain: altered, deleted, inserted and swapped lines are found, and so is an outside head."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from kiosk.store.audit import verify
from kiosk.store.session import Session
from kiosk.store.unit_of_work import Store
from tests.store import examples

LINES = 30


@pytest.fixture
def heads(store: Store) -> list[str]:
    """The heads after each of `LINES` lines."""
    with store() as work:
        found = [work.audit.append(examples.a_line(number)) for number in range(LINES)]
        work.commit()
    return found


def _tamper(store: Store, *statements: str) -> None:
    session = Session(store._database)
    for statement in statements:
        session.connection.execute(statement)
    session.close()


def _swap(first: int, second: int) -> tuple[str, ...]:
    return (
        f"UPDATE audit SET n = -1 WHERE n = {first}",
        f"UPDATE audit SET n = {first} WHERE n = {second}",
        f"UPDATE audit SET n = {second} WHERE n = -1",
    )


def _insert(n: int, previous: str, *, like: int) -> str:
    return (
        f"INSERT INTO audit SELECT {n}, wall, boot, 1, 1, who, 'x', 'y', '', '', {previous}, digest"
        f" FROM audit WHERE n = {like}"
    )


def test_an_untouched_chain_is_good(store: Store, heads: list[str]) -> None:
    result = store.verify_audit()
    assert (result.ok, result.lines, result.first_bad, result.reason) == (True, LINES, None, "")
    assert result.head == heads[-1]


def test_an_empty_chain_is_good(store: Store) -> None:
    with store.reading() as work:
        assert work.audit.head() == ""
    result = store.verify_audit()
    assert (result.ok, result.lines, result.head) == (True, 0, "")


def test_the_head_is_that_of_the_last_line_in_the_same_transaction_too(store: Store) -> None:
    with store() as work:
        head = work.audit.append(examples.a_line(1))
        assert work.audit.head() == head
    with store() as work:
        assert work.audit.head() == ""


COLUMNS = {
    "wall": "'2026'",
    "boot": "'other'",
    "monotonic_ns": "9",
    "trusted": "0",
    "who": "'other'",
    "action": "'other'",
    "subject": "'other'",
    "fields": "'[]'",
    "codes": "'[]'",
}


@pytest.mark.parametrize("column", [*COLUMNS, "digest"])
@pytest.mark.parametrize("n", [1, 15, LINES])
def test_an_altered_line_is_found(store: Store, heads: list[str], column: str, n: int) -> None:
    value = COLUMNS.get(column, f"x'{'00' * 32}'")
    _tamper(store, f"UPDATE audit SET {column} = {value} WHERE n = {n}")
    result = store.verify_audit()
    assert (result.ok, result.first_bad, result.reason) == (False, n, "audit.altered")
    assert result.lines == n - 1
    assert result.head == (heads[n - 2] if n > 1 else "")


@pytest.mark.parametrize(
    ("statements", "first_bad", "reason"),
    [
        (("DELETE FROM audit WHERE n = 1",), 1, "audit.missing"),
        (("DELETE FROM audit WHERE n = 15",), 15, "audit.missing"),
        (("DELETE FROM audit WHERE n = 15", "UPDATE audit SET n = n - 1 WHERE n > 15"), 15, "audit.order"),
        ((_insert(0, "previous", like=1),), 1, "audit.missing"),
        ((_insert(31, "digest", like=30),), 31, "audit.altered"),
        (_swap(10, 11), 10, "audit.order"),
        (_swap(1, 30), 1, "audit.order"),
        (("UPDATE audit SET previous = x'00' WHERE n = 9",), 9, "audit.order"),
    ],
)  # fmt: skip
def test_deleted_inserted_and_swapped_lines_are_found(
    store: Store, heads: list[str], statements: tuple[str, ...], first_bad: int, reason: str
) -> None:
    _tamper(store, *statements)
    result = store.verify_audit(head=heads[0][:8])
    assert (result.ok, result.first_bad, result.reason) == (False, first_bad, reason)


def test_a_cut_at_the_end_shows_only_by_an_outside_head(store: Store, heads: list[str]) -> None:
    _tamper(store, "DELETE FROM audit WHERE n > 20")
    assert store.verify_audit().ok
    assert store.verify_audit(head=heads[19][:8]).ok
    result = store.verify_audit(head=heads[20][:8])
    assert (result.ok, result.lines, result.reason) == (False, 20, "audit.head_unknown")


def test_a_chain_written_anew_shows_only_by_an_outside_head(store: Store, heads: list[str]) -> None:
    _tamper(store, "DELETE FROM audit")
    with store() as work:
        for number in range(LINES):
            work.audit.append(examples.a_line(number, action="draft.discarded"))
        work.commit()
    assert store.verify_audit().ok
    assert store.verify_audit(head=heads[-1]).reason == "audit.head_unknown"


def test_a_head_is_found_by_its_first_signs_and_in_capitals(store: Store, heads: list[str]) -> None:
    for head in (heads[0], heads[12][:8].upper(), f" {heads[-1][:20]} "):
        assert store.verify_audit(head=head).ok
    wrong = heads[3][:9] + ("0" if heads[3][9] != "0" else "1")
    assert not store.verify_audit(head=wrong).ok


@pytest.mark.parametrize("head", ["1234567", "nothexnothex", "0" * 65])
def test_what_is_no_head_is_refused(store: Store, head: str) -> None:
    with pytest.raises(ValueError, match="8 to 64"):
        store.verify_audit(head=head)


def test_the_digest_is_the_documented_one(store: Store) -> None:
    line = examples.a_line(3, subject="K1-0001-XX")
    with store() as work:
        head = work.audit.append(line)
    payload = [
        1,
        line.at.wall,
        "boot-1",
        3,
        1,
        "-",
        "draft.saved",
        "K1-0001-XX",
        '["members[0].nik"]',
        '["nik.date"]',
    ]
    expected = hashlib.sha256(bytes(32) + json.dumps(payload).encode("ascii")).hexdigest()
    assert head == expected


def test_a_number_of_a_person_is_not_kept_as_it_is(store: Store) -> None:
    nik = examples.nik(1)
    with store() as work:
        for subject in (nik, nik, examples.kk(1), "K1-0001-XX"):
            work.audit.append(examples.a_line(subject=subject))
        rows: list[Any] = work._session.connection.execute("SELECT subject FROM audit ORDER BY n").fetchall()  # type: ignore[union-attr]
    first, again, other, plain = (subject for (subject,) in rows)
    assert first == again != other
    assert first.startswith("#")
    assert nik not in first
    assert plain == "K1-0001-XX"


def test_the_newest_trusted_moment_is_told(store: Store) -> None:
    assert store.last_moment() is None
    with store() as work:
        work.audit.append(examples.a_line(1))
        work.audit.append(replace(examples.a_line(2), at=replace(examples.a_moment(2), trusted=False)))
        work.commit()
    assert store.last_moment() == examples.a_moment(1)


def test_progress_is_told(store: Store, heads: list[str]) -> None:
    told: list[int] = []
    store.verify_audit(told.append)
    assert told[-1] == len(heads)


def test_verifying_streams_from_any_connection(store: Store, heads: list[str]) -> None:
    connection = store._database.take()
    assert verify(connection).lines == len(heads)
    store._database.give_back(connection)
