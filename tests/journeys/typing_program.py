"""A small program for the journeys about keys: three pages of five fields, a save and a dialog between them.

    python -m tests.journeys.typing_program RESULT [--unsettled]

It writes the fields to RESULT as JSON. `--unsettled` is the control arm: presses are delivered without
waiting for the one before to take effect.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from screens.environment import clean_environment
from screens.first_frame import prepare_terminal
from screens.keys import Key, Press
from screens.view import HEIGHT, Line, Span, View

PAGES = 3
FIELDS = 5


class FieldsPage:
    """Five fields; after the last of them they are saved, and a dialog asks to go on."""

    def __init__(self, shell: "Shell", result: Path, number: int, done: list[list[str]]) -> None:
        self._shell, self._result, self._number, self._done = shell, result, number, done
        self._values = [""] * FIELDS
        self._row = 0

    def view(self, width: int, height: int) -> View:
        title: Line = (Span(f" Page {self._number + 1}".ljust(width), "header"),)
        rows: list[Line] = [
            (
                Span(f"Field {row + 1} ", "label"),
                Span(value.ljust(50, "_"), "focus" if row == self._row else "value"),
            )
            for row, value in enumerate(self._values)
        ]
        lines = (title, *rows, *(((),) * (height - 2 - len(rows))), (Span("F10 next"),))
        return View(lines, (8 + len(self._values[self._row]), 1 + self._row))

    async def press(self, press: Press) -> None:
        match press.key:
            case Key.TEXT:
                self._values[self._row] += press.text
            case Key.BACKSPACE:
                self._values[self._row] = self._values[self._row][:-1]
            case Key.UP:
                self._row = max(0, self._row - 1)
            case Key.SAME:
                self._values[self._row] = self._values[self._row - 1]
            case Key.HELP:
                self._shell.push(Dialog(self._shell, self, "help"))
            case Key.ENTER if self._row < FIELDS - 1:
                self._row += 1
            case Key.ENTER | Key.NEXT:
                await self._shell.run(time.sleep, 0.02)
                self._shell.push(Dialog(self._shell, self, "saved"))
            case _:
                pass

    async def go_on(self) -> None:
        """Show the next page, or write the result and leave."""
        await self._shell.run(time.sleep, 0.01)
        done = [*self._done, self._values]
        if len(done) < PAGES:
            self._shell.show(FieldsPage(self._shell, self._result, self._number + 1, done))
        else:
            self._result.write_text(json.dumps(done))
            self._shell.leave()


class Dialog:
    """Waits for F10 and goes on, or for F3 and goes back; drops everything else."""

    def __init__(self, shell: "Shell", below: FieldsPage, text: str) -> None:
        self._shell, self._below, self._text = shell, below, text

    def view(self, width: int, height: int) -> View:  # noqa: ARG002
        return View((*(((),) * (HEIGHT - 1)), (Span(self._text, "mark"),)))

    async def press(self, press: Press) -> None:
        await asyncio.sleep(0)
        if press.key is Key.NEXT:
            await self._below.go_on()
        elif press.key is Key.BACK:
            self._shell.pop()


def main(result: Path, *, settled: bool) -> int:
    from screens.app import KioskApp  # noqa: PLC0415
    from screens.base import ScreenOptions  # noqa: PLC0415

    class Unsettled(KioskApp):
        """Starts the effect of each press and does not wait for it."""

        async def _deliver(self, press: Press) -> None:
            self._effects = [*getattr(self, "_effects", []), asyncio.create_task(super()._deliver(press))]

    kind = KioskApp if settled else Unsettled
    return kind(
        lambda shell: FieldsPage(shell, result, 0, []), options=ScreenOptions(crash_log=lambda _: "TEST")
    ).serve()


if __name__ == "__main__":
    from screens.base import Shell

    clean_environment()
    with prepare_terminal():
        sys.exit(main(Path(sys.argv[1]), settled="--unsettled" not in sys.argv))
