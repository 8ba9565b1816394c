"""Recordings of practice in the form of asciinema (asciicast v2): what stood on the screen, never a key.

A page that shows a code, or takes one, is not in them; a sentence stands in its place.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.errors import KioskError

VERSION = 2
LONGEST_LINE = 1_000_000

_SHOWN = re.compile(r"\x1b\[(?:\d+;\d+H|[02]?[JK]|[0-9;]*m|\?25[hl])|[^\x00-\x1f\x7f-\x9f]+")
"""What a recording may hold: moves, erasing, colours, the cursor, and text."""


class Recording:
    """Writes what is shown as it changes; once the file cannot be written, nothing more is, and no error is.

    `now` is a monotonic clock in seconds.
    """

    def __init__(
        self, path: Path, *, title: str, go_on: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Begins a file that is not there yet, or with `go_on` goes on with the one that is.

        Raises KioskError `recording.exists`, `recording.io`.
        """
        self.failed = False
        self._now = now
        self._shown: list[str] = []
        self._offset = _last_time(path) if go_on else 0.0
        self._began = now()
        how = os.O_WRONLY | (os.O_APPEND if go_on else os.O_CREAT | os.O_EXCL)
        try:
            self._file = os.fdopen(os.open(path, how, 0o600), "w", encoding="utf-8")
        except FileExistsError:
            raise KioskError("recording.exists", str(path)) from None
        except OSError as error:
            raise KioskError("recording.io", f"{path}: {error.strerror}") from None
        if not go_on:
            head = {"version": VERSION, "width": 80, "height": 24, "timestamp": int(time.time())}
            self._write(json.dumps({**head, "title": title}))

    def frame(self, lines: Sequence[str], cursor: tuple[int, int] | None) -> None:
        """What the screen shows from now on: lines with their colours, and the cursor's column and line."""
        shown = list(lines)
        changed = [
            f"\x1b[{y};1H{line}\x1b[0m\x1b[K"
            for y, line in enumerate(shown, 1)
            if y > len(self._shown) or line != self._shown[y - 1]
        ]
        if not self._shown:
            changed.insert(0, "\x1b[0m\x1b[2J")
        self._shown = shown
        place = f"\x1b[{cursor[1] + 1};{cursor[0] + 1}H\x1b[?25h" if cursor else "\x1b[?25l"
        at = round(self._offset + self._now() - self._began, 3)
        self._write(json.dumps([at, "o", "".join(changed) + place]))

    def _write(self, line: str) -> None:
        if self.failed:
            return
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError:
            self.failed = True

    def close(self) -> None:
        """Ends the file."""
        with suppress(OSError):
            self._file.close()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was drawn, so many seconds after the beginning."""

    at: float
    data: str


def read_recording(path: Path) -> Iterator[Event]:
    """What was drawn, in order, without anything that a recording of this program never holds.

    Raises KioskError `recording.io`, and `recording.malformed` naming file and line.
    """
    try:
        with path.open("rb") as file:
            yield from _events(file.readline, path)
    except OSError as error:
        raise KioskError("recording.io", f"{path}: {error.strerror}") from None


def _events(readline: Callable[[int], bytes], path: Path) -> Iterator[Event]:
    number, before = 0, 0.0
    while raw := readline(LONGEST_LINE):
        number += 1
        told = _json(raw)
        if number == 1:
            if not isinstance(told, dict) or told.get("version") != VERSION:
                raise KioskError("recording.malformed", f"{path}, line 1")
            continue
        if told is None and not raw.endswith(b"\n"):
            return  # the power went while it was written
        event = _event(told)
        if event is None or event.at < before:
            raise KioskError("recording.malformed", f"{path}, line {number}")
        before = event.at
        yield event
    if not number:
        raise KioskError("recording.malformed", f"{path}, line 1")


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _event(told: Any) -> Event | None:
    if not isinstance(told, list) or len(told) != 3 or told[1] != "o":
        return None
    at, _, data = told
    if type(at) not in {int, float} or not 0 <= at < 10**7 or not isinstance(data, str):
        return None
    return Event(float(at), "".join(_SHOWN.findall(data)))


def _last_time(path: Path) -> float:
    """When a recording ended that is gone on with; what was written by half at its end is taken off."""
    try:
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.truncate(path, len(whole))
    except OSError as error:
        raise KioskError("recording.io", f"{path}: {error.strerror}") from None
    last = _event(_json(whole.splitlines()[-1])) if whole.splitlines() else None
    return last.at if last else 0.0


def waits(events: Iterator[Event], *, speed: float, longest: float) -> Iterator[tuple[float, str]]:
    """How long to wait before each event, and what to draw then; no wait is longer than `longest`."""
    before = 0.0
    for event in events:
        yield min((event.at - before) / speed, longest), event.data
        before = event.at
