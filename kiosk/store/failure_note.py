"""When answers failed at a kiosk without staff, in a small file: moments and nothing else."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from kiosk.domain.registration import Moment

NOTE = "failures.json"


class FailureNoteFile:
    """The note of the store in `folder`; one that cannot be read holds nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def last(self) -> Sequence[Moment]:
        """The moments that were kept, the oldest first."""
        try:
            return [Moment(**one) for one in json.loads((self._folder / NOTE).read_text("utf-8"))]
        except (OSError, ValueError, TypeError):
            return []

    def remember(self, moments: Sequence[Moment]) -> None:
        """Keeps these moments on the disk, all of them or what was there before."""
        fresh = self._folder / f".{NOTE}.{secrets.token_hex(4)}"
        with suppress(OSError):
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump([asdict(one) for one in moments], file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._folder / NOTE)
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
