"""How a person leaves a kiosk without staff: a code to come back with, then a fresh process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from kiosk.domain.resume_code import grouped
from kiosk.errors import NEXT_PERSON, KioskError
from screens.base import Page
from screens.context import Context
from screens.frame import Message, framed, indented
from screens.journey import Journey
from screens.keys import Press
from screens.view import Line, Span, View
from screens.village.letters import large
from screens.village.paper import print_slip

FAREWELL_SECONDS = 60
"""How long a code stands on the screen where nobody presses a key."""


async def leave(context: Context, message: str = "", code: str = "") -> None:
    """Ends this process for the person; what has to be said is shown before."""
    if message or code:
        context.shell.show(FarewellPage(context, message, code))
    else:
        await end(context)


async def end(context: Context) -> None:
    """Puts away what the simulated phone shows, and makes room for a fresh process."""
    if context.is_ready:
        with suppress(KioskError):  # the next process tries again
            await context.forget_messages()
    context.shell.leave(NEXT_PERSON)


async def left_alone(context: Context) -> None:
    """Ends it for a person who has gone: what was accepted is kept under a code, which is never shown."""
    journey = in_hand(context.shell.pages)
    if journey is not None and journey.is_stored:
        with suppress(KioskError):  # it is found by its No. KK as well
            print_slip(context, await journey.slip())
    await end(context)


def in_hand(pages: Sequence[Page]) -> Journey | None:
    """The family that these pages are about."""
    for page in reversed(pages):
        for name in ("journey", "_journey"):
            found = getattr(page, name, None)
            if isinstance(found, Journey):
                return found
    return None


class AnyKeyPage:
    """A page that counts its seconds and takes any key, whatever it is, as one and the same."""

    def __init__(self, context: Context, seconds: int) -> None:
        self.context = context
        self.left = seconds
        self._over = False
        self._task: asyncio.Task[None] | None = None

    async def press(self, press: Press) -> None:
        del press
        await self.stirred()

    async def stirred(self) -> None:
        """Any key was pressed, also one that means nothing elsewhere."""
        if not self._over:
            self._over = True
            await self.answered()

    def tick(self) -> bool:
        """One second less; when none is left nobody is there."""
        if self._over:
            return False
        self.left -= 1
        if self.left <= 0:
            self._over = True
            self._task = asyncio.get_running_loop().create_task(self.unanswered())
        return True

    async def answered(self) -> None:
        """What any key does."""
        raise NotImplementedError

    async def unanswered(self) -> None:
        """What follows the last second."""
        raise NotImplementedError


class FarewellPage(AnyKeyPage):
    """The code of a family that goes on another time, large enough to be written down."""

    wipes = True

    def __init__(
        self, context: Context, message: str, code: str, title: str = "village.farewell.title"
    ) -> None:
        super().__init__(context, FAREWELL_SECONDS)
        self._title = title
        self._message = message
        self._code = code
        self._job = print_slip(context, code) if code else None

    async def answered(self) -> None:
        """Whoever presses a key has written it down."""
        await end(self.context)

    async def unanswered(self) -> None:
        """The screen is not left with a code on it."""
        await end(self.context)

    def view(self, width: int, height: int) -> View:
        t, days = self.context.t, self.context.config.drafts.days
        body: list[Line] = [(), *indented(self._message, role="title"), ()]
        if self._code:
            body += [(Span("   " + t("screen.slip.code")),), ()]
            body += [(Span("   " + line, "title"),) for line in large(grouped(self._code))]
            body += [(), (Span("   "), Span(f" {grouped(self._code)} ", "mark")), ()]
            if self._job is not None:
                body += indented(t(f"screen.call.{self._job.state}"), role="title")
            body += indented(t("screen.slip.how"))
            if days:
                body += indented(t("screen.slip.days", days=days))
        ends = "village.farewell.written_down" if self._code else "village.farewell.any_key"
        return framed(
            self.context,
            (Span(" " + t(self._title), "title"),),
            body,
            width=width,
            height=height,
            message=Message(t(ends, seconds=max(self.left, 0))),
        )
