"""A program in a pseudo-terminal that shows a given text, and fails or waits when asked by key.

    python -m tests.screens.pty_program LOG [TEXT]

F1 fails in a press, F2 in the view, F4 in the store thread, F5 in a thread, F6 in a task, F8 in Textual,
F9 starts work that never ends, F10 leaves with code 5, Page Down draws
a wall of letters. Each failure carries a number that must not be seen.
"""

import asyncio
import sys
import threading
from pathlib import Path

from screens.environment import clean_environment
from screens.first_frame import prepare_terminal
from screens.keys import Key, Press
from screens.view import Span, View

SECRET = "9901014501230001"


class Prober:
    """Shows the text; each F-key fails in another place."""

    def __init__(self, shell: "Shell", text: str) -> None:
        self._shell = shell
        self._text = text
        self._broken = False
        self._wall = ""
        self._tasks: list[asyncio.Task[None]] = []

    def view(self, width: int, height: int) -> View:
        number = SECRET
        if self._broken:
            raise ValueError(number)
        lines = [(Span("READY", "title"),), (Span("Name "), Span(self._text, "value"))]
        wall = (Span(self._wall * width),)
        return View((*lines, *(wall,) * (height - 3), (Span("F10".ljust(width), "key"),)), (3, 2))

    async def press(self, press: Press) -> None:
        match press.key:
            case Key.HELP:
                fail()
            case Key.STAFF:
                self._broken = True
            case Key.CHOICES:
                await self._shell.run(fail)
            case Key.AGAIN:
                threading.Thread(target=fail).start()
            case Key.SAME:
                self._tasks = [asyncio.create_task(fail_later())]
                await asyncio.wait(self._tasks)
                self._tasks.clear()
            case Key.REVEAL:
                app.call_later(fail)
            case Key.LATER:
                await asyncio.Event().wait()
            case Key.NEXT:
                self._shell.leave(5)
            case Key.TEXT:
                self._text += press.text
            case Key.PAGE_DOWN:
                self._wall = {"a": "b"}.get(self._wall, "a")
            case _:
                pass


def fail() -> None:
    number = SECRET
    raise ValueError(f"{number} is wrong")


async def fail_later() -> None:
    fail()


def log(path: Path, error: BaseException) -> str:
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in redacted(error))
    return "REF123"


if __name__ == "__main__":
    clean_environment()
    with prepare_terminal():
        from kiosk.redaction import redacted
        from screens.app import KioskApp
        from screens.base import ScreenOptions, Shell

        path, text = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
        text = text.encode().decode("unicode_escape")
        app = KioskApp(
            lambda shell: Prober(shell, text), options=ScreenOptions(crash_log=lambda error: log(path, error))
        )
        code = app.serve()
    sys.exit(code)
