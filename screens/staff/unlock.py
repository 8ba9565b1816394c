"""A supervisor ends the pauses that wrong PINs have brought, with no network and nobody signed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kiosk.domain.staff import Role
from kiosk.services.staff import SignedIn, StaffLine
from screens.context import Context
from screens.frame import Message
from screens.staff.identify import IdentifyPage


class UnlockPage(IdentifyPage):
    """Asks for a supervisor's PIN; `then` is told whose pauses have ended."""

    title = "screen.staff.unlock"
    explains = "screen.staff.unlock_how"
    help_page = "unlock"

    def __init__(self, context: Context, then: Callable[[str], Awaitable[None]]) -> None:
        super().__init__(context)
        self._then = then

    def may(self, member: StaffLine) -> bool:
        return member.role is Role.SUPERVISOR

    async def known(self, member: SignedIn) -> Message | None:
        staff = self.context.services.staffing.staff
        paused = [one for one in await self.context.work(staff.people) if one.wait_seconds]
        for one in paused:
            await self.context.work(staff.unlock, one.id, by=member)
        self.context.shell.pop()
        await self._then(", ".join(one.name for one in paused))
        return None
