"""Doors: whatever is typed at a village kiosk, or sent to it, or done to its window, it stays and serves.

On every page: all controls, Alt, function keys with every modifier, answers of terminals, pastes without an
end, random bytes, the signals that a terminal can send, a window of one cell. Keys that mean nothing must
leave the page as it is; after all of it the first page comes back and leads on, and no file was written but
in the store. The control is the same program with Textual's palette, by which a person saves a screenshot.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, product
from pathlib import Path

from textual import events

from screens.keys import Key, KeyMap
from screens.terminal import Splitter
from tests.faults import Result, Suite
from tests.faults.public import F10, F12, Room, come_home, own_kiosk, rooms, village
from tests.faults.recorder import scratch
from tests.journeys.commands import OwnKiosk
from tests.journeys.terminal import ROOT
from tests.journeys.village import Village

FROM_A_TERMINAL = (
    *(signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU),
    *(signal.SIGWINCH, signal.SIGCONT),
)
FEW = ("welcome", "menu", "captcha", "members", "farewell")
"""The pages of a short run; with many, all of them."""

IDLE_SECONDS = 600
_SETTINGS = "[village]\nidle_seconds = 0\nfailures = 0\n"
_PALETTE = ((b"\x10", "Search for commands"), (b"screenshot", "Save an SVG"))
_OWN_PLACES = ("store", "keys", "sms")


def _named() -> Iterator[bytes]:
    """Everything that a keyboard or a terminal is known to send."""
    yield from (bytes([code]) for code in chain(range(32), range(127, 160)))
    yield from (chr(code).encode() for code in range(128, 160))
    yield from (b"\x1b" + bytes([code]) for code in range(32, 127))
    yield from (b"\x1bO" + bytes([code]) for code in range(64, 127))
    yield from (f"\x1b[{code}~".encode() for code in range(1, 36))
    yield from (f"\x1b[[{letter}".encode() for letter in "ABCDE")
    for modifier in range(2, 17):
        yield from (f"\x1b[1;{modifier}{letter}".encode() for letter in "ABCDEFHPQRS")
        yield from (f"\x1b[{code};{modifier}~".encode() for code in range(1, 36))
        yield from (f"\x1b[{code};{modifier}u".encode() for code in (9, 13, 27, 99, 112, 113, 122))
    yield from (b"\x1b[<0;5;5M", b"\x1b[<0;5;5m", b"\x1b[M !!", b"\x1b[I", b"\x1b[O")
    yield from (
        b"\x1b[?1;2c",
        b"\x1b[>41;354;0c",
        b"\x1b[5;5R",
        b"\x1b[?2026;2$y",
        b"\x1b[0n",
        b"\x1b[8;1;1t",
    )
    yield from (b"\x1b]0;x\x07", b"\x1b]52;c;eA==\x07", b"\x1bP1$r0m\x1b\\", b"\x1b_G\x1b\\", b"\x1b^x\x1b\\")
    yield from (
        b"\x1b[200~x\x1b[201~",
        b"\x1b[201~",
        b"\xff\xfe",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
    )


@cache
def keys() -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Those that mean nothing to the kiosk or type letters at most, and those that are keys of its own."""
    nothing: list[bytes] = []
    own: list[bytes] = []
    for one in _named():
        (own if _is_own(one) else nothing).append(one)
    return tuple(nothing), tuple(own)


def _is_own(sent: bytes) -> bool:
    splitter, key_map = Splitter(), KeyMap()
    found = [*splitter.feed(sent.decode("utf-8", "replace")), *splitter.expire()]
    presses = (
        key_map.paste(one.text)
        if isinstance(one, events.Paste)
        else key_map.press(one.key, one.character, 0.0)
        for one in found
    )
    return any(press is not None and press.key is not Key.TEXT for press in presses)


def random_strings(seed: int, count: int) -> list[bytes]:
    """So many strings of up to twelve bytes, half of them of those that terminals like."""
    draw = random.Random(f"doors {seed}")
    liked = b"\x1b\x1b[[O0123456789;~<?$\x00\x7f\x9b"
    return [
        bytes(
            draw.choice(liked) if draw.random() < 0.5 else draw.randrange(256)
            for _ in range(draw.randint(1, 12))
        )
        for _ in range(count)
    ]


