"""Sealed copies: consistent while others write, unreadable without the key, proved before they come back."""

# ruff: noqa: PLR0917 - a test names what it needs

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk import __version__
from kiosk.domain.draft import Draft
from kiosk.errors import CarrierError, KioskError, StoreError
from kiosk.services.sync_ports import NEW_LIFE, RESTORED, Identity
from kiosk.store import backup
from kiosk.store.backup import Seal, is_copy, prove, prune, read_seal, write_copy
from kiosk.store.engine import DATABASE, Database
from kiosk.store.keyfile import key_id
from kiosk.store.migrations import MIGRATIONS
from kiosk.store.restore import REFERENCE_GAP, Restored, restore
from kiosk.store.unit_of_work import Store, store_factory
from tests.store import examples

ABOUT = Seal(kiosk="K1", profile="counter", at="2026-11-22T09:00:00.000+07:00")


def fill(store: Store, numbers: range, *, drafts: bool = True) -> None:
    """Registrations with their lines, and drafts without."""
    with store() as work:
        for number in numbers:
            registration = examples.a_registration(number)
            work.registrations.add(registration)
            work.outbox.add(registration, f"key-{number}")
            if drafts:
                work.drafts.save(examples.a_draft(number + 10_000), "saved")
            work.audit.append(
                examples.a_line(number, action="registration.submitted", subject=registration.reference)
            )
        work.commit()


def rows(path: Path, key: bytes) -> dict[str, list[Any]]:
    """Every row of every table of a store that nobody uses."""
    database = Database(path, key, 1.0)
    connection = database.take()
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    found = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for (name,) in names}
    database.give_back(connection)
    database.close()
    return found


@pytest.fixture
def key(store: Store, key_path: Path) -> bytes:  # noqa: ARG001 - the store makes it
    return key_path.read_bytes()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick" / "kiosk.copy"


def copied(store: Store, key: bytes, target: Path, about: Seal = ABOUT) -> Seal:
    return write_copy(store._database, key, target, about)


def put_back(copy: Path, folder: Path, key_path: Path, **how: Any) -> Restored:
    return restore(copy, folder, key_path, profile="counter", stamp="20261122-090000", **how)


def test_a_copy_is_sealed_with_all_that_it_is(store: Store, key: bytes, target: Path) -> None:
    fill(store, range(1, 41))
    seal = copied(store, key, target)
    with store.reading() as work:
        assert seal.head == work.audit.head()
    assert (seal.kiosk, seal.profile, seal.at, seal.version) == ("K1", "counter", ABOUT.at, __version__)
    assert (seal.lines, seal.schema) == (40, tuple(name for name, _ in MIGRATIONS))
    assert (seal.newest, seal.key, seal.format) == (examples.WALL, key_id(key), "kiosk copy 1")
    assert prove(target, key) == read_seal(target, key) == seal
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert target.stat().st_mode & 0o777 == 0o600


def test_nothing_readable_is_in_a_copy(store: Store, key: bytes, target: Path) -> None:
    fill(store, range(1, 41))
    copied(store, key, target)
    content = target.read_bytes()
    for told in (
        "SQLite format 3",
        "KUSUMA",
        examples.nik(7),
        examples.kk(7),
        "Melati",
        "registration",
        "081200",
    ):
        assert told.encode() not in content
    assert key not in content
    assert key.hex().encode() not in content


def test_an_empty_store_can_be_copied_and_taken_back(
    store: Store, key: bytes, target: Path, tmp_path: Path, key_path: Path
) -> None:
    assert copied(store, key, target).lines == 0
    put_back(target, tmp_path / "new", key_path)
    with closing(store_factory(tmp_path / "new", key_path)) as again:
        assert again.verify_audit().lines == 0


