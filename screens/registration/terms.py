"""Step 1: the terms of use, to be agreed to before anything is asked."""

from __future__ import annotations

from kiosk.domain.flow import Fact, Step
from kiosk.reference import document
from screens import navigation
from screens.context import Context
from screens.dialogs import Help, Scroll
from screens.frame import Message, body_room, framed, indented, step_title, told, with_staff
from screens.journey import Journey
from screens.keys import Key, Press
from screens.view import Line, View


class TermsPage:
    """Shows the terms; F10 agrees, F3 leaves. A blank or Enter turns the page."""

    recordable = True

    step = Step.TERMS
    wipes = True
    """A family begins here: nothing of the one before can be scrolled back to."""

    def __init__(self, context: Context, journey: Journey, at: str = "") -> None:
        del at
        self._context = context
        self._journey = journey
        self._scroll = Scroll()
        self._message = Message()

    async def press(self, press: Press) -> None:
        self._message = Message()
        self._message = await told(self._context, self._take(press)) or self._message

    async def _take(self, press: Press) -> None:
        if press.key is Key.NEXT:
            await self._journey.record({Fact.TERMS: self._context.rules.terms_version}, at="kk")
            await navigation.forward(self._context, self._journey, self.step)
        elif press.key is Key.BACK:
            await navigation.back(self._context, self._journey, self.step)
        elif press.key is Key.FINISH:
            await navigation.keep(self._context, self._journey)
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", self.step))
        elif press.key is Key.STAFF:
            self._message = await navigation.call_staff(self._context, self._journey)
        elif press.key is Key.ENTER:
            self._scroll.press(Press(Key.PAGE_DOWN))
            self._message = Message(self._context.t("screen.terms.agree"))
        else:
            self._scroll.press(press)

    def view(self, width: int, height: int) -> View:
        body: list[Line] = [()]
        for paragraph in document("terms", self._context.language.base):
            body += indented(paragraph, role="plain")
        room = body_room(height)
        shown = self._scroll.cut(body, room)
        message = self._message
        if not message.text:
            key = "screen.terms.agree" if self._scroll.at_end else "screen.terms.more"
            message = Message(self._context.t(key))
        return framed(
            self._context,
            step_title(self._context, self.step),
            shown,
            width=width,
            height=height,
            message=message,
            keys=with_staff(self._context, ("help", "back", "scroll", "agree")),
        )
