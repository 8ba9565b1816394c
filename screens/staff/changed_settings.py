"""Settings that were changed since two people agreed to them: what they were, what they are, and why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from kiosk.domain.fields import Problem
from kiosk.services.settings_watch import Change
from kiosk.services.staff import SignedIn
from screens.context import Context
from screens.frame import Message, fit, indented
from screens.staff.two_people import TwoPeoplePage
from screens.view import Line, Span

_LISTED = 6
"""So many changes are shown; how many there are more is counted."""


class ChangedSettingsPage(TwoPeoplePage):
    """Shows each change; two people say why, and the settings are agreed."""

    title = "screen.staff.settings"
    help_page = "changed_settings"

    def __init__(
        self, context: Context, changes: Sequence[Change], then: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(context, then)
        self._changes = changes

    def above(self) -> list[Line]:
        t = self.context.t
        lines: list[Line] = [
            (),
            *indented(t("screen.staff.settings_how")),
            (),
            *map(_change_line, self._changes[:_LISTED]),
        ]
        if len(self._changes) > _LISTED:
            lines += indented(t("screen.staff.settings_more", count=len(self._changes) - _LISTED))
        return [*lines, ()]

    async def act(self, first: SignedIn, second: SignedIn, reason: str) -> Problem | None:
        watch = self.context.services.staffing.settings
        return await self.context.work(watch.agree, first, second, reason)


def _change_line(change: Change) -> Line:
    before, after = (fit(value or "-", 18).rstrip() for value in (change.before, change.after))
    return (Span(f"   {fit(change.name, 30)} ", "label"), Span(f"{before} -> {after}", "value"))


async def open_changes(context: Context) -> None:
    """The page with what was changed, over the page that is on top."""
    changes = await context.work(context.services.staffing.settings.changes)

    async def agreed() -> None:
        await context.refresh()
        tell: Callable[[Message], None] | None = getattr(context.shell.top, "tell", None)
        if tell is not None:
            tell(Message(context.t("screen.staff.settings_done"), "good"))

    page = ChangedSettingsPage(context, changes, agreed)
    context.shell.push(page)
