"""The desk's small pages: help, and the reason that everything done there is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kiosk.errors import KioskError
from kiosk.services.desk import LONGEST_REASON
from screens.desk.context import DeskContext
from screens.dialogs import Scroll
from screens.editor import Editor
from screens.frame import Message, body_room, indented
from screens.keys import Key, Press
from screens.layout import boxed
from screens.view import Line, Span, View

_REASON_WIDTH = 70


def told(context: DeskContext, error: KioskError) -> Message:
    """The sentence for what could not be done; where another code says why, that one's too."""
    sentence = context.t(f"problem.{error.code}")
    why = f"problem.{error.detail}"
    return Message(f"{sentence} {context.t(why)}" if context.language.has(why) else sentence, "error")


class DeskHelp:
    """What a page of the desk is for; Enter or F3 goes back to it."""

    def __init__(self, context: DeskContext, page: str) -> None:
        self._context = context
        self._page = page
        self._scroll = Scroll()

    async def press(self, press: Press) -> None:
        if press.key in {Key.ENTER, Key.BACK, Key.HELP, Key.FINISH}:
            self._context.shell.pop()
        else:
            self._scroll.press(press)

    def view(self, width: int, height: int) -> View:
        body: list[Line] = [(), *indented(self._context.t(f"help.page.{self._page}"))]
        return self._context.framed(
            self._context.t("screen.help"),
            self._scroll.cut(body, body_room(height)),
            width=width,
            height=height,
            keys=("return", "scroll"),
        )


class ReasonPage:
    """Asks why before something is done; F10 does it, F3 does not."""

    def __init__(self, context: DeskContext, question: str, do: Callable[[str], Awaitable[None]]) -> None:
        self._context = context
        self._question = question
        self._do = do
        self._editor = Editor(limit=LONGEST_REASON)
        self._message = Message()

    async def press(self, press: Press) -> None:
        if press.key in {Key.BACK, Key.FINISH}:
            self._context.shell.pop()
        elif press.key in {Key.NEXT, Key.ENTER}:
            try:
                await self._do(self._editor.text)
            except KioskError as error:
                self._message = told(self._context, error)
        elif self._editor.press(press):
            self._message = Message()

    def view(self, width: int, height: int) -> View:
        t = self._context.t
        box, column = boxed(self._editor, hidden=False, width=_REASON_WIDTH)
        body: list[Line] = [(), *indented(self._question), (), *indented(t("desk.reason.ask")), ()]
        body.append((Span("   "), box))
        return self._context.framed(
            t("desk.reason.title"),
            body,
            width=width,
            height=height,
            message=self._message,
            keys=("no", "yes"),
            cursor=(3 + column, len(body) - 1),
        )
