"""Step 6: everything once more, each row with the key that changes it."""

from __future__ import annotations

from kiosk.domain import entry
from kiosk.domain.draft import member_path, split_member_path
from kiosk.domain.family import NO_NIK
from kiosk.domain.flow import Fact, Step, fingerprint
from kiosk.domain.form import ADDRESS_PATHS, BANK_PATHS, MEMBER_KEYS
from kiosk.domain.identifiers import is_digits
from kiosk.domain.premium import per_person
from screens import navigation
from screens.context import Context
from screens.dialogs import Help
from screens.display import displayed, key_of
from screens.editor import Editor
from screens.frame import Message, body_room, fit, framed, indented, step_title, told, with_staff, wrapped
from screens.journey import Journey
from screens.keys import Key, Press
from screens.layout import LABEL_WIDTH
from screens.view import WIDTH, Line, Span, View

_VALUE_WIDTH = WIDTH - LABEL_WIDTH - 7


class ReviewPage:
    """Lists every answer; its number and Enter change it, F10 says that all is right."""

    recordable = True

    step = Step.REVIEW
    _asks = "screen.review.ask"

    def __init__(self, context: Context, journey: Journey, at: str = "") -> None:
        self._context = context
        self._journey = journey
        self._top = 0
        self._room = 1
        self._shows = at
        self._places: dict[str, int] = {}
        self._message = Message()
        self._editor = Editor(limit=3)
        self._asked_once = False
        journey.reviewing = False
        self._paths = self._rows()

    def tell(self, message: Message) -> None:
        """Says something over the keys."""
        self._message = message

    def _rows(self) -> list[str]:
        draft, flow = self._journey.draft, self._journey.flow
        paths = ["kk"]
        for index in range(draft.member_count):
            without_nik = draft.answer(member_path(index, NO_NIK))
            asked = entry.member_rows(draft, index, self._context.rules)
            left_out = "nik" if without_nik else ""
            keys = [key for key in MEMBER_KEYS if key != left_out and member_path(index, key) in asked]
            paths += [member_path(index, key) for key in keys]
        paths += [*ADDRESS_PATHS, "fktp"]
        if flow.route.asks_class():
            paths += ["class", *BANK_PATHS]
        return [*paths, "contact.phone", "contact.email"]

    async def press(self, press: Press) -> None:
        self._message = Message()
        self._message = await told(self._context, self._take(press)) or self._message
        self._paths = self._rows()

    async def _take(self, press: Press) -> None:
        if press.key is Key.NEXT:
            await self._confirm()
        elif press.key is Key.BACK:
            await self._back()
        elif press.key in {Key.FINISH, Key.LATER}:
            await navigation.keep(self._context, self._journey)
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", self.step))
        elif press.key is Key.STAFF:
            self._message = await navigation.call_staff(self._context, self._journey)
        elif press.key is Key.ENTER:
            await self._change()
        elif press.key is Key.TEXT and not is_digits(press.text.strip()):
            self._message = Message(self._context.t("screen.review.number"), "warn")
        elif not self._scrolled(press):
            self._editor.press(press)

    async def _back(self) -> None:
        await navigation.back(self._context, self._journey, self.step)

    def _scrolled(self, press: Press) -> bool:
        page = max(self._room - 2, 1)
        by = {Key.UP: -1, Key.DOWN: 1, Key.PAGE_UP: -page, Key.PAGE_DOWN: page}.get(press.key, 0)
        self._top = min(max(self._top + by, 0), max(len(self._lines()) - self._room, 0))
        return bool(by)

    async def _confirm(self) -> None:
        journey = self._journey
        if journey.is_unmended and not self._asked_once:
            self._asked_once = True
            self._message = Message(self._context.t("screen.mend.unchanged"), "warn")
            return
        sends = self._sends
        at = self.step.value if sends else entry.rows(Step.CONSENT, journey.flow)[0]
        await journey.record({Fact.REVIEWED: fingerprint(journey.draft)}, at=at)
        if not sends:
            await navigation.forward(self._context, journey, self.step)
            return
        problems = await navigation.register(self._context, journey)
        refusal = next((self._context.say(problem) for problem in problems if problem.blocks), "")
        if refusal:
            self._message = Message(self._context.t("screen.consent.refused", why=refusal), "error")

    @property
    def _sends(self) -> bool:
        """True where the consent that was given still holds, so that what was mended can go as it is."""
        return self._journey.mends and self._journey.flow.is_complete(Step.CONSENT)

    async def _change(self) -> None:
        typed = self._editor.text.strip()
        self._editor.clear()
        if not typed:
            self._scrolled(Press(Key.PAGE_DOWN))
        elif is_digits(typed) and 1 <= int(typed) <= len(self._paths):
            await navigation.change(self._context, self._journey, self._paths[int(typed) - 1])
        else:
            self._message = Message(self._context.t("screen.review.number"), "warn")

    def _lines(self) -> list[Line]:
        draft = self._journey.draft
        lines: list[Line] = []
        member = -1
        for number, path in enumerate(self._paths, 1):
            found = split_member_path(path)
            if found is not None and found[0] != member:
                member = found[0]
                title = self._context.t("screen.members.number", number=member + 1)
                lines.append((Span(f"   {title}", "title"),))
            elif path == ADDRESS_PATHS[0]:
                lines.append((Span(f"   {self._context.t('screen.review.family')}", "title"),))
            self._places[path] = len(lines)
            label = fit(self._context.t(f"field.{key_of(path)}"), LABEL_WIDTH)
            value = displayed(self._context, path, draft.answer(path)) or "-"
            if found is not None and found[1] in {"name", "mother_name", "birth_place"}:
                value = value.upper()
            first, *more = wrapped(value, _VALUE_WIDTH)
            lines.append((Span(f"  {number:>3} "), Span(f"{label} "), Span(first, "value")))
            lines.extend((Span(" " * (WIDTH - _VALUE_WIDTH)), Span(line, "value")) for line in more)
        return [*lines, *self._totals()]

    def _totals(self) -> list[Line]:
        flow = self._journey.flow
        people = len(flow.family.members)
        chosen = flow.family.care_class
        lines: list[Line] = []
        if flow.route.asks_class() and chosen is not None:
            total = self._context.language.rupiah(per_person(self._context.rules, chosen) * people)
            lines.append(
                (Span("   " + self._context.t("screen.review.total", count=people, total=total), "title"),)
            )
        else:
            outcome = self._context.t(f"outcome.{flow.decision.outcome}")
            lines.append((Span(f"   {outcome}", "title"),))
        warnings = (problem for problem in flow.problems if not problem.blocks)
        for found in warnings:
            lines += indented("! " + self._context.say(found).split("\n")[0], role="warn")
        return lines

    def _title(self) -> Line:
        mends = self._journey.mends
        return step_title(self._context, self.step, self._context.t("screen.mend.review") if mends else "")

    def view(self, width: int, height: int) -> View:
        lines = self._lines()
        self._room = body_room(height) - 2
        place, self._shows = self._places.get(self._shows, 0), ""
        if place >= self._top + self._room:
            self._top = place - self._room // 2  # the row that was just changed
        self._top = min(self._top, max(len(lines) - self._room, 0))
        shown = lines[self._top : self._top + self._room]
        shown += [()] * (self._room - len(shown))
        more = len(lines) > self._top + self._room
        ask = self._context.t("screen.review.more" if more else self._asks)
        body: list[Line] = [*shown, (), (Span(f"   {ask} "), Span(fit(self._editor.text, 4), "focus"))]
        column = 4 + len(ask) + self._editor.cursor
        last = "send_again" if self._sends else "right"
        keys = ("help", "back", *(("scroll",) if len(lines) > self._room else ()), "later", last)
        return framed(
            self._context,
            self._title(),
            body,
            width=width,
            height=height,
            message=self._message,
            keys=with_staff(self._context, keys),
            cursor=(column, len(body) - 1),
        )
