"""What takes two people: a reason, then both by their PINs, one of them a supervisor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from kiosk.domain.fields import Problem
from kiosk.domain.staff import Role, reason_problem
from kiosk.services.staff import SignedIn, StaffLine
from screens.context import Context
from screens.frame import Message
from screens.staff.identify import IdentifyPage
from screens.staff.rows import Asked, RowsPage

REASON = "reason"


class TwoPeoplePage(RowsPage):
    """Asks why; then who is signed in, and a second person, say so with their PINs.

    A page of its own says what is to be done (`above`, `act`); `then` is called when it is done.
    """

    is_personal = True

    def __init__(self, context: Context, then: Callable[[], Awaitable[None]]) -> None:
        super().__init__(context)
        self._then = then

    async def act(self, first: SignedIn, second: SignedIn, reason: str) -> Problem | None:
        """Does it in the names of both; why not, where it may not be done."""
        raise NotImplementedError

    def rows(self) -> Sequence[Asked]:
        return (Asked(REASON, "screen.staff.reason", "screen.staff.reason_hint"),)

    async def accept(self, name: str, text: str) -> Message | None:
        del name
        problem = reason_problem(text)
        return None if problem is None else Message(self.context.say(problem), "error")

    async def done(self) -> None:
        page = FirstPage(self, self._second)
        self.context.shell.push(page)
        await page.begin()

    async def _second(self, first: SignedIn) -> Message | None:
        page = SecondPage(self, first, self._both)
        self.context.shell.pop()
        self.context.shell.push(page)
        await page.begin()
        return None

    async def _both(self, first: SignedIn, second: SignedIn) -> Message | None:
        problem = await self.act(first, second, self.answers[REASON])
        self.context.shell.pop()
        if problem is not None:
            self.message = Message(self.context.say(problem), "error")
            return None
        self.context.shell.pop()
        await self._then()
        return None


class FirstPage(IdentifyPage):
    """The first of the two: who is signed in, by PIN, so that a screen left open is nobody's word."""

    explains = "screen.staff.first_of_two"
    is_personal = True

    def __init__(self, asking: TwoPeoplePage, then: Callable[[SignedIn], Awaitable[Message | None]]) -> None:
        session = asking.context.session
        super().__init__(asking.context, session.id if session else "")
        self.title, self.help_page = asking.title, asking.help_page
        self._then = then

    def may(self, member: StaffLine) -> bool:
        return self.context.session is not None and member.id == self.context.session.id

    async def known(self, member: SignedIn) -> Message | None:
        return await self._then(member)


class SecondPage(IdentifyPage):
    """The second of the two: somebody else, a supervisor where the first is none."""

    explains = "screen.staff.second_of_two"
    is_personal = True

    def __init__(
        self,
        asking: TwoPeoplePage,
        first: SignedIn,
        then: Callable[[SignedIn, SignedIn], Awaitable[Message | None]],
    ) -> None:
        super().__init__(asking.context)
        self.title, self.help_page = asking.title, asking.help_page
        self._first = first
        self._then = then

    def may(self, member: StaffLine) -> bool:
        fits = self._first.is_supervisor or member.role is Role.SUPERVISOR
        return fits and member.id != self._first.id

    async def known(self, member: SignedIn) -> Message | None:
        return await self._then(self._first, member)