def test_a_copy_during_a_burst_is_one_moment_of_it(
    store: Store, key: bytes, target: Path, folder: Path, tmp_path: Path, key_path: Path
) -> None:
    """Another process registers as fast as it can; every copy is whole and is a beginning of the end."""
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from kiosk.store.unit_of_work import store_factory\nfrom tests.store.test_backup import fill\n"
        "store = store_factory(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "for number in range(1, 401):\n    fill(store, range(number, number + 1))\n"
        "    if number == 5:\n        print('begun', flush=True)\nstore.close()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder), str(key_path)], stdout=subprocess.PIPE, text=True
    ) as burst:
        assert burst.stdout is not None
        assert burst.stdout.readline() == "begun\n"
        seals: list[Seal] = []
        while burst.poll() is None or len(seals) < 2:
            path = target.with_name(f"{len(seals)}.copy")
            seals.append(copied(store, key, path))
        assert burst.returncode == 0
    assert any(0 < seal.lines < 400 for seal in seals), "no copy fell into the burst"
    store.close()
    whole = rows(folder / DATABASE, key)
    for number, seal in enumerate(seals):
        elsewhere = tmp_path / f"elsewhere-{number}"
        put_back(target.with_name(f"{number}.copy"), elsewhere, key_path)
        found = rows(elsewhere / DATABASE, key)
        for name, there in found.items():
            assert there == [row for row in whole[name] if row in there] or name == "counter", name
            if name in {"registration", "document", "outbox", "audit", "draft"}:
                assert there == whole[name][: seal.lines], name
        with closing(store_factory(elsewhere, key_path)) as again:
            assert (again.verify_audit().lines, again.verify_audit().head) == (seal.lines, seal.head)
            assert again.verify_audit().ok


def test_a_copy_holds_nobody_up_and_leaves_out_what_comes_later(
    store: Store, key: bytes, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, range(1, 200))
    written: list[int] = []

    def write_meanwhile(done: int, _: int) -> None:
        if not written:
            fill(store, range(5000, 5001))
            written.append(done)

    monkeypatch.setattr(backup, "_PAGES", 4)
    seal = write_copy(store._database, key, target, ABOUT, write_meanwhile)
    assert written
    assert seal.lines == 199
    assert store.verify_audit().lines == 200


@pytest.mark.parametrize("where", ["first", "middle", "last page", "seal", "mac", "length"])
def test_one_changed_byte_is_found(store: Store, key: bytes, target: Path, where: str) -> None:
    fill(store, range(1, 20))
    seal = copied(store, key, target)
    content = bytearray(target.read_bytes())
    place = {
        "first": 0,
        "middle": seal.size // 2,
        "last page": seal.size - 1,
        "seal": content.index(b'"lines": 19') + 9,
        "mac": len(content) - 30,
        "length": len(content) - 9,
    }[where]
    content[place] ^= 1
    target.write_bytes(content)
    with pytest.raises(KioskError) as caught:
        prove(target, key)
    assert caught.value.exit_code == 1
    assert caught.value.code in {"copy.altered", "copy.no_seal"}


def test_every_copy_that_was_cut_short_has_no_seal(store: Store, key: bytes, target: Path) -> None:
    fill(store, range(1, 5))
    copied(store, key, target)
    content = target.read_bytes()
    for size in [0, 1, 16, len(content) // 2, *range(len(content) - 700, len(content))]:
        target.write_bytes(content[:size])
        with pytest.raises(KioskError) as caught:
            prove(target, key)
        assert caught.value.code == "copy.no_seal"


def test_a_copy_of_another_key_is_named_so(store: Store, key: bytes, target: Path) -> None:
    copied(store, key, target)
    with pytest.raises(StoreError) as caught:
        prove(target, bytes(32))
    assert (caught.value.code, caught.value.exit_code) == ("copy.other_key", 4)


def test_a_file_that_is_no_copy_is_not_written_over(store: Store, key: bytes, target: Path) -> None:
    target.write_text("a letter")
    with pytest.raises(KioskError) as caught:
        copied(store, key, target)
    assert caught.value.code == "copy.other_file"
    assert target.read_text() == "a letter"
    target.unlink()
    copied(store, key, target)
    fill(store, range(1, 3))
    assert copied(store, key, target).lines == 2
    assert prove(target, key).lines == 2


def _fail_at(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    def fails(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, name, fails)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "copy.full"),
        (errno.EROFS, "copy.io"),
        (errno.EIO, "copy.io"),
        (errno.ENOENT, "copy.io"),
    ],
)
@pytest.mark.parametrize("name", ["open", "fsync"])
def test_a_stick_that_fails_leaves_the_older_copy_and_no_half_one(
    store: Store, key: bytes, target: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str, name: str
) -> None:
    fill(store, range(1, 3))
    copied(store, key, target)
    before = target.read_bytes()
    fill(store, range(3, 5))
    _fail_at(monkeypatch, name, number)
    with pytest.raises(CarrierError) as caught:
        copied(store, key, target)
    monkeypatch.undo()
    assert (caught.value.code, caught.value.exit_code) == (code, 5)
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert store.verify_audit().lines == 4


