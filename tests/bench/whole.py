"""What the whole program costs: its start, one command, a key in a form of its own, and its memory."""

from __future__ import annotations

import re
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import perf_counter

from tests.bench import Measure
from tests.bench.screens import BLOCKS, STARTS, _program, _start, _type
from tests.journeys.commands import OwnKiosk
from tests.journeys.families import keys_of, of, screens
from tests.journeys.terminal import XTERM, Terminal

_NIK = "9901011208800003"
_SHOWN, _READY = "Daftarkan keluarga baru", "Belum ada."
"""What stands on the first screen, and what comes there once the store is open and its lists are read."""


@contextmanager
def _kiosk() -> Iterator[OwnKiosk]:
    """A kiosk that has been started before: its key, its store and its search index are there."""
    with tempfile.TemporaryDirectory() as folder:
        own = OwnKiosk(Path(folder))
        with screens(own) as terminal:
            terminal.wait_for(_READY)
        yield own


def _whole_start(own: OwnKiosk) -> tuple[float, float]:
    begin = perf_counter()
    with screens(own) as terminal:
        terminal.wait_for(_SHOWN)
        shown = perf_counter() - begin
        terminal.wait_for(_READY)
        return shown, perf_counter() - begin


@cache
def _starts() -> tuple[float, float]:
    """The first screen and the open store, each as a multiple of a plain app's start."""
    with _kiosk() as own:
        both = [(*_whole_start(own), _start("stock-start")) for _ in range(STARTS + 1)][1:]
    shown, ready, stock = (statistics.median(column) for column in zip(*both, strict=True))
    return shown / stock, ready / stock


def check() -> float:
    """One `kiosk check`, beside the start of a plain app with three Inputs."""

    def once(own: OwnKiosk) -> float:
        begin = perf_counter()
        own.run("check", "nik", _NIK)
        return perf_counter() - begin

    with _kiosk() as own:
        both = [(once(own), _start("stock-start")) for _ in range(STARTS + 1)][1:]
    return statistics.median(ours for ours, _ in both) / statistics.median(stock for _, stock in both)


@contextmanager
def _at_a_name(own: OwnKiosk) -> Iterator[Terminal]:
    """The program at the name of the first member."""
    before, _, _ = keys_of(own, of(1)).partition(b"budi")
    with screens(own) as terminal:
        terminal.send(before)
        terminal.wait_until(lambda: "> Nama lengkap" in terminal.text)
        terminal.wait_quiet(0.3)
        yield terminal


@cache
def _keys() -> tuple[list[float], list[float]]:
    """Sorted seconds of a key in the sheet of a member, and in a bare Input."""
    ours: list[float] = []
    stock: list[float] = []
    with _kiosk() as own, _at_a_name(own) as our_terminal, _program("stock-input") as stock_terminal:
        for _ in range(BLOCKS):
            ours += [seconds for seconds, _ in _type(our_terminal)]
            stock += [seconds for seconds, _ in _type(stock_terminal)]
    return sorted(ours), sorted(stock)


def _key(part: float) -> float:
    ours, stock = _keys()
    place = int(part * len(ours))
    return ours[place] / stock[place]


def memory() -> float:
    """MiB at the most that the program held while a family of seven was registered and its receipt shown."""
    with _kiosk() as own, screens(own) as terminal:
        terminal.send(keys_of(own, of(7)))
        terminal.wait_for("BELUM AKTIF")
        terminal.send(XTERM["F5"])
        terminal.wait_for("TANDA TERIMA")
        status = Path(f"/proc/{terminal.pid}/status").read_text("ascii")
    peak = re.search(r"VmHWM:\s+([0-9]+) kB", status)
    return int(peak[1]) / 1024 if peak else float("inf")


MEASURES = [
    Measure("kiosk run to its first screen, times a plain app with three Inputs", 1.35, lambda: _starts()[0]),
    Measure("kiosk run to its open store, times that app", 4, lambda: _starts()[1]),
    Measure("kiosk check, times a plain app with three Inputs", 0.5, check),
    Measure("a key in the sheet of a member p50, times a bare Input", 1.5, lambda: _key(0.5)),
    Measure("a key in the sheet of a member p99, times a bare Input", 2.0, lambda: _key(0.99)),
    Measure("memory at the most, MiB", 110, memory),
]
