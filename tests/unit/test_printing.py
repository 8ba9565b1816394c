"""Paper: what is written to a file and to a device, and that a printer keeps nobody waiting."""

from __future__ import annotations

import os
import threading
import tty
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.channels.printer_paper import KINDS, Paper, as_escpos, as_text
from kiosk.channels.printer_queue import MOST_WAITING, QueuedPrinter
from kiosk.config import Config
from kiosk.domain.resume_code import grouped
from kiosk.language import LANGUAGES, Language
from kiosk.printing import printer_of
from kiosk.services.paper import WIDTH
from kiosk.services.ports import Printout, PrintState
from kiosk.services.slip import slip

CODE = "ACDEFGHJ"
PLAIN = Printout("slip", ("first", "ACDE-FGHJ", "last"), "ACDE-FGHJ")


def printed(kind: str, to: Path, printout: Printout = PLAIN, *, seconds: float = 5.0) -> None:
    Paper(kind, to, seconds=seconds).write(printout)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("training", [False, True])
def test_a_slip_says_the_code_and_nothing_of_anybody(language: str, *, training: bool) -> None:
    made = slip(CODE, Language(language), "Balai Desa Cempaka", days=30, training=training)
    assert made.large in made.lines
    assert made.large == grouped(CODE)
    assert max(map(len, made.lines)) <= WIDTH
    assert not [line for line in made.lines if "receipt." in line or "{" in line]
    text = "\n".join(made.lines)
    assert ("LATIHAN" in text or "TRAINING" in text or "PRACTICE" in text) == training
    assert "30" in text
    assert "30" not in "\n".join(slip(CODE, Language(language), "Balai Desa").lines)


def test_text_has_the_code_wide() -> None:
    assert as_text(PLAIN).decode().split("\n")[1].strip() == "A C D E - F G H J"


def test_a_receipt_printer_gets_the_code_in_double_size_and_is_told_to_cut() -> None:
    content = as_escpos(PLAIN)
    assert content.startswith(b"\x1b@\x1bt\x00first\n\x1b!\x30")
    assert b"ACDE-FGHJ\x1b!\x00\nlast\n" in content
    assert content.endswith(b"\x1dV\x42\x00")


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_made_of_orders_gives_the_printer_none(kind: str) -> None:
    for_file, for_device, _ = KINDS[kind]
    hostile = Printout("slip", ("\x1b@\x1dV\x00\r\n\x9b5m\u202eBUDI", "Ü\U0001f600"))
    harmless = Printout("slip", ("?@?V????5m?BUDI", "Ü?"))
    for content in (for_file, for_device):
        assert content(hostile).count(b"\x1b") == content(harmless).count(b"\x1b")
        assert content(hostile).count(b"\x1d") == content(harmless).count(b"\x1d")
    assert b"BUDI" in for_device(hostile)


def test_a_folder_gets_a_file_a_piece_for_its_owner_alone(tmp_path: Path) -> None:
    for _ in range(3):
        printed("text", tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["slip-2.txt", "slip-3.txt", "slip.txt"]
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    assert (tmp_path / "slip.txt").read_bytes() == as_text(PLAIN)


def test_nothing_half_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr("kiosk.channels.printer_paper.os.fsync", full)
    with pytest.raises(OSError, match="full"):
        printed("text", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def device() -> Iterator[tuple[int, Path]]:
    """A device that takes bytes as they are: the near end, and the path of the far one."""
    near, far = os.openpty()
    tty.setraw(far)
    yield near, Path(os.ttyname(far))
    os.close(far)
    os.close(near)


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_gets_every_byte(kind: str, device: tuple[int, Path]) -> None:
    near, path = device
    printed(kind, path)
    expected = KINDS[kind][1](PLAIN)
    got = b""
    while len(got) < len(expected):
        got += os.read(near, 4096)
    assert got == expected


def test_a_device_that_takes_nothing_is_given_up(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    long = Printout("slip", ("x" * 200,) * 1000)
    with pytest.raises(TimeoutError):
        printed("text", pipe, long, seconds=0.02)
    os.close(reader)
    with pytest.raises(OSError, match="No such device"):
        printed("text", pipe, PLAIN)


def test_what_is_not_there_or_an_ordinary_file_is_no_printer(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    with pytest.raises(OSError, match="neither"):
        printed("text", file)
    with pytest.raises(FileNotFoundError):
        printed("escpos", tmp_path / "lp0")
    assert file.read_text() == "mine"


# The queue.


class Slow:
    """A printer that waits until it is let go, and remembers what it printed."""

    def __init__(self, fails: Callable[[Printout], bool] = lambda _: False) -> None:
        self.let_go = threading.Event()
        self.names: list[str] = []
        self._fails = fails

    def write(self, printout: Printout) -> None:
        self.let_go.wait(30)
        self.names.append(printout.name)
        if self._fails(printout):
            raise OSError(5, "paper")


def test_nobody_waits_for_a_slow_printer_and_the_order_is_kept() -> None:
    slow = Slow()
    printer = QueuedPrinter(slow.write, patience=30)
    jobs = [printer.print(Printout(str(number), ())) for number in range(4)]
    assert {job.state for job in jobs} == {PrintState.WAITING}
    slow.let_go.set()
    printer.close()
    assert {job.state for job in jobs} == {PrintState.PRINTED}
    assert slow.names == ["0", "1", "2", "3"]


def test_a_piece_that_fails_leaves_the_others() -> None:
    slow = Slow(fails=lambda printout: printout.name == "1")
    slow.let_go.set()
    printer = QueuedPrinter(slow.write, patience=30)
    jobs = [printer.print(Printout(str(number), ())) for number in range(3)]
    printer.close()
    assert [job.state for job in jobs] == [PrintState.PRINTED, PrintState.FAILED, PrintState.PRINTED]
    again = printer.print(Printout("3", ()))
    printer.close()
    assert again.state is PrintState.PRINTED


def test_a_printer_that_hangs_is_told_and_the_program_ends_all_the_same() -> None:
    slow = Slow()
    printer = QueuedPrinter(slow.write, patience=0.01)
    jobs = [printer.print(Printout(str(number), ())) for number in range(MOST_WAITING + 3)]
    assert jobs[-1].state is PrintState.FAILED
    printer.close()
    assert jobs[0].state is PrintState.WAITING
    slow.let_go.set()


def test_without_a_job_there_is_nothing_to_close() -> None:
    QueuedPrinter(Slow().write, patience=30).close()


def test_the_settings_choose(tmp_path: Path) -> None:
    config = Config()
    assert printer_of(config) is None
    chosen = replace(config, printer=replace(config.printer, kind="text", to=str(tmp_path)))
    printer = printer_of(chosen)
    assert printer is not None
    job = printer.print(PLAIN)
    printer.close()
    assert job.state is PrintState.PRINTED
    assert (tmp_path / "slip.txt").is_file()
    assert replace(config, printer=replace(config.printer, kind="escpos")).printer_to == Path("/dev/usb/lp0")
