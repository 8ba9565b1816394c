"""Copies of the store on a second carrier, made unasked: after registrations and on leaving."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from kiosk.errors import KioskError
from kiosk.services.ports import CopyMaker, CopyNote

LOOK_SECONDS = 10.0
"""How often the carrier is looked for."""


class Copies:
    """Copies at most every `minutes` in a thread of its own: nobody who types waits for a slow stick.

    A carrier that is not there is looked for until it is; one that fails is tried again after `minutes`.
    Nothing here raises, and only the thread and `close` touch the carrier: what failed stands in `problem`.
    """

    def __init__(
        self,
        folder: Path,
        minutes: int,
        maker: CopyMaker,
        *,
        ticks: Callable[[], float],
        look: float = LOOK_SECONDS,
    ) -> None:
        self._folder = folder
        self._seconds = minutes * 60.0
        self._maker = maker
        self._ticks = ticks
        self._look = look
        self._news = threading.Event()
        self._wanted = False
        self._watching = False
        self._leaving = False
        self._absent = False
        self._tried_at: float | None = None
        self._copied = self._head()
        self._code = maker.last().code
        self._thread: threading.Thread | None = None

    @property
    def problem(self) -> str:
        """The code of what keeps copies from being made: `copy.absent`, or that of the last attempt."""
        return "copy.absent" if self._absent else self._code

    def watch(self) -> None:
        """Looks from now on whether the carrier is there, so that `problem` can say so."""
        self._watching = True
        self._wake()

    def registered(self) -> None:
        """Something was stored that should be copied soon."""
        self._wanted = True
        self._wake()

    def close(self) -> None:
        """Waits for a copy under way, and makes a last one of what was stored since."""
        self._leaving = True
        self._news.set()
        if self._thread is not None:
            self._thread.join()
        if (self._wanted or self._head() != self._copied) and self._folder.is_dir():
            self._copy()

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="copies", daemon=True)
            self._thread.start()
        self._news.set()

    def _run(self) -> None:
        while not self._leaving:
            self._news.wait(self._patience())
            self._news.clear()
            self._absent = not self._folder.is_dir()
            if self._wanted and self._has_rested() and not (self._absent or self._leaving):
                self._wanted = False
                self._copy()

    def _has_rested(self) -> bool:
        return self._tried_at is None or self._ticks() - self._tried_at >= self._seconds

    def _patience(self) -> float | None:
        """Seconds until something is to be looked at; None until somebody calls."""
        return self._look if self._wanted or self._watching else None

    def _copy(self) -> None:
        self._tried_at = self._ticks()
        head = self._head()
        try:
            note = self._maker.make()
        except (KioskError, OSError) as error:
            note = self._failed(getattr(error, "code", "copy.io"))
        except Exception:  # noqa: BLE001 - a copy that fails must never end the program
            note = self._failed("copy.failed")
        else:
            self._copied = head
        self._code = note.code
        self._maker.remember(note)

    def _failed(self, code: str) -> CopyNote:
        """The note of the last good copy, and what failed since."""
        self._wanted = True
        last = self._maker.last()
        return CopyNote(last.at, last.file, last.lines, code)

    def _head(self) -> str:
        try:
            return self._maker.head()
        except (KioskError, OSError):
            return ""
