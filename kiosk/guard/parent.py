"""The small process of an unattended kiosk: holds the terminal and starts a process for each person."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

from kiosk.errors import NEXT_PERSON
from kiosk.guard.line import TerminalLine
from kiosk.guard.pace import Pace, Pause
from kiosk.guard.service import ServiceNotes
from kiosk.guard.serving import IGNORED, Serving, Voice, start

_TOLD: Final = {signal.SIGTERM: 143, signal.SIGHUP: 129}
"""The signals that end the kiosk, and its exit codes then."""

_FAREWELL_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 1.0
_SPARE_SECONDS: Final = 3.0
"""So long a process serves before the next one is made: its own start comes first."""

_CLEARING_SECONDS: Final = 60.0
"""So long a process that has left the terminal may take to put away what it had open."""

_HUNG_UP: Final = 129
_UNUSABLE: Final = frozenset({2, 3, 4})
"""Exit codes of a process that cannot serve before somebody has mended something."""


class Guard:
    """Stands by the terminal until it is told to end.

    `calm` gives the lines of the page that stands while nobody can be served, from what the process that
    failed has said. With `may_quit` an orderly end of the serving process is the end of the kiosk. `warm` is
    what a process can do before it is needed: one waits beside the one that serves.
    """

    def __init__(
        self,
        calm: Callable[[str], Sequence[str]],
        *,
        may_quit: bool,
        warm: Callable[[], None] | None = None,
        line: TerminalLine | None = None,
        notes: ServiceNotes | None = None,
    ) -> None:
        self.words = ""
        """Why the kiosk ended, where it ended by itself."""
        self._calm = calm
        self._may_quit = may_quit
        self._line = line or TerminalLine()
        self._notes = notes or ServiceNotes()
        self._pace = Pace()
        self._told = 0
        self._has_served = False
        self._noted_at = 0.0
        self._warm = warm
        self._spare: Serving | None = None
        self._may_have_spare = True
        self._clearing: list[tuple[Serving, float]] = []
        self._woken, self._wakes = -1, -1

    def stand(self) -> int | Voice:
        """The exit code in the end; in each serving process, which goes on from here, its voice."""
        self._listen()
        while True:
            serving = self._next()
            voice = serving if isinstance(serving, Voice) else self._watch(serving)
            if voice is not None:
                self._forget()
                return voice
            assert isinstance(serving, Serving)  # noqa: S101 - the other kind has just returned
            self._line.take_again()
            code = self._after(serving)
            if code is not None:
                self._notes.stopping()
                self._let_go_of_spare()
                self._let_clear()
                self.words = "" if self._told else serving.words
                return code

    def _after(self, serving: Serving) -> int | None:
        """What follows a process that has ended: the exit code of the kiosk, or None for the next process."""
        status = NEXT_PERSON if serving.is_gone else serving.status
        if serving.status is None:
            self._clearing.append((serving, monotonic()))
        if self._told:
            return _TOLD[signal.Signals(self._told)]
        if status == _HUNG_UP and not self._line.is_there:
            return _HUNG_UP
        if status == 0 and self._may_quit:
            return 0
        if status in _UNUSABLE and not self._has_served:
            return status
        if status in {0, NEXT_PERSON}:
            self._pace.served()
            return None
        self._rest(self._pace.failed(serving.lived), serving.words)
        return _TOLD[signal.Signals(self._told)] if self._told else None

    # Watching over one process.

    def _next(self) -> Serving | Voice:
        """The process that waits, or a new one where none does."""
        spare, self._spare, self._may_have_spare = self._spare, None, True
        if spare is None or spare.has_ended():
            return start()
        spare.call()
        return spare

    def _watch(self, serving: Serving) -> Voice | None:
        """Returns when it has left the terminal; in a process that was made meanwhile, its voice."""
        asked_at: float | None = None
        while not (serving.has_ended() or serving.is_gone):
            self._wait([serving.pipe])
            serving.hear()
            if serving.was_alive:
                self._has_served = True
                self._notes.ready()
            if self._told and asked_at is None:
                asked_at = monotonic()
                self._notes.stopping()
                serving.tell(signal.SIGTERM)
            elif serving.was_alive and serving.lived > _SPARE_SECONDS and self._may_have_spare:
                self._may_have_spare = False
                spare = start(self._warm) if self._warm is not None else None
                if isinstance(spare, Voice):
                    os.close(serving.pipe)
                    return spare
                self._spare = spare
            is_late = asked_at is not None and monotonic() - asked_at > _FAREWELL_SECONDS
            if is_late or serving.is_hung:
                serving.tell(signal.SIGKILL)
        return None

    def _let_go_of_spare(self) -> None:
        if self._spare is not None:
            self._spare.tell(signal.SIGKILL)
            self._clearing.append((self._spare, monotonic()))

    def _clear(self) -> None:
        """Takes note of those that are over with what they had to put away."""
        for serving, since in tuple(self._clearing):
            if serving.has_ended():
                self._clearing.remove((serving, since))
            elif monotonic() - since > _CLEARING_SECONDS:
                serving.tell(signal.SIGKILL)

    def _let_clear(self) -> None:
        """Waits for them before the kiosk ends, but not for ever."""
        until = monotonic() + _FAREWELL_SECONDS
        while self._clearing and monotonic() < until:
            self._wait([], 0.1)

    def _rest(self, pause: Pause, words: str) -> None:
        """Shows the calm page until the pause is over, or a key is pressed where that is enough."""
        self._show(words)
        until = monotonic() + pause.seconds
        while not self._told and monotonic() < until:
            self._wait([self._line.descriptor], until - monotonic())
            if self._line.forget_keys() and pause.any_key:
                break
            if not self._line.is_there:
                self._told = signal.SIGHUP
        self._line.take_again()

    def _show(self, words: str) -> None:
        try:
            lines = self._calm(words)
        except Exception:  # noqa: BLE001 - whatever is broken, this process stays
            lines = ["Mohon tunggu.", "Please wait."]
        self._line.show(lines)

    def _wait(self, sources: Sequence[int], seconds: float = _LOOK_SECONDS) -> None:
        """Until one of these has something to read, or a signal comes, or a second is over."""
        ready, _, _ = select.select([*sources, self._woken], [], [], max(min(seconds, _LOOK_SECONDS), 0))
        if self._woken in ready:
            os.read(self._woken, 4096)
        self._clear()
        every = self._notes.seconds
        if every is not None and monotonic() - self._noted_at >= min(every, _LOOK_SECONDS):
            self._noted_at = monotonic()
            self._notes.alive()

    # Signals.

    def _listen(self) -> None:
        self._woken, self._wakes = os.pipe()
        for end in (self._woken, self._wakes):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)
        for number in IGNORED:
            signal.signal(number, signal.SIG_IGN)
        for number in _TOLD:
            signal.signal(number, self._take)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _take(self, number: int, _: object) -> None:
        self._told = self._told or number

    def _forget(self) -> None:
        """In a serving process: nothing of this one is left to be used."""
        for end in (self._woken, self._wakes, *(serving.pipe for serving, _ in self._clearing)):
            os.close(end)
