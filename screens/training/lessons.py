"""The list of lessons, and a lesson on pages and a store of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kiosk.errors import KioskError
from kiosk.services.training_ports import LessonNote
from kiosk.training.lessons import HOME, Lesson, course, draft_before
from screens import navigation
from screens.context import Context
from screens.frame import Message
from screens.home import HomePage
from screens.training.coach import Coach
from screens.training.listing import Entry, ListPage


class LessonsPage(ListPage):
    """Every lesson with how long it takes and how far it was done."""

    name = "lessons"

    async def entries(self) -> Sequence[Entry]:
        return [await self._entry(lesson) for lesson in course().lessons]

    async def _entry(self, lesson: Lesson) -> Entry:
        t = self._context.t
        note = await self._context.work(self._context.schooling.lesson, lesson.id)
        state = t("screen.training.minutes", minutes=lesson.minutes)
        if note.step:
            state = t("screen.training.go_on_at", step=note.step + 1, count=len(lesson.exercises))
        elif note.done_at:
            state = t("screen.training.done")

        async def open_it() -> None:
            self._message = Message(t("lesson.page.opening"))
            self._context.shell.redraw()
            await _Class(self._context, lesson, note).open()

        return Entry(t(f"lesson.{lesson.id}.title"), state, open_it, bool(note.done_at))


class _Class:
    """One lesson while it is taken: a second context, whose store is made for it and goes with it."""

    def __init__(self, context: Context, lesson: Lesson, note: LessonNote) -> None:
        self._outer = context
        self._lesson = lesson
        self._note = note
        self._room = context.schooling.lesson_room()
        self._inner = Context(context.shell, self._room.config, self._room.services, context.language)

    async def open(self) -> None:
        """Shows the page with which the lesson begins, and goes on to where it was left."""
        try:
            await self._begin()
        except KioskError:
            await self._put_away()
            raise

    async def _begin(self) -> None:
        inner, lesson = self._inner, self._lesson
        await inner.ready()
        if lesson.starts == HOME:
            page = HomePage(inner)
            inner.shell.show(page)
            await page.begin()
        else:
            draft = draft_before(lesson.starts, course().family, inner.services.drafts.start(), inner.rules)
            await inner.work(inner.services.drafts.save, draft)
            await navigation.resume(inner, draft.id)
        title = inner.t(f"lesson.{lesson.id}.title")
        coach = Coach(inner, lesson, title, keep=self._keep, done=self._done, left=self._left)
        await coach.replay(self._note.step)
        inner.shell.accompany(coach)

    async def _keep(self, step: int) -> None:
        self._note = replace(self._note, step=step)
        await self._outer.work(self._outer.schooling.keep_lesson, self._note)

    async def _done(self) -> None:
        now = self._outer.services.clock.now().wall
        self._note = replace(self._note, step=0, done_at=now)
        await self._outer.work(self._outer.schooling.keep_lesson, self._note)
        title = self._outer.t(f"lesson.{self._lesson.id}.title")
        await self._leave(Message(self._outer.t("lesson.done", title=title), "good"))

    async def _left(self) -> None:
        await self._leave(Message(self._outer.t("lesson.left")))

    async def _leave(self, message: Message) -> None:
        shell = self._outer.shell
        shell.accompany(None)
        page = LessonsPage(self._outer, message)
        shell.show(page)
        await self._put_away()
        await page.begin()

    async def _put_away(self) -> None:
        if self._inner.is_ready:
            await self._outer.work(self._inner.services.close)
        await self._outer.work(self._room.clear)
