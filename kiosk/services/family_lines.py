"""The lines of a file of families, and what one of them gives."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from kiosk.domain.fields import Problem
from kiosk.errors import KioskError

LONGEST_LINE = 1_000_000
"""Bytes of one line of JSON lines or CSV."""

WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"\x00")
"""How a file begins that is not in UTF-8."""


class Readable(Protocol):
    """Bytes that come line by line or in pieces."""

    def readline(self, size: int, /) -> bytes: ...
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One family of a file in the shape of a family file, and what was wrong with where it stood.

    `family` is None where nothing could be read.
    """

    family: Mapping[str, Any] | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; `data` is None where the line is longer than `LONGEST_LINE`."""

    number: int
    data: bytes | None

    @property
    def blank(self) -> bool:
        return self.data is not None and not self.data.strip()


def unreadable(code: str, line: int) -> Entry:
    """The entry of a line that holds no family: `file.line`, `file.encoding` or `file.json`."""
    return Entry(None, (Problem("file", code, params={"line": line}),))


def lines_of(stream: Readable) -> Iterator[Line]:
    """The lines of `stream`, a mark of UTF-8 taken off; raises KioskError `file.encoding` for UTF-16.

    Never holds more than `LONGEST_LINE` bytes.
    """
    number = 0
    while data := stream.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1:
            if data.startswith(WIDE_MARKS):
                raise KioskError("file.encoding")
            data = data.removeprefix(codecs.BOM_UTF8)
        if len(data) > LONGEST_LINE and not data.endswith(b"\n"):
            while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield Line(number, None)
        else:
            yield Line(number, data.rstrip(b"\r\n"))
