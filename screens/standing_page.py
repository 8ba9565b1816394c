"""How one registration stands, for whoever knows its code: nothing of the family itself."""

from __future__ import annotations

from kiosk.domain.registration import Registration, State
from kiosk.services.standing import Standing
from screens import navigation
from screens.context import Context
from screens.dialogs import Help
from screens.frame import Message, framed, indented
from screens.keys import Key, Press
from screens.registration.account import standing_lines
from screens.view import Line, Span, View

_LEAVE = frozenset({Key.ENTER, Key.BACK, Key.NEXT, Key.FINISH})


class StandingPage:
    """Shown where nobody watches over the screen; Enter or F3 goes back to the first one."""

    def __init__(self, context: Context, registration: Registration) -> None:
        self._context = context
        self._registration = registration
        self._standing = Standing(registration.state)
        self._message = Message()

    async def begin(self) -> None:
        """Reads how the registration stands."""
        self._standing = await self._context.work(self._context.services.standings.of, self._registration)

    async def renew(self) -> None:
        """Reads again what the hub may have said meanwhile."""
        queries = self._context.services.queries
        self._registration = await self._context.work(queries.registration, self._registration.reference)
        await self.begin()

    async def press(self, press: Press) -> None:
        if press.key is Key.FINISH:
            await navigation.home(self._context)
        elif press.key in _LEAVE:
            await navigation.menu(self._context)
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", "standing"))
        elif press.key is Key.STAFF:
            self._message = await navigation.call_staff(self._context)

    def view(self, width: int, height: int) -> View:
        t, reference = self._context.t, self._registration.reference
        pays = self._registration.decision.premium_total is not None
        body: list[Line] = [(), *standing_lines(self._context, self._standing, pays=pays, in_public=True)]
        if self._standing.state is State.NEEDS_FIX:
            body += [(), *indented(t("screen.mend.by_kk"))]
        return framed(
            self._context,
            (Span(" " + t("screen.registration", reference=reference), "title"),),
            body,
            width=width,
            height=height,
            message=self._message,
            keys=("help", "return", "staff"),
        )
