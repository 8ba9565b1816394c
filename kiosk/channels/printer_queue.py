"""Prints in a thread of its own, one piece after the other, so that a printer never stops a screen."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from kiosk.services.ports import Printout, PrintState

MOST_WAITING = 8
"""More than so many pieces that wait mean that the printer is not there: the next ones fail at once."""


class Job:
    """One piece of paper in the queue."""

    def __init__(self) -> None:
        self.state = PrintState.WAITING


class QueuedPrinter:
    """Hands printouts to `write`, which raises OSError where the paper did not come out in time."""

    def __init__(self, write: Callable[[Printout], None], *, patience: float) -> None:
        self._write = write
        self._patience = patience
        self._queue: queue.Queue[tuple[Printout, Job] | None] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None

    def print(self, printout: Printout) -> Job:
        """Returns at once; the job tells how far it is."""
        job = Job()
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="printer", daemon=True)
            self._thread.start()
        try:
            self._queue.put_nowait((printout, job))
        except queue.Full:
            job.state = PrintState.FAILED
        return job

    def close(self) -> None:
        """Lets what waits come out, but waits for it no longer than a printer may take."""
        if self._thread is None:
            return
        try:
            self._queue.put(None, timeout=self._patience)
        except queue.Full:
            return
        self._thread.join(self._patience)
        self._thread = None

    def _serve(self) -> None:
        while (waiting := self._queue.get()) is not None:
            printout, job = waiting
            try:
                self._write(printout)
            except (OSError, ValueError):
                job.state = PrintState.FAILED
            else:
                job.state = PrintState.PRINTED
