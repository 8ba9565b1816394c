"""Sealed copies: consistent while others write, unreadable without the key, a few of them kept."""

# ruff: noqa: PLR0917 - a test names what it needs

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from kiosk import __version__
from kiosk.domain.draft import Draft
from kiosk.errors import CarrierError, KioskError, StoreError
from kiosk.store import backup
from kiosk.store.backup import Seal, is_copy, prove, prune, read_seal, write_copy
from kiosk.store.engine import DATABASE
from kiosk.store.keyfile import key_id
from kiosk.store.migrations import MIGRATIONS
from kiosk.store.unit_of_work import Store, store_factory
from tests.store import examples
from tests.store.copied import ABOUT, copied, fill, put_back, rows


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
        "from kiosk.store.unit_of_work import store_factory\nfrom tests.store.copied import fill\n"
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
