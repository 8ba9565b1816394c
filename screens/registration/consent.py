"""Step 7: consent, read and given by the family itself, never ticked beforehand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from kiosk.domain.consent import consent_holds, consented_to
from kiosk.domain.draft import Draft
from kiosk.domain.fields import Problem
from kiosk.domain.flow import Fact, Step
from kiosk.reference import document
from screens import navigation
from screens.context import Context
from screens.dialogs import Scroll
from screens.form import FormPage
from screens.frame import Message, indented, step_title
from screens.journey import Journey
from screens.keys import Key, Press
from screens.view import Line, View

_ACCEPTED = "consent.accepted"
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
        self._seen_before = int(journey.draft.fact(Fact.CONSENT_SECONDS) or 0)
        self._shown_ns = context.services.clock.now().monotonic_ns
        super().__init__(context, journey, at)

    def handlers(self) -> dict[Key, Callable[[], Awaitable[None]]]:
        return {**super().handlers(), Key.PAGE_UP: self._page_up, Key.PAGE_DOWN: self._page_down}

    async def _page_up(self) -> None:
        self._scroll.press(Press(Key.PAGE_UP))

    async def _page_down(self) -> None:
        self._scroll.press(Press(Key.PAGE_DOWN))

    @property
    def _is_outdated(self) -> bool:
        """True where a consent stands that was given to others or to another class."""
        given = self.journey.draft.fact(Fact.CONSENTED)
        return bool(given) and not consent_holds(given, self.journey.flow.family)

    def go_to(self, path: str) -> None:
        super().go_to(path)
        if path == _ACCEPTED and self._is_outdated:
            self.editor.clear()

    def cell(self, path: str) -> str:
        return "" if path == _ACCEPTED and self._is_outdated else super().cell(path)

    def settled(self, draft: Draft, path: str) -> Draft:
        """A mended family consents to what it is now; for how long it could read is told beside."""
        if path != _ACCEPTED:
            return draft
        seen = draft.with_facts(self._seen())
        if not self.journey.mends:
            return seen
        return seen.with_facts({Fact.CONSENTED: consented_to(self.journey.flow.family)})

    def _seen(self) -> dict[str, str | None]:
        """For how many seconds the text was on the screen, this time and before."""
        passed = (self.context.services.clock.now().monotonic_ns - self._shown_ns) // 10**9
        return {Fact.CONSENT_SECONDS: str(self._seen_before + max(passed, 0))}

    def after(self, path: str, ahead: Journey) -> str:
        del ahead
        return _ACCEPTED if path == "consent.guardian" else path

    async def finished(self) -> None:
        """Consent alone sends nothing: F10 does, so that a blank Enter cannot."""
        self.message = Message(self.context.t("screen.consent.send"), "good")

    async def leave_step(self) -> None:
        problem = next((p for p in self.journey.flow.problems if p.blocks), None)
        if problem is not None:
            await self._go_where(problem.field)
            return
        self.journey.draft = self.journey.draft.with_facts(self._seen())
        self._refused(await navigation.register(self.context, self.journey))

    def _refused(self, problems: Sequence[Problem]) -> None:
        why = next((self.context.say(problem) for problem in problems if problem.blocks), "")
        if why:
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
        for paragraph in document("consent", self.context.language.base):
            lines += indented(paragraph)
        shown = self._scroll.cut(lines, self._room)
        return [*shown, *[()] * (self._room - len(shown)), ()]
