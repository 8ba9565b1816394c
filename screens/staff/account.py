"""One account of the staff, for a supervisor, and one's own PIN, for everybody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from kiosk.domain.fields import Problem
from kiosk.domain.staff import Second
from kiosk.services.staff import SignedIn, StaffLine
from screens.context import Context
from screens.dialogs import Confirm
from screens.frame import Message, indented, told
from screens.staff.accounts import account_words
from screens.staff.new_member import PIN, PinRows
from screens.staff.numbered import Item, NumberedPage
from screens.staff.rows import Asked
from screens.staff.second_sheet import SecondSheetPage
from screens.view import Line

_OLD, _CODE = "old", "code"
Told = Callable[[str], Awaitable[None]]


def signed_in(context: Context) -> SignedIn:
    """Who is signed in; these pages are for nobody else."""
    assert context.session is not None  # noqa: S101 - the menu that leads here is theirs alone
    return context.session


class AccountPage(NumberedPage):
    """What can be done with one account; `told` hears what was done."""

    title = "screen.staff.account"
    help_page = "accounts"
    is_personal = True

    def __init__(self, context: Context, one: StaffLine, told: Told) -> None:
        super().__init__(context)
        self._one = one
        self._told = told

    def above(self) -> list[Line]:
        return [*indented(account_words(self.context, self._one)), ()]

    def items(self) -> Sequence[Item]:
        t, one = self.context.t, self._one
        if not one.active:
            return [Item(t("screen.staff.open_again"), self._activate)]
        items = [Item(t("screen.staff.reset_pin"), self._reset)]
        if one.wait_seconds:
            items.append(Item(t("screen.staff.end_pause"), self._unlock))
        items.append(Item(t("screen.staff.second_list"), self._second(Second.LIST)))
        items.append(Item(t("screen.staff.second_app"), self._second(Second.TOTP)))
        if one.second is not Second.NONE:
            items.append(Item(t("screen.staff.second_none"), self._second(Second.NONE)))
        items.append(Item(t("screen.staff.close"), self._ask_close))
        return items

    async def _done(self, key: str) -> None:
        self.context.shell.pop()
        await self._told(self.context.t(key, name=self._one.name))

    async def _reset(self) -> None:
        self.context.shell.push(ResetPinPage(self.context, self._one, self._done))

    async def _unlock(self) -> None:
        staff = self.context.services.staffing.staff
        await self.context.work(staff.unlock, self._one.id, by=signed_in(self.context))
        await self._done("screen.staff.unlocked")

    async def _activate(self) -> None:
        staff = self.context.services.staffing.staff
        await self.context.work(staff.activate, self._one.id, by=signed_in(self.context))
        await self._done("screen.staff.opened")

    async def _ask_close(self) -> None:
        question = self.context.t("screen.staff.close_sure", name=self._one.name)
        self.context.shell.push(Confirm(self.context, question, self._close))

    async def _close(self) -> None:
        self.message = await told(self.context, self._closed()) or self.message

    async def _closed(self) -> None:
        staff = self.context.services.staffing.staff
        await self.context.work(staff.deactivate, self._one.id, by=signed_in(self.context))
        await self._done("screen.staff.was_closed")

    def _second(self, kind: Second) -> Callable[[], Awaitable[None]]:
        async def set_second() -> None:
            staff = self.context.services.staffing.staff
            sheet = await self.context.work(staff.set_second, self._one.id, kind, by=signed_in(self.context))
            await self._done("screen.staff.second_set" if sheet else "screen.staff.second_gone")
            if sheet is not None:
                self.context.shell.push(SecondSheetPage(self.context, self._one.name, sheet))

        return set_second


class ResetPinPage(PinRows):
    """A new PIN for somebody who forgot theirs, typed by its owner; the second code goes with the old one."""

    title = "screen.staff.reset_pin"
    help_page = "new_member"
    is_personal = True

    def __init__(self, context: Context, one: StaffLine, done: Told) -> None:
        super().__init__(context)
        self._one = one
        self._done = done

    def rows(self) -> Sequence[Asked]:
        return self.pin_rows()

    def above(self) -> list[Line]:
        return [(), *indented(self.context.t("screen.staff.reset_how", name=self._one.name)), ()]

    async def done(self) -> None:
        staff = self.context.services.staffing.staff
        problem = await self.context.work(
            staff.reset, self._one.id, self.answers[PIN], by=signed_in(self.context)
        )
        if problem is not None:
            self.start_again(problem)
            return
        self.context.shell.pop()
        await self._done("screen.staff.was_reset")


class OwnPinPage(PinRows):
    """A new PIN for who is signed in; the old one is asked first, and counts as at sign-in."""

    title = "screen.staff.menu_pin"
    help_page = "new_member"
    is_personal = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._asks_code = False

    async def begin(self) -> None:
        """Finds out whether a second proof will be asked."""
        people = await self.context.work(self.context.services.staffing.staff.people)
        me = signed_in(self.context).id
        self._asks_code = any(one.id == me and one.second is not Second.NONE for one in people)

    def rows(self) -> Sequence[Asked]:
        code = (Asked(_CODE, "screen.staff.code", "screen.staff.code_hint"),) if self._asks_code else ()
        return (
            Asked(_OLD, "screen.staff.old_pin", "screen.staff.old_pin_hint", hidden=True),
            *code,
            *self.pin_rows(),
        )

    async def accept(self, name: str, text: str) -> Message | None:
        if name in {_OLD, _CODE}:
            return (
                None
                if text
                else self.wrong(Problem("pin", "pin.missing" if name == _OLD else "second.missing"))
            )
        return await super().accept(name, text)

    async def done(self) -> None:
        change = self.context.services.staffing.staff.change_pin
        code = self.answers.get(_CODE, "")
        me = signed_in(self.context)
        problem = await self.context.work(change, me, self.answers[_OLD], self.answers[PIN], code)
        if problem is not None:
            self.start_again(problem)
            return
        self.context.shell.pop()
        self.tell_below(Message(self.context.t("screen.staff.pin_changed"), "good"))
