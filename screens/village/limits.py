"""What a kiosk without staff says when it may not go on: too much went wrong, or staff has to look at it."""

from __future__ import annotations

from contextlib import suppress

from kiosk.domain.fields import Problem
from kiosk.domain.resume_code import grouped
from kiosk.errors import KioskError
from screens import navigation
from screens.context import Context
from screens.frame import framed, indented
from screens.journey import Journey
from screens.keys import Key, Press
from screens.view import Line, Span, View
from screens.village.leaving import FarewellPage
from screens.village.letters import large
from screens.village.paper import print_slip

_FAILURES = frozenset({"captcha.wrong", "otp.wrong"})
_FOR_STAFF = "nik.already_registered"


async def missed(context: Context, journey: Journey, problem: Problem) -> None:
    """An answer was refused: that may be one too many, or somebody who is registered already."""
    if problem.code == _FOR_STAFF and journey.is_stored:
        context.shell.push(ForStaffPage(context, journey, await journey.slip()))
    if problem.code in {*_FAILURES, _FOR_STAFF}:
        await failed(context, journey)


async def failed(context: Context, journey: Journey | None = None) -> None:
    """One more failure here; where it was one too many the family gets its code, and a pause begins."""
    if not await context.work(context.services.restraint.failed):
        return
    code = ""
    if journey is not None and journey.is_stored:
        with suppress(KioskError):  # it is found by its No. KK as well
            code = await journey.slip()
            print_slip(context, code)
    await _tell_pause(context, code)


async def holds_up(context: Context) -> bool:
    """Whether nobody can go on here at the moment, which is said then; opens the store for it."""
    await context.ready()
    paused = await context.work(context.services.restraint.paused_seconds)
    if paused:
        await _tell_pause(context)
    return bool(paused)


async def _tell_pause(context: Context, code: str = "") -> None:
    seconds = await context.work(context.services.restraint.paused_seconds)
    says = context.t("village.limits.paused", minutes=max(-(-seconds // 60), 1))
    context.shell.show(FarewellPage(context, says, code, "village.limits.paused.title"))


async def is_full(context: Context) -> bool:
    """Whether this kiosk has had its families of today, which is said then."""
    full = await context.work(context.services.restraint.is_full)
    if full:
        says = context.t("village.limits.full", place=context.config.kiosk.place)
        context.shell.show(FarewellPage(context, says, "", "village.limits.full.title"))
    return full


class ForStaffPage:
    """Somebody is registered already: nothing of that is told, and staff looks at it by the family's code."""

    def __init__(self, context: Context, journey: Journey, code: str) -> None:
        self._context = context
        self._journey = journey
        self._code = code

    async def press(self, press: Press) -> None:
        if press.key in {Key.ENTER, Key.BACK}:
            self._context.shell.pop()
        elif press.key in {Key.FINISH, Key.LATER}:
            await navigation.keep(self._context, self._journey)
        elif press.key is Key.STAFF:
            await navigation.call_staff(self._context, self._journey)

    def view(self, width: int, height: int) -> View:
        t = self._context.t
        body: list[Line] = [
            (),
            *indented(t("village.limits.for_staff")),
            (),
            *((Span("     " + line, "value"),) for line in large(grouped(self._code))),
            (),
            (Span("     "), Span(f" {grouped(self._code)} ", "mark")),
            (),
            *indented(t("village.limits.mistyped"), role="title"),
        ]
        return framed(
            self._context,
            (Span(" " + t("village.limits.for_staff.title"), "title"),),
            body,
            width=width,
            height=height,
            keys=("return", "staff", "clear"),
        )
