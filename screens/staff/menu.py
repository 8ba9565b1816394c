"""The menu behind F2: what staff do beside registering families."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kiosk.domain.draft import Draft
from screens.base import Beginning
from screens.context import Context
from screens.frame import indented
from screens.journey import Journey
from screens.staff import turn
from screens.staff.numbered import Item, NumberedPage
from screens.view import Line


class StaffMenu(NumberedPage):
    """Lies over whatever page F2 was pressed on; F3 goes back to it.

    With a family in hand it holds what one does then: lock, hand over, sign out, one's own PIN.
    """

    title = "screen.staff.menu"
    help_page = "staff_menu"
    is_personal = True

    def __init__(self, context: Context, journey: Journey | None = None) -> None:
        super().__init__(context)
        self._journey = journey

    def items(self) -> Sequence[Item]:
        t, session = self.context.t, self.context.session
        items = [
            Item(t("screen.staff.menu_lock"), self._lock),
            Item(t("screen.staff.menu_hand_over"), self._hand_over),
            Item(t("screen.staff.menu_out"), self._sign_out),
            Item(t("screen.staff.menu_pin"), self._own_pin),
        ]
        if self._journey is None:  # a family in hand is finished or kept before a day ends
            items.append(Item(t("screen.staff.menu_end"), self._end_of_day))
            if session is not None and session.is_supervisor:
                items.append(Item(t("screen.staff.menu_accounts"), self._accounts))
                items.append(Item(t("screen.staff.menu_signs"), self._signs))
            if self.context.settings_changed:
                items.append(Item(t("screen.staff.menu_settings"), self._settings))
        return items

    def above(self) -> list[Line]:
        session = self.context.session
        lines = indented(self.context.t("screen.staff.menu_who", name=session.name if session else "-"))
        if self._journey is not None:
            lines += indented(self.context.t("screen.staff.menu_draft"))
        return [*lines, ()]

    # What the lines do.

    async def _lock(self) -> None:
        self.context.shell.pop()
        await turn.lock(self.context, self._draft)

    @property
    def _draft(self) -> Draft | None:
        return self._journey.draft if self._journey is not None else None

    async def _hand_over(self) -> None:
        from screens.staff.sign_in import HandOverPage  # noqa: PLC0415  (only who chooses it needs it)

        await self._open(lambda: HandOverPage(self.context, self._draft))

    async def _sign_out(self) -> None:
        kept = self.context.t("screen.draft_kept") if self._journey is not None else ""
        await turn.sign_out(self.context, kept)

    async def _own_pin(self) -> None:
        from screens.staff.account import OwnPinPage  # noqa: PLC0415  (only who chooses it needs it)

        await self._open(lambda: OwnPinPage(self.context))

    async def _end_of_day(self) -> None:
        from screens.staff.end_of_day import EndOfDayPage  # noqa: PLC0415  (only who chooses it needs it)

        await self._open(lambda: EndOfDayPage(self.context))

    async def _accounts(self) -> None:
        from screens.staff.accounts import AccountsPage  # noqa: PLC0415  (only who chooses it needs it)

        await self._open(lambda: AccountsPage(self.context))

    async def _signs(self) -> None:
        from screens.staff.signs import SignsPage  # noqa: PLC0415  (only who chooses it needs it)

        await self._open(lambda: SignsPage(self.context))

    async def _settings(self) -> None:
        from screens.staff.changed_settings import open_changes  # noqa: PLC0415  (only who chooses it needs it)

        self.context.shell.pop()
        await open_changes(self.context)

    async def _open(self, make: Callable[[], Beginning]) -> None:
        """Puts a page into the place of the menu."""
        self.context.shell.pop()
        page = make()
        self.context.shell.push(page)
        await page.begin()
