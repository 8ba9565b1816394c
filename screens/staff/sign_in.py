"""Signing in at the start of a turn, after a lock, and when one person hands over to another."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from kiosk.domain.draft import Draft
from kiosk.errors import KioskError
from kiosk.services.staff import SignedIn, StaffLine
from screens import navigation
from screens.base import Page
from screens.context import Context
from screens.dialogs import Confirm
from screens.frame import Message, framed, told
from screens.keys import Key, Press
from screens.staff import turn
from screens.staff.identify import IdentifyPage
from screens.view import Line, Span, View


class GatePage:
    """Stands first at a counter; once the store is open, signing in or the first start takes its place.

    A key that comes before goes to the page that is to come.
    """

    wipes = True
    locks = True

    def __init__(self, context: Context, message: str = "") -> None:
        self._context = context
        self._says = message
        self._message = Message()
        self._opening: asyncio.Task[Page] | None = None

    async def begin(self) -> None:
        """Opens the store and shows what follows, once, whether the program or a key asks for it first."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._following())
        try:
            page = await self._opening
        except KioskError:
            self._opening = None  # the next key tries again
            raise
        if self._context.shell.top is self:
            self._context.shell.show(page)

    async def _following(self) -> Page:
        """The page that comes next, with all that it shows."""
        await self._context.ready()
        staff = self._context.services.staffing.staff
        if await self._context.work(staff.is_empty):
            from screens.staff.first_start import FirstStartPage  # noqa: PLC0415  (once in a kiosk's life)

            return FirstStartPage(self._context)
        page = SignInPage(self._context)
        await page.begin()
        page.message = Message(self._says, "good" if self._says else "plain")
        return page

    async def press(self, press: Press) -> None:
        wrong = await told(self._context, self._hand_on(press))
        self._message = wrong or Message()

    async def _hand_on(self, press: Press) -> None:
        await self.begin()
        top = self._context.shell.top
        if top is not None and top is not self:
            await top.press(press)

    def view(self, width: int, height: int) -> View:
        t = self._context.t
        body: list[Line] = [(), (Span("   " + t("screen.home.opening")),)]
        return framed(
            self._context,
            (Span(" " + t("screen.home.title"), "title"), Span("  " + t("screen.home.not_bpjs"))),
            body,
            width=width,
            height=height,
            message=self._message,
            keys=("help",),
        )


class SignInPage(IdentifyPage):
    """Nobody is signed in: whoever comes says who they are and begins or goes on with a turn."""

    title = "screen.staff.sign_in"
    explains = "screen.staff.sign_in_how"
    help_page = "sign_in"
    wipes = True
    locks: ClassVar[bool] = True
    """Whether nothing can be done or seen here before somebody has signed in."""
    keys: ClassVar[tuple[str, ...]] = ("help", "unlock", "language", "quit")

    async def known(self, member: SignedIn) -> Message | None:
        await turn.signed_in(self.context, member)
        await navigation.home(self.context)
        return None

    async def leave(self) -> None:
        """F3 empties the rows; F12 ends the program where that may be."""
        await self._anew()

    async def _anew(self) -> None:
        self.person, self.answers = None, {}
        self.go_to("person")
        await self.begin()

    async def take(self, press: Press) -> None:
        if press.key is Key.STAFF:
            from screens.staff.unlock import UnlockPage  # noqa: PLC0415  (only after wrong PINs)

            page = UnlockPage(self.context, self._unlocked)
            self.context.shell.push(page)
            await page.begin()
        elif press.key is Key.AGAIN:
            self.context.switch_language()
        elif press.key is Key.FINISH and self._may_quit:
            self.context.shell.push(Confirm(self.context, self.context.t("screen.home.quit"), self._quit))
        else:
            await super().take(press)

    _may_leave: ClassVar[bool] = True

    @property
    def _may_quit(self) -> bool:
        return self._may_leave and self.context.config.screens.may_quit

    async def _quit(self) -> None:
        self.context.shell.leave(0)

    async def _unlocked(self, names: str) -> None:
        await self._read()
        says = self.context.t("screen.staff.unlocked", name=names) if names else ""
        self.message = Message(says or self.context.t("screen.staff.none_paused"), "good")

    def key_names(self) -> tuple[str, ...]:
        return tuple(name for name in self.keys if name != "quit" or self._may_quit)


class LockPage(SignInPage):
    """Over the pages of somebody who has gone away: nothing of them is seen until somebody signs in.

    The same person goes on; anybody else takes the turn over, and the family in hand with it.
    """

    title = "screen.staff.locked"
    explains = "screen.staff.locked_how"
    help_page = "locked"
    keys: ClassVar[tuple[str, ...]] = ("help", "unlock", "language")
    _may_leave = False

    def __init__(self, context: Context, draft: Draft | None = None) -> None:
        super().__init__(context, context.session.id if context.session else "")
        self._draft = draft

    async def known(self, member: SignedIn) -> Message | None:
        await turn.signed_in(self.context, member, self._draft)
        self.context.shell.pop()
        return None


class HandOverPage(LockPage):
    """One person hands the counter to another: who takes over signs in, and what is open stays open."""

    title = "screen.staff.hand_over"
    explains = "screen.staff.hand_over_how"
    help_page = "hand_over"
    locks = False
    is_personal = True
    keys: ClassVar[tuple[str, ...]] = ("help", "return", "unlock")

    def __init__(self, context: Context, draft: Draft | None = None) -> None:
        super().__init__(context, draft)
        self._chosen = ""

    def may(self, member: StaffLine) -> bool:
        return self.context.session is None or member.id != self.context.session.id

    async def leave(self) -> None:
        self.context.shell.pop()
