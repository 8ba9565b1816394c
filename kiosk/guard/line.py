"""The terminal between two people: taken again, emptied, and a calm page while nobody can be served."""

from __future__ import annotations

import os
import select
import termios
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

_MODES_OFF: Final = (
    "\x1b[<u\x1b[?2004l\x1b[?1004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
    "\x1b[?7h\x1b[?6l\x1b[4l\x1b[r\x1b(B\x0f\x1b[0m"
)
"""Whatever a killed program has left switched on in the terminal."""

_EMPTY: Final = "\x1b[2J\x1b[3J\x1b[1;1H"
_MAIN: Final = "\x1b[?1049l\x1b[?25h"
RESET: Final = f"{_MODES_OFF}{_EMPTY}{_MAIN}{_EMPTY}"
"""Empties both screens and what can be scrolled back to, and leaves the first one shown."""


class TerminalLine:
    """The terminal at standard input and standard error; one that has gone is no error."""

    def __init__(self, reads: int = 0, writes: int = 2) -> None:
        self._reads = reads
        self._writes = writes

    @property
    def is_there(self) -> bool:
        """Whether the terminal still answers."""
        try:
            termios.tcgetattr(self._reads)
        except (OSError, termios.error):
            return False
        return True

    def take_again(self) -> None:
        """Raw mode, whatever was left; keys that nobody has read are nobody's; both screens empty."""
        with suppress(OSError, termios.error):
            modes = termios.tcgetattr(self._reads)
            modes[0] &= ~(
                termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR | termios.ISTRIP
            )
            modes[1] |= termios.OPOST | termios.ONLCR
            modes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
            modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
            termios.tcsetattr(self._reads, termios.TCSANOW, modes)
            termios.tcflow(self._writes, termios.TCOON)
            termios.tcflush(self._reads, termios.TCIFLUSH)
        self._write(RESET)

    def show(self, lines: Sequence[str]) -> None:
        """A page of plain text, from the fourth line on."""
        shown = "".join(f"\x1b[{y};4H{_plain(line)}" for y, line in enumerate(lines, 4))
        self._write(f"\x1b[2J{shown}")

    @property
    def descriptor(self) -> int:
        """Where keys come from."""
        return self._reads

    def forget_keys(self) -> bool:
        """Reads away what was typed; whether there was anything."""
        with suppress(OSError):
            if select.select([self._reads], [], [], 0)[0]:
                return bool(os.read(self._reads, 4096))
        return False

    def _write(self, text: str) -> None:
        with suppress(OSError):
            data = text.encode()
            while data:
                data = data[os.write(self._writes, data) :]


def _plain(line: str) -> str:
    return "".join(character for character in line if character.isprintable())
