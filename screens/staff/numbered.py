"""A page of numbered lines: a number and Enter does what the line says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from kiosk.domain.identifiers import is_digits
from screens.context import Context
from screens.dialogs import Help
from screens.editor import Editor
from screens.frame import Message, body_room, framed, indented, told
from screens.keys import Key, Press
from screens.layout import boxed
from screens.view import Line, Span, View

_LEAVE = frozenset({Key.BACK, Key.STAFF, Key.FINISH})
_PAGE = 5


@dataclass(frozen=True, slots=True)
class Item:
    """One line: what it says, what more there is to say under it, and what it does."""

    words: str
    do: Callable[[], Awaitable[None]]
    more: str = ""
    role: str = "value"


class NumberedPage:
    """A page of its own says which lines there are (`items`) and what stands above them."""

    title: ClassVar[str]
    help_page: ClassVar[str]
    keys: ClassVar[tuple[str, ...]] = ("help", "return")

    def __init__(self, context: Context) -> None:
        self.context = context
        self.message = Message()
        self._editor = Editor(limit=3)
        self._top = 0

    def items(self) -> Sequence[Item]:
        raise NotImplementedError

    def above(self) -> list[Line]:
        """Lines over the numbered ones."""
        return []

    async def leave(self) -> None:
        """F3: back to the page below."""
        self.context.shell.pop()

    async def press(self, press: Press) -> None:
        self.message = Message()
        self.message = await told(self.context, self.take(press)) or self.message

    async def take(self, press: Press) -> None:
        """One key."""
        if press.key in {Key.ENTER, Key.NEXT}:
            await self._choose(self._editor.text.strip())
        elif press.key in _LEAVE:
            await self.leave()
        elif press.key is Key.HELP:
            self.context.shell.push(Help(self.context, "", self.help_page))
        elif press.key in {Key.PAGE_UP, Key.PAGE_DOWN, Key.UP, Key.DOWN}:
            steps = {Key.PAGE_UP: -_PAGE, Key.PAGE_DOWN: _PAGE, Key.UP: -1, Key.DOWN: 1}
            self._top = max(self._top + steps[press.key], 0)
        else:
            self._editor.press(press)

    async def _choose(self, typed: str) -> None:
        self._editor.clear()
        items = self.items()
        if is_digits(typed) and 1 <= int(typed) <= len(items):
            await items[int(typed) - 1].do()
        else:
            self.message = Message(self.context.t("screen.staff.which", count=len(items)), "warn")

    def view(self, width: int, height: int) -> View:
        above: list[Line] = [(), *self.above()]
        lines = self._lines()
        room = max(body_room(height) - len(above) - 2, 1)
        self._top = min(self._top, max(len(lines) - room, 0))
        box, column = boxed(self._editor, hidden=False, width=4)
        ask = "   " + self.context.t("screen.staff.number") + " "
        body = [*above, *lines[self._top : self._top + room], (), (Span(ask), box)]
        return framed(
            self.context,
            self.heading(),
            body,
            width=width,
            height=height,
            message=self.message,
            keys=self.key_names(),
            cursor=(len(ask) + column, len(body) - 1),
        )

    def _lines(self) -> list[Line]:
        lines: list[Line] = []
        for number, item in enumerate(self.items(), 1):
            lines.append((Span(f"   {number:>2}  ", "mark"), Span(item.words, item.role)))
            if item.more:
                lines += [(Span("    "), *line) for line in indented(item.more)]
                lines.append(())
        return lines

    def heading(self) -> Line:
        """The second line."""
        return (Span(" " + self.context.t(self.title), "title"),)

    def key_names(self) -> Sequence[str]:
        return self.keys
