"""One visitor's program in a pseudo-terminal of its own, as it would run in any other terminal."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import struct
import sys
import termios
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from textual_serve.app_service import AppService

GRACE_SECONDS = 10.0
"""How long a program may take to end by itself once its visitor has gone."""

_READ_AT_ONCE = 65536
_MOST_CELLS = 1000


class Seat(AppService):
    """The service of textual-serve between a browser and a program, here with a real terminal between.

    So the program needs no driver for the web: keys, sizes and the end of the line reach it as always.
    """

    def configure(self, argv: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        """Which program to start, with which variables, in which folder."""
        self._argv = tuple(argv)
        self._variables = dict(environment)
        self._folder = folder
        self._master = -1
        self._writer: asyncio.StreamWriter | None = None

    async def start(self, width: int, height: int) -> None:
        """Starts the program on a terminal of this size."""
        self._master, slave = os.openpty()
        try:
            self._set_size(width, height)
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=self._variables,
                cwd=self._folder,
                start_new_session=True,
            )
        except BaseException:
            self._close()
            raise
        finally:
            os.close(slave)
        reading, reader = await self._connect()
        self._task = asyncio.create_task(self._serve(self._process, reading, reader))

    async def _connect(self) -> tuple[asyncio.ReadTransport, asyncio.StreamReader]:
        """Both ways to the terminal; from now on no key is lost."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        reading, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(self._master), "rb", 0)
        )
        writing, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(os.dup(self._master), "wb", 0)
        )
        self._writer = asyncio.StreamWriter(writing, protocol, None, loop)
        return reading, reader

    async def _serve(
        self, process: Process, reading: asyncio.ReadTransport, reader: asyncio.StreamReader
    ) -> None:
        """Carries what the program writes to the browser until it ends; the page is told then."""
        try:
            with suppress(OSError):  # a terminal has no end of file: reading it fails then
                while data := await reader.read(_READ_AT_ONCE):
                    await self.remote_write_bytes(data)
        finally:
            writer, self._writer = self._writer, None
            reading.close()
            if writer is not None:
                writer.transport.abort()
            self._close()
            await _ended(process)
        with suppress(OSError, RuntimeError):
            await self.remote_close()

    async def stop(self) -> None:
        """Lets the terminal vanish and waits for the program, which keeps what was entered."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def send_bytes(self, data: bytes) -> bool:
        """Keys for the program; False once it has gone."""
        writer = self._writer
        if writer is None:
            return False
        try:
            writer.write(data)
            await writer.drain()
        except (OSError, RuntimeError):
            return False
        return True

    async def set_terminal_size(self, width: int, height: int) -> None:
        """Tells the program the size of its window."""
        process = self._process
        if self._master >= 0 and process is not None:
            self._set_size(width, height)
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGWINCH)

    def _set_size(self, width: int, height: int) -> None:
        columns, lines = (min(max(cells, 1), _MOST_CELLS) for cells in (width, height))
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _close(self) -> None:
        master, self._master = self._master, -1
        if master >= 0:
            os.close(master)


async def _ended(process: Process) -> None:
    """Waits for a program whose terminal has gone; one that does not notice is told, then killed."""
    for number in (signal.SIGHUP, signal.SIGKILL):
        with suppress(ProcessLookupError):
            process.send_signal(number)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE_SECONDS)
            return


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """The variables of a visitor's program: ours without what would change it, and its own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TEXTUAL", "KIOSK_")) and name not in {"COLUMNS", "LINES", "DATABASE_URL"}
    }
    return {**kept, "TERM": "xterm-256color", **own}


def program(*arguments: str) -> list[str]:
    """The command line that runs this program."""
    return [sys.executable, "-m", "kiosk", *arguments]
