"""Transactions: all or nothing, whatever is killed, full, locked or broken, from any thread or process."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk.errors import StoreError
from kiosk.services.ports import UnitOfWork, UnitOfWorkFactory
from kiosk.store import unit_of_work
from kiosk.store.unit_of_work import SqlUnitOfWork, Store, store_factory
from tests.store import examples
from tests.store.conftest import Opener


def _submit(work: UnitOfWork, number: int) -> None:
    registration = examples.a_registration(number)
    work.registrations.next_number("K1")
    work.registrations.add(registration)
    work.outbox.add(registration, f"key-{number}")
    work.audit.append(examples.a_line(number, subject=registration.reference))


def _submit_many(store: Store, numbers: Iterable[int]) -> None:
    with store() as work:
        for number in numbers:
            _submit(work, number)
        work.commit()


def _counts(store: Store) -> tuple[int, int, int]:
    """Registrations, outbox items and audit lines."""
    with store.reading() as work:
        registrations = len(work.registrations.page(limit=10_000))
        return registrations, work.outbox.waiting(at_most=10_000), store.verify_audit().lines


def test_the_store_is_a_factory_of_units_of_work(store: Store) -> None:
    factory: UnitOfWorkFactory = store
    with factory() as work:
        unit: UnitOfWork = work
        _submit(unit, 1)


def test_what_is_not_committed_leaves_no_trace(store: Store) -> None:
    with store() as work:
        _submit(work, 1)
    with pytest.raises(StoreError):
        _submit_many(store, [2, 2])
    assert _counts(store) == (0, 0, 0)
    with store() as work:
        assert work.registrations.next_number("K1") == 1


def test_after_a_commit_another_transaction_begins(store: Store) -> None:
    with store() as work:
        _submit(work, 1)
        work.commit()
        _submit(work, 2)
    assert _counts(store) == (1, 1, 1)


def test_a_commit_outside_of_its_block_is_a_mistake_of_the_program(store: Store) -> None:
    with pytest.raises(RuntimeError):
        store().commit()


def test_reading_sees_one_snapshot_and_waits_for_nobody(store: Store) -> None:
    with store.reading() as reader:
        assert reader.outbox.waiting() == 0
        with store() as writer:
            _submit(writer, 1)
            assert reader.outbox.waiting() == 0
            writer.commit()
        assert reader.outbox.waiting() == 0
    assert _counts(store) == (1, 1, 1)


def test_a_store_that_another_writes_is_locked_after_the_wait(store: Store, open_store: Opener) -> None:
    with store() as holder:
        _submit(holder, 1)
        with pytest.raises(StoreError) as caught, open_store()() as work:
            _submit(work, 2)
        assert caught.value.code == "store.locked"
        holder.commit()
    assert _counts(store) == (1, 1, 1)
    with store() as work:
        _submit(work, 2)
        work.commit()
    assert _counts(store) == (2, 2, 2)


def test_it_can_be_used_from_another_thread_than_its_maker(store: Store) -> None:
    failures: list[BaseException] = []

    def work_there() -> None:
        try:
            with store() as work:
                _submit(work, 1)
                work.commit()
        except BaseException as error:  # noqa: BLE001  handed to the test's thread
            failures.append(error)

    with store() as warm:
        warm.outbox.waiting()
    thread = threading.Thread(target=work_there)
    thread.start()
    thread.join()
    assert failures == []
    assert _counts(store) == (1, 1, 1)


@contextmanager
def _no_room(store: Store) -> Iterator[None]:
    """Lets the database grow no further, as on a full disk."""
    connection = store._database.take()
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}").fetchall()
    store._database.give_back(connection)
    yield
    connection.execute("PRAGMA max_page_count=1000000").fetchall()


def test_a_full_disk_leaves_nothing_half_written(store: Store) -> None:
    with store() as work:
        _submit(work, 1)
        work.commit()
    with _no_room(store), pytest.raises(StoreError) as caught:
        _submit_many(store, range(2, 200))
    assert caught.value.code == "store.full"
    assert _counts(store) == (1, 1, 1)
    with store() as work:
        _submit(work, 2)
        work.commit()
    assert _counts(store) == (2, 2, 2)


CRAMPED = """
import resource, signal, sys
from pathlib import Path
from kiosk.errors import StoreError
from kiosk.store.unit_of_work import store_factory
from tests.store.test_unit_of_work import _submit
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = store_factory(Path(sys.argv[1]), Path(sys.argv[2]))
size = (Path(sys.argv[1]) / "kiosk.db-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 200_000, size + 200_000))
done = 0
try:
    for number in range(1, 1000):
        with store() as work:
            _submit(work, number)
            work.commit()
        done = number
except StoreError as error:
    print(done, error.code)
"""


def test_a_write_that_the_system_refuses_leaves_nothing_half_written(
    folder: Path, key_path: Path, open_store: Opener
) -> None:
    command = [sys.executable, "-c", CRAMPED, str(folder), str(key_path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    done = int(answer[0])
    assert answer[1] in {"store.full", "store.io"}
    assert done > 0
    assert _counts(open_store()) == (done, done, done)


def _writer(folder: Path, key_path: Path, *rest: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store.writer", str(folder), str(key_path), *rest]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _killed_after(process: subprocess.Popen[str], count: int) -> list[str]:
    """Kills a writer when it has acknowledged `count`, and returns all that it had acknowledged by then."""
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(count)]
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL
    return acknowledged + [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]


def _lost(store: Store, acknowledged: list[str]) -> list[str]:
    with store.reading() as work:
        return [one for one in acknowledged if work.registrations.by_reference(one.strip()) is None]


def test_nothing_acknowledged_is_lost_when_the_program_is_killed(
    folder: Path, key_path: Path, open_store: Opener
) -> None:
    acknowledged: list[str] = []
    for count in (1, 7, 23, 40, 64):
        acknowledged += _killed_after(_writer(folder, key_path, "K1", "100000"), count)
    store = open_store()
    assert len(acknowledged) >= 135
    assert _lost(store, acknowledged) == []
    registrations, waiting, lines = _counts(store)
    assert registrations == waiting == lines >= len(acknowledged)
    assert store.verify_audit().ok


def test_control_a_program_that_speaks_before_it_commits_loses(
    folder: Path, key_path: Path, open_store: Opener
) -> None:
    acknowledged = _killed_after(_writer(folder, key_path, "K1", "100000", "careless"), 5)
    assert _lost(open_store(), acknowledged) == acknowledged


def test_two_processes_start_and_write_at_once(folder: Path, key_path: Path, open_store: Opener) -> None:
    writers = [_writer(folder, key_path, kiosk, "60") for kiosk in ("K1", "K2", "K3")]
    outputs = [writer.communicate()[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    store = open_store()
    assert _counts(store) == (180, 180, 180)
    assert _lost(store, [one for output in outputs for one in output]) == []
    numbers = sorted(int(one.split("-")[1]) for output in outputs for one in output)
    assert numbers == list(range(1, 181))
    assert store.verify_audit().ok


def test_a_connection_that_broke_is_not_used_again(store: Store) -> None:
    with store() as work:
        session: Any = work._session
        _submit(work, 1)
        session.connection.close()
    with store() as work:
        _submit(work, 1)
        work.commit()
    assert _counts(store) == (1, 1, 1)


def test_closing_folds_the_log_into_the_database(folder: Path, key_path: Path) -> None:
    store = store_factory(folder, key_path)
    with store() as work:
        _submit(work, 1)
        work.commit()
    store.close()
    assert not (folder / "kiosk.db-wal").exists()
    with store() as again:
        assert isinstance(again, SqlUnitOfWork)
        assert again.outbox.waiting() == 1
    store.close()


def test_the_pulse_beats_when_another_has_written_and_only_then(store: Store, open_store: Opener) -> None:
    first = store.pulse()
    assert store.pulse() == first
    with store.reading() as work:
        work.registrations.page()
    with store() as work:
        _submit(work, 1)
    assert store.pulse() == first, "what was not committed is no news"
    other = open_store()
    _submit_many(other, [1])
    second = store.pulse()
    assert second != first
    assert store.pulse() == second
    other.close()
    _submit_many(store, [2])
    assert store.pulse() != second


def test_the_pulse_neither_waits_for_a_writer_nor_holds_one_up(store: Store) -> None:
    store.pulse()
    with store() as work:
        _submit(work, 1)
        store.pulse()
        work.commit()
    assert _counts(store)[0] == 1


def test_a_store_whose_pulse_was_felt_closes_whole(store: Store, open_store: Opener) -> None:
    store.pulse()
    _submit_many(store, [1])
    store.close()
    assert _counts(open_store())[0] == 1


def test_a_polite_unit_of_work_leaves_others_time_after_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    monkeypatch.setattr(
        unit_of_work, "time", SimpleNamespace(sleep=rests.append, monotonic=iter_of(1.0, 1.02))
    )
    with store.politely() as work:
        work.registrations.add(examples.a_registration(7))
        work.commit()
    assert rests == [pytest.approx(0.06)]
    with store.reading() as work:
        assert work.registrations.by_reference(examples.reference(7)) is not None


def iter_of(*values: float) -> Callable[[], float]:
    return iter(values).__next__
