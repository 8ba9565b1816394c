"""The page on which a kiosk without staff waits for the next person: what it is for, in which language."""

from __future__ import annotations

from kiosk.language import Language, offered
from screens import navigation
from screens.context import Context
from screens.dialogs import Confirm, Help
from screens.frame import Message, body_room, framed, indented, told
from screens.keys import Key, Press
from screens.view import Line, Span, View
from screens.village import limits
from screens.village.letters import large

_NUMBER_AT = 7
"""The column of the number before a language."""


class WelcomePage:
    """Asks for the language by its number and shows nobody's data; F10 and Enter take that of this place."""

    wipes = True

    def __init__(self, context: Context) -> None:
        self._context = context
        context.language = Language(context.config.kiosk.language)
        self._languages = offered(context.config.kiosk.languages)
        self._message = Message()

    @property
    def rests(self) -> bool:
        """True as long as it says nothing to anybody."""
        return not self._message.text

    async def begin(self) -> None:
        """Opens the store where the program has just started, and puts away what the family before left."""
        await navigation.settle(self._context)

    async def press(self, press: Press) -> None:
        self._message = Message()
        self._message = await told(self._context, self._take(press)) or self._message

    async def _take(self, press: Press) -> None:
        context = self._context
        if press.key is Key.TEXT:
            await self._choose(press.text.strip())
        elif press.key in {Key.NEXT, Key.ENTER}:
            await self._go_on()
        elif press.key is Key.HELP:
            context.shell.push(Help(context, "", "welcome"))
        elif press.key is Key.STAFF:
            self._message = Message(context.t("screen.staff", place=context.config.kiosk.place))
        elif press.key is Key.FINISH and context.config.screens.may_quit:
            context.shell.push(Confirm(context, context.t("screen.home.quit"), self._quit))

    async def _choose(self, typed: str) -> None:
        numbers = {str(number): language for number, language in enumerate(self._languages, 1)}
        if typed in numbers:
            self._context.language = numbers[typed]
            await self._go_on()

    async def _go_on(self) -> None:
        if not await limits.holds_up(self._context):
            await navigation.menu(self._context)

    async def _quit(self) -> None:
        self._context.shell.leave(0)

    def _body(self, room: int) -> list[Line]:
        """What it is for and how to choose in every language, then the choices; with air if there is room."""
        first, many = self._languages[0], len(self._languages)
        what = [line for one in self._languages for line in indented(one.text("screen.welcome.what"))]
        how = [
            line for one in self._languages for line in indented(one.text("screen.welcome.how"), role="title")
        ]
        choices: list[Line] = []
        title: list[Line] = [(Span("   " + line, "title"),) for line in large("DAFTAR JKN")]
        air = 4 + len(title) + len(what) + len(how) + 2 * many <= room
        for number, language in enumerate(self._languages, 1):
            chosen = language.code == self._context.language.code
            name = language.text("screen.welcome.name")
            note = Span("   " + first.text("screen.welcome.enter") if chosen else "")
            choices += [(Span("      "), Span(f" {number} ", "mark"), Span(f"  {name}"), note), *[()] * air]
        return [(), *title, (), *what, *[()] * air, *how, (), *choices]

    def view(self, width: int, height: int) -> View:
        body = self._body(body_room(height))
        at = next(place for place, line in enumerate(body) if any(span.role == "mark" for span in line))
        keys = ["help", "staff", "begin"]
        if self._context.config.screens.may_quit:
            keys.append("quit")
        return framed(
            self._context,
            (
                Span(" " + self._context.t("screen.home.title"), "title"),
                Span("  " + self._context.t("screen.home.not_bpjs")),
            ),
            body,
            width=width,
            height=height,
            message=self._message,
            keys=keys,
            cursor=(_NUMBER_AT, at),
        )