class Knock:
    """Tries one kiosk, page by page; counts what was tried, and notes where it was not as it should be."""

    def __init__(self, kiosk: Village, seed: int) -> None:
        self.points = 0
        self.notes: list[str] = []
        self._kiosk = kiosk
        self._draw = random.Random(seed)

    def at(self, room: Room, strings: Iterable[bytes]) -> None:
        """Everything at one page, and from there back to the first one and on."""
        self._enter(room)
        nothing, own = keys()
        if not room.any_key:
            self._stays(room, [one for one in nothing if one != b"\x1b"], "keys that mean nothing")
            self._signals(room)
            self._window(room)
        self._send(self._draw.sample(own, len(own)))
        self._comes_home(room, "its own keys")
        self._enter(room, room.again)
        self._send([b"\x1b[200~", *strings])
        self._comes_home(room, "random bytes and a paste without an end")
        self._kiosk.send(F10 * 2)
        self._expect("Sebelum mulai", f"{room.name}: what comes behind the first page")
        self._comes_home(room, "the next screen")

    def _enter(self, room: Room, otherwise: bytes = b"") -> None:
        self._kiosk.send(otherwise or room.keys)
        self._until(lambda: room.is_shown(self._kiosk), f"{room.name}: not reached")
        self._kiosk.wait_quiet(0.2)

    def _stays(self, room: Room, sent: Iterable[bytes], what: str) -> None:
        serving = self._kiosk.serving
        self._send(sent)
        self._kiosk.wait_quiet(0.5)
        if not room.is_shown(self._kiosk) or self._kiosk.serving != serving:
            self.notes.append(f"{room.name}: left by {what}\n{self._kiosk.text}")

    def _signals(self, room: Room) -> None:
        for number, pid in product(FROM_A_TERMINAL, (self._kiosk.pid, self._kiosk.serving)):
            os.kill(pid, number)
            self.points += 1
        self._stays(room, [b"\x1b[I"], "a signal of the terminal")

    def _window(self, room: Room) -> None:
        for columns, lines in ((1, 1), (79, 23), (300, 2), (1, 200), (80, 24)):
            self._kiosk.resize(columns, lines)
            self._kiosk.send(b"\x1b[O")
            self._kiosk.wait_quiet(0.1)
            self.points += 1
        self._stays(room, [], "another window")

    def _send(self, sent: Iterable[bytes]) -> None:
        for one in sent:
            self._kiosk.send(one)
            self.points += 1

    def _comes_home(self, room: Room, what: str) -> None:
        self.points += 1
        if not come_home(self._kiosk) or self._kiosk.status is not None:
            self.notes.append(f"{room.name}: no way back after {what}\n{self._kiosk.text}")

    def _expect(self, text: str, what: str) -> None:
        self._until(lambda: text in self._kiosk.text, what)

    def _until(self, condition: object, what: str) -> None:
        assert callable(condition)
        try:
            self._kiosk.wait_until(condition, what)
        except AssertionError as missing:
            self.notes.append(str(missing))


def files_outside(own: OwnKiosk) -> set[str]:
    """Every file in the folder of this kiosk that is not in one of its own places."""
    found = (path.relative_to(own.folder) for path in own.folder.rglob("*") if not path.is_dir())
    return {str(path) for path in found if path.parts[0] not in _OWN_PLACES}


def variables(own: OwnKiosk) -> dict[str, str]:
    """Those that make Textual or Python write, show or take something of their own."""
    here = str(own.folder / "here")
    return {
        "TEXTUAL": "debug,devtools",
        "TEXTUAL_LOG": f"{here}/textual.log",
        "TEXTUAL_SCREENSHOT": "1",
        "TEXTUAL_SCREENSHOT_LOCATION": here,
        "TEXTUAL_PRESS": "ctrl+q",
        "TEXTUAL_DRIVER": "textual.drivers.headless_driver:HeadlessDriver",
        "PYTHONINSPECT": "1",
        "PYTHONPERFSUPPORT": "1",
        "PYTHONSTARTUP": f"{here}/startup.py",
    }


def tried(folder: Path, seed: int, names: Iterable[str] | None, count: int) -> tuple[int, list[str]]:
    """All of it at these pages (None: every page), with so many random strings at each."""
    own = own_kiosk(folder, _SETTINGS)
    every = rooms(own)
    before = files_outside(own)
    with village(own, env=variables(own)) as kiosk:
        kiosk.patience = 30.0
        knock = Knock(kiosk, seed)
        for number, room in enumerate(every):
            if names is None or room.name in names:
                knock.at(room, random_strings(seed + number, count))
        if kiosk.status is not None:
            knock.notes.append(f"ended with {kiosk.status}")
    written = files_outside(own) - before
    return knock.points, [*knock.notes, *(f"written: {name}" for name in sorted(written))]


def written_with_the_palette(folder: Path) -> set[str]:
    """The files that a person writes where Textual's palette is left on."""
    own = own_kiosk(folder, _SETTINGS)
    before = files_outside(own)
    first = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.faults.palette import open_it; open_it()"
    )
    with village(own, first) as kiosk:
        for keys_, answer in _PALETTE:
            kiosk.send(keys_)
            kiosk.wait_for(answer)
        kiosk.send("\r")
        kiosk.wait_until(lambda: bool(files_outside(own) - before), "a screenshot")
    return files_outside(own) - before


def idle_bytes(folder: Path, seconds: float, page: bytes = b"") -> int:
    """How many bytes the terminal gets while nobody is at this page of a kiosk for so long."""
    own = own_kiosk(folder)
    with village(own) as kiosk:
        kiosk.send(page)
        kiosk.wait_quiet(2.0)
        return kiosk.watch(seconds)


def run_suite(seed: int, many: bool) -> Result:  # noqa: FBT001
    """Some pages with a few strings, with `many` every page with 10,000, and ten minutes of nobody."""
    with scratch() as place:
        points, notes = tried(place / "kiosk", seed, None if many else FEW, 10_000 if many else 20)
        if many:
            points += 1
            sent = idle_bytes(place / "idle", IDLE_SECONDS)
            notes += [f"{sent} bytes while nobody was there"] if sent else []
        written = written_with_the_palette(place / "palette")
    return Result(points, len(notes), len(written), tuple(notes[:20]))


SUITES = [Suite("doors", run_suite)]

__all__ = ["F12", "SUITES", "idle_bytes", "tried", "written_with_the_palette"]
