"""A program in a real pseudo-terminal, its screen read by pyte: what every journey drives."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

import pyte

ROOT = Path(__file__).resolve().parent.parent.parent
"""The clone that the program is run from."""

XTERM = {
    "F1": b"\x1bOP",
    "F2": b"\x1bOQ",
    "F3": b"\x1bOR",
    "F4": b"\x1bOS",
    "F5": b"\x1b[15~",
    "F6": b"\x1b[17~",
    "F7": b"\x1b[18~",
    "F8": b"\x1b[19~",
    "F9": b"\x1b[20~",
    "F10": b"\x1b[21~",
    "F12": b"\x1b[24~",
    "UP": b"\x1b[A",
    "DOWN": b"\x1b[B",
    "RIGHT": b"\x1b[C",
    "LEFT": b"\x1b[D",
    "HOME": b"\x1b[H",
    "END": b"\x1b[F",
    "DELETE": b"\x1b[3~",
    "PAGE_UP": b"\x1b[5~",
    "PAGE_DOWN": b"\x1b[6~",
    "BACKTAB": b"\x1b[Z",
}
"""Keys as xterm sends them."""


class Terminal:
    """A child process with its own controlling terminal; a context manager that leaves no process behind.

    `screen` is the pyte screen, `output` every byte that the program has sent, `modes` the terminal as found.
    Waiting is always for a condition and fails with the screen's text after `patience` seconds.
    """

    patience = 20.0

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        columns: int = 80,
        lines: int = 24,
        cwd: Path = ROOT,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.output = bytearray()
        self.status: int | None = None
        self._stream = pyte.ByteStream(self.screen)
        environ = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "PYTHONPATH": str(ROOT),
        }
        environ.update(env or {})
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
                os.chdir(cwd)
                self.become(argv, environ)
            finally:
                os._exit(127)
        self.modes = termios.tcgetattr(self.fd)

    def become(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        """What the child does in its terminal; a return is a failure."""
        os.execvpe(argv[0], list(argv), dict(environ))

    @classmethod
    def python(cls, *arguments: str, **options: Mapping[str, str]) -> Self:
        """The interpreter of the tests with these arguments."""
        return cls([sys.executable, *arguments], **options)  # type: ignore[arg-type]

    def send(self, *keys: bytes | str) -> None:
        """Write text and bytes at once, reading what the program sends meanwhile."""
        data = b"".join(key.encode() if isinstance(key, str) else key for key in keys)
        while data:
            readable, writable, _ = select.select([self.fd], [self.fd], [], self.patience)
            assert readable or writable, "the program takes no input"
            if readable:
                self.read(0)
            if writable:
                data = data[os.write(self.fd, data[:512]) :]

    def read(self, timeout: float) -> bytes:
        """What the program sent within so many seconds, b"" for nothing or once it has gone."""
        if not select.select([self.fd], [], [], timeout)[0]:
            return b""
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.output += data
        self._stream.feed(data)
        return data

    @property
    def text(self) -> str:
        """The screen, line by line, without the blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_until(self, condition: Callable[[], bool], what: str = "the condition") -> None:
        """Read until the condition holds."""
        end = monotonic() + self.patience
        while not condition():
            if monotonic() > end:
                raise AssertionError(f"{what} did not come; the screen:\n{self.text}")
            self.read(0.05)
            assert self.status is None or condition(), f"ended ({self.status}) before {what}:\n{self.text}"
            if self.status is None:
                self._poll()

    def watch(self, seconds: float) -> int:
        """Read for so long; how many bytes came."""
        before, end = len(self.output), monotonic() + seconds
        while self.status is None and (left := end - monotonic()) > 0:
            self.read(left)
            self._poll()
        return len(self.output) - before

    def wait_for(self, text: str) -> None:
        """Read until the text is on the screen."""
        self.wait_until(lambda: text in self.text, repr(text))

    def wait_quiet(self, seconds: float = 0.3) -> None:
        """Read until the program has sent nothing for so long."""
        while self.read(seconds):
            pass

    def is_raw(self) -> bool:
        """Whether the program has put the terminal into raw mode."""
        return not termios.tcgetattr(self.fd)[3] & termios.ICANON

    def resize(self, columns: int, lines: int) -> None:
        """Change the window's size, as a window manager does."""
        self.screen.resize(lines, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        os.kill(self.pid, number)

    def end(self) -> int:
        """Wait for the program to end by itself; the exit code, negative for a signal."""
        end = monotonic() + self.patience
        while self.status is None:
            assert monotonic() < end, f"did not end; the screen:\n{self.text}"
            self.read(0.02)
            self._poll()
        while self.read(0.05):
            pass
        return self.status

    def hang_up(self) -> None:
        """Let the terminal vanish."""
        os.close(self.fd)
        self.fd = -1

    def wait_gone(self) -> int:
        """The exit code after `hang_up`."""
        end = monotonic() + self.patience
        while self.status is None:
            assert monotonic() < end, "still runs without its terminal"
            select.select([], [], [], 0.02)
            self._poll()
        return self.status

    def _poll(self) -> None:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.status = os.waitstatus_to_exitcode(status)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.fd >= 0:
            os.close(self.fd)
