"""Goes along through a lesson: says what to do, sees when it is done, and holds back keys that do harm."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from kiosk.domain.draft import Draft
from kiosk.domain.family import read_answer
from kiosk.training.lessons import Exercise, Goal, Lesson, Tap
from screens.base import Page
from screens.context import Context
from screens.frame import Message, fit, wrapped
from screens.journey import Journey
from screens.keys import Key, Press
from screens.training.keys import key_names, spelled
from screens.view import Line, Span, View

STRIP: Final = 3
"""Lines that the coach takes of the work."""
HINT_SECONDS: Final = 40
HINT_PRESSES: Final = 30
"""After so long, or so many keys more than needed, the coach tells the keys."""

Keep = Callable[[int], Awaitable[None]]


class Coach:
    """One lesson on the real pages.

    `keep` is told the exercise that was come to, `done` is called when the lesson is over, `left` when the
    staff key is pressed.
    """

    def __init__(
        self,
        context: Context,
        lesson: Lesson,
        title: str,
        *,
        keep: Keep,
        done: Callable[[], Awaitable[None]],
        left: Callable[[], Awaitable[None]],
    ) -> None:
        self._context = context
        self._lesson = lesson
        self._title = title
        self._keep = keep
        self._done = done
        self._left = left
        self._at = 0
        self._praise = False
        self._held_back = ""
        self._presses = 0
        self._seconds = 0

    @property
    def exercise(self) -> Exercise:
        return self._lesson.exercises[self._at]

    async def replay(self, step: int) -> None:
        """Presses what leads to this exercise, as when it was reached the first time."""
        for exercise in self._lesson.exercises[: min(step, len(self._lesson.exercises) - 1)]:
            if not exercise.goal.is_read:
                for tap in exercise.keys:
                    await self._top.press(as_press(tap))
            self._at += 1

    @property
    def _top(self) -> Page:
        top = self._context.shell.top
        if top is None:
            raise RuntimeError("a lesson stands on a page")
        return top

    # Keys.

    async def press(self, page: Page, press: Press) -> None:
        """Gives the key to the page, unless it does harm here or there is only something to read."""
        self._held_back = ""
        self._presses += 1
        goal, wanted = self.exercise.goal, {tap.key for tap in self.exercise.keys}
        if press.key is Key.STAFF:
            await self._left()
        elif press.key in self._lesson.blocked and press.key not in wanted:
            self._held_back = press.key
        elif goal.is_read:
            if press.key is Key.ENTER:
                await self._forward()
        else:
            await page.press(press)
            if self._reached(goal, press):
                await self._forward()

    async def _forward(self) -> None:
        self._praise = not self.exercise.goal.is_read
        self._presses = self._seconds = 0
        if self._at + 1 == len(self._lesson.exercises):
            await self._done()
        else:
            self._at += 1
            await self._keep(self._at)

    def _reached(self, goal: Goal, press: Press) -> bool:
        page, draft = self._top, self._draft()
        message = getattr(page, "message", Message())
        given = read_answer(draft, goal.answer, self._context.rules).value if goal.answer and draft else None
        return (
            goal.page in {"", kind_of(page)}
            and goal.row in {"", getattr(page, "path", "")}
            and goal.key in {"", press.key}
            and goal.tone in {"", message.role if message.text else ""}
            and (not goal.answer or (given is not None and str(given) == goal.value))
        )

    def _draft(self) -> Draft | None:
        """The family in hand, on whatever page it is."""
        for page in reversed(self._context.shell.pages):
            for name in ("journey", "_journey"):
                found = getattr(page, name, None)
                if isinstance(found, Journey):
                    return found.draft
        return None

    # What is shown.

    def tick(self) -> bool:
        """Tells the keys to who has not found them for a while."""
        self._seconds += 1
        return self._seconds == HINT_SECONDS

    @property
    def _shows_hint(self) -> bool:
        needed = len(self.exercise.keys)
        return self._seconds >= HINT_SECONDS or self._presses >= needed + HINT_PRESSES

    def view(self, page: Page, width: int, height: int) -> View:
        """The page with less room for its work, and what to do between the work and the last two lines."""
        shown = page.view(width, height - STRIP)
        lines = list(shown.lines)
        if self._held_back:
            lines[-2] = (Span(fit(f" {self._why(self._held_back)}", width), "warn"),)
        return View((*lines[:-2], *self._strip(width), *lines[-2:]), shown.cursor)

    def _strip(self, width: int) -> list[Line]:
        count = len(self._lesson.exercises)
        head = f"-- {self._title} "
        tail = f" {self._at + 1}/{count} --"
        rule = head + "-" * max(width - len(head) - len(tail), 0) + tail
        words = wrapped(self.says(), width - 2)[: STRIP - 1]
        words += [""] * (STRIP - 1 - len(words))
        return [
            (Span(fit(rule, width), "title"),),
            *((Span(fit(f" {one}", width), "mark"),) for one in words),
        ]

    def says(self) -> str:
        """What the coach says now."""
        t, language = self._context.t, self._context.language
        if self._shows_hint:
            return t("lesson.hint", keys=spelled(self.exercise.keys, language))
        says = t(f"lesson.{self._lesson.id}.{self.exercise.name}", **key_names(language))
        return f"{t('lesson.right')} {says}" if self._praise else says

    def _why(self, key: str) -> str:
        names = key_names(self._context.language)
        return self._context.t(f"lesson.blocked.{key}", pressed=names[key])


def as_press(tap: Tap) -> Press:
    """The press of a key of a lesson."""
    return Press(Key(tap.key), tap.text)


def kind_of(page: Page) -> str:
    """What kind of page this is: the step that it shows, else its name."""
    step = getattr(page, "step", "")
    return str(step) or type(page).__name__.removesuffix("Page").lower()
