"""A screen on which nobody has pressed a key for long: asks whether anybody is there, and else clears it."""

from __future__ import annotations

from screens.context import Context
from screens.frame import framed, indented
from screens.view import Line, Span, View
from screens.village.leaving import AnyKeyPage, left_alone


class StillTherePage(AnyKeyPage):
    """Lies over the page of the family and shows nothing of it; any key goes back there and does no more."""

    async def answered(self) -> None:
        """Somebody is there."""
        self.context.shell.pop()

    async def unanswered(self) -> None:
        """Nobody is."""
        await left_alone(self.context)

    def view(self, width: int, height: int) -> View:
        t = self.context.t
        body: list[Line] = [
            *[()] * 3,
            *indented(t("village.idle.ask"), role="title"),
            (),
            *indented(t("village.idle.any_key"), role="title"),
            *[()] * 2,
            *indented(t("village.idle.clears", seconds=max(self.left, 0))),
        ]
        return framed(
            self.context,
            (Span(" " + t("village.idle.title"), "title"),),
            body,
            width=width,
            height=height,
        )


async def ask(context: Context) -> None:
    """Asks whether anybody is still there, unless that is being asked, or a code is shown for its minute."""
    pages = context.shell.pages
    if pages and not isinstance(pages[-1], AnyKeyPage):
        context.shell.push(StillTherePage(context, context.config.village.warn_seconds))
