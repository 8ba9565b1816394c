"""The processes that `kiosk hub serve` starts beside itself: others that answer, and workers that decide."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from kiosk.commands.arguments import Arguments
    from kiosk.config import Config
    from kiosk.hub.events import EventLog

_PARENT = "KIOSK_HUB_PARENT"
"""The variable that names the process with which another one ends."""

_MOST_UNASKED = 4


def parent_of_this() -> int | None:
    """The process that started this one to work beside it; None where a person did."""
    named = os.environ.get(_PARENT, "")
    return int(named) if named.isdigit() else None


def processes_of(arguments: Arguments, config: Config) -> int:
    """How many processes shall answer."""
    asked = config.hub.processes if arguments.processes is None else arguments.processes
    return int(asked) or min(os.cpu_count() or 1, _MOST_UNASKED)


@dataclass(frozen=True, slots=True)
class Beside:
    """What the processes beside this one share with it: database, key file and log."""

    arguments: Arguments
    url: str
    keys: Path
    log: EventLog

    def deciders(self) -> AbstractContextManager[object]:
        """The workers that decide."""
        return self._crew(["decide"], self.arguments.deciders)

    def others_that_answer(self, host: str, port: int, count: int) -> AbstractContextManager[object]:
        """`count` processes that answer at the same address and port as this one."""
        words = ["serve", f"--host={host}", f"--port={port}", "--processes=1", "--deciders=0"]
        return self._crew(words, count)

    def _crew(self, words: list[str], count: int) -> AbstractContextManager[object]:
        from kiosk.hub.crew import Crew

        options = [f"--config={self.arguments.config}"] if self.arguments.config else []
        options += [f"--profile={self.arguments.profile}"] if self.arguments.profile else []
        command = [sys.executable, "-m", "kiosk", "hub", *words, *options, f"--keys={self.keys}"]
        # The URL may hold a password, which has no place in a list of processes.
        return Crew(command, {"DATABASE_URL": self.url, _PARENT: str(os.getpid())}, count, self.log)
