"""A page of numbered lines: type a number and Enter, or F10 for what comes next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from kiosk.domain.identifiers import is_digits
from screens import navigation
from screens.base import FirstPage
from screens.context import Context
from screens.dialogs import Help, Scroll
from screens.editor import Editor
from screens.frame import Message, body_room, fit, framed, told
from screens.keys import Key, Press
from screens.layout import boxed
from screens.view import Line, Span, View

_NAME_WIDTH = 38
_BELOW = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: what it is called, how it stands, and what opens it."""

    name: str
    state: str
    open: Callable[[], Awaitable[None]]
    is_done: bool = False


class ListPage:
    """What the pages of the classroom that list something share; each says what it lists and how."""

    recordable = True

    wipes = True
    name: ClassVar[str] = ""
    keys: ClassVar[tuple[str, ...]] = ("help", "back", "scroll", "carry_on")

    def __init__(self, context: Context, message: Message | None = None) -> None:
        self._context = context
        self._message = message or Message()
        self._entries: Sequence[Entry] = ()
        self._editor = Editor(limit=3)
        self._scroll = Scroll()
        self._begun = False

    async def begin(self) -> None:
        """Reads what is listed; the store is opened here when the program has just started."""
        await self._context.ready()
        self._entries = await self.entries()
        self._begun = True

    async def entries(self) -> Sequence[Entry]:
        """The lines, in order."""
        raise NotImplementedError

    def head(self) -> list[Line]:
        """What stands above the lines."""
        return [()]

    def more_keys(self) -> dict[Key, Callable[[], Awaitable[None]]]:
        """What other keys do on this page."""
        return {}

    async def back(self) -> None:
        """F3: to the page before."""
        await open_menu(self._context)

    async def press(self, press: Press) -> None:
        self._message = Message()
        self._message = await told(self._context, self._take(press)) or self._message

    async def _take(self, press: Press) -> None:
        if not self._begun:
            await self.begin()  # what was typed ahead may name a line
        more = self.more_keys().get(press.key)
        if more is not None:
            await more()
        elif press.key in {Key.BACK, Key.FINISH, Key.STAFF}:
            await self.back()
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", self.name))
        elif press.key is Key.NEXT:
            await self._go_on()
        elif press.key is Key.ENTER:
            await self._open(self._editor.text.strip())
        elif press.key is Key.TEXT or not self._scroll.press(press):
            self._editor.press(press)

    async def _open(self, typed: str) -> None:
        self._editor.clear()
        if not typed:
            await self._go_on()
        elif is_digits(typed) and 1 <= int(typed) <= len(self._entries):
            await self._entries[int(typed) - 1].open()
        else:
            self._message = Message(self._context.t("screen.training.no_number"), "warn")

    async def _go_on(self) -> None:
        """What comes next: the first that is not done, else the first."""
        following = next((one for one in self._entries if not one.is_done), None)
        if following is None and self._entries:
            following = self._entries[0]
        if following is not None:
            await following.open()

    def view(self, width: int, height: int) -> View:
        t = self._context.t
        head = self.head()
        room = body_room(height) - len(head) - _BELOW
        lines = self._scroll.cut(
            [self._line(number, one) for number, one in enumerate(self._entries, 1)], room
        )
        body = [*head, *lines, *([()] * (room - len(lines)))]
        box, column = boxed(self._editor, hidden=False, width=4)
        ask = f"   {t('screen.training.number')} "
        body += [(), (Span(ask), box)]
        return framed(
            self._context,
            (Span(f" {t(f'screen.training.{self.name}')}", "title"),),
            body,
            width=width,
            height=height,
            message=self._message,
            keys=[key for key in self.keys if key != "scroll" or self._scroll.is_long],
            cursor=(len(ask) + column, len(body) - 1),
        )

    def _line(self, number: int, one: Entry) -> Line:
        role = "plain" if one.is_done else "value"
        return (Span(f"  {number:>3}  "), Span(fit(one.name, _NAME_WIDTH), role), Span(f"  {one.state}"))


async def open_menu(context: Context, message: Message | None = None) -> None:
    """The menu of the classroom, in the place of every other page."""
    from screens.training.menu import MenuPage  # noqa: PLC0415  (the menu opens lists, lists go back to it)

    page = MenuPage(context, message)
    context.shell.show(page)
    await page.begin()


def classroom(context: Context, *, run: str) -> FirstPage:
    """The page with which the program begins as a classroom; the debrief of a run lies over it."""
    from screens.training.menu import MenuPage  # noqa: PLC0415  (as above)

    return MenuPage(context, run=run)


async def leave(context: Context) -> None:
    """Out of the classroom, to the first screen."""
    await navigation.home(context)
