"""The reserve on the disk: kept, given up for the family in hand, made again; and what is said meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

from kiosk.bootstrap import services
from kiosk.care import copier, examined, proved, restored
from kiosk.errors import StoreError
from kiosk.store.engine import DATABASE
from kiosk.store.reserve import Reserve
from tests.faults import Unavailable
from tests.faults.families import TODAY, family, settings, settings_file
from tests.faults.full_disk import BALLAST, empty, fill, small_disk
from tests.journeys.terminal import ROOT, XTERM, Terminal

MIB = 1 << 20
FULL, IO = StoreError("store.full"), StoreError("store.io")


@pytest.fixture
def disk() -> Iterator[Path]:
    try:
        with small_disk("tmpfs", 24) as root:
            yield root
    except Unavailable as missing:
        pytest.skip(str(missing))


def free(monkeypatch: pytest.MonkeyPatch, mib: float) -> None:
    found = SimpleNamespace(f_bavail=int(mib * 1024), f_frsize=1024)
    monkeypatch.setattr(os, "statvfs", lambda _: found)


def test_it_is_really_allocated_private_and_made_once(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "data", 2)
    assert not reserve.is_whole()
    assert reserve.ensure()
    found = reserve.path.stat()
    assert (found.st_size, found.st_mode & 0o777) == (2 * MIB, 0o600)
    assert found.st_blocks * 512 >= 2 * MIB
    assert reserve.ensure()
    assert reserve.path.stat().st_ino == found.st_ino
    assert [one.name for one in reserve.path.parent.iterdir()] == ["reserve"]


def test_it_is_given_up_once_and_made_again(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path, 1)
    reserve.ensure()
    assert reserve.release()
    assert not reserve.release()
    assert not reserve.is_whole()
    assert reserve.ensure()


def test_a_smaller_one_is_replaced(tmp_path: Path) -> None:
    Reserve(tmp_path, 1).ensure()
    reserve = Reserve(tmp_path, 2)
    assert not reserve.is_whole()
    assert reserve.ensure()
    assert reserve.path.stat().st_size == 2 * MIB


@pytest.mark.parametrize(("mib", "room"), [(0, False), (1.9, False), (2, True), (100, True)])
def test_it_is_made_only_where_there_is_room_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mib: float, *, room: bool
) -> None:
    free(monkeypatch, mib)
    assert Reserve(tmp_path, 1).ensure() is room


def test_a_whole_reserve_on_a_nearly_full_disk_begins_no_family(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = Reserve(tmp_path, 1)
    assert reserve.has_room()
    free(monkeypatch, 0.99)
    assert reserve.is_whole()
    assert not reserve.has_room()
    free(monkeypatch, 1)
    assert reserve.has_room()


def test_only_a_full_disk_gives_it_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = Reserve(tmp_path, 1)
    reserve.ensure()
    assert not reserve.make_room(StoreError("store.locked"))
    assert not reserve.make_room(IO)
    assert reserve.is_whole()
    assert reserve.make_room(FULL)
    assert not reserve.make_room(FULL)
    reserve.ensure()
    free(monkeypatch, 0.5)
    assert reserve.make_room(IO)


def test_none_is_kept_and_nothing_refused_where_the_settings_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 0)
    reserve = Reserve(tmp_path, 0)
    assert reserve.has_room()
    assert not reserve.make_room(FULL)
    assert not reserve.path.exists()


def test_a_folder_that_cannot_be_written_has_no_room(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    assert not Reserve(tmp_path / "data", 1).has_room()


def test_a_store_opens_on_a_full_disk_at_the_cost_of_the_reserve(disk: Path) -> None:
    house = services(settings(disk), today=TODAY)
    house.prepare()
    house.close()
    fill(disk)
    house = services(settings(disk), today=TODAY)
    assert house.queries.waiting() == 0
    assert not house.reserve.is_whole()
    house.close()
    fill(disk)
    with pytest.raises(StoreError) as failed:
        services(settings(disk), today=TODAY)
    assert failed.value.code == "store.full"


@pytest.mark.parametrize("killed", [False, True])
def test_on_a_full_disk_it_is_still_told_what_is_in_the_store(
    disk: Path, tmp_path: Path, *, killed: bool
) -> None:
    """There is no room for the index that programs share; who only looks does without."""
    config = settings(disk, reserve_mib=0)
    house = services(config, today=TODAY)
    for number in range(3):
        draft = house.drafts.save(house.drafts.start().with_answers({"kk": f"99010{number}"}))
    database = disk / "data" / "training" / DATABASE
    log = database.with_name(f"{DATABASE}-wal")
    left = [(path, path.read_bytes()) for path in (database, log)]
    house.drafts.discard(draft.id)
    house.close()
    if killed:
        for path, content in left:
            path.write_bytes(content)
    fill(disk)
    lines = 3 if killed else 4
    with pytest.raises(StoreError) as failed:
        services(config, today=TODAY)
    assert failed.value.code == "store.full"
    found = {one.check: one for one in examined(config)}
    assert {name: found[name].state.value for name in ("disk", "database", "chain")} == {
        "disk": "mend",
        "database": "ok",
        "chain": "ok",
    }
    assert found["chain"].params["lines"] == lines
    proof = proved(config)
    assert (proof.ok, proof.lines) == (True, lines)
    assert copier(config).copy(tmp_path / "copy").lines == lines
    empty(disk)
    again = services(config, today=TODAY)
    assert len(again.drafts.page(limit=5)) == lines - (0 if killed else 2)
    again.close()


def test_a_restore_without_room_leaves_everything_as_it_was(disk: Path, tmp_path: Path) -> None:
    config = settings(disk, reserve_mib=0)
    house = services(config, today=TODAY)
    house.drafts.save(house.drafts.start().with_answers({"kk": "990101"}))
    house.close()
    copier(config).copy(tmp_path / "copy")
    beside = {f"{DATABASE}-wal", f"{DATABASE}-shm"}  # SQLite's own, there while the store is open

    def files() -> dict[str, bytes]:
        found = (path for path in (disk / "data" / "training").iterdir() if path.is_file())
        return {path.name: path.read_bytes() for path in found if path.name not in beside}

    before, said = files(), []
    whole = len(before[DATABASE]) // 4096
    for pages in (0, whole // 2, *range(whole - 1, whole + 40)):
        fill(disk)
        os.truncate(disk / BALLAST, (disk / BALLAST).stat().st_size - pages * 4096)
        try:
            restored(config, tmp_path / "copy", replace=False)
        except StoreError as error:
            said.append(error.code)
            assert files() == before
        else:
            break
    assert len(said) > 2
    assert set(said) <= {"store.full", "store.io"}
    assert proved(config).ok


def test_a_file_of_families_stops_cleanly_on_a_full_disk(disk: Path) -> None:
    file = disk / "families.jsonl"
    file.write_text("".join(json.dumps(family(5, number)) + "\n" for number in range(400)), "utf-8")
    services(settings(disk), today=TODAY).close()
    fill(disk)
    os.truncate(disk / BALLAST, (disk / BALLAST).stat().st_size - 2 * MIB)
    command = [sys.executable, "-m", "kiosk", "--config", str(settings_file(disk, reserve_mib=0))]
    command += ["--today", TODAY.isoformat(), "register", str(file)]
    program = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    said, told = program.stderr, program.stdout.splitlines()
    assert program.returncode == 4, said
    assert "the disk is full; make room and try again" in said
    empty(disk)
    house = services(settings(disk), today=TODAY)
    stored = {found.reference for found in house.queries.page(limit=500)}
    assert stored == {json.loads(line)["reference"] for line in told}
    assert 0 < len(stored) < 400
    assert house.queries.waiting() == len(stored)
    assert house.open_work.verify_audit().ok
    house.close()


def program(disk: Path, reserve_mib: int = 8) -> Terminal:
    file = settings_file(disk, reserve_mib=reserve_mib)
    return Terminal.python("-m", "kiosk", "--config", str(file))


def test_the_program_begins_no_family_while_the_disk_is_full_and_says_what_to_do(disk: Path) -> None:
    with program(disk) as terminal:
        terminal.wait_for("Belum ada.")
        fill(disk)
        terminal.send(XTERM["F10"])
        terminal.wait_for("Panggil petugas untuk mengosongkan ruang.")
        empty(disk)
        terminal.send(XTERM["F10"])
        terminal.wait_for("1/8")
        assert (disk / "data" / "training" / "reserve").stat().st_size == 8 * MIB


def test_a_page_that_cannot_save_says_so_and_goes_on_when_space_is_back(disk: Path) -> None:
    with program(disk, reserve_mib=0) as terminal:
        terminal.wait_for("Belum ada.")
        terminal.send(XTERM["F10"])
        terminal.wait_for("1/8")
        fill(disk)
        terminal.send(XTERM["F10"])
        terminal.wait_for("Tempat penyimpanan penuh.")
        empty(disk)
        terminal.send("\r", XTERM["F10"])
        terminal.wait_for("2/8")


def test_two_threads_make_it_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve, really, entered, rooms = Reserve(tmp_path, 1), os.posix_fallocate, [0], [False]

    def fallocate(descriptor: int, start: int, size: int) -> None:
        entered[0] += 1
        if entered[0] == 1:
            other.start()
            other.join(0.2)  # it waits for the lock; without one it would come in here as well
        really(descriptor, start, size)

    def ask() -> None:
        rooms[0] = reserve.has_room()

    other = Thread(target=ask)
    monkeypatch.setattr(os, "posix_fallocate", fallocate)
    assert reserve.has_room()
    other.join()
    assert rooms == [True]
    assert entered == [1]
