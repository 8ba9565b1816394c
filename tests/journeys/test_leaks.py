"""What leaves the program when a family does: core files, crash reports, the bytes that wipe the terminal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.leaks import Search, guest, kiosk
from tests.journeys.terminal import ROOT, XTERM

SEED = 3
_DUMPABLE = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"


@pytest.mark.parametrize(("first", "dumpable"), [("", "1"), ("keep_in_memory()", "0")])
def test_nobody_looks_into_the_memory_of_the_program(first: str, dumpable: str) -> None:
    code = f"from kiosk.memory import keep_in_memory\n{first}\n{_DUMPABLE}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PATH": "/bin"},
    )
    assert done.stdout.strip() == dumpable


def test_an_abort_leaves_no_core_file(tmp_path: Path) -> None:
    with kiosk(tmp_path, SEED) as terminal:
        terminal.signal(signal.SIGABRT)
        found = os.waitid(os.P_PID, terminal.pid, os.WEXITED | os.WNOWAIT)
        assert found is not None
        assert found.si_code == os.CLD_KILLED, "the memory was dumped"


def test_a_crash_report_holds_a_number_and_where_it_came_from_and_nothing_typed(tmp_path: Path) -> None:
    with kiosk(tmp_path, SEED, "break") as terminal:
        terminal.send(guest(SEED).in_the_middle)
        assert terminal.end() == 70
        said = terminal.text
    log = (tmp_path / "data" / "training" / "log" / "kiosk.log").read_text("utf-8")
    (line,) = [line for line in log.splitlines() if " crash " in line]
    reference = re.search(r" crash (\w{6}) ", line)
    assert reference is not None
    assert reference[1] in said
    assert "ValueError" in line
    assert re.search(r"screens/form\.py:\d+ accept", line)
    search = Search(guest(SEED).secrets)
    search.text(log, "log")
    search.text(bytes(terminal.output).rpartition(b"\x1b[3J")[2].decode(), "terminal")
    assert search.found == []


def test_the_terminal_is_wiped_at_the_first_screen_and_on_leaving_for_few_bytes(tmp_path: Path) -> None:
    with kiosk(tmp_path, SEED) as terminal:
        terminal.send(guest(SEED).in_the_middle)
        terminal.wait_for("3/8")
        terminal.wait_quiet()
        before = len(terminal.output)
        terminal.send(XTERM["F12"])
        terminal.wait_for("F10   Daftarkan")
        terminal.wait_quiet()
        sent = bytes(terminal.output[before:])
        assert sent.count(b"\x1b[2J\x1b[3J") == 1
        assert len(sent) < 3000
        before = len(terminal.output)
        terminal.send(XTERM["F12"], XTERM["F10"])
        assert terminal.end() == 0
        assert bytes(terminal.output[before:]).count(b"\x1b[2J\x1b[3J") == 1
        assert terminal.text.strip() in {"", "u"}  # pyte writes the end of a sequence that it does not know


def test_what_is_looked_for_is_found_where_it_is(tmp_path: Path) -> None:
    one = guest(SEED)
    name, number = one.names[0], one.secrets[2]
    (tmp_path / "clear").write_text(f"x{name}x", "utf-16-le")
    (tmp_path / f"OUT_{number}.txt").write_bytes(b"")
    search = Search(one.secrets)
    search.files(tmp_path)
    search.text(f"{number[:6]} {number[6:12]} {number[12:]}", "groups")
    assert [found.partition(":")[0] for found in search.found if number in found or name in found] != []
    assert {"clear", "file name", "groups"} <= {found.partition(":")[0] for found in search.found}
