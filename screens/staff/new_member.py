"""A new account: the name, the role, and a PIN that its owner types twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from kiosk.domain.fields import Problem
from kiosk.domain.staff import Role, name_problem, pin_problem
from kiosk.services.staff import StaffLine
from screens.context import Context
from screens.frame import Message, indented
from screens.staff.rows import Asked, RowsPage
from screens.view import Line

NAME, ROLE, PIN, AGAIN = "name", "role", "pin", "again"
_ROLES = {"1": Role.CLERK, "2": Role.SUPERVISOR}


class PinRows(RowsPage):
    """A PIN asked twice: nothing else is known of it than that both times were the same."""

    def pin_rows(self) -> tuple[Asked, Asked]:
        return (
            Asked(PIN, "screen.staff.new_pin", "screen.staff.new_pin_hint", hidden=True),
            Asked(AGAIN, "screen.staff.pin_again", "screen.staff.pin_again_hint", hidden=True),
        )

    async def accept(self, name: str, text: str) -> Message | None:
        if name == PIN:
            return self.wrong(pin_problem(text))
        if pin_problem(self.answers[PIN], text) is not None:
            self.answers.pop(PIN)
            self.go_to(PIN)
            return Message(self.context.t("problem.pin.repeat"), "error")
        return None

    def start_again(self, problem: Problem) -> None:
        """Says why nothing was done, and asks everything hidden anew from the first row on."""
        self.answers = {
            row.name: self.answers[row.name]
            for row in self.rows()
            if not row.hidden and row.name in self.answers
        }
        first = next((row.name for row in self.rows() if row.name not in self.answers), self.rows()[0].name)
        self.go_to(first)
        self.message = Message(self.context.say(problem), "error")

    def wrong(self, problem: Problem | None) -> Message | None:
        return None if problem is None else Message(self.context.say(problem), "error")

    def below(self) -> list[Line]:
        return [(), *indented(self.context.t("screen.staff.pin_rules"))]


class NewMemberPage(PinRows):
    """Asks for all that an account needs and makes it; `then` is told who it is."""

    title = "screen.staff.new_member"
    help_page = "new_member"
    is_personal = True
    role: Role | None = None
    """The role that it will have; None where it is asked."""

    def __init__(self, context: Context, then: Callable[[StaffLine], Awaitable[None]] | None = None) -> None:
        super().__init__(context)
        self._then = then
        self._taken: tuple[str, ...] = ()

    async def begin(self) -> None:
        """Reads the names that are taken."""
        everybody = await self.context.work(self.context.services.staffing.staff.people)
        self._taken = tuple(one.name for one in everybody)

    def rows(self) -> Sequence[Asked]:
        role = () if self.role else (Asked(ROLE, "screen.staff.role", "screen.staff.role_hint"),)
        return (Asked(NAME, "screen.staff.name", "screen.staff.name_hint"), *role, *self.pin_rows())

    def reads(self, name: str) -> str:
        if name == ROLE and ROLE in self.answers:
            is_clerk = _ROLES[self.answers[ROLE]] is Role.CLERK
            return self.context.t("screen.staff.clerk" if is_clerk else "screen.staff.supervisor")
        return super().reads(name)

    async def accept(self, name: str, text: str) -> Message | None:
        if name == NAME:
            return self.wrong(name_problem(text, self._taken))
        if name == ROLE:
            return None if text in _ROLES else Message(self.context.t("screen.staff.role_which"), "warn")
        return await super().accept(name, text)

    async def done(self) -> None:
        role = self.role or _ROLES[self.answers[ROLE]]
        staff = self.context.services.staffing.staff
        by = self.context.session
        added = await self.context.work(staff.add, self.answers[NAME], role, self.answers[PIN], by=by)
        if isinstance(added, Problem):
            self.start_again(added)
        else:
            await self.made(added)

    async def made(self, member: StaffLine) -> None:
        """The account is there."""
        self.context.shell.pop()
        if self._then is not None:
            await self._then(member)
