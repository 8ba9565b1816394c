"""A family at the real terminal: in the village layout, by hand with slips, past every door, to the end."""

from __future__ import annotations

import json
import signal
import termios
from pathlib import Path

import pytest

from tests.journeys.commands import OwnKiosk
from tests.journeys.families import (
    FAMILIES,
    MOTHER,
    PRACTICE,
    as_stored,
    keys_of,
    of,
    only_one,
    screens,
)
from tests.journeys.terminal import XTERM, Terminal

DONE = "Tersimpan dengan aman"
START = "Daftarkan keluarga baru"
F3, F10, F12 = XTERM["F3"], XTERM["F10"], XTERM["F12"]
VILLAGE_LAYOUT = '[training]\nlayout = "single"\nconfirm_nik = true\n'


@pytest.fixture
def own(tmp_path: Path) -> OwnKiosk:
    return OwnKiosk(tmp_path)


def until(terminal: Terminal, line: str) -> None:
    """Waits until this row has the cursor."""
    terminal.wait_until(
        lambda: terminal.screen.display[terminal.screen.cursor.y].startswith(f" > {line} "), f"row {line}"
    )


@pytest.mark.parametrize("name", ["two", "newborn"])
def test_a_family_in_the_village_layout(tmp_path: Path, name: str) -> None:
    own = OwnKiosk(tmp_path, VILLAGE_LAYOUT)
    own.run("directory", "import", own.file("extract.jsonl", json.dumps(MOTHER)))
    keys = keys_of(own, FAMILIES[name])
    with screens(own) as terminal:
        terminal.wait_for(START)
        terminal.send(keys)
        terminal.wait_for(DONE)
    assert only_one(own)["family"] == as_stored(FAMILIES[name])


def test_a_person_makes_slips_asks_for_help_and_goes_back(own: OwnKiosk) -> None:
    family = of(1)
    with screens(own) as terminal:
        terminal.wait_for(START)
        terminal.send(F10)
        terminal.wait_for("SYARAT PEMAKAIAN")
        terminal.send(F10)
        until(terminal, "Nomor KK")
        terminal.send("99010101012", "\r")
        terminal.wait_for("yang diketik 11")
        terminal.send("\x7f\x7f", "1200001\r")
        until(terminal, "Captcha")
        terminal.send("salah\r")
        terminal.wait_for("Jawaban ini berbeda")
        terminal.send(XTERM["F1"])
        terminal.wait_for("Bantuan")
        terminal.send("\r", F3)
        terminal.wait_for("SYARAT PEMAKAIAN")
        terminal.send(F12)
        terminal.wait_for("2/8 kurang")
        terminal.send("1", XTERM["DELETE"])
        terminal.wait_for("Yakin?")
        terminal.send(F10)
        terminal.wait_for("Isian itu sudah dibuang")
        terminal.send(keys_of(own, family))
        terminal.wait_for(DONE)
        terminal.send(XTERM["F5"])
        terminal.wait_for("TANDA TERIMA PENDAFTARAN JKN")
        terminal.send(F12, F12, F10)
        assert terminal.end() == 0
        assert termios.tcgetattr(terminal.fd) == terminal.modes
    assert only_one(own)["family"] == as_stored(family)


def test_f_keys_by_their_twins(own: OwnKiosk) -> None:
    keys = keys_of(own, of(2))
    for name, twin in (("F10", b"\x1b0"), ("F6", b"\x1b6"), ("F9", b"\x1b9")):
        keys = keys.replace(XTERM[name], twin)
    with screens(own) as terminal:
        terminal.wait_for(START)
        terminal.send(keys)
        terminal.wait_for(DONE)
        terminal.send(b"\x1b=")
        terminal.wait_for("Terdaftar hari ini")


