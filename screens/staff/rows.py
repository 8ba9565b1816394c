"""A page of a few rows that are kept nowhere until the last of them is given: PINs, names, reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from screens.context import Context
from screens.dialogs import Help
from screens.editor import Editor
from screens.frame import Message, body_room, framed, told
from screens.keys import Key, Press
from screens.layout import Row, sheet_lines
from screens.view import Line, Span, View

_LONGEST = 200
_HIDDEN = "*" * 8
"""Stands for what was typed in a hidden row, however long that was."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One row: its name, the keys of its label and its hint, and whether what is typed is hidden."""

    name: str
    label: str
    hint: str = ""
    hidden: bool = False


class RowsPage:
    """Enter accepts a row and goes on to the next; after the last one the page does what it is for.

    A page of its own says which rows there are (`rows`), checks each (`accept`) and acts (`done`).
    """

    title: str
    help_page: str
    keys: ClassVar[tuple[str, ...]] = ("help", "return", "next")

    def __init__(self, context: Context) -> None:
        self.context = context
        self.message = Message()
        self.at = 0
        self.answers: dict[str, str] = {}
        self.editor = Editor(limit=_LONGEST)

    # What a page of its own says.

    def rows(self) -> Sequence[Asked]:
        raise NotImplementedError

    def above(self) -> list[Line]:
        """Lines over the rows."""
        return [()]

    def below(self) -> list[Line]:
        """Lines under the rows."""
        return []

    def reads(self, name: str) -> str:
        """How a given answer is shown, where that is not as it was typed."""
        return self.answers.get(name, "")

    async def accept(self, name: str, text: str) -> Message | None:
        """Takes what was typed into a row; what is wrong with it, or None to go on."""
        raise NotImplementedError(name)

    async def done(self) -> None:
        """Called when every row was accepted."""
        raise NotImplementedError

    async def leave(self) -> None:
        """F3 and F12: back to where it was called from."""
        self.context.shell.pop()

    def tell_below(self, message: Message) -> None:
        """Lets the page that is on top now say something, where it can."""
        tell: Callable[[Message], None] | None = getattr(self.context.shell.top, "tell", None)
        if tell is not None:
            tell(message)

    # Keys.

    @property
    def asked(self) -> Asked:
        return self.rows()[self.at]

    def go_to(self, name: str, text: str = "") -> None:
        """Puts the cursor into a row; hidden ones are typed anew."""
        names = [row.name for row in self.rows()]
        self.at = names.index(name)
        self.editor = Editor(text, limit=_LONGEST, replaces=bool(text))

    async def press(self, press: Press) -> None:
        self.message = Message()
        self.message = await told(self.context, self.take(press)) or self.message

    async def take(self, press: Press) -> None:
        """One key."""
        if press.key in {Key.ENTER, Key.NEXT}:
            await self._enter()
        elif press.key in {Key.UP, Key.DOWN}:
            self._move(-1 if press.key is Key.UP else 1)
        elif press.key in {Key.BACK, Key.FINISH}:
            await self.leave()
        elif press.key is Key.HELP:
            self.context.shell.push(Help(self.context, "", self.help_page))
        else:
            self.editor.press(press)

    async def _enter(self) -> None:
        asked, text = self.asked, self.editor.text.strip()
        wrong = await self.accept(asked.name, text)
        if wrong is not None:
            self.message = wrong
            self._take_again(asked)
            return
        self.answers[asked.name] = text
        if self.at + 1 < len(self.rows()):
            self._stand(self.at + 1)
        else:
            await self.done()

    def _take_again(self, asked: Asked) -> None:
        if self.asked is asked or self.asked.name == asked.name:
            if asked.hidden:
                self.editor.clear()
            else:
                self.editor.replaces = bool(self.editor.text)

    def _move(self, by: int) -> None:
        if 0 <= self.at + by < len(self.rows()) and (by < 0 or self.asked.name in self.answers):
            self._stand(self.at + by)

    def _stand(self, at: int) -> None:
        self.at = at
        asked = self.asked
        self.go_to(asked.name, "" if asked.hidden else self.answers.get(asked.name, ""))

    # What is shown.

    def view(self, width: int, height: int) -> View:
        body, cursor = sheet_lines(
            [self._row(index, row) for index, row in enumerate(self.rows())],
            self.at,
            self.above(),
            self.below(),
            body_room(height),
        )
        return framed(
            self.context,
            self.heading(),
            body,
            width=width,
            height=height,
            message=self.message,
            keys=self.key_names(),
            cursor=cursor,
        )

    def heading(self) -> Line:
        """The second line."""
        return (Span(" " + self.context.t(self.title), "title"),)

    def key_names(self) -> Sequence[str]:
        return self.keys

    def _row(self, index: int, row: Asked) -> Row:
        focused = index == self.at
        given = self.reads(row.name)
        return Row(
            label=self.context.t(row.label),
            text=_HIDDEN if row.hidden and given else given,
            hint=self.context.t(row.hint) if row.hint and focused else "",
            editor=self.editor if focused else None,
            hidden=row.hidden,
        )
