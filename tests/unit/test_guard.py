"""What the small process goes by: the pauses, the notes to the service, the variables, the calm page."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.config import Config
from kiosk.guard.line import RESET, TerminalLine
from kiosk.guard.pace import FIRST_PAUSE, HEALTHY_SECONDS, LONGEST_PAUSE, Pace
from kiosk.guard.service import ServiceNotes
from kiosk.guard.surroundings import HOUSE, has_doors, kept, shut_doors
from kiosk.guarding import guard_of


def test_each_failure_in_a_row_waits_twice_as_long_up_to_the_longest() -> None:
    pace = Pace()
    pauses = [pace.failed(1.0) for _ in range(12)]
    assert [pause.seconds for pause in pauses[:4]] == [FIRST_PAUSE * factor for factor in (1, 2, 4, 8)]
    assert pauses[-1].seconds == LONGEST_PAUSE
    assert [pause.any_key for pause in pauses[:4]] == [True, True, False, False]


@pytest.mark.parametrize("good", ["served", "lived long"])
def test_a_process_that_did_well_ends_the_row(good: str) -> None:
    pace = Pace()
    for _ in range(5):
        pace.failed(1.0)
    if good == "served":
        pace.served()
    assert pace.failed(HEALTHY_SECONDS if good == "lived long" else 1.0).seconds == FIRST_PAUSE


@pytest.fixture
def service(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket on which systemd would listen."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(5)
        yield line


def test_the_service_is_told_once_that_the_kiosk_is_ready_and_then_that_it_lives(
    service: socket.socket,
) -> None:
    notes = ServiceNotes({"NOTIFY_SOCKET": service.getsockname(), "WATCHDOG_USEC": "30000000"})
    assert notes.seconds == 15.0
    for tell in (notes.ready, notes.ready, notes.alive, notes.stopping):
        tell()
    assert [service.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_abstract_address_is_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind("\0kiosk-test-" + str(os.getpid()))
        line.settimeout(5)
        ServiceNotes({"NOTIFY_SOCKET": "@kiosk-test-" + str(os.getpid())}).ready()
        assert line.recv(100) == b"READY=1"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"NOTIFY_SOCKET": "/nowhere/at/all"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "9000000", "WATCHDOG_PID": "1"},
    ],
)
def test_without_a_service_nothing_is_told_and_nothing_fails(environ: dict[str, str]) -> None:
    notes = ServiceNotes(environ)
    assert notes.seconds is None
    notes.ready()
    notes.alive()
    notes.stopping()


@pytest.mark.parametrize(
    "door", ["TEXTUAL_SCREENSHOT", "TEXTUAL", "PYTHONINSPECT", "LD_PRELOAD", "GCONV_PATH"]
)
def test_a_variable_that_changes_a_process_is_a_door(door: str) -> None:
    assert has_doors({"PATH": "/bin", door: "1"})
    assert not has_doors({"PATH": "/bin", "TERM": "linux", "EDITOR": "vi"})


def test_only_what_is_needed_is_kept_and_no_module_is_looked_for_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {
        "PATH": "/bin",
        "TERM": "linux",
        "LC_ALL": "C",
        "KIOSK_STORE": "/s",
        "EDITOR": "vi",
        "TEXTUAL_LOG": "f",
    }
    left = {"PATH": "/bin", "TERM": "linux", "LC_ALL": "C", "KIOSK_STORE": "/s"}
    assert kept(given) == left
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), HOUSE, "/usr/lib/python3"])
    shut_doors(given)
    assert given == left
    assert sys.path == [HOUSE, "/usr/lib/python3"]


def test_the_calm_page_speaks_both_languages_and_gives_the_number_of_a_failure() -> None:
    config = Config()
    guard = guard_of(replace(config, kiosk=replace(config.kiosk, profile="village", place="Balai Desa")))
    lines = list(guard._calm("Sebutkan ke petugas: ABC123\n"))
    text = "\n".join(lines)
    assert "Balai Desa" in lines[0]
    assert "Mohon tunggu" in text
    assert "Please wait" in text
    assert "ABC123" in text
    assert max(map(len, lines)) <= 76


def test_a_catalogue_that_cannot_be_read_does_not_stop_the_small_process() -> None:
    reads, writes = os.pipe()
    guard = guard_of(Config())
    guard._line = TerminalLine(reads, writes)

    def broken(_: str) -> list[str]:
        raise OSError

    guard._calm = broken
    guard._show("")
    assert b"Mohon tunggu" in os.read(reads, 4096)
    os.close(reads)
    os.close(writes)


def test_both_screens_are_emptied_between_two_people() -> None:
    alternate, main = RESET.split("\x1b[?1049l")
    assert "\x1b[2J\x1b[3J" in alternate
    assert "\x1b[2J\x1b[3J" in main


def test_no_control_sequence_reaches_the_calm_page() -> None:
    reads, writes = os.pipe()
    TerminalLine(reads, writes).show(["a\x1b]0;title\x07b"])
    shown = os.read(reads, 4096)
    assert b"a]0;titleb" in shown
    assert b"\x07" not in shown
    os.close(reads)
    os.close(writes)
