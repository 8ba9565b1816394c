"""Between the parts of the form, where one question fills a page: what is done, and what comes next."""

from __future__ import annotations

from kiosk.domain.draft import member_path
from kiosk.domain.flow import Step
from kiosk.domain.tasks import Task, TaskState, tasks
from screens import navigation
from screens.context import Context
from screens.dialogs import Help, Scroll
from screens.display import displayed
from screens.frame import Message, body_room, fit, framed, indented, told, with_staff
from screens.journey import Journey
from screens.keys import Key, Press
from screens.view import Line, Span, View

_MARKS = {TaskState.DONE: "[x]", TaskState.NEXT: " > ", TaskState.LATER: "[ ]"}
_ROLES = {TaskState.DONE: "plain", TaskState.NEXT: "title", TaskState.LATER: "plain"}
_BELOW = 6
_MARK_AT = 4
"""The column of the mark of a part."""


class TasksPage:
    """Enter goes on with the next part; among the members F10 says that all of them are there."""

    def __init__(self, context: Context, journey: Journey, then: Step) -> None:
        self._context = context
        self.journey = journey
        self.step = then
        self.path = str(getattr(navigation.page_of(context, journey, then, self._at), "path", then.value))
        self._scroll = Scroll()
        self._scroll.top = len(self._tasks)  # the next part is seen, however many there are before it
        self._message = Message()

    @property
    def _count(self) -> int:
        return self.journey.draft.member_count

    @property
    def _adds_members(self) -> bool:
        """Whether there are members, and there may be more."""
        return self.step is Step.MEMBERS and self._count > 0

    @property
    def _at(self) -> str:
        """The row where Enter leads."""
        return member_path(self._count, "nik") if self.step is Step.MEMBERS else ""

    @property
    def _tasks(self) -> tuple[Task, ...]:
        return tasks(self.journey.flow, self.step)

    async def press(self, press: Press) -> None:
        self._message = Message()
        self._message = await told(self._context, self._take(press)) or self._message

    async def _take(self, press: Press) -> None:
        context = self._context
        if press.key is Key.NEXT and self._adds_members:
            page = await navigation.open_step(context, self.journey, self.step, self._at)
            await page.press(press)  # as on the empty row of one more member
        elif press.key in {Key.ENTER, Key.NEXT}:
            await navigation.open_step(context, self.journey, self.step, self._at)
        elif press.key is Key.BACK:
            await self._back()
        elif press.key in {Key.LATER, Key.FINISH}:
            await navigation.keep(context, self.journey)
        elif press.key is Key.HELP:
            context.shell.push(Help(context, "", "tasks"))
        elif press.key is Key.STAFF:
            self._message = await navigation.call_staff(context, self.journey)
        else:
            self._scroll.press(press)

    async def _back(self) -> None:
        """To the last part that was filled in."""
        if self._adds_members:
            last = member_path(self._count - 1, "nik")
            await navigation.open_step(self._context, self.journey, Step.MEMBERS, last)
        else:
            await navigation.back(self._context, self.journey, self.step)

    # What is shown.

    def _line(self, task: Task) -> Line:
        t = self._context.t
        if task.member is None:
            name, more = t(f"screen.step.{task.step}"), ""
        else:
            draft = self.journey.draft
            relation = member_path(task.member, "relation")
            name = draft.answer(member_path(task.member, "name")).upper()
            more = displayed(self._context, relation, draft.answer(relation))[2:].strip()
            number = t("screen.members.number", number=task.member + 1)
            others = t("screen.tasks.another", number=task.member + 1) if task.member else number
            name = f"{number}: {name}" if name else others
        text = f"   {_MARKS[task.state]} {fit(name, 42)} {fit(more, 16)} {t(f'screen.tasks.{task.state}')}"
        return (Span(text, _ROLES[task.state]),)

    def _keys(self) -> tuple[str, ...]:
        if self._adds_members:
            keys: tuple[str, ...] = ("help", "back", "later", "more", "all_here")
        else:
            keys = ("help", "back", "later", "go_on")
        return keys

    def view(self, width: int, height: int) -> View:
        t = self._context.t
        room = body_room(height) - _BELOW
        shown = self._scroll.cut([(), *(self._line(task) for task in self._tasks)], room)
        lines = [place for place, line in enumerate(shown) if line and line[0].role == _ROLES[TaskState.NEXT]]
        key = "screen.tasks.more" if self._adds_members else "screen.tasks.go_on"
        body: list[Line] = [*shown, (), *indented(t(key), role="title")]
        return framed(
            self._context,
            (Span(" " + t("screen.tasks.title"), "title"),),
            body,
            width=width,
            height=height,
            message=self._message,
            keys=with_staff(self._context, self._keys()),
            cursor=(_MARK_AT, lines[0]) if lines else None,
        )
