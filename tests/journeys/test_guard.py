"""The unattended kiosk at the real terminal: it comes back by itself, and ends only when it is told to."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import termios
from pathlib import Path

import pytest

from tests.journeys.commands import OwnKiosk
from tests.journeys.terminal import XTERM
from tests.journeys.village import Village, children


@pytest.fixture
def own(tmp_path: Path) -> OwnKiosk:
    return OwnKiosk(tmp_path, "[village]\nidle_seconds = 0\n")


def test_whatever_ends_the_process_that_serves_a_fresh_one_takes_its_place(own: OwnKiosk) -> None:
    with Village(own) as kiosk:
        first = kiosk.wait_for_first_page()
        os.kill(first, signal.SIGKILL)
        kiosk.wait_for("Mohon tunggu")
        kiosk.send("\r")
        second = kiosk.wait_for_first_page(first)
        assert second != first
        os.kill(second, signal.SIGTERM)
        kiosk.wait_for("Mohon tunggu")
        kiosk.send("\r")
        kiosk.wait_for_first_page(second)
        assert kiosk.status is None
        assert kiosk.is_raw()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_told_to_end_it_ends_both_and_gives_the_terminal_back(
    own: OwnKiosk, number: signal.Signals, code: int
) -> None:
    with Village(own) as kiosk:
        serves = kiosk.wait_for_first_page()
        kiosk.signal(number)
        assert kiosk.end() == code
        assert not Path(f"/proc/{serves}").exists()
        assert termios.tcgetattr(kiosk.fd) == kiosk.modes
        assert bytes(kiosk.output).rstrip().endswith(b"\x1b[2J\x1b[3J\x1b[1;1H")


def test_a_terminal_that_goes_away_ends_both(own: OwnKiosk) -> None:
    with Village(own) as kiosk:
        serves = kiosk.wait_for_first_page()
        kiosk.hang_up()
        assert kiosk.wait_gone() == 129
        assert not Path(f"/proc/{serves}").exists()


def test_the_one_that_serves_goes_with_the_small_process(own: OwnKiosk) -> None:
    with Village(own) as kiosk:
        watched = os.pidfd_open(kiosk.wait_for_first_page())
        kiosk.signal(signal.SIGKILL)
        assert kiosk.end() == -signal.SIGKILL
        assert select.select([watched], [], [], kiosk.patience)[0]
        os.close(watched)


def test_variables_that_change_a_program_are_left_outside(own: OwnKiosk) -> None:
    doors = {
        "TEXTUAL_SCREENSHOT": "1",
        "PYTHONINSPECT": "1",
        "PYTHONPERFSUPPORT": "1",
        "EDITOR": "vi",
    }
    with Village(own, env=doors) as kiosk:
        serves = kiosk.wait_for_first_page()
        for pid in (kiosk.pid, serves):
            names = {pair.partition("=")[0] for pair in Path(f"/proc/{pid}/environ").read_text().split("\0")}
            assert names <= {"", "PATH", "LANG", "TERM", "KIOSK_CONFIG", "KIOSK_STORE"}
        kiosk.signal(signal.SIGTERM)
        assert kiosk.end() == 143
        assert ">>>" not in kiosk.text


def test_a_store_that_cannot_be_opened_at_the_start_is_told_and_ends_it(own: OwnKiosk) -> None:
    (own.folder / "store").write_text("a file where the folder should be")
    with Village(own) as kiosk:
        assert kiosk.end() == 4
        assert "kiosk: " in kiosk.text
        assert termios.tcgetattr(kiosk.fd) == kiosk.modes


def test_settings_that_are_wrong_end_it_before_anything_is_started(own: OwnKiosk) -> None:
    own.settings.write_text("[village]\nidle = 3\n")
    with Village(own) as kiosk:
        assert kiosk.end() == 3
        assert "idle" in kiosk.text


def test_the_service_is_told_when_the_first_page_stands_and_when_it_ends(
    own: OwnKiosk, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(30)
        env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1000000"}
        with Village(own, env=env) as kiosk:
            notes = {line.recv(100)}
            kiosk.wait_for_first_page()
            while b"READY=1" not in notes:
                notes.add(line.recv(100))
            kiosk.signal(signal.SIGTERM)
            assert kiosk.end() == 143
        line.settimeout(1)
        while b"STOPPING=1" not in notes:
            notes.add(line.recv(100))
        assert notes == {b"READY=1", b"WATCHDOG=1", b"STOPPING=1"}


def test_a_process_that_has_hung_is_replaced(own: OwnKiosk) -> None:
    with Village(own, "import kiosk.guard.serving as s; s.HUNG_SECONDS, s.START_SECONDS = 2.5, 30") as kiosk:
        first = kiosk.wait_for_first_page()
        kiosk.send("\r")
        kiosk.wait_until(lambda: "Melanjutkan?" in kiosk.text and "Membuka" not in kiosk.text, "the store")
        os.kill(first, signal.SIGSTOP)
        kiosk.wait_for("Mohon tunggu")
        assert not Path(f"/proc/{first}").exists()
        kiosk.send("\r")
        kiosk.wait_for_first_page(first)


def test_a_key_is_not_taken_over_by_the_next_process(own: OwnKiosk) -> None:
    with Village(own) as kiosk:
        first = kiosk.wait_for_first_page()
        os.kill(first, signal.SIGSTOP)
        kiosk.send("9901010101200001")
        os.kill(first, signal.SIGKILL)
        kiosk.wait_for("Mohon tunggu")
        kiosk.send("\r")
        kiosk.wait_for_first_page(first)
        kiosk.wait_quiet()
        assert "9901" not in kiosk.text


KK = "3173050101200012"
F12 = XTERM["F12"]


def test_a_screen_left_alone_is_asked_about_then_cleared_and_the_code_is_on_paper(tmp_path: Path) -> None:
    paper = tmp_path / "paper"
    paper.mkdir()
    own = OwnKiosk(
        tmp_path,
        f"[village]\nidle_seconds = 2\nwarn_seconds = 2\n[printer]\nkind = 'text'\nto = '{paper}'\n",
    )
    with Village(own) as kiosk:
        first = kiosk.wait_for_first_page()
        kiosk.send(XTERM["F10"] * 4, KK, "\r")
        kiosk.wait_for("Apakah Anda masih di sini?")
        assert KK[:4] not in kiosk.text
        kiosk.send("x")
        kiosk.wait_for("Ketik lima huruf")
        kiosk.wait_for("Apakah Anda masih di sini?")
        kiosk.wait_for_first_page(first)
        kiosk.wait_until(lambda: code_on(paper) != "", "the slip")
        assert code_on(paper).encode() not in kiosk.output
        kiosk.send(XTERM["F10"], code_on(paper), "\r")
        kiosk.wait_for("Ketik lima huruf")


def code_on(paper: Path) -> str:
    """The code on the slip in this folder; empty while there is none."""
    text = "".join(slip.read_text("utf-8") for slip in paper.iterdir())
    found = re.search(r"^ *((?:[A-Z0-9] +){4}- +(?:[A-Z0-9] +){3}[A-Z0-9])$", text, re.M)
    return found[1].replace(" ", "") if found else ""


def test_the_next_person_does_not_wait_for_what_the_one_before_had_open(
    own: OwnKiosk, tmp_path: Path
) -> None:
    door = tmp_path / "door"
    os.mkfifo(door)
    stuck = (
        "import os, kiosk.bootstrap as b; "
        f"b.Services.close = lambda _: os.path.exists({str(door)!r}) and open({str(door)!r}).read()"
    )
    with Village(own, stuck) as kiosk:
        first = kiosk.wait_for_first_page()
        kiosk.begin(KK)
        kiosk.send(F12)
        kiosk.wait_for("Kode untuk melanjutkan")
        kiosk.send("x")
        kiosk.wait_until(lambda: kiosk.is_at_the_beginning, "the first page")
        kiosk.begin("3173050101200077")
        assert first in children(kiosk.pid)
        door.write_text("")
        door.unlink()
        kiosk.wait_until(lambda: first not in children(kiosk.pid), "its end")
        assert kiosk.status is None


HASTY = """
import time
import screens.app as app
app.monotonic = lambda: time.monotonic() * 100
slow = app.KioskApp.set_interval
app.KioskApp.set_interval = lambda self, seconds, call: slow(self, seconds / 100, call)
"""
"""A program for which a hundred seconds pass in one."""


def test_ten_minutes_of_nobody_on_the_first_page_write_no_byte(tmp_path: Path) -> None:
    with Village(OwnKiosk(tmp_path), HASTY) as kiosk:
        kiosk.wait_for_first_page()
        kiosk.wait_quiet(1.0)
        assert kiosk.watch(6.1) == 0
        kiosk.send(XTERM["F10"])
        kiosk.wait_for("Apakah Anda masih di sini?")


def test_the_next_process_waits_with_everything_read(own: OwnKiosk) -> None:
    with Village(own) as kiosk:
        first = kiosk.wait_for_first_page()
        kiosk.begin(KK)
        kiosk.wait_until(lambda: len(children(kiosk.pid)) == 2, "the one that waits")
        (waits,) = set(children(kiosk.pid)) - {first}
        kiosk.wait_until(lambda: "sqlcipher3" in _mapped(waits), "the store's library")
        kiosk.send(F12)
        kiosk.wait_for("Kode untuk melanjutkan")
        kiosk.send("x")
        assert kiosk.wait_for_first_page(first) == waits
        kiosk.begin("3173050101200077")


def test_without_the_one_that_waits_another_is_made(own: OwnKiosk) -> None:
    with Village(own) as kiosk:
        first = kiosk.wait_for_first_page()
        kiosk.wait_until(lambda: len(children(kiosk.pid)) == 2, "the one that waits")
        for pid in reversed(children(kiosk.pid)):
            os.kill(pid, signal.SIGKILL)
        kiosk.wait_for("Mohon tunggu")
        kiosk.send("x")
        kiosk.wait_for_first_page(first)
        kiosk.begin(KK)
        kiosk.signal(signal.SIGTERM)
        assert kiosk.end() == 143


def _mapped(pid: int) -> str:
    """The files of which a process has parts in its memory."""
    return Path(f"/proc/{pid}/maps").read_text("utf-8")
