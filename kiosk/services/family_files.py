"""Families out of a file: one JSON object, a JSON list, JSON lines or a CSV, told apart by their content.

What cannot be read spoils its own line only; the families around it are read on.
"""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator

from kiosk.errors import KioskError
from kiosk.services.family_csv import csv_families
from kiosk.services.family_lines import LONGEST_LINE, WIDE_MARKS, Entry, Line, Readable, lines_of, unreadable

LARGEST_DOCUMENT = 256_000_000
"""Bytes of a JSON document that has to be held whole."""

_BLANKS = " \t\r\n"


def read_families(stream: Readable) -> Iterator[Entry]:
    """Every family of `stream` in order, one at a time where the format allows it.

    Raises KioskError `file.empty`, `file.encoding` or `file.too_large`.
    """
    entry = None
    for entry in _entries(stream):
        yield entry
    if entry is None:
        raise KioskError("file.empty")


def _entries(stream: Readable) -> Iterator[Entry]:
    start = stream.read(LONGEST_LINE)
    if start.startswith(WIDE_MARKS):
        raise KioskError("file.encoding")
    head = start.removeprefix(codecs.BOM_UTF8).lstrip()
    joined = _Joined(start, stream)
    if not head:
        if start and (len(start) == LONGEST_LINE or stream.read(1)):
            raise KioskError("file.too_large")
        raise KioskError("file.empty")
    if head.startswith(b"["):
        yield from _listed(_document(joined))
    elif head.startswith(b"{") and not _one_a_line(head):
        yield from _objects(_document(joined))
    elif head.startswith(b"{"):
        yield from _json_lines(lines_of(joined))
    else:
        yield from csv_families(lines_of(joined))


class _Joined:
    """A stream of which the start has been read already."""

    def __init__(self, start: bytes, rest: Readable) -> None:
        self._start = io.BytesIO(start)
        self._rest = rest

    def readline(self, size: int) -> bytes:
        line = self._start.readline(size)
        if line.endswith(b"\n") or len(line) == size:
            return line
        return line + self._rest.readline(size - len(line))

    def read(self, size: int) -> bytes:
        part = self._start.read(size)
        return part + self._rest.read(size - len(part))


def _one_a_line(head: bytes) -> bool:
    """Whether a file that begins with an object has one a line: by its first line, or by its second."""
    first, _, rest = head.partition(b"\n")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return not rest.strip() or rest.lstrip().startswith(b"{")
    return True


def _json_lines(lines: Iterator[Line]) -> Iterator[Entry]:
    for line in lines:
        if line.blank:
            continue
        try:
            family = json.loads(line.data.decode()) if line.data is not None else None
        except UnicodeDecodeError:
            yield unreadable("file.encoding", line.number)
            continue
        except (ValueError, RecursionError):
            family = None
        yield Entry(family) if isinstance(family, dict) else unreadable("file.line", line.number)


def _document(stream: _Joined) -> str:
    data = stream.read(LARGEST_DOCUMENT + 1)
    if len(data) > LARGEST_DOCUMENT:
        raise KioskError("file.too_large")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise KioskError("file.encoding") from error


def _listed(text: str) -> Iterator[Entry]:
    """The elements of a list, each read when it is asked for."""
    at = _after_blanks(text, text.index("[") + 1)
    if text.startswith("]", at):
        return
    while True:
        family, at = _decoded(text, at)
        if at < 0:
            yield family
            return
        yield family
        at = _after_blanks(text, at)
        if text.startswith("]", at) and not text[at + 1 :].strip():
            return
        if not text.startswith(",", at):
            yield unreadable("file.json", _line_at(text, at))
            return
        at = _after_blanks(text, at + 1)


def _objects(text: str) -> Iterator[Entry]:
    """One object, or several one after the other, each over as many lines as it likes."""
    at = _after_blanks(text, 0)
    while 0 <= at < len(text):
        family, at = _decoded(text, at)
        yield family
        at = _after_blanks(text, at) if at >= 0 else at


_DECODER = json.JSONDecoder()


def _decoded(text: str, at: int) -> tuple[Entry, int]:
    """The object at `at` and where it ends; -1 where the rest cannot be read."""
    try:
        family, end = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        return unreadable("file.json", error.lineno), -1
    except (ValueError, RecursionError, StopIteration):
        return unreadable("file.json", _line_at(text, at)), -1
    return Entry(family) if isinstance(family, dict) else unreadable("file.line", _line_at(text, at)), end


def _line_at(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _after_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    return at
