"""Workers as processes of their own beside the one that started them: kept at work, and ended with it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from kiosk.hub.events import EventLog
from kiosk.hub.working import rest_seconds

_LOOK_SECONDS = 0.5
_GRACE_SECONDS = 30


class Crew:
    """`count` processes of one command, made as a context; one that ends by itself is started anew."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], count: int, log: EventLog
    ) -> None:
        self._command = list(command)
        self._environment = {**os.environ, **environment}
        self._count = count
        self._log = log
        self._stop = threading.Event()
        self._members: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self._members = [self._start() for _ in range(self._count)]
        self._watch = threading.Thread(target=self._keep, name="crew", daemon=True)
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._watch.join()
        for member in self._members:
            member.terminate()
        for member in self._members:
            try:
                member.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                member.kill()
                member.wait()

    @property
    def numbers(self) -> list[int]:
        """The process ids at this moment."""
        return [member.pid for member in self._members]

    def _start(self) -> subprocess.Popen[bytes]:
        # Our own program with our own words.
        return subprocess.Popen(self._command, env=self._environment, stdin=subprocess.DEVNULL)  # noqa: S603

    def _keep(self) -> None:
        failures = 0
        while not self._stop.wait(_LOOK_SECONDS):
            for place, member in enumerate(self._members):
                if member.poll() is None:
                    continue
                failures += 1
                self._log.write("worker.ended", code=member.returncode, times=failures)
                if self._stop.wait(rest_seconds(failures)):
                    return
                self._members[place] = self._start()


def end_with(parent: int, stop: threading.Event) -> None:
    """Sets `stop` when the process `parent`, which started this one, is there no more."""

    def look() -> None:
        while not stop.wait(_LOOK_SECONDS):
            if os.getppid() != parent:
                stop.set()

    threading.Thread(target=look, name="parent", daemon=True).start()
