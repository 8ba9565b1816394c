# ruff: noqa: PLC0415 - each program imports what it measures
"""The programs that the measures of the screens compare: `python -m tests.bench.programs NAME`.

Each shows a form; F10 goes to the next one, whose last row names its number.
"""

import sys
from typing import ClassVar

ROWS = 12


def ours() -> int:
    """The kiosk with a page of twelve rows."""
    from screens.environment import clean_environment
    from screens.first_frame import prepare_terminal

    clean_environment()
    with prepare_terminal():
        from screens.app import KioskApp
        from screens.base import ScreenOptions, Shell
        from screens.keys import Key, Press
        from screens.view import Span, View

        class Form:
            """Twelve rows, the first of which is edited."""

            def __init__(self, shell: Shell, number: int) -> None:
                self._shell, self._number, self._value = shell, number, ""

            def view(self, width: int, height: int) -> View:
                rows = [
                    (
                        Span(f"Label {self._number}.{row:<11}"),
                        Span((self._value if row == 0 else "").ljust(50, "_"), "focus"),
                    )
                    for row in range(ROWS)
                ]
                end = (Span(f"row {ROWS} of {self._number}."),)
                lines = ((Span(" Form".ljust(width), "header"),), *rows, end, *((),) * (height - ROWS - 2))
                return View(lines, (20 + len(self._value), 1))

            async def press(self, press: Press) -> None:
                if press.key is Key.NEXT:
                    self._shell.show(Form(self._shell, self._number + 1))
                elif press.key is Key.BACKSPACE:
                    self._value = self._value[:-1]
                else:
                    self._value += press.text

        return KioskApp(lambda shell: Form(shell, 0), options=ScreenOptions(crash_log=lambda _: "")).serve()


def stock(fields: int, *, labels: bool) -> int:
    """A plain Textual app whose screens are built of stock Inputs, with labels or bare."""
    from textual.app import App, ComposeResult
    from textual.binding import BindingType
    from textual.containers import Horizontal
    from textual.screen import Screen
    from textual.widgets import Input, Label

    class Form(Screen[None]):
        """So many rows."""

        CSS = "Horizontal { height: 1; } Label { width: 20; } Input { width: 50; }"

        def __init__(self, number: int) -> None:
            super().__init__()
            self._number = number

        def compose(self) -> ComposeResult:
            yield Label("Form")
            for row in range(fields):
                if labels:
                    with Horizontal():
                        yield Label(f"Label {self._number}.{row}")
                        yield Input(compact=True)
                else:
                    yield Input()
            yield Label(f"row {ROWS} of {self._number}.")

    class Stock(App[None]):
        """Shows the forms one after another."""

        BINDINGS: ClassVar[list[BindingType]] = [("f10", "next", "Next")]
        number = 0

        def on_mount(self) -> None:
            self.push_screen(Form(0))

        def action_next(self) -> None:
            self.number += 1
            self.switch_screen(Form(self.number))

    Stock().run()
    return 0


if __name__ == "__main__":
    match sys.argv[1]:
        case "ours":
            sys.exit(ours())
        case "stock-start":
            sys.exit(stock(3, labels=False))
        case "stock-input":
            sys.exit(stock(1, labels=False))
        case "stock-rows":
            sys.exit(stock(ROWS, labels=True))