def test_a_stick_that_gives_back_something_else_is_found(
    store: Store, key: bytes, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, range(1, 30))

    def spoil(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[9000] ^= 255
        path.write_bytes(content)

    monkeypatch.setattr(backup, "_forget_cache", spoil)
    with pytest.raises(CarrierError) as caught:
        copied(store, key, target)
    assert caught.value.code == "copy.check"
    assert list(target.parent.iterdir()) == []


def test_a_folder_that_is_gone_is_a_carrier_that_is_gone(store: Store, key: bytes, tmp_path: Path) -> None:
    with pytest.raises(CarrierError) as caught:
        copied(store, key, tmp_path / "no" / "kiosk.copy")
    assert caught.value.code == "copy.io"


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
        "from kiosk.store.unit_of_work import store_factory\nfrom tests.store.test_backup import fill\n"
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


# Keeping a few.


@pytest.fixture
def copies(store: Store, key: bytes, target: Path) -> list[Path]:
    """Five copies, each of a store with one line more."""
    made = []
    for number in range(1, 6):
        fill(store, range(number, number + 1))
        made.append(target.with_name(f"kiosk-K1-{number}.copy"))
        copied(store, key, made[-1])
    return made


def test_the_furthest_copies_are_kept(copies: list[Path], key: bytes, target: Path) -> None:
    strange = target.with_name("kiosk-K1-x.copy")
    strange.write_text("not ours")
    prune(target.parent, "kiosk-K1-*.copy", key, lines=5, keep=2)
    assert sorted(target.parent.iterdir()) == [*copies[3:], strange]


def test_copies_of_another_history_or_key_are_not_counted_nor_removed(
    copies: list[Path], key: bytes, target: Path
) -> None:
    prune(target.parent, "kiosk-K1-*.copy", bytes(32), lines=5, keep=1)
    assert len(list(target.parent.iterdir())) == 5
    prune(target.parent, "kiosk-K1-*.copy", key, lines=3, keep=1)
    assert sorted(target.parent.iterdir()) == copies[2:]


def test_what_a_killed_copy_left_is_cleared_away_when_it_is_old(
    copies: list[Path], key: bytes, target: Path
) -> None:
    old, young = (target.with_name(f".kiosk-K1-9.copy.{word}.part") for word in ("old", "young"))
    for part in (old, young):
        part.touch()
    os.utime(old, (0, 0))
    prune(target.parent, "kiosk-K1-*.copy", key, lines=5, keep=9)
    assert not old.exists()
    assert young.exists()
    assert all(path.exists() for path in copies)


def test_a_copy_can_be_told_from_other_files(store: Store, key: bytes, target: Path) -> None:
    target.write_bytes(b"KIOSKCPY" * 3)
    assert not is_copy(target)
    target.unlink()
    copied(store, key, target)
    assert is_copy(target)


def test_the_interpreter_goes_on_while_pages_are_copied(store: Store, key: bytes, target: Path) -> None:
    """Another thread commits between the first page and the last: neither waits for the other."""
    fill(store, range(1, 300))
    done: list[int] = []
    begun, written = threading.Event(), threading.Event()

    def write() -> None:
        begun.wait(20)
        with store() as work:
            work.drafts.save(Draft("typed-meanwhile", "begun", {"kk": "9901"}), "saved")
            work.commit()
        written.set()

    def progress(pages: int, _: int) -> None:
        if not done:
            begun.set()
            assert written.wait(20), "the writer waited for the copy"
        done.append(pages)

    writer = threading.Thread(target=write)
    writer.start()
    write_copy(store._database, key, target, ABOUT, progress)
    writer.join()
    assert len(done) > 1
