"""Takes the terminal before the slow imports, so that keys typed ahead are kept exactly as sent."""

import os
import sys
import termios
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

_ALTERNATE, _MAIN = "\x1b[?1049h", "\x1b[?1049l\x1b[?25h"


class Restore:
    """Gives the terminal back as it was found; a context manager, and safe to call more than once.

    A process that was started from this one leaves the terminal to it.
    """

    def __init__(self, descriptor: int | None, attributes: list[Any], *, framed: bool) -> None:
        self._descriptor = descriptor
        self._terminal = -1 if descriptor is None else descriptor
        self._attributes = attributes
        self._framed = framed
        self._owner = os.getpid()

    def restore(self) -> None:
        """Undo everything that `prepare_terminal` did; a terminal that has gone is no error."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None or os.getpid() != self._owner:
            return
        with suppress(OSError, termios.error):
            if self._framed:
                os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, _MAIN.encode())
            termios.tcsetattr(descriptor, termios.TCSANOW, self._attributes)

    def again(self) -> None:
        """Set the modes as they were found, whatever was restored before."""
        with suppress(OSError, termios.error):
            termios.tcsetattr(self._terminal, termios.TCSANOW, self._attributes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.restore()


_found: list[Restore] = []
"""How this process found its terminal: at most one, as a process has one terminal."""


def give_back() -> None:
    """Put the terminal into the modes in which this process found it; its screen is left as it is."""
    for found in _found:
        found.again()


def prepare_terminal(frame: str = "") -> Restore:
    """Put the terminal into raw mode at once, and show a first line of text if one is given.

    In cooked mode the kernel would echo keys typed while Python imports, end the program at Ctrl+C,
    translate Enter and keep at most 4096 bytes. Nothing waiting is flushed. Without a terminal: no effect.
    """
    try:
        descriptor = sys.stdin.fileno()
        attributes = termios.tcgetattr(descriptor)
    except (AttributeError, OSError, ValueError, termios.error):
        return Restore(None, [], framed=False)
    raw = [*attributes[:6], [*attributes[6]]]
    raw[0] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR | termios.ISTRIP)
    raw[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
    raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSANOW, raw)
    restore = Restore(descriptor, attributes, framed=bool(frame))
    if not _found:
        _found.append(restore)
    if frame:
        with suppress(OSError):
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, (_ALTERNATE + frame).encode())
    return restore
