"""Taking a registration back, by two people and for a reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kiosk.domain.fields import Problem
from kiosk.services.staff import SignedIn
from screens.context import Context
from screens.frame import indented
from screens.staff.two_people import TwoPeoplePage
from screens.view import Line


class VoidPage(TwoPeoplePage):
    """Says what taking back means, and does it."""

    title = "screen.staff.void"
    help_page = "void"

    def __init__(self, context: Context, reference: str, then: Callable[[], Awaitable[None]]) -> None:
        super().__init__(context, then)
        self._reference = reference

    def above(self) -> list[Line]:
        says = self.context.t("screen.staff.void_how", reference=self._reference)
        return [(), *indented(says), ()]

    async def act(self, first: SignedIn, second: SignedIn, reason: str) -> Problem | None:
        risky = self.context.services.staffing.risky
        voided = await self.context.work(risky.void, self._reference, first, second, reason)
        return voided if isinstance(voided, Problem) else None
