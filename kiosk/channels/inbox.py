"""A simulated phone: shows the messages that wait in the spool instead of sending them."""

from __future__ import annotations

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
        if not self._spool.is_dir():
            return
        for path in (*waiting(self._spool, number), *self._spool.glob(f"{UNFINISHED}*")):
            path.unlink(missing_ok=True)
        sync_folder(self._spool)
