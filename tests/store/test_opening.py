"""Opening the store: keys, modes, damage, and nothing readable on the disk."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as driver

from kiosk.errors import StoreError
from kiosk.store import engine, keyfile
from kiosk.store.engine import DATABASE, open_database
from kiosk.store.keyfile import KEY_BYTES, load_or_create_key
from kiosk.store.unit_of_work import Store, store_factory
from tests.store import examples
from tests.store.conftest import Opener


def _refusal(folder: Path, key_path: Path) -> StoreError:
    with pytest.raises(StoreError) as caught:
        store_factory(folder, key_path, busy_seconds=0.1)
    assert caught.value.exit_code == 4
    return caught.value


def _fill(store: Store) -> None:
    with store() as work:
        work.registrations.add(examples.a_registration(1))
        work.drafts.save(examples.a_draft(2), "t")
        work.codes.add(examples.a_code())
        work.directory.put([examples.a_participant()])
        work.audit.append(examples.a_line(1, subject=examples.nik(1)))
        work.commit()


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_everything_is_for_its_owner_alone(tmp_path: Path, mask: int) -> None:
    folder, key_path = tmp_path / "deep" / "data", tmp_path / "far" / "keys" / "store.key"
    with _umask(mask):
        store = store_factory(folder, key_path)
        _fill(store)
    files = {path.name: _mode(path) for path in folder.iterdir()}
    store.close()
    assert set(files) == {"kiosk.db", "kiosk.db-wal", "kiosk.db-shm", "kiosk.db-keyid"}
    assert set(files.values()) == {0o600}
    for made in (folder, folder.parent, key_path.parent, key_path.parent.parent):
        assert _mode(made) == 0o700
    assert _mode(key_path) == 0o600


def test_modes_that_were_loosened_are_mended(store: Store, folder: Path, open_store: Opener) -> None:
    _fill(store)
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)
    open_store()
    assert _mode(folder) == 0o700
    assert {_mode(folder / name) for name in ("kiosk.db", "kiosk.db-wal", "kiosk.db-shm")} == {0o600}


def test_a_key_is_made_once(store: Store, key_path: Path, open_store: Opener) -> None:
    _fill(store)
    key = key_path.read_bytes()
    assert len(key) == KEY_BYTES
    assert [path.name for path in key_path.parent.iterdir()] == ["store.key"]
    open_store()
    assert key_path.read_bytes() == key


def test_two_keys_are_never_the_same(tmp_path: Path) -> None:
    keys = {load_or_create_key(tmp_path / name, store_exists=False) for name in "abc"}
    assert len(keys) == 3


def test_a_missing_key_is_not_made_anew_for_an_old_database(
    store: Store, folder: Path, key_path: Path
) -> None:
    _fill(store)
    store.close()
    before = (folder / DATABASE).read_bytes()
    key_path.unlink()
    assert _refusal(folder, key_path).code == "store.key_missing"
    assert not key_path.exists()
    assert (folder / DATABASE).read_bytes() == before


def test_an_empty_file_of_a_start_that_was_cut_is_no_database(folder: Path, key_path: Path) -> None:
    folder.mkdir()
    (folder / DATABASE).touch()
    store = store_factory(folder, key_path)
    _fill(store)
    store.close()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused_with_the_cure(
    store: Store, folder: Path, key_path: Path, mode: int, open_store: Opener
) -> None:
    store.close()
    key_path.chmod(mode)
    refusal = _refusal(folder, key_path)
    assert refusal.code == "store.key_mode"
    assert f"chmod 600 '{key_path}'" in refusal.detail
    key_path.chmod(0o600)
    open_store()


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_the_wrong_size_is_damaged(store: Store, folder: Path, key_path: Path, size: int) -> None:
    store.close()
    key_path.write_bytes(b"k" * size)
    assert _refusal(folder, key_path).code == "store.key_damaged"


def test_a_key_inside_the_data_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    for key_path in (folder / "store.key", folder / "keys" / "k", tmp_path / "link" / "k"):
        assert _refusal(folder, key_path).code == "store.key_inside"
        assert not key_path.exists()


def test_a_key_made_meanwhile_by_another_process_is_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, theirs = tmp_path / "store.key", b"t" * KEY_BYTES
    write = keyfile.write_private_file

    def late(fresh: Path, content: bytes) -> None:
        write(path, theirs)
        write(fresh, content)

    monkeypatch.setattr(keyfile, "write_private_file", late)
    assert load_or_create_key(path, store_exists=False) == theirs
    assert [found.name for found in tmp_path.iterdir()] == ["store.key"]


def test_a_wrong_key_is_told_from_damage(
    store: Store, folder: Path, key_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _fill(store)
    store.close()
    key = key_path.read_bytes()
    key_path.write_bytes(bytes(KEY_BYTES))
    assert _refusal(folder, key_path).code == "store.wrong_key"
    key_path.write_bytes(key)
    whole = (folder / DATABASE).read_bytes()
    for begin in (0, 100):
        (folder / DATABASE).write_bytes(whole[:begin] + b"damage" + whole[begin + 6 :])
        assert _refusal(folder, key_path).code == "store.damaged"
    (folder / DATABASE).write_bytes(whole)
    store_factory(folder, key_path).close()
    assert capfd.readouterr() == ("", "")


def test_damage_further_in_is_found_when_it_is_read(store: Store, folder: Path, open_store: Opener) -> None:
    with store() as work:
        for number in range(100):
            work.registrations.add(examples.a_registration(number))
        work.commit()
    assert store.check() == ()
    store.close()
    path = folder / DATABASE
    whole = bytearray(path.read_bytes())
    for page in range(len(whole) // 8192, len(whole) // 4096):
        whole[page * 4096 + 50] ^= 1
    path.write_bytes(whole)
    damaged = open_store()
    assert damaged.check()
    with pytest.raises(StoreError) as caught, damaged() as work:
        work.registrations.batch(state=None, limit=100)
    assert caught.value.code == "store.damaged"
    for page in range(len(whole) // 8192, len(whole) // 4096):
        whole[page * 4096 + 50] ^= 1
    path.write_bytes(whole)
    with damaged() as work:  # on another connection, since the one that met the damage does not get over it
        assert len(work.registrations.batch(state=None, limit=100)) == 100
    damaged.close()


def test_a_page_that_could_not_be_read_is_not_called_damage(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The suite of I/O errors makes the system refuse a page; here is looked at what is made of it."""
    _fill(store)
    database, found = store._database, StoreError("store.damaged", "database disk image is malformed")
    assert database.sure(StoreError("store.full")).code == "store.full"
    assert database.sure(found).code == "store.failed", "everything can be read"
    monkeypatch.setattr(engine, "_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(engine, "_STEPS", 1)
    assert database.sure(found).code == "store.failed", "there is no time to look"
    (folder / f"{DATABASE}-wal").rename(folder / "aside")
    (folder / f"{DATABASE}-wal").mkdir()
    assert database.sure(found).code == "store.io", "the system reads no folder as a file"


def test_a_plain_database_in_its_place_is_refused_and_left_alone(folder: Path, key_path: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / DATABASE)) as plain:
        plain.execute("CREATE TABLE registration (name TEXT)")
        plain.commit()
    load_or_create_key(key_path, store_exists=False)
    before = (folder / DATABASE).read_bytes()
    assert _refusal(folder, key_path).code == "store.plain"
    assert (folder / DATABASE).read_bytes() == before


