"""Step 5: phone and e-mail, and the code that proves the phone."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

from kiosk.domain import entry
from kiosk.domain.family import read_answer
from kiosk.domain.fields import Problem
from kiosk.domain.flow import Fact, Step
from kiosk.services.verification import Sent
from screens.form import FormPage
from screens.frame import Message, indented
from screens.keys import Key
from screens.view import Line, Span

_STATES = {"otp.too_many_sent": "no_more", "otp.not_sent": "not_sent"}


class ContactPage(FormPage):
    """Asks for phone and e-mail; sends a code when its row is reached, and again at F5 after a while.

    F9 on the code's row goes on without it: the receipt and the hub then say that the phone is unverified.
    """

    step = Step.CONTACT
    keys = ("help", "back", "later", "next")
    keys_of_code = ("help", "back", "resend", "unverified", "next")
    _wait = 0
    _state = "where"
    """How the last code fared, as `screen.otp.<state>` tells it: sent, none left this hour, not sent."""
    _told = ""

    def key_names(self) -> tuple[str, ...]:
        if self.path != entry.CODE:
            return super().key_names()
        return tuple(name for name in self.keys_of_code if name != "resend" or not self._wait)

    def handlers(self) -> dict[Key, Callable[[], Awaitable[None]]]:
        return {**super().handlers(), Key.AGAIN: self._resend}

    def rows(self) -> tuple[str, ...]:
        paths = super().rows()
        return paths[:-1] if self._is_verified else paths

    @property
    def _phone(self) -> str:
        return str(read_answer(self.journey.draft, "contact.phone", self.context.rules).value or "")

    @property
    def _is_verified(self) -> bool:
        return bool(self._phone) and self.journey.draft.fact(Fact.VERIFIED) == self._phone

    async def begin(self) -> None:
        """A draft taken up at the code's row is sent a code there, unless one is on its way."""
        if self.path == entry.CODE:
            await self._send()

    async def entered(self, path: str) -> None:
        if path == entry.CODE:
            await self._send()

    async def down(self) -> None:
        await super().down()
        if self.path == entry.CODE:
            await self._send()

    async def _resend(self) -> None:
        if self.path != entry.CODE:
            return
        await self._send()
        if not self.message.text:
            self.message = Message(self.context.t("problem.otp.wait", seconds=self._wait), "warn")

    async def _send(self) -> None:
        phone = self._phone
        if not phone:
            return
        result = await self.context.work(
            self.context.services.verification.send_code,
            self.journey.draft.id,
            phone,
            self.context.language.base,
        )
        if isinstance(result, Sent):
            self._wait, self._state = result.resend_seconds, "where"
            self.message = Message(self.context.t("screen.otp.sent", left=result.left), "good")
        else:
            self._wait = int(result.params.get("seconds", 0))
            self._state = _STATES.get(result.code, "where")
            if result.code != "otp.wait":
                self.message = Message(self.context.say(result), "warn")
        await self._look_at_phone()

    async def _look_at_phone(self) -> None:
        phone = self.context.services.phone
        self.context.told.add(self._phone)
        text = await self.context.work(phone.latest, self._phone) if phone is not None else None
        self._told = text or ""

    async def accept_special(self, path: str, raw: str) -> Problem | None:
        del path
        verification, phone = self.context.services.verification, self._phone
        problem = await self.context.work(verification.check_code, self.journey.draft.id, phone, raw)
        if problem is not None and problem.code == "otp.used":
            proved = await self.context.work(verification.is_proved, self.journey.draft.id, phone)
            problem = None if proved else problem
        if problem is not None:
            return problem
        await self.journey.record({Fact.VERIFIED: phone, Fact.UNVERIFIED: None}, at="review")
        await self.context.forget_messages()
        return None

    async def advance(self, path: str) -> None:
        if path == entry.CODE and not self.journey.reviewing:
            await self.finished()
        elif path == "contact.phone" and self.journey.reviewing and not self._is_verified:
            # A changed number has to be proved before the review can be seen again.
            self.journey.reviewing = False
            self.go_to(entry.CODE)
            await self._send()
        else:
            await super().advance(path)

    async def later(self) -> None:
        """On the code's row: go on unverified. Elsewhere: keep the draft and go."""
        if self.path != entry.CODE or not self._phone:
            await super().later()
            return
        await self.journey.record({Fact.UNVERIFIED: self._phone, Fact.VERIFIED: None}, at="review")
        await self.context.forget_messages()
        await self.leave_step()

    def below(self) -> list[Line]:
        lines: list[Line] = [()]
        if self._is_verified:
            lines.append((Span("   " + self.context.t("screen.otp.verified"), "good"),))
        elif self.path == entry.CODE:
            key = "again" if self._state == "where" and not self._wait else self._state
            minutes = math.ceil(self._wait / 60)
            lines += indented(self.context.t(f"screen.otp.{key}", wait=self._wait, minutes=minutes))
            if self._told:
                lines += [(), (Span("   " + self.context.t("screen.otp.simulation"), "warn"),)]
                lines += indented(self._told, role="value")
        return lines

    def tick(self) -> bool:
        """Counts down to the next code."""
        counting = self._wait > 0 and self.path == entry.CODE
        self._wait -= counting
        if self._state == "no_more" and not self._wait:
            self._state = "not_sent"
        return counting
