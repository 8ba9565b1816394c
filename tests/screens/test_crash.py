import fcntl
import os
import select
import signal
import struct
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.redaction import new_reference, redacted
from screens.crash import EXIT_CRASH, last_resort, report
from screens.safe import safe_text
from tests.journeys.terminal import XTERM, Terminal
from tests.screens.pty_program import SECRET


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def kiosk(log: Path) -> Iterator[Terminal]:
    with Terminal.python("-m", "tests.screens.pty_program", str(log)) as terminal:
        terminal.wait_for("READY")
        yield terminal


def assert_restored(kiosk: Terminal) -> None:
    """Modes as found, the main screen, the cursor shown, wrapping on, no bracketed paste."""
    assert termios.tcgetattr(kiosk.fd) == kiosk.modes
    for mode in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?7h", b"\x1b[?2004l"):
        on_or_off = mode[:-1] + (b"h" if mode.endswith(b"l") else b"l")
        assert kiosk.output.rfind(mode) > kiosk.output.rfind(on_or_off), mode


@pytest.mark.parametrize("key", ["F1", "F2", "F4", "F5", "F6", "F8"])
def test_a_failure_anywhere_shows_a_number_and_nothing_else(kiosk: Terminal, log: Path, key: str) -> None:
    kiosk.send(XTERM[key])
    assert kiosk.end() == EXIT_CRASH
    assert_restored(kiosk)
    said = kiosk.output[kiosk.output.rindex(b"\x1b[?1049l") :].decode()
    assert last_resort("REF123").replace("\n", "\r\n") in said
    assert SECRET.encode() not in kiosk.output
    assert b"Traceback" not in kiosk.output
    record = log.read_text()
    assert record.startswith("ValueError\n")
    assert SECRET not in record


def test_leaving_gives_the_page_s_code(kiosk: Terminal) -> None:
    kiosk.send(XTERM["F10"])
    assert kiosk.end() == 5
    assert_restored(kiosk)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
@pytest.mark.parametrize("busy", [False, True], ids=["at rest", "in a press that never ends"])
def test_a_signal_ends_the_program(kiosk: Terminal, number: signal.Signals, code: int, *, busy: bool) -> None:
    if busy:
        kiosk.send(XTERM["F9"])
        kiosk.wait_quiet()
    kiosk.signal(number)
    assert kiosk.end() == code
    assert_restored(kiosk)


def test_the_program_ends_with_its_terminal(kiosk: Terminal) -> None:
    kiosk.hang_up()
    assert kiosk.wait_gone() == 129


def test_the_program_ends_with_its_terminal_even_if_no_signal_comes(log: Path) -> None:
    program = f"trap '' HUP; exec setsid -w {sys.executable} -m tests.screens.pty_program {log}"
    with Terminal(["sh", "-c", program]) as kiosk:
        kiosk.wait_for("READY")
        kiosk.hang_up()
        assert kiosk.wait_gone() == 129


def test_a_signal_ends_the_program_although_its_terminal_takes_nothing(kiosk: Terminal) -> None:
    full, tries = 0, 0
    while tries < 100:  # so many frames after the last that the terminal took
        os.write(kiosk.fd, XTERM["PAGE_DOWN"])
        select.select([], [], [], 0.005)
        held = struct.unpack("i", fcntl.ioctl(kiosk.fd, termios.FIONREAD, bytes(4)))[0]
        full, tries = held, tries + 1 if held == full > 0 else 0
    kiosk.signal(signal.SIGTERM)
    assert kiosk.wait_gone() == 143


def test_stopping_and_going_on_draws_everything_again(kiosk: Terminal) -> None:
    kiosk.send("x")
    kiosk.wait_for("Name x")
    kiosk.signal(signal.SIGSTOP)
    kiosk.signal(signal.SIGTSTP)
    kiosk.screen.reset()
    kiosk.signal(signal.SIGCONT)
    kiosk.wait_for("Name x")
    kiosk.send("yz")
    kiosk.wait_for("Name xyz")


def test_the_record_names_our_lines_and_no_value() -> None:
    try:
        try:
            int(SECRET + "x")
        except ValueError as error:
            raise LookupError(SECRET) from error
    except LookupError as error:
        group = ExceptionGroup(SECRET, [error])
    lines = redacted(group)
    assert lines == ["ExceptionGroup", "LookupError", "ValueError"]


def test_the_record_names_where_it_happened() -> None:
    try:
        safe_text(None)  # type: ignore[arg-type]
    except AttributeError as error:
        lines = redacted(error)
    assert lines[0] == "AttributeError"
    assert lines[1].startswith("screens/safe.py:")
    assert lines[1].endswith(" safe_text")


def test_a_log_that_fails_still_gives_a_number() -> None:
    def broken(_: BaseException) -> str:
        raise OSError

    lines = report(ValueError(SECRET), broken).splitlines()
    assert len(lines) == 2
    assert SECRET not in "".join(lines)
    assert all(len(line) <= 80 for line in lines)


def test_references_are_easy_to_say() -> None:
    assert len({new_reference() for _ in range(50)}) > 45
    assert not set("".join(new_reference() for _ in range(50))) & set("01258BGILOQSUVZ")
