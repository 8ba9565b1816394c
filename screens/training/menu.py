"""The classroom: lessons, cases, and what was reached."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from kiosk.training.lessons import course
from screens.base import Beginning
from screens.context import Context
from screens.frame import Message, indented
from screens.training.cases import CasesPage
from screens.training.certificate import CertificatePage
from screens.training.debrief import DebriefPage, ResultsPage
from screens.training.lessons import LessonsPage
from screens.training.listing import Entry, ListPage, leave
from screens.training.recordings import RecordingsPage
from screens.view import Line


class MenuPage(ListPage):
    """Where practice begins: a few lines, each of which opens a list."""

    name = "menu"

    def __init__(self, context: Context, message: Message | None = None, *, run: str = "") -> None:
        super().__init__(context, message)
        self._run = run

    async def begin(self) -> None:
        """Reads what there is; a run that was just played is told of first."""
        await super().begin()
        run, self._run = self._run, ""
        if run:
            note = await self._context.work(self._context.schooling.run, run)
            self._context.shell.push(DebriefPage(self._context, note))

    async def entries(self) -> Sequence[Entry]:
        t, schooling = self._context.t, self._context.schooling
        lessons = course()
        notes = [await self._context.work(schooling.lesson, one.id) for one in lessons.lessons]
        done, count = sum(bool(note.done_at) for note in notes), len(notes)
        state = t("screen.training.lessons_state", done=done, count=count, minutes=lessons.minutes)
        return [
            Entry(t("screen.training.lessons"), state, self._opens(LessonsPage), done == count),
            await self._cases(),
            Entry(t("screen.training.results"), "", self._opens(ResultsPage), is_done=True),
            Entry(t("screen.training.certificate"), "", self._opens(CertificatePage), is_done=True),
            Entry(t("screen.training.recordings"), "", self._opens(RecordingsPage), is_done=True),
        ]

    async def _cases(self) -> Entry:
        t, schooling = self._context.t, self._context.schooling
        scenarios, _ = await self._context.work(schooling.scenarios)
        tried = [await self._context.work(schooling.best, one.id) for one in scenarios]
        done, count = sum(best is not None for best in tried), len(tried)
        state = t("screen.training.cases_state", done=done, count=count)
        return Entry(t("screen.training.cases"), state, self._opens(CasesPage), done == count)

    def _opens(self, page_of: Callable[..., Beginning]) -> Callable[[], Awaitable[None]]:
        async def show() -> None:
            page = page_of(self._context)
            self._context.shell.show(page)
            await page.begin()

        return show

    def head(self) -> list[Line]:
        return [(), *indented(self._context.t("screen.training.welcome")), ()]

    async def back(self) -> None:
        await leave(self._context)
