"""A simulated phone: shows the messages that wait in the spool instead of sending them."""

from __future__ import annotations

import time
from pathlib import Path

from kiosk.channels.sms_files import UNFINISHED, decoded, sync_folder, waiting


class SimulatedPhone:
    """What a phone would have received; whoever shows it says that it is a simulation."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool

    def latest(self, number: str) -> str | None:
        """The text of the newest message to `number`; None for none."""
        held = waiting(self._spool, number)
        return decoded(held[-1].read_bytes()) if held else None

    def clear(self, number: str) -> None:
        """Takes away every message to `number`, and what an interrupted writing left behind."""
        self._remove([*waiting(self._spool, number), *self._spool.glob(f"{UNFINISHED}*")])

    def clear_older(self, seconds: float) -> None:
        """Takes away what is older than so many seconds, and what is newer than now by the clock."""
        now = time.time()
        held = [*waiting(self._spool), *self._spool.glob(f"{UNFINISHED}*")]
        self._remove([path for path in held if not 0 <= now - _written(path, now) < seconds])

    def _remove(self, files: list[Path]) -> None:
        for path in files:
            path.unlink(missing_ok=True)
        if files:
            sync_folder(self._spool)


def _written(path: Path, now: float) -> float:
    """When a file was written; `now` where it has just gone."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return now
