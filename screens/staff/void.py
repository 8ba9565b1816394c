"""Taking a registration back: a reason, then two people by their PINs, one of them a supervisor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from kiosk.domain.fields import Problem
from kiosk.domain.staff import Role, reason_problem
from kiosk.services.staff import SignedIn, StaffLine
from screens.context import Context
from screens.frame import Message, indented
from screens.staff.identify import IdentifyPage
from screens.staff.rows import Asked, RowsPage
from screens.view import Line

REASON = "reason"


class VoidPage(RowsPage):
    """Asks why; then who is signed in, and a second person, say so with their PINs. `done` hears of it."""

    title = "screen.staff.void"
    help_page = "void"
    is_personal = True

    def __init__(self, context: Context, reference: str, then: Callable[[], Awaitable[None]]) -> None:
        super().__init__(context)
        self._reference = reference
        self._then = then

    def rows(self) -> Sequence[Asked]:
        return (Asked(REASON, "screen.staff.reason", "screen.staff.reason_hint"),)

    def above(self) -> list[Line]:
        says = self.context.t("screen.staff.void_how", reference=self._reference)
        return [(), *indented(says), ()]

    async def accept(self, name: str, text: str) -> Message | None:
        del name
        problem = reason_problem(text)
        return None if problem is None else Message(self.context.say(problem), "error")

    async def done(self) -> None:
        page = FirstPage(self.context, self._second)
        self.context.shell.push(page)
        await page.begin()

    async def _second(self, first: SignedIn) -> Message | None:
        page = SecondPage(self.context, first, self._void)
        self.context.shell.pop()
        self.context.shell.push(page)
        await page.begin()
        return None

    async def _void(self, first: SignedIn, second: SignedIn) -> Message | None:
        risky = self.context.services.staffing.risky
        voided = await self.context.work(risky.void, self._reference, first, second, self.answers[REASON])
        self.context.shell.pop()
        if isinstance(voided, Problem):
            self.message = Message(self.context.say(voided), "error")
            return None
        self.context.shell.pop()
        await self._then()
        return None


class FirstPage(IdentifyPage):
    """The first of the two: who is signed in, by PIN, so that a screen left open is nobody's word."""

    title = "screen.staff.void"
    explains = "screen.staff.first_of_two"
    help_page = "void"
    is_personal = True

    def __init__(self, context: Context, then: Callable[[SignedIn], Awaitable[Message | None]]) -> None:
        super().__init__(context, context.session.id if context.session else "")
        self._then = then

    def may(self, member: StaffLine) -> bool:
        return self.context.session is not None and member.id == self.context.session.id

    async def known(self, member: SignedIn) -> Message | None:
        return await self._then(member)


class SecondPage(IdentifyPage):
    """The second of the two: somebody else, a supervisor where the first is none."""

    title = "screen.staff.void"
    explains = "screen.staff.second_of_two"
    help_page = "void"
    is_personal = True

    def __init__(
        self,
        context: Context,
        first: SignedIn,
        then: Callable[[SignedIn, SignedIn], Awaitable[Message | None]],
    ) -> None:
        super().__init__(context)
        self._first = first
        self._then = then

    def may(self, member: StaffLine) -> bool:
        fits = self._first.is_supervisor or member.role is Role.SUPERVISOR
        return fits and member.id != self._first.id

    async def begin(self) -> None:
        await super().begin()
        if not self.people:
            self.message = Message(self.context.t("screen.staff.nobody_else"), "warn")

    async def known(self, member: SignedIn) -> Message | None:
        return await self._then(self._first, member)
