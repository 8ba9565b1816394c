"""Who is it: a name of the list by its number, the PIN, and where asked the second proof."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kiosk.domain.fields import Problem
from kiosk.domain.identifiers import is_digits
from kiosk.domain.staff import PIN_DIGITS, Role
from kiosk.services.staff import SignedIn, StaffLine
from screens.context import Context
from screens.frame import Message, body_room, fit, indented
from screens.keys import Key, Press
from screens.staff.rows import Asked, RowsPage
from screens.view import Line, Span, View

PERSON, PIN, CODE = "person", "pin", "code"
_NAME_WIDTH = 40
_AROUND = 8
"""Lines that the list cannot have: what is explained above it, the rows under it, the message."""


class IdentifyPage(RowsPage):
    """Asks who somebody is and proves it; what follows is of the page that is made of it (`known`).

    Wrong PINs hold up the one account, for longer each time; the seconds left are counted down, and anybody
    else may sign in meanwhile.
    """

    explains: ClassVar[str]
    keys: ClassVar[tuple[str, ...]] = ("help", "return")

    def __init__(self, context: Context, chosen: str = "") -> None:
        super().__init__(context)
        self.people: list[StaffLine] = []
        self.person: StaffLine | None = None
        self._chosen = chosen
        self._asks_code = False
        self._top = 0
        self._room = 20
        self._paused: dict[str, int] = {}

    async def begin(self) -> None:
        """Reads who there is; whoever was here before need only type the PIN."""
        await self._read()
        self.person = next((one for one in self.people if one.id == self._chosen), None)
        if not self.people:
            self.message = Message(self.context.t("screen.staff.nobody_else"), "warn")
        if self.person is not None:
            self.answers[PERSON] = str(self.people.index(self.person) + 1)
            self.go_to(PIN)

    async def _read(self) -> None:
        everybody = await self.context.work(self.context.services.staffing.staff.people)
        self.people = [one for one in everybody if self.may(one)]
        if self.person is not None:
            self.person = next((one for one in self.people if one.id == self.person.id), None)
            if self.person is None:  # the account was closed meanwhile
                self.answers.clear()
                self.go_to(PERSON)
        self._paused = {one.id: one.wait_seconds for one in self.people if one.wait_seconds}

    # What a page of its own says.

    def may(self, member: StaffLine) -> bool:
        """Whether this person may be asked for here."""
        del member
        return True

    async def known(self, member: SignedIn) -> Message | None:
        """Somebody has proved who they are; what is wrong with that here, or None."""
        raise NotImplementedError(member.id)

    # Rows.

    def rows(self) -> Sequence[Asked]:
        rows = [
            Asked(PERSON, "screen.staff.person", "screen.staff.person_hint"),
            Asked(PIN, "screen.staff.pin", "screen.staff.pin_hint", hidden=True),
        ]
        if self._asks_code:
            rows.append(Asked(CODE, "screen.staff.code", "screen.staff.code_hint"))
        return rows

    def reads(self, name: str) -> str:
        return self.person.name if name == PERSON and self.person is not None else super().reads(name)

    async def accept(self, name: str, text: str) -> Message | None:
        if name == PERSON:
            return self._choose(text)
        if name == PIN and not text:
            return Message(self.context.t("problem.pin.missing"), "warn")
        if name == PIN and len(text) < PIN_DIGITS and self._named(text) is not None:
            self._choose(text)  # no PIN is so short: somebody else has typed the number of their name
            return Message()
        if name == PIN and self._asks_code:
            return None
        pin = text if name == PIN else self.answers[PIN]
        return await self._try(pin, text if name == CODE else "")

    def _choose(self, text: str) -> Message | None:
        if not self.people:
            return Message(self.context.t("screen.staff.nobody_else"), "warn")
        only = self.people[0] if len(self.people) == 1 else None
        found = self._named(text) if text else self.person or only
        if found is None:
            return Message(self.context.t("screen.staff.who", count=len(self.people)), "warn")
        self.answers[PERSON] = str(self.people.index(found) + 1)
        self.answers.pop(PIN, None)
        self.person, self._asks_code = found, False
        return None

    def _named(self, text: str) -> StaffLine | None:
        """Whoever a number of the list, an id, or the beginning of one name stands for."""
        if is_digits(text):
            return self.people[int(text) - 1] if 1 <= int(text) <= len(self.people) else None
        sought = text.casefold()
        exact = [one for one in self.people if sought in {one.id.casefold(), one.name.casefold()}]
        begun = exact or [one for one in self.people if one.name.casefold().startswith(sought)]
        return begun[0] if len(begun) == 1 else None

    async def _try(self, pin: str, code: str) -> Message | None:
        assert self.person is not None  # noqa: S101 - the row before names them
        staff = self.context.services.staffing.staff
        proved = await self.context.work(staff.sign_in, self.person.id, pin, code)
        if isinstance(proved, Problem):
            return await self._refused(proved, pin)
        return await self.known(proved)

    async def _refused(self, problem: Problem, pin: str) -> Message | None:
        if problem.code in {"second.missing", "second.clock"} and not self._asks_code:
            self.answers[PIN], self._asks_code = pin, True
            return None  # the row of the code is the next one now
        self.answers.pop(PIN, None)
        self._asks_code = False
        self.go_to(PIN)
        await self._read()  # which goes to the names where this one is there no more
        if problem.code == "pin.wait":
            return self._wait()
        return Message(self.context.say(problem), "error")

    async def done(self) -> None:
        """Nothing: whoever is known has been dealt with."""

    def _wait(self) -> Message:
        seconds = self._paused.get(self.person.id, 0) if self.person is not None else 0
        return Message(self.context.t("screen.staff.wait", seconds=seconds), "warn")

    async def take(self, press: Press) -> None:
        if press.key in {Key.PAGE_UP, Key.PAGE_DOWN}:
            self._top = max(self._top + (5 if press.key is Key.PAGE_DOWN else -5), 0)
        elif self.asked.name == PIN and press.key is Key.UP:
            self.go_to(PERSON)
        else:
            await super().take(press)

    def tick(self) -> bool:
        """Counts the pauses down."""
        if not self._paused:
            return False
        self._paused = {one: left - 1 for one, left in self._paused.items() if left > 1}
        return True

    # What is shown.

    def above(self) -> list[Line]:
        lines: list[Line] = [(), *indented(self.context.t(self.explains)), ()]
        room = max(self._room - len(lines) - _AROUND, 3)
        self._top = min(self._top, max(len(self.people) - room, 0))
        chosen = next((at for at, one in enumerate(self.people) if one is self.person), self._top)
        if not self._top <= chosen < self._top + room and self.asked.name != PERSON:
            self._top = min(chosen, max(len(self.people) - room, 0))  # whoever was chosen is in sight
        shown = list(enumerate(self.people, 1))[self._top : self._top + room]
        lines += [self._person_line(number, one) for number, one in shown]
        if len(self.people) > room:
            lines.append((Span("      " + self.context.t("screen.staff.more", count=len(self.people))),))
        return [*lines, ()]

    def _person_line(self, number: int, one: StaffLine) -> Line:
        t, left = self.context.t, self._paused.get(one.id, 0)
        chosen = self.person is not None and one.id == self.person.id
        role = t("screen.staff.supervisor" if one.role is Role.SUPERVISOR else "screen.staff.clerk")
        pause = "  " + t("screen.staff.paused", seconds=left) if left else ""
        mark = ">" if chosen else " "
        return (
            Span(f" {mark} {number:>2}  "),
            Span(fit(one.name, _NAME_WIDTH), "title" if chosen else "value"),
            Span(f" {role}"),
            Span(pause, "warn"),
        )

    def view(self, width: int, height: int) -> View:
        self._room = body_room(height)
        return super().view(width, height)
