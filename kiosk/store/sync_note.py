"""How it stands with the hub, in a small file beside the store: no personal data, and nobody's loss."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from kiosk.services.sync_ports import SyncNote

NOTE = "sync.json"


class SyncNoteFile:
    """The note of the store in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def last(self) -> SyncNote:
        """The note that was kept; an empty one where there is none."""
        try:
            return SyncNote(**json.loads((self._folder / NOTE).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return SyncNote()

    def remember(self, note: SyncNote) -> None:
        """Keeps the note, whole or not at all."""
        fresh = self._folder / f".{NOTE}.{secrets.token_hex(4)}"
        with suppress(OSError):
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(note), file)
            fresh.replace(self._folder / NOTE)
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
