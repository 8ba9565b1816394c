"""Copies that come back: proved before, never over what is newer, whole or not at all."""

# ruff: noqa: PLR0917 - a test names what it needs

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.errors import KioskError, StoreError
from kiosk.services.sync_ports import NEW_LIFE, RESTORED, Identity
from kiosk.store.engine import DATABASE
from kiosk.store.restore import REFERENCE_GAP, Restored
from kiosk.store.unit_of_work import Store, store_factory
from tests.store import examples
from tests.store.copied import ABOUT, copied, fill, put_back, rows

# Taking a copy back.


def test_a_copy_comes_back_on_an_empty_machine(
    store: Store, key: bytes, target: Path, folder: Path, tmp_path: Path, key_path: Path
) -> None:
    fill(store, range(1, 30))
    seal = copied(store, key, target)
    store.close()
    elsewhere = tmp_path / "elsewhere" / "data"
    assert put_back(target, elsewhere, key_path) == Restored(seal)
    assert rows(elsewhere / DATABASE, key) == rows(folder / DATABASE, key)
    assert {path.name for path in elsewhere.iterdir()} == {DATABASE}
    assert (elsewhere / DATABASE).stat().st_mode & 0o777 == 0o600
    assert elsewhere.stat().st_mode & 0o777 == 0o700


def test_without_the_key_nothing_comes_back(store: Store, key: bytes, target: Path, tmp_path: Path) -> None:
    copied(store, key, target)
    for key_file, code in ((tmp_path / "none", "store.key_missing"), (tmp_path / "other", "copy.other_key")):
        if code == "copy.other_key":
            key_file.write_bytes(bytes(32))
            key_file.chmod(0o600)
        with pytest.raises(StoreError) as caught:
            put_back(target, tmp_path / "elsewhere", key_file)
        assert (caught.value.code, caught.value.exit_code) == (code, 4)
        assert not (tmp_path / "elsewhere" / DATABASE).exists()
    assert not (tmp_path / "none").exists()


def test_a_store_with_nothing_more_gives_way(
    store: Store, key: bytes, target: Path, folder: Path, key_path: Path
) -> None:
    fill(store, range(1, 10))
    copied(store, key, target)
    store.close()
    before = rows(folder / DATABASE, key)
    assert put_back(target, folder, key_path).kept is None
    assert rows(folder / DATABASE, key) == before


def test_a_store_put_back_gives_no_card_number_of_its_life_before(
    store: Store, key: bytes, target: Path, folder: Path, key_path: Path
) -> None:
    identity = Identity("K1", False, b"s" * 32, b"o" * 32, epoch="epoch-1")  # noqa: FBT003
    with store() as work:
        work.identity.put(identity)
        work.identity.ask(identity)
        work.cards.lease("0001000000010", 5, demo=False, lease="lease-1", epoch="epoch-1")
        work.commit()
    fill(store, range(1, 5))
    copied(store, key, target)
    with store() as work:
        assert work.cards.take() is not None, "given out after the copy was made"
        work.commit()
    store.close()
    assert put_back(target, folder, key_path).kept is None
    with closing(store_factory(folder, key_path)) as again:
        with again() as work:
            found, asked = work.identity.get(), work.identity.asked()
            assert found is not None
            assert asked is not None
            assert found.epoch == asked.epoch == RESTORED
            assert work.cards.take() is None
            work.identity.put(replace(found, epoch="epoch-2"))
            assert work.cards.take() is None
            work.cards.lease("0001000000900", 1, demo=False, lease="lease-2", epoch="epoch-2")
            assert work.cards.left() == 1
            work.audit.append(examples.a_line(9, action=NEW_LIFE, subject="K1"))
            work.commit()
        assert again.verify_audit().ok
    assert put_back(target, folder, key_path).kept is None, "the line of its new life is no news"
    assert {path.name for path in folder.iterdir()} == {DATABASE, f"{DATABASE}-keyid"}


