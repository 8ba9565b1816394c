"""The watch over marked sticks: on a real store, beside who registers, and ended without waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.bootstrap import services
from kiosk.clock import SystemClock
from kiosk.errors import CarrierError
from kiosk.sticks import StickWatch, export, stick_watch
from kiosk.sync import usb
from kiosk.sync.envelope import read, split
from kiosk.sync.parcel import EXPORT
from kiosk.sync.second_copy import SecondCopies
from tests.builders import TODAY
from tests.sync.here import KioskHere, config_in
from tests.unit.hub_pen import HubPen


class Refreshed(SecondCopies):
    """Copies that are only counted."""

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.count = threading.Semaphore(0)
        self.then = then
        self.problem = ""

    def refresh(self) -> int:
        self.then()
        self.count.release()
        return 1


def test_it_looks_at_once_when_told_and_once_more_at_the_end() -> None:
    copies = Refreshed()
    watch = StickWatch(copies, look_seconds=600)
    watch.watch()
    assert copies.count.acquire(timeout=30)
    watch.stored()
    assert copies.count.acquire(timeout=30)
    watch.close()
    assert copies.count.acquire(blocking=False)
    assert not copies.count.acquire(blocking=False)


def test_it_looks_by_itself() -> None:
    copies = Refreshed()
    watch = StickWatch(copies, look_seconds=0.001)
    watch.watch()
    for _ in range(5):
        assert copies.count.acquire(timeout=30)
    watch.close()


def test_what_fails_is_told_once_until_it_is_another() -> None:
    codes = iter(["", "stick.io", "stick.io", "stick.full", "", "stick.full"])
    told: list[str] = []
    over = threading.Event()

    def then() -> None:
        copies.problem = next(codes, "")
        if not copies.problem and len(told) == 3:
            over.set()

    copies = Refreshed(then)
    watch = StickWatch(copies, told.append, look_seconds=0.001)
    watch.watch()
    assert over.wait(30)
    watch.close()
    assert told == ["stick.io", "stick.full", "stick.full"]


def test_one_that_never_began_ends_at_once() -> None:
    StickWatch(Refreshed()).close()


@pytest.fixture
def here(tmp_path: Path) -> KioskHere:
    config = config_in(tmp_path)
    config = replace(config, hub=replace(config.hub, sticks=f"{tmp_path / 'media'}:/nowhere"))
    found = KioskHere(config, services(config, clock=SystemClock(TODAY)))
    with found.house.open_work() as work:
        work.identity.put(HubPen().identity())
        work.commit()
    return found


def held(stick: Path) -> int:
    folder = usb.folder_of(stick, "K1")
    found = set()
    for number in usb.numbers(folder, EXPORT):
        parcel = usb.open_parcel(folder, EXPORT, number)
        for part in parcel.manifest.parts:
            found |= {read(one).header.record for one in split(parcel.read(part), at_most=part.count)}
    return len(found)


def test_what_is_registered_is_on_the_stick(here: KioskHere, tmp_path: Path) -> None:
    stick = tmp_path / "media" / "STICK"
    stick.mkdir(parents=True)
    (stick / usb.MARK).touch()
    watch = stick_watch(here.house)
    watch.watch()
    for number in range(1, 6):
        here.register(number)
        watch.stored()
    watch.close()
    assert (held(stick), watch.problem) == (5, "")
    with here.house.open_work.reading() as work:
        assert [one.queued.exported_at for one in work.outbox.due(None, limit=9)] == [""] * 5
        assert work.identity.get() is not None
    done = export(here.house, stick)
    assert (done.envelopes, usb.numbers(usb.folder_of(stick, "K1"), EXPORT)) == (
        5,
        [done_number(done.folder)],
    )
    here.close()


def done_number(folder: Path) -> int:
    return int(folder.name.rpartition("-")[2])


def test_the_places_are_those_of_the_settings(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    assert config.stick_places == (Path("/media"), Path("/run/media"))
    assert replace(config, hub=replace(config.hub, sticks="")).stick_places == ()


def test_an_export_that_fails_is_remembered_nowhere(here: KioskHere, tmp_path: Path) -> None:
    here.register()
    with pytest.raises(CarrierError):
        export(here.house, tmp_path / "nowhere")
    with here.house.open_work.reading() as work:
        assert [one.queued.exported_at for one in work.outbox.due(None, limit=9)] == [""]
    here.close()
