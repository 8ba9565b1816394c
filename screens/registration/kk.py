"""Step 2: the number of the family card, and proof that a person is typing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kiosk.domain import entry
from kiosk.domain.captcha import question
from kiosk.domain.fields import Problem
from kiosk.domain.flow import Fact, Step
from kiosk.domain.glyphs import big
from kiosk.domain.identifiers import masked_name
from screens.context import Context
from screens.display import hidden
from screens.form import FormPage
from screens.frame import Message, fit
from screens.journey import Journey
from screens.keys import Key
from screens.view import Line, Span


class KkPage(FormPage):
    """Asks for the No. KK and shows who is known on it; five characters or a sum prove a person."""

    step = Step.KK
    keys = ("help", "back", "choices", "new_captcha", "later", "next")
    _was_paused = False

    def __init__(self, context: Context, journey: Journey, at: str = "") -> None:
        self._desk = context.services.captcha_desk(journey.draft.facts)
        super().__init__(context, journey, at)

    def handlers(self) -> dict[Key, Callable[[], Awaitable[None]]]:
        return {**super().handlers(), Key.AGAIN: self._another}

    def rows(self) -> tuple[str, ...]:
        paths = super().rows()
        return paths[:-1] if self._passed else paths

    @property
    def _passed(self) -> bool:
        return self.journey.draft.fact(Fact.CAPTCHA) == "passed"

    def key_names(self) -> tuple[str, ...]:
        return tuple(name for name in super().key_names() if name != "new_captcha" or self._shows_challenge)

    @property
    def _asks_captcha(self) -> bool:
        """Whether the captcha is on the screen, or the pause in its place."""
        return self.path == entry.CAPTCHA or not (
            self._passed or self.context.is_single or self.journey.known.living_on_kk()
        )

    @property
    def _shows_challenge(self) -> bool:
        return self._asks_captcha and not self._desk.paused_seconds()

    async def _another(self) -> None:
        if not self._shows_challenge:
            return
        self._desk.renew()
        if self.path == entry.CAPTCHA:
            self.editor.clear()

    async def accept(self, raw: str) -> None:
        """A pause is told where it is counted down, and there alone."""
        await super().accept(raw)
        if self.path == entry.CAPTCHA and self._desk.paused_seconds():
            self.message = Message()

    async def accept_special(self, path: str, raw: str) -> Problem | None:
        del path
        problem = self._desk.answer(raw)
        passed: dict[str, str | None] = {} if problem else {Fact.CAPTCHA: "passed"}
        at = self.path if problem else "members[0].nik"
        await self.journey.record({**self._desk.facts(), **passed}, at=at)
        return problem

    async def advance(self, path: str) -> None:
        if path == entry.CAPTCHA:
            await self.finished()
        else:
            await super().advance(path)

    def above(self) -> list[Line]:
        return [()]

    def below(self) -> list[Line]:
        lines: list[Line] = [()]
        known = self.journey.known.living_on_kk()
        if known and not self._asks_captcha:
            lines.append((Span("   " + self.context.t("screen.kk.known"), "title"),))
            for person in known[:5]:
                segment = self.context.t(f"segment.{person.segment}")
                name = fit(masked_name(person.name), 24)
                lines.append((Span(f"   {hidden(person.nik)}  {name}  {segment}"),))
        elif self._asks_captcha:
            lines += self._challenge()
        return lines

    def _challenge(self) -> list[Line]:
        wait = self._desk.paused_seconds()
        if wait:
            return [(Span("   " + self.context.t("problem.captcha.paused", seconds=wait), "warn"),)]
        challenge = self._desk.challenge
        words = question(challenge, self.context.language.base)
        lines: list[Line] = [(Span("   " + self.context.t("screen.captcha.type")),), ()]
        lines += [(Span("      " + line, "value"),) for line in big(challenge.characters)]
        lines += [(), (Span("   " + self.context.t("screen.captcha.or") + " "), Span(words, "value"))]
        return lines

    def tick(self) -> bool:
        """Counts a pause down, and shows the new captcha when it is over."""
        was_paused, self._was_paused = self._was_paused, self._desk.paused_seconds() > 0
        return was_paused or self._was_paused