def test_no_reference_is_given_again_by_a_store_that_was_put_back(
    store: Store, key: bytes, target: Path, folder: Path, key_path: Path
) -> None:
    def given(opened_store: Store) -> int:
        with opened_store() as work:
            number = work.registrations.next_number("K1")
            work.commit()
        return number

    before = [given(store) for _ in range(3)]
    fill(store, range(1, 3))
    copied(store, key, target)
    since = [given(store) for _ in range(5)]
    store.close()
    put_back(target, folder, key_path, replace=True)
    with closing(store_factory(folder, key_path)) as again:
        assert given(again) == before[-1] + REFERENCE_GAP + 1 > max(since)


def test_newer_data_is_never_written_over_unless_it_is_kept(
    store: Store, key: bytes, target: Path, folder: Path, key_path: Path
) -> None:
    fill(store, range(1, 10))
    copied(store, key, target)
    fill(store, range(10, 15))
    store.close()
    before = (folder / DATABASE).read_bytes()
    with pytest.raises(KioskError) as caught:
        put_back(target, folder, key_path)
    assert (caught.value.code, caught.value.exit_code) == ("copy.loses", 1)
    assert caught.value.detail == f"5 lines, newest {examples.WALL}"
    assert (folder / DATABASE).read_bytes() == before
    for name in ("kiosk-20261122-090000.db", "kiosk-20261122-090000-2.db"):
        restored = put_back(target, folder, key_path, replace=True)
        assert restored.kept == folder / name
        assert len(rows(folder / DATABASE, key)["audit"]) == 9
        assert len(rows(folder / name, key)["audit"]) == (14 if name == "kiosk-20261122-090000.db" else 10)
        with closing(store_factory(folder, key_path)) as again:
            fill(again, range(100, 101))


def test_another_history_counts_from_where_it_parted(
    store: Store, key: bytes, target: Path, key_path: Path, tmp_path: Path
) -> None:
    fill(store, range(1, 10))
    copied(store, key, target)
    put_back(target, tmp_path / "twin", key_path)
    with closing(store_factory(tmp_path / "twin", key_path)) as twin:
        fill(twin, range(50, 70))
    fill(store, range(10, 12))
    copied(store, key, target)
    with pytest.raises(KioskError) as caught:
        put_back(target, tmp_path / "twin", key_path)
    assert caught.value.code == "copy.loses"
    assert caught.value.detail.startswith("20 lines")


def test_lines_that_wait_in_the_log_of_a_killed_program_count(
    store: Store, key: bytes, target: Path, folder: Path, key_path: Path
) -> None:
    fill(store, range(1, 3))
    copied(store, key, target)
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "from kiosk.store.unit_of_work import store_factory\nfrom tests.store.copied import fill\n"
        "fill(store_factory(Path(sys.argv[1]), Path(sys.argv[2])), range(3, 6))\nos._exit(9)\n"
    )
    assert (
        subprocess.run([sys.executable, "-c", code, str(folder), str(key_path)], check=False).returncode == 9
    )
    store.close()
    with pytest.raises(KioskError) as caught:
        put_back(target, folder, key_path)
    assert caught.value.detail.startswith("3 lines")
    kept = put_back(target, folder, key_path, replace=True).kept
    assert kept is not None
    assert len(rows(kept, key)["audit"]) == 5


