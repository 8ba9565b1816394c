"""The process that serves one person: how it is started, and what the small process hears of it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Final

START_SECONDS: Final = 180.0
HUNG_SECONDS: Final = 60.0
"""How long a process may be silent before its first sign of life, and between two of them."""

IGNORED: Final = (
    *(signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU),
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO),
)
"""Signals that say nothing to an unattended kiosk; what a terminal can send is among them."""

_OWN: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGWINCH, signal.SIGCONT)
_ALIVE: Final = b"\0"
_GONE: Final = b"\1"
_PR_SET_PDEATHSIG: Final = 1
_MOST_WORDS: Final = 2000


class Serving:
    """One process as the small one sees it."""

    def __init__(self, pid: int, pipe: int, calls: int = -1) -> None:
        self.pid = pid
        self.pipe = pipe
        self._calls = calls
        self.was_alive = False
        self.is_gone = False
        """Whether it has left the terminal, and only puts away what it had open."""
        self.status: int | None = None
        """The exit code once it has ended, negative for a signal."""
        self._started_at = self._heard_at = monotonic()
        self._words = b""

    def call(self) -> None:
        """Lets one that waits begin to serve."""
        self._started_at = self._heard_at = monotonic()
        with suppress(OSError):
            os.write(self._calls, b"\n")
        self._hang_up()

    def _hang_up(self) -> None:
        calls, self._calls = self._calls, -1
        if calls >= 0:
            os.close(calls)

    @property
    def lived(self) -> float:
        """For how many seconds it has been there."""
        return monotonic() - self._started_at

    @property
    def is_hung(self) -> bool:
        silent = monotonic() - self._heard_at
        return silent > (HUNG_SECONDS if self.was_alive else START_SECONDS)

    @property
    def words(self) -> str:
        """What it has said about its end."""
        return self._words.decode("utf-8", "replace")

    def hear(self) -> None:
        """Reads what it has sent: signs of life, and its last words."""
        with suppress(OSError):
            while heard := os.read(self.pipe, 4096):
                if _ALIVE in heard:
                    self._heard_at, self.was_alive = monotonic(), True
                self.is_gone = self.is_gone or _GONE in heard
                self._words = (self._words + heard.translate(None, _ALIVE + _GONE))[:_MOST_WORDS]

    def has_ended(self) -> bool:
        """Whether it is over; its last words have been heard then."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.hear()
                os.close(self.pipe)
                self._hang_up()
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def tell(self, number: signal.Signals) -> None:
        """Sends it a signal; one that has ended is no error."""
        if self.status is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Voice:
    """In the serving process: says that it is alive, and when it has left the terminal."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def alive(self) -> None:
        """One sign of life; a pipe that is full has enough of them."""
        with suppress(OSError):
            os.write(self._pipe, _ALIVE)

    def gone(self) -> None:
        """The terminal is free for the next person."""
        with suppress(OSError):
            os.write(self._pipe, _GONE)


def start(warm: Callable[[], None] | None = None) -> Serving | Voice:
    """Makes the process: returns what the small one sees of it, and in the process itself its voice.

    With `warm` it does that and waits until it is called: whoever comes next need not wait for it.
    """
    guard = os.getpid()
    reads, writes = os.pipe()
    waits, calls = os.pipe() if warm is not None else (-1, -1)
    os.set_blocking(reads, False)
    pid = os.fork()
    if pid:
        os.close(writes)
        if warm is not None:
            os.close(waits)
        return Serving(pid, reads, calls)
    os.close(reads)
    os.set_blocking(writes, False)
    _leave_with(guard)
    signal.set_wakeup_fd(-1)
    for number in _OWN:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    sys.stderr = os.fdopen(writes, "w", encoding="utf-8", errors="replace")  # the terminal is for pages alone
    if warm is not None:
        os.close(calls)
        _wait(waits, warm)
    return Voice(writes)


def _wait(called: int, warm: Callable[[], None]) -> None:
    """Makes itself ready; ends where the small process has gone before it called."""
    with suppress(Exception):  # what cannot be done beforehand is done later, and fails there
        warm()
    if not os.read(called, 1):
        os._exit(0)
    os.close(called)


def _leave_with(guard: int) -> None:
    """Where the small process is killed, this one ends as well."""
    import ctypes  # noqa: PLC0415 - not before the first process is made

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != guard:
        os._exit(1)
