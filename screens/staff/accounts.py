"""Accounts of the staff, for a supervisor: a new one, a new PIN, a second proof, closed and opened again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from kiosk.domain.staff import Role, Second
from kiosk.services.staff import StaffLine
from screens.context import Context
from screens.frame import Message, cut, fit, indented
from screens.keys import Key, Press
from screens.staff.new_member import NewMemberPage
from screens.staff.numbered import Item, NumberedPage
from screens.view import Line

_NAME_WIDTH = 24


class AccountsPage(NumberedPage):
    """Everybody with an account, those that are closed too; a number opens one, F10 makes another."""

    title = "screen.staff.accounts"
    help_page = "accounts"
    keys = ("help", "return", "new_member")
    is_personal = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._people: list[StaffLine] = []

    async def begin(self) -> None:
        """Reads who there is."""
        staff = self.context.services.staffing.staff
        self._people = await self.context.work(staff.people, with_inactive=True)

    def above(self) -> list[Line]:
        return [*indented(self.context.t("screen.staff.accounts_how")), ()]

    def items(self) -> Sequence[Item]:
        return [Item(account_words(self.context, one), self._opener(one)) for one in self._people]

    def _opener(self, one: StaffLine) -> Callable[[], Awaitable[None]]:
        async def opened() -> None:
            from screens.staff.account import AccountPage  # noqa: PLC0415  (that page asks for this module)

            self.context.shell.push(AccountPage(self.context, one, self._changed))

        return opened

    async def take(self, press: Press) -> None:
        if press.key is Key.NEXT:
            page = NewMemberPage(self.context, self._added)
            self.context.shell.push(page)
            await page.begin()
        else:
            await super().take(press)

    async def _added(self, one: StaffLine) -> None:
        await self._changed(self.context.t("screen.staff.added", name=one.name))

    async def _changed(self, says: str) -> None:
        await self.begin()
        self.message = Message(says, "good")


def account_words(context: Context, one: StaffLine) -> str:
    """An account in one line."""
    t = context.t
    words = [t("screen.staff.supervisor" if one.role is Role.SUPERVISOR else "screen.staff.clerk")]
    if one.second is not Second.NONE:
        words.append(t("screen.staff.has_second", count=one.codes_left))
    if not one.active:
        words.append(t("screen.staff.closed"))
    elif one.wait_seconds:
        words.append(t("screen.staff.paused", seconds=one.wait_seconds))
    return f"{fit(cut(one.name, _NAME_WIDTH), _NAME_WIDTH)} {', '.join(words)}"
