"""The automatic copies of one store: where they go, how they are named, what came of the last one."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from kiosk.services.ports import CopyNote
from kiosk.store.audit import SqlAuditTrail
from kiosk.store.backup import Progress, Seal, prune, write_copy
from kiosk.store.engine import DATABASE, database_to_read
from kiosk.store.keyfile import load_or_create_key
from kiosk.store.session import Session

NOTE = "copies.json"


class StoreCopier:
    """Copies the store in `folder` to files; every copy has a connection of its own and closes it."""

    def __init__(
        self, folder: Path, key_file: Path, *, kiosk: str, profile: str, now: Callable[[], str]
    ) -> None:
        self._folder = folder
        self._key_file = key_file
        self._kiosk = kiosk
        self._profile = profile
        self._now = now

    def copy(self, target: Path, progress: Progress | None = None) -> Seal:
        """Writes one proved copy to `target`; raises as `write_copy` does."""
        key = self._key()
        database = database_to_read(self._folder / DATABASE, key, 5.0)
        try:
            return write_copy(database, key, target, Seal(self._kiosk, self._profile, self._now()), progress)
        finally:
            database.close()

    def note_of(self, target: Path, seal: Seal) -> CopyNote:
        """What is remembered of a good copy."""
        return CopyNote(seal.at, str(target), seal.lines)

    def head(self) -> str:
        """The head of the chain now."""
        database = database_to_read(self._folder / DATABASE, self._key(), 5.0)
        try:
            session = Session(database, writes=False)
            try:
                return SqlAuditTrail(session, b"").head()
            finally:
                session.close()
        finally:
            database.close()

    def remember(self, note: CopyNote) -> None:
        """Keeps the note beside the store; a failure here is nobody's loss."""
        fresh = self._folder / f".{NOTE}.{secrets.token_hex(4)}"
        with suppress(OSError):
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(note), file)
            fresh.replace(self._folder / NOTE)
        with suppress(OSError):
            fresh.unlink(missing_ok=True)

    def last(self) -> CopyNote:
        """The note that was kept."""
        return read_note(self._folder)

    def _key(self) -> bytes:
        return load_or_create_key(self._key_file, store_exists=True, folder=self._folder)


def read_note(folder: Path) -> CopyNote:
    """What is remembered of the last copy of the store in `folder`; an empty note where there is none."""
    try:
        return CopyNote(**json.loads((folder / NOTE).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return CopyNote()


class FolderCopies(StoreCopier):
    """Copies to one folder under names that tell how far they go, of which only the furthest are kept."""

    def __init__(
        self,
        folder: Path,
        key_file: Path,
        *,
        to: Path,
        keep: int,
        kiosk: str,
        profile: str,
        now: Callable[[], str],
    ) -> None:
        super().__init__(folder, key_file, kiosk=kiosk, profile=profile, now=now)
        self._to = to
        self._keep = keep
        self._prefix = f"kiosk-{kiosk}-{profile}-"

    def make(self) -> CopyNote:
        """Writes a copy and thins out the older ones."""
        stamp = re.sub(r"[^0-9]", "", self._now()[:19])
        unnamed = self._to / f"{self._prefix}{stamp}-{secrets.token_hex(2)}.copy"
        seal = self.copy(unnamed)
        prune(self._to, f"{self._prefix}*.copy", self._key(), lines=seal.lines, keep=self._keep)
        return self.note_of(unnamed, seal)
