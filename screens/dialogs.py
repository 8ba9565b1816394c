"""Pages over a page: help, a question to be answered with yes or no."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kiosk.domain.flow import Step
from screens.context import Context
from screens.frame import body_room, framed, indented
from screens.keys import Key, Press
from screens.view import Line, Span, View


class Scroll:
    """A window over lines that may be longer than the screen."""

    def __init__(self) -> None:
        self.top = 0
        self._last = 0
        self._room = 1

    def cut(self, lines: list[Line], room: int) -> list[Line]:
        self._room = max(room, 1)
        self._last = max(len(lines) - self._room, 0)
        self.top = min(self.top, self._last)
        return lines[self.top : self.top + self._room]

    def press(self, press: Press) -> bool:
        """Takes a key that scrolls; False for any other."""
        page = max(self._room - 2, 1)
        steps = {Key.UP: -1, Key.DOWN: 1, Key.PAGE_UP: -page, Key.PAGE_DOWN: page, Key.HOME: -self._last}
        by = self._last if press.key is Key.END else steps.get(press.key)
        if press.key is Key.TEXT and press.text == " ":
            by = page
        if by is None:
            return False
        self.top = min(max(self.top + by, 0), self._last)
        return True

    @property
    def is_long(self) -> bool:
        """Whether there is more than the screen shows."""
        return self._last > 0

    @property
    def at_end(self) -> bool:
        return self.top >= self._last


class Help:
    """What a field or a step asks, in plain words; Enter or F3 goes back to it."""

    recordable = True

    def __init__(self, context: Context, field: str, step: Step | str) -> None:
        self._context = context
        self._texts = [f"help.{field}", f"help.page.{step}"] if field else [f"help.page.{step}"]
        self._scroll = Scroll()

    async def press(self, press: Press) -> None:
        if press.key in {Key.ENTER, Key.BACK, Key.HELP, Key.FINISH}:
            self._context.shell.pop()
        else:
            self._scroll.press(press)

    def view(self, width: int, height: int) -> View:
        body: list[Line] = []
        for key in self._texts:
            if self._context.language.has(key):
                body += [(), *indented(self._context.t(key))]
        body += [(), *indented(self._context.t("screen.help.keys"))]
        shown = self._scroll.cut(body, body_room(height))
        return framed(
            self._context,
            (Span(" " + self._context.t("screen.help"), "title"),),
            shown,
            width=width,
            height=height,
            keys=("return", "scroll") if self._scroll.is_long else ("return",),
        )


class Notice:
    """What could not be done, and what to do about it; Enter or F3 goes back to where it was tried."""

    recordable = True

    def __init__(self, context: Context, text: str) -> None:
        self._context = context
        self._text = text

    async def press(self, press: Press) -> None:
        if press.key in {Key.ENTER, Key.BACK, Key.FINISH}:
            self._context.shell.pop()

    def view(self, width: int, height: int) -> View:
        return framed(
            self._context,
            (Span(" " + self._context.t("screen.not_done"), "title"),),
            [(), *indented(self._text, role="error")],
            width=width,
            height=height,
            keys=("return",),
        )


class Confirm:
    """A question before something that cannot be taken back: F10 does it, F3 does not."""

    recordable = True

    def __init__(self, context: Context, question: str, do: Callable[[], Awaitable[None]]) -> None:
        self._context = context
        self._question = question
        self._do = do

    async def press(self, press: Press) -> None:
        if press.key is Key.NEXT:
            self._context.shell.pop()
            await self._do()
        elif press.key in {Key.BACK, Key.FINISH}:
            self._context.shell.pop()
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", "confirm"))

    def view(self, width: int, height: int) -> View:
        return framed(
            self._context,
            (Span(" " + self._context.t("screen.sure"), "title"),),
            [(), *indented(self._question)],
            width=width,
            height=height,
            keys=("help", "no", "yes"),
        )
