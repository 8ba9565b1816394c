"""Step 7: consent, read and given by the family itself, never ticked beforehand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from kiosk.domain.fields import Problem
from kiosk.domain.flow import Step
from kiosk.reference import document
from screens import navigation
from screens.context import Context
from screens.dialogs import Scroll
from screens.form import FormPage
from screens.frame import Message, indented, step_title
from screens.journey import Journey
from screens.keys import Key, Press
from screens.view import Line, View

_FORM_LINES = 5
_QUESTION_LINES = 10
"""Lines under the text: a question with its answer and a message of two lines, or the rows and that."""


class ConsentPage(FormPage):
    """Shows the consent; "ya" gives it, F10 then registers the family."""

    step = Step.CONSENT
    keys = ("help", "back", "scroll", "later", "register")

    def __init__(self, context: Context, journey: Journey, at: str = "") -> None:
        self._scroll = Scroll()
        self._room = 12
        super().__init__(context, journey, at)

    def handlers(self) -> dict[Key, Callable[[], Awaitable[None]]]:
        return {**super().handlers(), Key.PAGE_UP: self._page_up, Key.PAGE_DOWN: self._page_down}

    async def _page_up(self) -> None:
        self._scroll.press(Press(Key.PAGE_UP))

    async def _page_down(self) -> None:
        self._scroll.press(Press(Key.PAGE_DOWN))

    def after(self, path: str, ahead: Journey) -> str:
        del ahead
        return "consent.accepted" if path == "consent.guardian" else path

    async def finished(self) -> None:
        """Consent alone sends nothing: F10 does, so that a blank Enter cannot."""
        self.message = Message(self.context.t("screen.consent.send"), "good")

    async def leave_step(self) -> None:
        problem = next((p for p in self.journey.flow.problems if p.blocks), None)
        if problem is not None:
            await self._go_where(problem.field)
            return
        submitted = await self.journey.submit()
        if submitted.registration is None:
            self._refused(submitted.decision.problems)
            return
        from screens.registration.account import AccountPage  # noqa: PLC0415  (needed once a family)

        await self.context.refresh()
        self.context.shell.show(AccountPage(self.context, submitted.registration))

    def _refused(self, problems: Sequence[Problem]) -> None:
        why = next((self.context.say(problem) for problem in problems if problem.blocks), "")
        self.message = Message(self.context.t("screen.consent.refused", why=why), "error")

    async def _go_where(self, field: str) -> None:
        if field in self.rows():
            problem = next(p for p in self.journey.flow.problems if p.field == field)
            self.show_problem(problem)
        else:
            await navigation.open_step(self.context, self.journey, self.journey.flow.first_incomplete())

    def view(self, width: int, height: int) -> View:
        asks = _QUESTION_LINES if self.context.is_single else _FORM_LINES + len(self.rows())
        self._room = height - 4 - asks
        return super().view(width, height)

    def title(self) -> Line:
        return step_title(
            self.context, self.step, "" if self._scroll.at_end else self.context.t("screen.consent.read")
        )

    def above(self) -> list[Line]:
        lines: list[Line] = []
        for paragraph in document("consent", self.context.language.code):
            lines += indented(paragraph)
        shown = self._scroll.cut(lines, self._room)
        return [*shown, *[()] * (self._room - len(shown)), ()]