DOORS = {
    "Ctrl+C": b"\x03",
    "Ctrl+Q": b"\x11",
    "Ctrl+Z": b"\x1a",
    "Ctrl+P": b"\x10",
    "Ctrl+\\": b"\x1c",
    "Ctrl+D": b"\x04",
    "Ctrl+S": b"\x13",
    "Escape": b"\x1b\x1b\x1b",
    "F11": b"\x1b[23~",
    "mouse": b"\x1b[<0;5;5M\x1b[<0;5;5m",
    "focus": b"\x1b[O\x1b[I",
}


def test_no_chord_leaves_any_page(own: OwnKiosk) -> None:
    with screens(own) as terminal:
        terminal.wait_for(START)
        for page, keys in ((START, b""), ("SYARAT", F10), ("Nomor KK", F10), ("Bantuan", XTERM["F1"])):
            terminal.send(keys)
            terminal.wait_for(page)
            for door in DOORS.values():
                terminal.send(door)
        terminal.send(b"\x1b3")
        until(terminal, "Nomor KK")
        assert terminal.status is None
        terminal.send("9901010101200001\r")
        until(terminal, "Captcha")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_gives_the_terminal_back_and_loses_nothing(
    own: OwnKiosk, number: signal.Signals, code: int
) -> None:
    with screens(own) as terminal:
        terminal.wait_for(START)
        terminal.send(F10, F10, "9901010101200001\r")
        until(terminal, "Captcha")
        terminal.signal(number)
        assert terminal.end() == code
        assert termios.tcgetattr(terminal.fd) == terminal.modes
        assert b"\x1b[?1049l" in terminal.output[-400:]
    with screens(own) as terminal:
        terminal.wait_for("2/8 kurang")


def test_a_screen_left_alone_goes_home_and_keeps_the_draft(tmp_path: Path) -> None:
    own = OwnKiosk(tmp_path, "[training]\nidle_seconds = 1\n")
    with screens(own) as terminal:
        terminal.wait_for(START)
        terminal.send(F10, F10, "9901010101200001\r")
        terminal.wait_for("2/8 kurang")
        assert "9901010101200001" not in terminal.text
        terminal.send("1\r")
        until(terminal, "Captcha")


def test_the_village_cannot_be_left_by_key_and_shows_nobody(tmp_path: Path) -> None:
    own = OwnKiosk(tmp_path, "[village]\nidle_seconds = 0\n")
    with Terminal.python("-m", "kiosk", "run", "--profile", "village", env=own.env) as terminal:
        terminal.wait_for("Bahasa Indonesia")
        terminal.send(F12, "1")
        terminal.wait_for("Melanjutkan? Kode atau nomor KK:")
        terminal.send(F10, F10, F10, "3173050101200012\r")
        terminal.wait_for("Ketik lima huruf")
        terminal.send(F12)
        terminal.wait_for("Kode untuk melanjutkan")
        assert "3173" not in terminal.text
        terminal.send("x")
        terminal.wait_for("Tekan angka bahasa Anda")
        terminal.send(F10)
        terminal.wait_for("Melanjutkan? Kode atau nomor KK:")
        terminal.send("3173050101200012\r")
        terminal.wait_for("Ketik lima huruf")
        assert terminal.status is None


def test_a_small_window_asks_for_a_larger_one(own: OwnKiosk) -> None:
    with screens(own) as terminal:
        terminal.wait_for(START)
        terminal.resize(60, 20)
        terminal.wait_for("terlalu kecil")
        terminal.resize(100, 30)
        terminal.wait_for(START)
        terminal.send(F10)
        terminal.wait_for("SYARAT")


def test_two_kiosks_do_not_share_one_store(own: OwnKiosk) -> None:
    """The second one either works beside the first or says why not; it never damages anything."""
    with screens(own) as first:
        first.wait_for(START)
        with Terminal.python("-m", "kiosk", "run", "--profile", "training", *PRACTICE, env=own.env) as second:
            second.wait_until(lambda: START in second.text or b"kiosk:" in second.output, "an answer")
        first.send(keys_of(own, of(1)))
        first.wait_for(DONE)
    assert only_one(own)["family"] == as_stored(of(1))
