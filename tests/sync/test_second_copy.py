"""Second copies: on marked sticks alone, written when something has changed, and never in anybody's way."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from kiosk.sync import usb
from kiosk.sync.envelope import read, split
from kiosk.sync.parcel import EXPORT
from kiosk.sync.second_copy import SecondCopies, marked_sticks
from tests.sync.test_carrying import Traveller


def a_stick(place: Path, *, marked: bool = True) -> Path:
    place.mkdir(parents=True)
    if marked:
        (place / usb.MARK).touch()
    return place


def test_marked_sticks_are_found_where_systems_put_them(tmp_path: Path) -> None:
    wanted = [
        a_stick(tmp_path / "media" / "STICK"),
        a_stick(tmp_path / "run" / "clerk" / "USB DISK"),
        a_stick(tmp_path / "fixed"),
    ]
    a_stick(tmp_path / "media" / "OTHER", marked=False)
    a_stick(tmp_path / "media" / "deep" / "er" / "still")
    (tmp_path / "media" / "link").symlink_to(wanted[0])
    (tmp_path / "media" / "file").touch()
    linked = a_stick(tmp_path / "media" / "LINKED", marked=False)
    (linked / usb.MARK).symlink_to(wanted[0] / usb.MARK)
    (a_stick(tmp_path / "media" / "FOLDER", marked=False) / usb.MARK).mkdir()
    places = [tmp_path / name for name in ("media", "run", "fixed", "nowhere", "media")]
    assert sorted(marked_sticks(places)) == sorted(wanted)


class House:
    """A kiosk with two marked sticks and one that is not."""

    def __init__(self, place: Path) -> None:
        self.sticks = [a_stick(place / "media" / name) for name in ("A", "B")]
        self.other = a_stick(place / "media" / "C", marked=False)
        self.traveller = Traveller(self.sticks[0])
        self.copies = SecondCopies([place / "media"], self.traveller.carrying)

    def held(self, stick: Path) -> list[str]:
        """The ends of the records in all parcels on a stick."""
        folder = usb.folder_of(stick, "K1")
        found = []
        for number in usb.numbers(folder, EXPORT):
            parcel = usb.open_parcel(folder, EXPORT, number)
            parcel.verify([self.traveller.public])
            for part in parcel.manifest.parts:
                found += split(parcel.read(part), at_most=part.count)
        return sorted(read(one).header.record[-1] for one in found)

    def parcels(self) -> list[list[int]]:
        return [usb.numbers(usb.folder_of(stick, "K1"), EXPORT) for stick in self.sticks]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_what_waits_is_on_every_marked_stick_and_on_no_other(house: House) -> None:
    house.traveller.kiosk.register(1)
    assert house.copies.refresh() == 2
    assert [house.held(stick) for stick in house.sticks] == [["1"], ["1"]]
    assert list(house.other.iterdir()) == []
    outbox = house.traveller.kiosk.store.state.outbox.values()
    assert [one.exported_at for one in outbox] == [""]


def test_what_comes_later_is_added_and_nothing_written_in_vain(house: House) -> None:
    house.traveller.kiosk.register(1)
    assert [house.copies.refresh() for _ in range(3)] == [2, 0, 0]
    house.traveller.kiosk.register(2)
    assert [house.copies.refresh() for _ in range(2)] == [2, 0]
    assert [house.held(stick) for stick in house.sticks] == [["1", "2"]] * 2
    assert house.parcels() == [[1, 2]] * 2


def test_many_small_ones_are_put_together(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.sync.second_copy._MOST_PARCELS", 3)
    for number in range(1, 5):
        house.traveller.kiosk.register(number)
        house.copies.refresh()
    assert [house.held(stick) for stick in house.sticks] == [["1", "2", "3", "4"]] * 2
    assert house.parcels() == [[4]] * 2
    assert house.copies.refresh() == 0


def test_a_program_that_starts_anew_writes_whole(house: House) -> None:
    house.traveller.kiosk.register(1)
    house.copies.refresh()
    again = SecondCopies(house.copies.places, house.traveller.carrying)
    assert [again.refresh(), again.refresh()] == [2, 0]
    assert house.parcels() == [[2]] * 2


def test_what_was_exported_or_removed_meanwhile_is_written_whole(house: House) -> None:
    house.traveller.kiosk.register(1)
    house.copies.refresh()
    house.traveller.kiosk.register(2)
    house.traveller.carrying.export(house.sticks[0])
    shutil.rmtree(usb.folder_of(house.sticks[1], "K1"))
    assert house.copies.refresh() == 2
    assert [house.held(stick) for stick in house.sticks] == [["1", "2"]] * 2


def test_a_stick_that_was_away_is_written_when_it_is_back(house: House) -> None:
    house.copies.refresh()
    away = house.sticks[1].rename(house.sticks[1].with_name(".away"))
    (away / usb.MARK).unlink()
    assert house.copies.refresh() == 0
    (away / usb.MARK).touch()
    away.rename(house.sticks[1])
    assert house.copies.refresh() == 1


def test_without_a_stick_nothing_is_asked_of_the_store(house: House) -> None:
    for stick in house.sticks:
        (stick / usb.MARK).unlink()
    house.traveller.kiosk.store.state.identity = None
    assert house.copies.refresh() == 0
    assert house.copies.problem == ""


def test_a_stick_that_fails_keeps_no_other_from_being_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.traveller.kiosk.register(1)
    real = os.mkdir

    def mkdir(path: object, *rest: int) -> None:
        if str(path).startswith(str(house.sticks[0])):
            raise OSError(30, "Read-only file system")
        real(path, *rest)  # type: ignore[arg-type]  # as it came

    with monkeypatch.context() as patch:
        patch.setattr(os, "mkdir", mkdir)
        assert house.copies.refresh() == 1
        assert house.copies.problem == "stick.io"
    assert house.copies.refresh() == 1
    assert house.copies.problem == ""


def test_a_kiosk_that_has_not_enrolled_writes_nothing_and_says_why(house: House) -> None:
    house.traveller.kiosk.store.state.identity = None
    assert house.copies.refresh() == 0
    assert house.copies.problem == "kiosk.not_enrolled"
