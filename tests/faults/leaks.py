"""Leaks: after a family was registered, left or broken off, nothing of it is where others could find it.

Looked at are the terminal's screen and what can be scrolled back to, in a terminal without a second screen,
and in tmux with and without one; every file that the program may have written, by name and content; and the
arguments, environment and limits of its processes. The controls leave the cleaning out.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from kiosk.bootstrap import services
from kiosk.services.clerk import NEXT, Stroke
from tests.faults import Result, Suite
from tests.faults.families import TODAY, family, settings, settings_file
from tests.faults.hand import strokes
from tests.faults.recorder import scratch
from tests.journeys.terminal import XTERM, Terminal

PROGRAM, UNCLEAN = "kiosk", "tests.faults.unclean"
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
_HOME = "F10   Daftarkan"
_CODE_KEYS = 7
"""The digits of a code and Enter, which come just before the review's F10."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A family that comes to the kiosk: its keys, and what must not be found of it."""

    seed: int
    keys: tuple[Stroke, ...]
    secrets: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def at_the_code(self) -> bytes:
        """Its keys up to where the code is asked."""
        review = [number for number, key in enumerate(self.keys) if key.name == NEXT][-2]
        return b"".join(key.raw for key in self.keys[: review - _CODE_KEYS])

    @property
    def in_the_middle(self) -> bytes:
        return b"".join(key.raw for key in self.keys[: len(self.keys) // 2])

    @property
    def all_of_it(self) -> bytes:
        return b"".join(key.raw for key in self.keys)


@cache
def guest(seed: int) -> Guest:
    """A family of a seed, of whom every number and every name is looked for."""
    one: Mapping[str, Any] = family(seed, 1)
    with scratch() as place:
        house = services(settings(place), today=TODAY, seed=seed)
        keys = tuple(strokes(house, one))
        house.close()
    people = one["members"]
    names = tuple(dict.fromkeys(person["name"] for person in people))
    secrets = [one["kk"], one["contact"]["phone"][-8:], *(person["nik"] for person in people)]
    secrets += [*names, *(name.split()[-1] for name in names)]
    return Guest(seed, keys, tuple(dict.fromkeys(secrets)), names)


@dataclass(slots=True)
class Search:
    """Looks for a family's secrets, counts the places, and keeps what it finds."""

    secrets: tuple[str, ...]
    points: int = 0
    found: list[str] = field(default_factory=list)

    def text(self, text: str, where: str) -> None:
        """In something that can be read; numbers also in groups."""
        lower = text.lower()
        close = "".join(lower.split())
        self.points += len(self.secrets)
        for secret in self.secrets:
            if secret.lower() in lower or "".join(secret.lower().split()) in close:
                self.found.append(f"{where}: {secret}")

    def files(self, folder: Path) -> None:
        """In the name and the content of every file below `folder`."""
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            content, name = path.read_bytes().lower(), str(path.relative_to(folder))
            self.text(name, "file name")
            for secret in self.secrets:
                if any(secret.lower().encode(encoding) in content for encoding in _ENCODINGS):
                    self.found.append(f"{name}: {secret}")

    def process(self, pid: int) -> None:
        """In arguments and environment of a process and of those it started; and whether it may dump core."""
        for one in [pid, *_children(pid)]:
            for name in ("cmdline", "environ"):
                content = Path(f"/proc/{one}/{name}").read_bytes().decode("utf-8", "replace")
                self.text(content.replace("\0", " "), name)
        limits = Path(f"/proc/{pid}/limits").read_text("ascii").splitlines()
        core = next(line for line in limits if line.startswith("Max core"))
        self.points += 1
        if core.split()[4:6] != ["0", "0"]:
            self.found.append("core files may be written")

    def terminal(self, terminal: Terminal) -> None:
        """On the screen, and in what was sent since it was wiped."""
        self.text(terminal.text, "screen")
        since = bytes(terminal.output).rpartition(b"\x1b[3J")[2]
        self.text(since.decode("utf-8", "replace"), "sent to the terminal")


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text("ascii").split():
            yield int(child)
            yield from _children(int(child))


# How a family leaves.


@contextmanager
def kiosk(folder: Path, seed: int, ways: str = "", shell: tuple[str, ...] = ()) -> Iterator[Terminal]:
    """The program in a terminal, or in what `shell` starts there; `ways` are those of `unclean.py`."""
    for name in ("home", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    env = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
    program = (UNCLEAN, ways) if ways else (PROGRAM,)
    words = ("--config", str(settings_file(folder)), "run", "--seed", str(seed), "--today", TODAY.isoformat())
    with Terminal([*shell, sys.executable, "-m", *program, *words], env=env) as terminal:
        terminal.patience = 60.0
        terminal.wait_for(_HOME)
        yield terminal


def _registers(terminal: Terminal, one: Guest) -> None:
    """The whole way to the receipt, which is then looked at, and F12."""
    terminal.send(one.all_of_it)
    terminal.wait_for("8/8")
    terminal.send(XTERM["F5"])
    terminal.wait_until(lambda: all(name in terminal.text for name in one.names[:2]), "the receipt")
    terminal.send(XTERM["F12"])
    terminal.wait_for(_HOME)


def finished(folder: Path, one: Guest, ways: str, search: Search) -> None:
    """Registered, and the screen cleared with F12; then the program is left."""
    with kiosk(folder, one.seed, ways) as terminal:
        _registers(terminal, one)
        search.terminal(terminal)
        search.process(terminal.pid)
        search.files(folder)
        terminal.send(XTERM["F12"], XTERM["F10"])
        terminal.end()
        search.terminal(terminal)
    search.files(folder)


def left_at_the_code(folder: Path, one: Guest, ways: str, search: Search) -> None:
    """Gone with F12 while a message waits."""
    with kiosk(folder, one.seed, ways) as terminal:
        terminal.send(one.at_the_code)
        terminal.wait_until(lambda: any((folder / "sms").rglob("OUT*")), "the message")
        terminal.wait_for("(F5)")
        terminal.send(XTERM["F12"])
        terminal.wait_for(_HOME)
        search.terminal(terminal)
        search.files(folder)


def ended(folder: Path, one: Guest, ways: str, search: Search) -> None:
    """The program is told to end in the middle of a family."""
    with kiosk(folder, one.seed, ways) as terminal:
        terminal.send(one.in_the_middle)
        terminal.wait_until(
            lambda: "/8 " in terminal.text and one.names[0][:3] in terminal.text.upper(), "them"
        )
        terminal.signal(signal.SIGTERM)
        terminal.end()
        search.terminal(terminal)
        search.files(folder)


def broken(folder: Path, one: Guest, ways: str, search: Search) -> None:
    """The program fails over a name, with the NIK beside it."""
    with kiosk(folder, one.seed, f"break,{ways}".rstrip(",")) as terminal:
        terminal.send(one.in_the_middle)
        terminal.end()
        search.terminal(terminal)
        search.files(folder)


def in_tmux(folder: Path, one: Guest, ways: str, search: Search, *, second_screen: bool) -> None:
    """Registered in tmux, whose history is then read back."""
    folder.mkdir(parents=True)
    words = ("status off", "history-limit 5000", "escape-time 0", "remain-on-exit on")
    lines = [f"set -g {word}\n" for word in (*words, f"alternate-screen {'on' if second_screen else 'off'}")]
    (folder / "tmux.conf").write_text("".join(lines), "ascii")
    tmux = ("tmux", "-S", str(folder / "tmux"), "-f", str(folder / "tmux.conf"))
    try:
        with kiosk(folder, one.seed, ways, shell=(*tmux, "new-session")) as terminal:
            _registers(terminal, one)
            for also in ([], ["-a", "-q"]):
                capture = [*tmux, "capture-pane", "-p", "-S", "-", "-E", "-", *also]
                history = subprocess.run(capture, capture_output=True, text=True, check=True).stdout
                search.text(history, "history of tmux")
    finally:
        subprocess.run([*tmux, "kill-server"], capture_output=True, check=False)


def in_tmux_with_one_screen(folder: Path, one: Guest, ways: str, search: Search) -> None:
    """In a terminal in which everything goes to the screen that can be scrolled back."""
    in_tmux(folder, one, ways, search, second_screen=False)


def in_tmux_with_two_screens(folder: Path, one: Guest, ways: str, search: Search) -> None:
    """In a terminal with an alternate screen."""
    in_tmux(folder, one, ways, search, second_screen=True)


Scenario = Callable[[Path, Guest, str, Search], None]
SCENARIOS: tuple[Scenario, ...] = (finished, left_at_the_code, ended, broken)
IN_TMUX: tuple[Scenario, ...] = (in_tmux_with_one_screen, in_tmux_with_two_screens)
CONTROLS: tuple[tuple[Scenario, str], ...] = (
    (finished, "core"),
    (left_at_the_code, "spool"),
    (ended, "wipe"),
    (broken, "talk"),
)
TMUX_CONTROLS: tuple[tuple[Scenario, str], ...] = ((in_tmux_with_one_screen, "wipe"),)


def run_suite(seed: int, many: bool) -> Result:  # noqa: FBT001
    """Every way to leave for one family, with `many` for ten; each control must find something."""
    has_tmux = shutil.which("tmux") is not None
    scenarios = (*SCENARIOS, *(IN_TMUX if has_tmux else ()))
    controls = (*CONTROLS, *(TMUX_CONTROLS if has_tmux else ()))
    notes = [] if has_tmux else ["without tmux, no history of tmux was read"]
    points = lost = seen = 0
    with scratch() as place:
        for number in range(seed, seed + (10 if many else 1)):
            for scenario in scenarios:
                search = Search(guest(number).secrets)
                scenario(place / f"{scenario.__name__}-{number}", guest(number), "", search)
                points += search.points
                lost += len(search.found)
                notes += [f"{scenario.__name__}, family {number}: {found}" for found in search.found[:5]]
        for scenario, ways in controls:
            search = Search(guest(seed).secrets)
            scenario(place / f"{scenario.__name__}-without-{ways}", guest(seed), ways, search)
            seen += len(search.found)
            if not search.found:
                lost += 1
                notes.append(f"nothing found in {scenario.__name__} without {ways}")
    return Result(points, lost, seen, tuple(notes[:20]))


SUITES = [Suite("leaks", run_suite)]