def test_a_store_that_another_holds_is_locked(store: Store, folder: Path, key_path: Path) -> None:
    _fill(store)
    store.close()
    with closing(driver.connect(str(folder / DATABASE), isolation_level=None)) as other:
        other.execute(f"PRAGMA key=\"x'{key_path.read_bytes().hex()}'\"")
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("DELETE FROM draft")
        assert _refusal(folder, key_path).code == "store.locked"


def test_a_folder_that_cannot_be_made_is_an_io_error(tmp_path: Path, key_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="ascii")
    assert _refusal(tmp_path / "file" / "data", key_path).code == "store.io"


def test_a_promise_that_sqlite_does_not_keep_stops_the_start(
    folder: Path, key_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "driver", sqlite3)
    assert _refusal(folder, key_path).code == "store.pragma"


def test_every_connection_keeps_its_promises(folder: Path, key_path: Path) -> None:
    key = load_or_create_key(key_path, store_exists=False)
    database = open_database(folder / DATABASE, key, busy_seconds=1.5)
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "temp_store": 2,
        "busy_timeout": 1500,
        "cipher_log_level": "NONE",
    }
    connections = [database.take(), database.take()]
    for connection in connections:
        found = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted}
        assert found == wanted
        database.give_back(connection)
    database.close()


SECRETS = (
    examples.NAMES[0],
    examples.nik(1),
    examples.nik(1, 3),
    examples.kk(1),
    "+6281200000001",
    "0812 0000 0001",
    "RATNA DEWI",
    "s3cret",
    "CREATE TABLE",
)


def _found_on_disk(folder: Path) -> set[str]:
    contents = [path.read_bytes() for path in folder.iterdir()]
    return {secret for secret in SECRETS for content in contents if secret.encode() in content}


def test_nothing_can_be_read_on_the_disk(store: Store, folder: Path) -> None:
    _fill(store)
    assert (folder / f"{DATABASE}-wal").stat().st_size > 0
    assert _found_on_disk(folder) == set()
    with store() as work:
        work.drafts.remove(examples.identity(2))
        work.commit()
    store.close()
    assert _found_on_disk(folder) == set()


def test_control_a_plain_store_can_be_read_on_the_disk(
    folder: Path, key_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "driver", sqlite3)
    monkeypatch.setattr(engine, "_set_and_check", lambda *_: None)
    monkeypatch.setattr("kiosk.store.unit_of_work.refuse_plain", lambda _: None)
    store = store_factory(folder, key_path)
    _fill(store)
    store.close()
    assert _found_on_disk(folder) == set(SECRETS)
