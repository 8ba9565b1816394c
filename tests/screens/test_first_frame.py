"""The first page stands before Textual is read, and the terminal is given back whatever happens meanwhile."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.journeys.commands import OwnKiosk
from tests.journeys.terminal import Terminal

ALTERNATE, MAIN = b"\x1b[?1049h", b"\x1b[?1049l"
STOPPED = """
import sys
from importlib.abc import MetaPathFinder
from signal import pause
class Stop(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "textual":
            {does}
sys.meta_path.insert(0, Stop())
from kiosk.__main__ import main
sys.argv = ["kiosk", "run", "--profile", "training"]
sys.exit(main())
"""


def stopped(own: OwnKiosk, does: str, columns: int = 80) -> Terminal:
    """The program, which does this instead of reading Textual."""
    return Terminal([sys.executable, "-c", STOPPED.format(does=does)], env=own.env, columns=columns)


def test_the_first_page_is_there_before_textual(tmp_path: Path) -> None:
    with stopped(OwnKiosk(tmp_path), "pause()") as terminal:
        terminal.wait_for("F10   Daftarkan keluarga baru")
        assert "LATIHAN" in terminal.screen.display[0]
        assert "F1 Bantuan" in terminal.screen.display[23]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_before_textual_gives_the_terminal_back(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with stopped(OwnKiosk(tmp_path), "pause()") as terminal:
        terminal.wait_for("Daftarkan keluarga baru")
        terminal.signal(number)
        assert terminal.end() == code
        assert terminal.output.count(ALTERNATE) == terminal.output.count(MAIN) == 1


def test_an_import_that_fails_gives_the_terminal_back_and_says_so(tmp_path: Path) -> None:
    with stopped(OwnKiosk(tmp_path), "raise RuntimeError") as terminal:
        assert terminal.end() == 70
        _, _, after = bytes(terminal.output).partition(MAIN)
        assert after.strip().startswith(b"\x1b[?25h")
        assert b"kiosk" in after


def test_a_window_that_is_too_small_gets_no_first_page(tmp_path: Path) -> None:
    does = "sys.stderr.write('waits'), sys.stderr.flush(), pause()"
    with stopped(OwnKiosk(tmp_path), does, columns=79) as terminal:
        terminal.wait_for("waits")
        assert ALTERNATE not in terminal.output
