"""A day at a counter, from an empty store to the signed report, all by keyboard in a real terminal."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

from tests.journeys.counter import counter, counter_of, keys_at_the_counter, real_family, type_keys
from tests.journeys.terminal import XTERM

DONE = "Tersimpan dengan aman"
SITI, BUDI = "271828", "141421"
F2, F3, F10, F12 = XTERM["F2"], XTERM["F3"], XTERM["F10"], XTERM["F12"]


def number_in(report: str, label: str) -> int:
    """The number that a line of the report ends with."""
    found = re.search(rf"{label} +(?:Rp)?([\d.]+)", report)
    assert found is not None, report
    return int(found[1].replace(".", ""))


def test_from_the_first_start_to_the_signed_report(tmp_path: Path) -> None:
    own = counter_of(tmp_path)
    families = [real_family(2, 1), real_family(3, 2)]
    with counter(own) as terminal:
        # The supervisor's account, typed before the program is there.
        terminal.wait_until(terminal.is_raw, "raw mode")
        terminal.send("1\r", "Siti Rahma\r", SITI, "\r", SITI, "\r")
        terminal.wait_for("Akun Siti Rahma dibuat")
        assert "LOKET  Siti R." in terminal.text
        # A clerk, who then signs in.
        terminal.send(F2, "6\r", F10, "Budi Hartono\r", "1\r", BUDI, "\r", BUDI, "\r")
        terminal.wait_for("Akun Budi Hartono dibuat")
        terminal.send(F3, F2, "3\r")
        terminal.wait_for("Siapa yang bertugas")
        terminal.send("2\r", BUDI, "\r")
        terminal.wait_for("LOKET  Budi H.")
        # A family; the keys of the next one follow at once, on its receipt.
        first, second = (keys_at_the_counter(own, family) for family in families)
        type_keys(terminal, first)
        terminal.wait_for(DONE)
        # In the middle of a word the counter is handed over, and the word goes on.
        half = 3 * len(second) // 5
        type_keys(terminal, second[:half])
        terminal.wait_quiet()
        before = terminal.text.splitlines()[1:]
        terminal.send(F2, "2\r")
        terminal.wait_for("Yang menggantikan masuk di sini")
        assert "Budi Hartono" not in "\n".join(terminal.text.splitlines()[1:])
        terminal.send("1\r", SITI, "\r")
        terminal.wait_until(lambda: terminal.text.splitlines()[1:] == before, "the page as it was")
        assert "LOKET  Siti R." in terminal.text
        type_keys(terminal, second[half:])
        terminal.wait_for(DONE)
        terminal.send(F12)
        terminal.wait_for("2 menunggu kirim")
        # The end of the day.
        terminal.send(F2, "5\r")
        terminal.wait_for("cocok satu sama lain")
        shown = terminal.text
        terminal.send(F10, SITI, "\r")
        terminal.wait_for("Hari ditutup dan ditandatangani oleh Siti Rahma")
        assert "Siti R." not in terminal.text
        terminal.send(F12, F10)
        assert terminal.end() == 0
        assert SITI.encode() not in terminal.output
        assert BUDI.encode() not in terminal.output

    (file,) = (tmp_path / "receipts").glob("LAPORAN-*.txt")
    stored = json.loads(own.run("list", "--json", "--limit", "0", profile="counter").stdout)
    for report in (shown, file.read_text("utf-8")):
        assert number_in(report, "Keluarga terdaftar") == len(stored) == 2
        assert number_in(report, "Jiwa") == sum(one["people"] for one in stored) == 5
        assert number_in(report, "Jumlah iuran per bulan") == sum(one["premium_total"] for one in stored)
        assert number_in(report, "Menunggu kirim") == 2
        assert number_in(report, "Nomor struk terpakai") == 2
        assert number_in(report, "Belum selesai diisi") == 0
        assert "cocok satu sama lain" in report
    assert own.run("verify", profile="counter").returncode == 0
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert SITI.encode() not in kept
    assert BUDI.encode() not in kept


def test_signing_in_and_a_family_typed_before_the_program_is_there(tmp_path: Path) -> None:
    own = counter_of(tmp_path)
    with counter(own) as terminal:
        terminal.wait_for("Latihan dulu")
        terminal.send("1\r", "Siti Rahma\r", SITI, "\r", SITI, "\r", F12, F10)
        assert terminal.end() == 0
    with counter(own) as terminal:
        terminal.wait_until(terminal.is_raw, "raw mode")
        terminal.send("1\r", SITI, "\r", F10, F10, "3173050101200012\r")
        terminal.wait_for("317305 010120 0012")
        assert "LOKET  Siti R." in terminal.text


def test_practising_first_is_the_practice_and_makes_no_account(tmp_path: Path) -> None:
    own = counter_of(tmp_path)
    with counter(own) as terminal:
        terminal.wait_for("Latihan dulu")
        terminal.send("2\r")
        terminal.wait_for("LATIHAN")
        terminal.wait_for("Daftarkan keluarga baru")
        terminal.send(F12, F10)
        assert terminal.end() == 0
    with counter(own) as terminal:
        terminal.wait_for("Latihan dulu")


def test_a_counter_left_alone_is_locked_and_the_same_pin_goes_on(tmp_path: Path) -> None:
    own = counter_of(tmp_path, "idle_seconds = 2\n")
    with counter(own) as terminal:
        terminal.wait_for("Latihan dulu")
        terminal.send("1\r", "Siti Rahma\r", SITI, "\r", SITI, "\r", F10, F10, "3173050101200012\r")
        terminal.wait_for("Terkunci")
        assert "317305" not in terminal.text
        terminal.send(SITI, "\r")
        terminal.wait_for("Ketik lima huruf")
        assert "317305 010120 0012" in terminal.text
        terminal.wait_for("Terkunci")
        terminal.signal(signal.SIGKILL)
        assert terminal.end() == -signal.SIGKILL
    with counter(own) as terminal:  # whoever starts it again signs in before anything is shown
        terminal.wait_for("Siapa yang bertugas")
        assert "3173" not in terminal.text
        terminal.send("1\r", SITI, "\r")
        terminal.wait_for("2/8 kurang")
