"""Signs of misuse, for the supervisor: what strikes the eye in the last days, with the numbers behind it."""

from __future__ import annotations

from datetime import timedelta

from kiosk.services.paper import day_and_time
from kiosk.services.signs import Sign, SignKind
from screens.context import Context
from screens.dialogs import Help, Scroll
from screens.frame import Message, body_room, framed, indented
from screens.keys import Key, Press
from screens.view import Line, Span, View

_DAYS = 30
_LEAVE = frozenset({Key.ENTER, Key.BACK, Key.FINISH, Key.STAFF})
_MANY = 6
"""So many families of one sign are named; how many there are more is counted."""
_SAYS = {
    SignKind.PHONE: "screen.staff.sign_phone",
    SignKind.ACCOUNT: "screen.staff.sign_account",
    SignKind.CONSENT: "screen.staff.sign_consent",
    SignKind.NIGHT: "screen.staff.sign_night",
}


class SignsPage:
    """Lists the signs; nobody is blocked by one, and nobody's data are shown beyond the last digits."""

    is_personal = True

    def __init__(self, context: Context) -> None:
        self._context = context
        self._signs: list[Sign] | None = None
        self._names: dict[str, str] = {}
        self._scroll = Scroll()

    async def begin(self) -> None:
        """Looks through the last days."""
        staffing, today = self._context.services.staffing, self._context.rules.today
        people = await self._context.work(staffing.staff.people, with_inactive=True)
        self._names = {one.id: one.name for one in people}
        first = today - timedelta(days=_DAYS - 1)
        self._signs = await self._context.work(staffing.signs.of, first, today)

    async def renew(self) -> None:
        """Looks again at what came meanwhile."""
        await self.begin()

    async def press(self, press: Press) -> None:
        if press.key in _LEAVE:
            self._context.shell.pop()
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", "signs"))
        else:
            self._scroll.press(press)

    def view(self, width: int, height: int) -> View:
        t = self._context.t
        body: list[Line] = [(), *indented(t("screen.staff.signs_how", days=_DAYS)), ()]
        for sign in self._signs or ():
            body += self._lines(sign)
        if self._signs == []:
            body += indented(t("screen.staff.no_signs"), role="good")
        shown = self._scroll.cut(body, body_room(height))
        return framed(
            self._context,
            (Span(" " + t("screen.staff.menu_signs"), "title"),),
            shown,
            width=width,
            height=height,
            message=Message(t("screen.staff.signs_count", count=len(self._signs or ()))),
            keys=("help", "return", "scroll") if self._scroll.is_long else ("help", "return"),
        )

    def _lines(self, sign: Sign) -> list[Line]:
        t = self._context.t
        says = t(_SAYS[sign.kind], number=sign.number, limit=sign.limit, about=sign.about or "-")
        named, more = sign.references[:_MANY], len(sign.references) - _MANY
        who = ", ".join(self._names.get(one, one) or t("screen.staff.nobody") for one in sign.staff)
        families = ", ".join(named) + (f" (+{more})" if more > 0 else "")
        return [
            *indented(says, role="warn"),
            *indented(t("screen.staff.sign_where", families=families)),
            *indented(
                t("screen.staff.sign_who", names=who or t("screen.staff.nobody"), at=day_and_time(sign.at))
            ),
            (),
        ]
