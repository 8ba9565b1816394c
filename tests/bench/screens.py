"""What the screens cost beside plain Textual, each in its own pseudo-terminal, measured in turns."""

import contextlib
import re
import statistics
import sys
from collections.abc import Iterator
from functools import cache
from time import perf_counter

from tests.bench import Measure
from tests.bench.programs import ROWS
from tests.journeys.terminal import XTERM, Terminal

QUICK = "--quick" in sys.argv
STARTS = 5 if QUICK else 15
BLOCKS = 4 if QUICK else 16
STEPS = 10 if QUICK else 40
ALPHABET = "ABCDEFGIJKLMNOPQRSTUVWXYZbcdefgijklmnopqrstuvwxyz"
"""Typed one by one; each is new on the line, so that its arrival is its frame."""

_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|.)")


@contextlib.contextmanager
def _program(name: str) -> Iterator[Terminal]:
    """One of the programs, its first screen there and everything said."""
    with Terminal.python("-m", "tests.bench.programs", name) as terminal:
        terminal.wait_for("of 0.")
        terminal.wait_quiet(0.2)
        yield terminal


def _start(name: str) -> float:
    """Seconds from the command to the first screen."""
    begin = perf_counter()
    with Terminal.python("-m", "tests.bench.programs", name) as terminal:
        terminal.wait_for("of 0.")
        return perf_counter() - begin


def start() -> float:
    """Start to first screen, beside a plain app with three Inputs."""
    _start("ours"), _start("stock-start")
    both = [(_start("ours"), _start("stock-start")) for _ in range(STARTS)]
    return statistics.median(ours for ours, _ in both) / statistics.median(stock for _, stock in both)


def _until(terminal: Terminal, text: bytes) -> float:
    """Seconds until the text comes, escape sequences aside."""
    begin, said = perf_counter(), b""
    while text not in _SEQUENCE.sub(b"", said):
        said += terminal.read(5.0)
    return perf_counter() - begin


def _type(terminal: Terminal) -> Iterator[tuple[float, int]]:
    """Type the alphabet; the seconds to each frame, and its bytes. Then take it back."""
    for character in ALPHABET:
        before = len(terminal.output)
        terminal.send(character)
        seconds = _until(terminal, character.encode())
        terminal.wait_quiet(0.004)
        yield seconds, len(terminal.output) - before
    terminal.send("\x7f" * len(ALPHABET))
    terminal.wait_quiet(0.3)


@cache
def _keys() -> tuple[list[float], list[float], int]:
    """Sorted seconds of ours and of a bare Input, and the most bytes of one of our keys."""
    ours: list[tuple[float, int]] = []
    stock: list[tuple[float, int]] = []
    with _program("ours") as our_terminal, _program("stock-input") as stock_terminal:
        for _ in range(BLOCKS):
            ours += _type(our_terminal)
            stock += _type(stock_terminal)
    return sorted(s for s, _ in ours), sorted(s for s, _ in stock), max(size for _, size in ours)


def _key(part: float) -> float:
    """The ratio at that part of the keys."""
    ours, stock, _ = _keys()
    place = int(part * len(ours))
    return ours[place] / stock[place]


def step() -> float:
    """A page of twelve rows, beside a fresh screen of twelve stock rows."""

    def once(terminal: Terminal, number: int) -> float:
        begin = perf_counter()
        terminal.send(XTERM["F10"])
        while f"of {number}." not in terminal.screen.display[ROWS + 1]:
            terminal.read(5.0)
        seconds = perf_counter() - begin
        terminal.wait_quiet(0.1)
        return seconds

    with _program("ours") as ours, _program("stock-rows") as stock:
        both = [(once(ours, number), once(stock, number)) for number in range(1, STEPS + 1)]
    return statistics.median(ours for ours, _ in both) / statistics.median(stock for _, stock in both)


def first_paint() -> float:
    """Bytes from the command to rest."""
    with _program("ours") as terminal:
        return len(terminal.output)


MEASURES = [
    Measure("start to the first screen, times a plain app with three Inputs", 1.35, start),
    Measure("a key to its frame p50, times a bare Input", 1.5, lambda: _key(0.5)),
    Measure("a key to its frame p99, times a bare Input", 2.0, lambda: _key(0.99)),
    Measure("a step of twelve rows, times a screen of stock rows", 1.0, step),
    Measure("bytes of the first paint", 6000, first_paint),
    Measure("bytes of the dearest key", 200, lambda: float(_keys()[2])),
]
