"""A page for the tests of the screens themselves: it records its presses and shows a text."""

from screens.base import Page, Shell
from screens.keys import Key, Press
from screens.view import Span, View


class Notepad:
    """Shows what was typed; keeps every press."""

    def __init__(self, shell: Shell | None = None, text: str = "") -> None:
        self.shell = shell
        self.text = text
        self.presses: list[Press] = []
        self.views = 0

    def view(self, width: int, height: int) -> View:
        self.views += 1
        return View(
            (
                (Span("Notepad".center(width), "header"),),
                (Span("Text "), Span(self.text, "focus")),
                *((),) * (height - 3),
                (Span("F10 next", "key"),),
            ),
            (5 + len(self.text), 1),
        )

    async def press(self, press: Press) -> None:
        self.presses.append(press)
        if press.key is Key.TEXT:
            self.text += press.text
        elif press.key is Key.BACKSPACE:
            self.text = self.text[:-1]


def check(page: Notepad) -> Page:
    """Notepad is a page; the type checker says so here."""
    return page
