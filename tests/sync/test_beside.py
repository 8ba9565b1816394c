"""The process that syncs beside the program: real, on the same store, told through its pipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from kiosk.beside import SyncBeside, sender_of
from kiosk.config import Config, config_from
from kiosk.domain.registration import State
from kiosk.store.sync_note import SyncNoteFile
from kiosk.sync import usb
from kiosk.sync.parcel import EXPORT
from tests.hub.placed import Hub
from tests.hub.running import RunningHub
from tests.sync.here import KioskHere, config_in

PATIENCE = 60.0


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Waits on a condition; fails by its name when it does not come true."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.02)


@pytest.fixture
def here(tmp_path: Path, served: RunningHub) -> Iterator[KioskHere]:
    with closing(KioskHere.in_folder(tmp_path / "k1", url=served.url)) as kiosk:
        yield kiosk


@pytest.fixture
def beside(here: KioskHere) -> Iterator[SyncBeside]:
    with closing(sender_of(here.config, here.house.open_work)) as found:
        yield found


def test_what_is_registered_is_sent_and_its_decision_fetched_without_anybody_asking(
    here: KioskHere, beside: SyncBeside, served: RunningHub, hub: Hub
) -> None:
    here.enrol(served.code("K1", training=True), served.url)
    first = here.register(1)
    assert not beside.contact().is_online(here.house.clock.now().wall)
    beside.send_now()
    wait_until(lambda: here.states()[first.reference] is State.SENT, "the first is sent")
    second = here.register(2)
    beside.send_now()
    wait_until(lambda: here.states()[second.reference] is State.SENT, "the second is sent")
    while hub.decide():
        pass
    wait_until(lambda: set(here.states().values()) == {State.ACCEPTED}, "both decisions came")
    wait_until(lambda: not beside.contact().working, "the run is over")
    contact = beside.contact()
    assert (contact.enrolled, contact.code) == (True, "")
    assert contact.at
    assert here.house.open_work.verify_audit().ok


def test_what_waits_is_copied_to_a_marked_stick_although_the_hub_is_away(
    tmp_path: Path, here: KioskHere, served: RunningHub
) -> None:
    here.enrol(served.code("K1", training=True), served.url)
    stick = tmp_path / "media" / "STICK"
    stick.mkdir(parents=True)
    (stick / usb.MARK).touch()
    hub = replace(here.config.hub, url="http://127.0.0.1:9", sticks=str(tmp_path / "media"))
    config = replace(here.config, hub=hub)
    here.register(1)
    with closing(sender_of(config, here.house.open_work)) as beside:
        beside.send_now()
        folder = usb.folder_of(stick, "K1")
        wait_until(lambda: usb.numbers(folder, EXPORT) == [1], "the first is on the stick")
        here.register(2)
        beside.send_now()
        wait_until(lambda: usb.numbers(folder, EXPORT) == [1, 2], "the second is there as well")
    assert [usb.open_parcel(folder, EXPORT, one).manifest.count for one in (1, 2)] == [1, 1]


def test_a_kiosk_that_has_not_enrolled_starts_no_process(here: KioskHere, beside: SyncBeside) -> None:
    here.register()
    beside.send_now()
    assert beside._process is None
    assert not beside.contact().enrolled


def test_a_process_that_was_killed_harms_nobody(
    here: KioskHere, beside: SyncBeside, served: RunningHub
) -> None:
    here.enrol(served.code("K1", training=True), served.url)
    first = here.register(1)
    beside.send_now()
    wait_until(lambda: here.states()[first.reference] is State.SENT, "it is sent")
    process = beside._process
    assert process is not None
    process.kill()
    process.wait()
    beside.send_now()
    assert beside._process is process, "one that ended is not started again at once"
    beside._started_at = time.monotonic() - 61
    second = here.register(2)
    beside.send_now()
    assert beside._process is not process
    wait_until(lambda: here.states()[second.reference] is State.SENT, "another one sends")


def test_it_ends_with_the_program_even_where_the_hub_does_not_answer(
    here: KioskHere, served: RunningHub
) -> None:
    here.enrol(served.code("K1", training=True), served.url)
    away = config_in(here.config.store_dir.parents[1], url="http://192.0.2.1:9")
    beside = sender_of(away, here.house.open_work)
    here.register()
    beside.send_now()
    process = beside._process
    assert process is not None
    wait_until(lambda: SyncNoteFile(away.store_dir).last().working, "it tries")
    started = time.monotonic()
    beside.close()
    assert process.poll() is not None
    assert time.monotonic() - started < 10
    beside.send_now()
    assert beside._process is None, "who is closed starts nothing"
    assert set(here.states().values()) == {State.SUBMITTED}


def test_it_ends_when_the_program_is_killed(here: KioskHere, served: RunningHub) -> None:
    here.enrol(served.code("K1", training=True), served.url)
    program = (
        "import json, signal, sys\n"
        "from kiosk.bootstrap import services\n"
        "from kiosk.config import config_from\n"
        "house = services(config_from(json.loads(sys.argv[1])), sends=True)\n"
        "house.sender.send_now()\n"
        "print(house.sender._process.pid, flush=True)\n"
        "signal.pause()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, json.dumps(asdict(here.config))], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        note = SyncNoteFile(here.config.store_dir)
        wait_until(lambda: bool(note.last().contact_at), "it has synced")
        parent.kill()
    wait_until(lambda: not _runs(child), "the process has ended")


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_settings_come_through_as_they_were() -> None:
    config = config_in(Path(os.sep) / "somewhere", "K7", url="http://hub.test")
    assert config_from(asdict(config)) == config
    assert config_from(asdict(Config())) == Config()
