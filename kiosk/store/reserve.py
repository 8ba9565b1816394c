"""A reserve on the disk: space kept aside so that a family in hand can finish when the disk is full."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from kiosk.errors import StoreError
from kiosk.store.keyfile import fsync_folder, make_private_folder

RESERVE = "reserve"
_MIB = 1024 * 1024


class Reserve:
    """A file of `mib` MiB in `folder`, really allocated; with 0 there is none and nothing is refused.

    It is given up when a write finds the disk full, and made again when there is room for it twice over.
    While it is gone, or less than its own size is free, no new family should be begun.
    """

    def __init__(self, folder: Path, mib: int) -> None:
        self._folder = folder
        self._size = mib * _MIB
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        """The file that holds the space."""
        return self._folder / RESERVE

    def ensure(self) -> bool:
        """Makes the reserve where it is not whole and there is room; True where it is whole afterwards."""
        with self._lock:
            return self._ensure()

    def _ensure(self) -> bool:
        if self.is_whole():
            return True
        if self._free() + self._held() < 2 * self._size:
            return False
        try:
            make_private_folder(self._folder)
            self._allocate()
        except OSError:
            with suppress(OSError):
                self._unfinished.unlink(missing_ok=True)
        return self.is_whole()

    def release(self) -> bool:
        """Gives the space back to the disk; True where there was any to give."""
        held = self._held()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
            return held > 0
        return False

    def is_whole(self) -> bool:
        """True where all of the space is held."""
        return self._held() >= self._size

    def nearly_full(self, free_bytes: int | None = None) -> bool:
        """True where less is free than the reserve holds; `free_bytes` stands for what the disk says."""
        return (self._free() if free_bytes is None else free_bytes) < self._size

    def has_room(self) -> bool:
        """True where a new family may be begun: the reserve is whole or could be made, the disk not full."""
        return self.ensure() and not self.nearly_full()

    def make_room(self, error: StoreError) -> bool:
        """Gives the reserve up where `error` comes from a full disk; True where a second try may succeed."""
        full = error.code == "store.full" or (error.code == "store.io" and self._size and self.nearly_full())
        return bool(full) and self.release()

    @property
    def _unfinished(self) -> Path:
        return self._folder / f".{RESERVE}"

    def _allocate(self) -> None:
        """Puts a whole file in place; one that is too small is given up first."""
        self.release()
        descriptor = os.open(self._unfinished, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._unfinished.replace(self.path)
        fsync_folder(self._folder)

    def _held(self) -> int:
        """The size of the file; what has its name was allocated whole."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def _free(self) -> int:
        """Bytes that this user may still write; plenty where the system does not tell."""
        place = next((one for one in (self._folder, *self._folder.parents) if one.exists()), Path("/"))
        try:
            found = os.statvfs(place)
        except OSError:
            return 1 << 62
        return found.f_bavail * found.f_frsize
