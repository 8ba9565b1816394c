"""The whole check: which line, what was done to it, what lacks its line or its record; any byte anywhere."""

# ruff: noqa: PLR0917 - a test names what it needs

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kiosk.errors import StoreError
from kiosk.services.ports import Proof
from kiosk.store.engine import DATABASE, Database
from kiosk.store.matching import Unmatched, unmatched
from kiosk.store.proof import existing_store, proved
from kiosk.store.unit_of_work import Store
from tests.store import examples
from tests.store.copied import fill

LINES = 40
COLUMNS = (
    "n", "wall", "boot", "monotonic_ns", "trusted", "who", "action", "subject", "fields", "codes",
    "previous", "digest",
)  # fmt: skip
NUMBERS = {"n", "monotonic_ns", "trusted"}


@pytest.fixture
def filled(store: Store, key_path: Path) -> bytes:
    """A store with `LINES` registrations, closed; its key."""
    fill(store, range(1, LINES + 1), drafts=False)
    store.close()
    return key_path.read_bytes()


def tamper(folder: Path, key: bytes, *statements: str, values: tuple[Any, ...] = ()) -> None:
    """Somebody with the key changes the database."""
    database = Database(folder / DATABASE, key, 1.0)
    connection = database.take()
    connection.execute("PRAGMA foreign_keys=OFF")
    for statement in statements:
        connection.execute(statement, values)
    database.give_back(connection)
    database.close()


def test_a_good_store_is_good(filled: bytes, folder: Path, key_path: Path) -> None:
    told: list[tuple[int, int]] = []
    found = proved(folder, key_path, progress=lambda done, total: told.append((done, total)))
    assert (found.ok, found.lines, found.what) == (True, LINES, "")
    assert told[-1] == (LINES, LINES)
    assert proved(folder, key_path, head=found.head[:8]) == found
    assert filled


def flipped(value: Any, place: int, bit: int) -> Any:
    """`value` with one bit of one byte turned, as the database would hold it."""
    if isinstance(value, int):
        return value ^ (1 << (place % 60))
    raw = bytearray(value if isinstance(value, bytes) else value.encode())
    raw[place % len(raw)] ^= bit
    return bytes(raw)


