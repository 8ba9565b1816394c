"""The kinds of printers, plain text and the language of receipt printers; on a device or into a folder."""

from __future__ import annotations

import errno
import os
import select
import stat
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic

from kiosk.services.ports import Printout

_WIDTH = 42
_DOUBLE_WIDTH = _WIDTH // 2
_ESC, _GS = b"\x1b", b"\x1d"
_START = _ESC + b"@" + _ESC + b"t\x00"
"""Forget what was set before, and read what comes in code page 437."""
_DOUBLE, _SINGLE = _ESC + b"!\x30", _ESC + b"!\x00"
_FEED_AND_CUT = _ESC + b"d\x04" + _GS + b"V\x42\x00"
_FORM_FEED = b"\n\n\n\x0c"


def as_text(printout: Printout) -> bytes:
    """The lines, the large one with blanks between its signs."""
    lines = (_spaced(line) if printout.large and line == printout.large else line for line in _safe(printout))
    return ("\n".join(lines) + "\n").encode()


def as_text_for_paper(printout: Printout) -> bytes:
    """The same for a printer that takes text as it comes, up to the end of the page."""
    return as_text(printout).decode().encode("cp437", "replace").replace(b"\n", b"\r\n") + _FORM_FEED


def as_escpos(printout: Printout) -> bytes:
    """The lines in ESC/POS, the large one in double size, and a cut at the end."""
    body = b""
    for line in _safe(printout):
        if printout.large and line == printout.large:
            body += _DOUBLE + line.center(_DOUBLE_WIDTH).rstrip().encode("cp437", "replace") + _SINGLE + b"\n"
        else:
            body += line.encode("cp437", "replace") + b"\n"
    return _START + body + _FEED_AND_CUT


KINDS: Mapping[str, tuple[Callable[[Printout], bytes], Callable[[Printout], bytes], str]] = {
    "text": (as_text, as_text_for_paper, ".txt"),
    "escpos": (as_escpos, as_escpos, ".bin"),
}
"""For each kind: how a file is written, how a device is, and how the names of the files end."""


def _safe(printout: Printout) -> list[str]:
    """Lines without anything that a printer would take for an order."""
    return ["".join(sign if sign.isprintable() else "?" for sign in line) for line in printout.lines]


def _spaced(line: str) -> str:
    return " ".join(line).center(_WIDTH).rstrip()


class Paper:
    """Writes printouts of a kind to a device, or as files into a folder; raises OSError where it cannot."""

    def __init__(self, kind: str, to: Path, *, seconds: float) -> None:
        self._for_file, self._for_device, self._ending = KINDS[kind]
        self._to = to
        self._seconds = seconds

    def write(self, printout: Printout) -> None:
        """Returns when the file is durable, or the device has taken every byte."""
        kind = self._to.stat().st_mode
        if stat.S_ISDIR(kind):
            self._write_file(printout)
        elif stat.S_ISREG(kind):
            raise OSError(errno.ENODEV, "neither a device nor a folder")
        else:
            self._write_device(self._for_device(printout))

    def _write_file(self, printout: Printout) -> None:
        handle, unfinished = tempfile.mkstemp(prefix=".unfinished-", dir=self._to)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self._for_file(printout))
                file.flush()
                os.fsync(file.fileno())
            Path(unfinished).replace(self._free_name(printout.name))
        except OSError:
            Path(unfinished).unlink(missing_ok=True)
            raise
        folder = os.open(self._to, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _free_name(self, name: str) -> Path:
        number, path = 1, self._to / f"{name}{self._ending}"
        while path.exists():
            number += 1
            path = self._to / f"{name}-{number}{self._ending}"
        return path

    def _write_device(self, content: bytes) -> None:
        """A device that takes nothing for too long, as without paper, is given up."""
        device = os.open(self._to, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            until = monotonic() + self._seconds
            rest = memoryview(content)
            while rest:
                _, ready, _ = select.select([], [device], [], max(until - monotonic(), 0))
                if not ready:
                    raise TimeoutError(errno.ETIMEDOUT, "the printer takes nothing")
                try:
                    rest = rest[os.write(device, rest) :]
                except BlockingIOError:
                    continue
        finally:
            os.close(device)