@pytest.mark.parametrize("place", [20, 5000])
def test_a_damaged_store_is_replaced_only_when_asked_and_kept_all_the_same(
    store: Store, key: bytes, target: Path, folder: Path, key_path: Path, place: int
) -> None:
    fill(store, range(1, 10))
    copied(store, key, target)
    store.close()
    damaged = bytearray((folder / DATABASE).read_bytes())
    for page in range(place // 4096, len(damaged) // 4096):
        damaged[page * 4096 + 20] ^= 255
    (folder / DATABASE).write_bytes(damaged)
    (folder / f"{DATABASE}-wal").write_bytes(b"something")
    with pytest.raises(KioskError) as caught:
        put_back(target, folder, key_path)
    assert (caught.value.code, caught.value.exit_code) == ("copy.unreadable", 1)
    kept = put_back(target, folder, key_path, replace=True).kept
    assert kept is not None
    assert kept.read_bytes() == damaged
    assert len(rows(folder / DATABASE, key)["audit"]) == 9


def test_a_store_in_use_is_left_alone(
    store: Store, key: bytes, target: Path, folder: Path, key_path: Path
) -> None:
    fill(store, range(1, 10))
    copied(store, key, target)
    store.close()
    code = (
        "import sys\nfrom pathlib import Path\nfrom kiosk.store.unit_of_work import store_factory\n"
        "store = store_factory(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "print('open', flush=True)\nsys.stdin.readline()\nstore.close()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder), str(key_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreError) as caught:
            put_back(target, folder, key_path, replace=True)
        assert (caught.value.code, caught.value.exit_code) == ("store.in_use", 4)
        other.communicate("\n")
    put_back(target, folder, key_path)


def test_practice_and_real_data_do_not_mix(
    store: Store, key: bytes, target: Path, tmp_path: Path, key_path: Path
) -> None:
    copied(store, key, target, replace(ABOUT, profile="training"))
    with pytest.raises(KioskError) as caught:
        put_back(target, tmp_path / "new", key_path)
    assert caught.value.code == "copy.profile"


def test_a_copy_of_a_newer_program_is_refused(
    store: Store, key: bytes, target: Path, tmp_path: Path, key_path: Path
) -> None:
    connection = store._database.take()
    connection.execute("INSERT INTO migration (name, version) VALUES ('9999_of_tomorrow', '9.0.0')")
    store._database.give_back(connection)
    copied(store, key, target)
    with pytest.raises(StoreError) as caught:
        put_back(target, tmp_path / "new", key_path)
    assert (caught.value.code, caught.value.exit_code) == ("store.newer", 4)


def test_a_store_of_a_newer_program_is_not_thrown_away(
    store: Store, key: bytes, target: Path, folder: Path, key_path: Path
) -> None:
    """Although the copy has all of its lines: what the newer program keeps elsewhere nobody here knows."""
    fill(store, range(1, 3))
    copied(store, key, target)
    connection = store._database.take()
    connection.execute("ALTER TABLE draft ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'")
    connection.execute("INSERT INTO migration (name, version) VALUES ('9999_of_tomorrow', '9.0.0')")
    store._database.give_back(connection)
    store.close()
    before = (folder / DATABASE).read_bytes()
    with pytest.raises(KioskError) as caught:
        put_back(target, folder, key_path)
    assert (caught.value.code, caught.value.exit_code) == ("copy.unreadable", 1)
    assert "9999_of_tomorrow" in caught.value.detail
    assert (folder / DATABASE).read_bytes() == before
    kept = put_back(target, folder, key_path, replace=True).kept
    assert kept is not None
    assert kept.read_bytes() == before


def test_nothing_stays_behind_where_it_is_cut_short(
    store: Store, key: bytes, target: Path, folder: Path, key_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, range(1, 3))
    copied(store, key, target)
    store.close()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fails(fresh: Path, _: bytes) -> None:
        for suffix in ("-wal", "-shm", "-journal"):  # what SQLite leaves where it cannot write
            fresh.with_name(fresh.name + suffix).write_bytes(b"")
        raise StoreError("store.full")

    monkeypatch.setattr("kiosk.store.restore._end_life", fails)
    with pytest.raises(StoreError):
        put_back(target, folder, key_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_altered_copy_leaves_the_store_alone(
    store: Store, key: bytes, target: Path, folder: Path, key_path: Path
) -> None:
    fill(store, range(1, 10))
    copied(store, key, target)
    store.close()
    content = bytearray(target.read_bytes())
    content[5000] ^= 1
    target.write_bytes(content)
    before = (folder / DATABASE).read_bytes()
    with pytest.raises(KioskError):
        put_back(target, folder, key_path, replace=True)
    assert (folder / DATABASE).read_bytes() == before