@pytest.mark.parametrize("column", COLUMNS)
def test_one_changed_byte_in_any_column_of_any_line_is_found(
    filled: bytes, folder: Path, key_path: Path, column: str
) -> None:
    """Every kind of byte, text that is no text among them; each is put back before the next."""
    chance = random.Random(column)
    database = Database(folder / DATABASE, filled, 1.0)
    connection = database.take()
    for n in (1, 2, LINES // 2, LINES - 1, LINES):
        (value,) = connection.execute(f"SELECT {column} FROM audit WHERE n = ?", (n,)).fetchone()
        for _ in range(12):
            other = flipped(value, chance.randrange(1000), chance.choice((1, 4, 32, 128)))
            if column == "n" and (other <= LINES or other < 0):
                continue
            put = "CAST(? AS TEXT)" if isinstance(value, str) else "?"
            connection.execute(f"UPDATE audit SET {column} = {put} WHERE n = ?", (other, n))
            found = proved(folder, key_path)
            assert not found.ok, (column, n, value, other)
            if column == "n":
                expected = n
            elif column == "digest" and found.first_bad == n + 1:
                expected = n + 1
            else:
                expected = n
            assert found.first_bad == expected, (column, n, value, other)
            where = other if column == "n" else n
            connection.execute(f"UPDATE audit SET {column} = ? WHERE n = ?", (value, where))
    assert proved(folder, key_path).ok
    database.give_back(connection)
    database.close()


def _without(n: int) -> tuple[str, ...]:
    """Takes a registration out with all that belongs to it."""
    return (
        "DELETE FROM outbox",
        "DELETE FROM member",
        f"DELETE FROM document WHERE registration = {n}",
        f"DELETE FROM registration WHERE n = {n}",
    )


def _swap(first: int, second: int) -> tuple[str, ...]:
    return (
        f"UPDATE audit SET n = -1 WHERE n = {first}",
        f"UPDATE audit SET n = {first} WHERE n = {second}",
        f"UPDATE audit SET n = {second} WHERE n = -1",
    )


_COPY_OF_9 = (
    "INSERT INTO audit SELECT {n}, wall, boot, 1, 1, who, 'x', 'y', '[]', '[]', previous, digest"
    " FROM audit WHERE n = 9"
)


@pytest.mark.parametrize(
    ("statements", "line", "what"),
    [
        (("UPDATE audit SET who = 'nobody' WHERE n = 20",), 20, "altered"),
        (("UPDATE audit SET codes = '[ ]' WHERE n = 1",), 1, "altered"),
        (("DELETE FROM audit WHERE n = 1",), 1, "deleted"),
        (("DELETE FROM audit WHERE n BETWEEN 20 AND 24",), 20, "deleted"),
        (("DELETE FROM audit WHERE n = 20", "UPDATE audit SET n = n - 1 WHERE n > 20"), 20, "deleted"),
        (("DELETE FROM audit WHERE n < 4", "UPDATE audit SET n = n - 3"), 1, "deleted"),
        (_swap(10, 11), 10, "swapped"),
        (_swap(3, 30), 3, "swapped"),
        (
            (
                "UPDATE audit SET n = -n WHERE n > 19",
                "UPDATE audit SET n = 1 - n WHERE n < 0",
                _COPY_OF_9.format(n=20),
            ),
            20,
            "inserted",
        ),
        ((_COPY_OF_9.format(n=0),), 1, "inserted"),
    ],
)  # fmt: skip
def test_what_was_done_is_named(
    filled: bytes, folder: Path, key_path: Path, statements: tuple[str, ...], line: int, what: str
) -> None:
    tamper(folder, filled, *statements)
    found = proved(folder, key_path)
    assert (found.ok, found.first_bad, found.what) == (False, line, what)


def test_the_last_lines_cut_off_are_found_by_a_head_from_a_receipt(
    filled: bytes, folder: Path, key_path: Path
) -> None:
    head = proved(folder, key_path).head[:8]
    tamper(folder, filled, f"DELETE FROM audit WHERE n > {LINES - 10}")
    found = proved(folder, key_path, head=head)
    assert (found.ok, found.what, found.first_bad, found.lines) == (False, "cut", None, LINES - 10)


def test_a_cut_leaves_registrations_without_their_lines(filled: bytes, folder: Path, key_path: Path) -> None:
    """Even without a head the records give it away, unless they are cut as well."""
    tamper(folder, filled, f"DELETE FROM audit WHERE n > {LINES - 3}")
    found = proved(folder, key_path)
    assert found.what == ""
    assert found.without_line == tuple(examples.reference(n) for n in range(LINES - 2, LINES + 1))
    assert not found.ok


def test_what_was_taken_back_without_a_line_is_found(filled: bytes, folder: Path, key_path: Path) -> None:
    tamper(folder, filled, "UPDATE registration SET state = 'cancelled' WHERE n = 7")
    found = proved(folder, key_path)
    assert (found.ok, found.without_line) == (False, (examples.reference(7),))


def test_a_registration_taken_out_is_missed(filled: bytes, folder: Path, key_path: Path) -> None:
    tamper(folder, filled, *_without(7))
    found = proved(folder, key_path)
    assert (found.ok, found.without_record, found.database) == (False, (7,), ())


def test_a_registration_purged_with_a_line_is_not_missed(store: Store, folder: Path, key_path: Path) -> None:
    fill(store, range(1, 4), drafts=False)
    with store() as work:
        work.audit.append(examples.a_line(9, action="registration.purged", subject=examples.reference(2)))
        work.commit()
    store.close()
    tamper(folder, key_path.read_bytes(), *_without(2))
    assert proved(folder, key_path).ok


@pytest.fixture
def drafted(store: Store, folder: Path, key_path: Path) -> Path:
    """A store with a draft that was changed three times, one that ended and one that was registered."""
    with store() as work:
        for number, changes in ((1, 3), (2, 1), (3, 2)):
            draft = examples.a_draft(number)
            for _ in range(changes):
                draft = work.drafts.save(draft, "saved")
                work.audit.append(examples.a_line(number, subject=draft.id))
        work.drafts.remove(examples.identity(2))
        work.audit.append(examples.a_line(2, action="draft.expired"))
        work.drafts.remove(examples.identity(3))
        registered = examples.a_registration(3)
        work.registrations.add(registered)
        work.audit.append(examples.a_line(3, action="registration.submitted", subject=registered.reference))
        work.commit()
    store.close()
    assert proved(folder, key_path).ok
    return key_path


def test_a_cut_leaves_a_draft_with_fewer_lines_than_changes(drafted: Path, folder: Path) -> None:
    tamper(folder, drafted.read_bytes(), "DELETE FROM audit WHERE n > 2")
    found = proved(folder, drafted)
    assert (found.what, found.drafts_without_line, found.ok) == ("", (examples.identity(1),), False)


def test_a_draft_put_back_to_what_it_was_has_more_lines_than_changes(drafted: Path, folder: Path) -> None:
    tamper(folder, drafted.read_bytes(), "UPDATE draft SET revision = 2")
    found = proved(folder, drafted)
    assert (found.drafts_without_line, found.ok) == ((examples.identity(1),), False)


def test_a_draft_that_mends_a_registration_counts_anew(store: Store, drafted: Path, folder: Path) -> None:
    with store() as work:
        work.drafts.save(examples.a_draft(3), "saved")
        work.audit.append(examples.a_line(3))
        work.commit()
    assert proved(folder, drafted).ok
    tamper(folder, drafted.read_bytes(), "UPDATE draft SET revision = 5 WHERE revision = 1")
    assert proved(folder, drafted).drafts_without_line == (examples.identity(3),)


def test_a_draft_that_is_nowhere_is_missed(drafted: Path, folder: Path) -> None:
    tamper(folder, drafted.read_bytes(), "DELETE FROM draft")
    found = proved(folder, drafted)
    assert (found.without_draft, found.drafts_without_line, found.ok) == ((1,), (), False)


def test_a_damaged_page_is_found_and_the_rest_is_told(filled: bytes, folder: Path, key_path: Path) -> None:
    path = folder / DATABASE
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    found = proved(folder, key_path)
    assert not found.ok
    assert found.database
    assert filled


def test_nothing_is_made_and_nothing_changed_by_looking(filled: bytes, folder: Path, key_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert proved(folder, key_path).ok
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert filled


def test_where_there_is_no_store_none_is_made(folder: Path, key_path: Path) -> None:
    with pytest.raises(StoreError) as caught, existing_store(folder, key_path):
        pass
    assert (caught.value.code, caught.value.exit_code) == ("store.none", 4)
    assert not folder.exists()
    assert not key_path.exists()


def test_a_newer_store_is_refused(store: Store, folder: Path, key_path: Path) -> None:
    store.close()
    tamper(folder, key_path.read_bytes(), "INSERT INTO migration (name, version) VALUES ('9999_x', '9')")
    with pytest.raises(StoreError) as caught:
        proved(folder, key_path)
    assert caught.value.code == "store.newer"


def test_a_check_beside_a_running_program_sees_one_moment(
    store: Store, folder: Path, key_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, range(1, 10), drafts=False)
    monkeypatch.setattr("kiosk.store.audit._CHUNK", 2)
    written: list[int] = []

    def write_meanwhile(done: int, _: int) -> None:
        if not written:
            fill(store, range(100, 101), drafts=False)
            written.append(done)

    found = proved(folder, key_path, progress=write_meanwhile)
    assert (found.ok, found.lines, written) == (True, 9, [2])


def test_two_proofs_tell_the_same(filled: bytes, folder: Path, key_path: Path) -> None:
    with existing_store(folder, key_path) as database, closing(database.take()) as connection:
        assert unmatched(connection) == Unmatched()
    assert isinstance(proved(folder, key_path), Proof)
    assert filled
