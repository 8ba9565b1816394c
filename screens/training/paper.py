"""What lies on the desk and what the person before it says: how a case begins, and to be looked at again."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from rich.cells import cell_len

from kiosk.training.scenario import Scenario
from kiosk.training.session import PlayedRun
from screens import navigation
from screens.base import FirstPage, Page
from screens.context import Context
from screens.dialogs import Help, Scroll
from screens.frame import Message, body_room, framed, indented, told
from screens.keys import Key, Press
from screens.navigation import first_page
from screens.training.debrief import clock
from screens.view import Line, Span, View


def first_of(run: PlayedRun, context: Context) -> FirstPage:
    """The paper, where the run begins; the first screen where it goes on."""
    return first_page(context) if run.play.tally.keys else BriefPage(context, run.scenario)


def case_lines(context: Context, scenario: Scenario) -> list[Line]:
    """The paper, what the person says, and what they want."""
    t = context.t
    paper = scenario.paper.strip().splitlines()
    lines: list[Line] = [(), *((Span(f"   {line}", "value"),) for line in paper)]
    lines += [(), *indented(t("screen.training.says"), role="title")]
    lines += [line for said in scenario.says for line in indented(f'"{said}"')]
    return [*lines, (), *indented(f"{t('screen.training.wants')} {scenario.wants}")]


class BriefPage:
    """The first page of a case: read it, then F10 begins with a new family as on the first screen."""

    recordable = True

    wipes = True

    def __init__(self, context: Context, scenario: Scenario) -> None:
        self._context = context
        self._case = _Case(context, scenario, "begin_case")
        self._message = Message()
        self._begun = False

    async def begin(self) -> None:
        """Opens the store."""
        await navigation.settle(self._context)
        self._begun = True

    async def press(self, press: Press) -> None:
        self._message = Message()
        self._message = await told(self._context, self._take(press)) or self._message

    async def _take(self, press: Press) -> None:
        if not self._begun:
            await self.begin()
        if press.key is Key.NEXT:
            await navigation.new_family(self._context)
        elif press.key in {Key.BACK, Key.FINISH}:
            await navigation.home(self._context)
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", "brief"))
        else:
            self._case.scroll.press(press)

    def view(self, width: int, height: int) -> View:
        return self._case.view(width, height, self._message)


class PaperPage:
    """The same over the page where it was asked for."""

    recordable = True

    def __init__(self, context: Context, scenario: Scenario) -> None:
        self._context = context
        self._case = _Case(context, scenario, "return")

    async def press(self, press: Press) -> None:
        if press.key in {Key.BACK, Key.ENTER, Key.STAFF, Key.NEXT}:
            self._context.shell.pop()
        else:
            self._case.scroll.press(press)

    def view(self, width: int, height: int) -> View:
        return self._case.view(width, height, Message())


class _Case:
    """The case as a page shows it, to be scrolled through."""

    def __init__(self, context: Context, scenario: Scenario, last: str) -> None:
        self.scroll = Scroll()
        self._context = context
        self._scenario = scenario
        self._last = last

    def view(self, width: int, height: int, message: Message) -> View:
        context, scroll = self._context, self.scroll
        shown = scroll.cut(case_lines(context, self._scenario), body_room(height))
        return framed(
            context,
            (Span(f" {context.t('screen.training.case', title=self._scenario.title)}", "title"),),
            shown,
            width=width,
            height=height,
            message=message,
            keys=("help", *(("scroll",) if scroll.is_long else ()), self._last),
        )


class Watch:
    """Goes along through a case: shows how long it has taken so far, on the second line."""

    def __init__(self, pressed: Callable[[str], None]) -> None:
        self._pressed = pressed
        self._reads = False
        self._began: float | None = None

    async def press(self, page: Page, press: Press) -> None:
        """Tells what each key means before the page takes it; to look at the paper costs nothing."""
        if isinstance(page, BriefPage):
            self._reads = press.key not in {Key.NEXT, Key.BACK, Key.FINISH}
        if not (self._reads or isinstance(page, PaperPage) or press.key is Key.STAFF):
            self._pressed(press.key.value)
            if self._began is None:
                self._began = monotonic()
        await page.press(press)

    def tick(self) -> bool:
        return self._began is not None

    def view(self, page: Page, width: int, height: int) -> View:
        shown = page.view(width, height)
        if self._began is None:
            return shown
        time = clock(monotonic() - self._began)
        title = shown.lines[1]
        room = width - sum(cell_len(span.text) for span in title) - len(time) - 1
        if room < 1:
            return shown
        line = (*title, Span(" " * room), Span(time, "value"))
        return View((shown.lines[0], line, *shown.lines[2:]), shown.cursor)
