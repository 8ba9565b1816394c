"""The first start of a counter: nobody has an account yet, so either one is made or somebody practises."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.domain.fields import Problem
from kiosk.domain.staff import Role
from kiosk.services.staff import StaffLine
from screens import navigation
from screens.dialogs import Confirm
from screens.frame import indented
from screens.keys import Key, Press
from screens.staff import turn
from screens.staff.new_member import PIN, NewMemberPage
from screens.staff.numbered import Item, NumberedPage
from screens.view import Line, Span


class FirstStartPage(NumberedPage):
    """Two ways on: make the first supervisor, or practise; no account comes with the program."""

    title = "screen.staff.first_title"
    help_page = "first_start"
    locks = True
    wipes = True

    def items(self) -> Sequence[Item]:
        t = self.context.t
        return (
            Item(
                t("screen.staff.first_supervisor"),
                self._make,
                t("screen.staff.first_supervisor_how"),
                role="title",
            ),
            Item(
                t("screen.staff.first_practise"),
                self._practise,
                t("screen.staff.first_practise_how"),
                role="title",
            ),
        )

    def above(self) -> list[Line]:
        return [*indented(self.context.t("screen.staff.first_how")), ()]

    async def take(self, press: Press) -> None:
        if press.key is Key.AGAIN:
            self.context.switch_language()
        elif press.key is Key.FINISH and self.context.config.screens.may_quit:
            self.context.shell.push(Confirm(self.context, self.context.t("screen.home.quit"), self._quit))
        else:
            await super().take(press)

    async def leave(self) -> None:
        """There is nothing below."""

    async def _quit(self) -> None:
        self.context.shell.leave(0)

    async def _make(self) -> None:
        page = FirstSupervisorPage(self.context)
        self.context.shell.push(page)
        await page.begin()

    async def _practise(self) -> None:
        self.context.practises = True
        self.context.shell.leave(0)

    def heading(self) -> Line:
        return (*super().heading(), Span("  " + self.context.t("screen.home.not_bpjs")))

    def key_names(self) -> Sequence[str]:
        keys = ["help", "language"]
        if self.context.config.screens.may_quit:
            keys.append("quit")
        return keys


class FirstSupervisorPage(NewMemberPage):
    """Makes the first account, which is a supervisor's, and signs it in."""

    title = "screen.staff.new_supervisor"
    role = Role.SUPERVISOR

    async def made(self, member: StaffLine) -> None:
        staff = self.context.services.staffing.staff
        proved = await self.context.work(staff.sign_in, member.id, self.answers[PIN])
        if isinstance(proved, Problem):  # somebody else has changed the account within this moment
            await turn.gate(self.context, self.context.say(proved))
            return
        await turn.signed_in(self.context, proved)
        await navigation.home(self.context, self.context.t("screen.staff.first_done", name=member.name))
