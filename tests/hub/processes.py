"""The hub as a process of its own, as people start it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class HubProcess:
    """A running `kiosk hub serve`."""

    process: subprocess.Popen[str]
    url: str = ""
    said: list[str] = field(default_factory=list)

    @property
    def talk(self) -> str:
        return "".join(self.said)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Sends the signal, and returns exit code and standard output when the process has ended."""
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out


@contextmanager
def hub_process(home: Path, *words: str, until: str = "the hub answers at") -> Iterator[HubProcess]:
    """A hub that has said `until` on standard error; ended with all that it started if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kiosk", "hub", "serve", "--port", "0", "--processes", "1", *words],
        cwd=ROOT,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    running = HubProcess(process)
    told = threading.Event()

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            running.said.append(line)
            found = re.search(r"answers at (\S+);", line)
            running.url = found[1] if found else running.url
            if until in line:
                told.set()
        told.set()

    reader = threading.Thread(target=listen, daemon=True)
    # Its talk is read apart, so that `communicate` reads standard output alone.
    reader.start()
    try:
        assert told.wait(60), running.talk
        yield running
    finally:
        _ended(process)
        reader.join(10)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _ended(process: subprocess.Popen[str]) -> None:
    """Asks it to end, for a killed one leaves its database running; one that does not hear is killed."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(30)
