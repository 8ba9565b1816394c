"""The first screen: a new family, drafts to go on with, and what was registered today."""

from __future__ import annotations

from contextlib import suppress

from kiosk.domain.fields import Problem
from kiosk.domain.identifiers import digits_only, is_digits, parse_reference
from kiosk.domain.resume_code import grouped, parse_code
from kiosk.errors import KioskError
from kiosk.services.ports import DraftSummary, RegistrationSummary
from screens import navigation
from screens.context import Context
from screens.dialogs import Confirm, Help
from screens.display import hidden, initials
from screens.doctor import DoctorPage
from screens.editor import Editor
from screens.frame import Message, body_room, fit, framed, indented, told
from screens.journey import Journey
from screens.keys import Key, Press
from screens.layout import boxed
from screens.saved import Saved, saved_families, saved_lines
from screens.view import Line, Span, View

_DRAFTS = 5
_TODAY = 8
_PAGE = 50


class HomePage:
    """Where every family begins and ends. In the village it shows nobody's data."""

    wipes = True

    def __init__(self, context: Context, message: str = "", code: str = "") -> None:
        self._context = context
        self._code = code
        self._message = Message(message, "good" if message else "plain")
        self._saved: list[Saved] = []
        self._today: list[RegistrationSummary] = []
        self._editor = Editor(limit=32)
        self._begun = False

    @property
    def _is_public(self) -> bool:
        return self._context.config.profile == "village"

    async def begin(self) -> None:
        """Reads the lists; the store is opened here when the program has just started."""
        await self._context.ready()
        await self._context.refresh()
        await self._context.forget_messages()
        with suppress(KioskError):  # what cannot be removed now is removed another time
            await self._context.work(self._context.services.drafts.expire)
        if not self._is_public:
            await self._read_lists()
        self._begun = True

    async def _read_lists(self) -> None:
        services = self._context.services
        today = self._context.rules.today.isoformat()
        self._saved = await saved_families(self._context, _DRAFTS)
        self._today = await self._context.work(services.queries.page, day=today, limit=_TODAY)

    async def press(self, press: Press) -> None:
        self._message = Message()
        self._message = await told(self._context, self._take(press)) or self._message

    async def _take(self, press: Press) -> None:
        if not self._begun:
            await self.begin()  # what was typed ahead may name a line of the lists
        if press.key is Key.NEXT:
            if not await self._context.work(self._context.services.reserve.has_room):
                self._message = Message(self._context.t("screen.home.disk_full"), "error")
                return
            journey = await Journey.begin(self._context)
            await navigation.open_step(self._context, journey, journey.flow.steps[0])
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", "home"))
        elif press.key is Key.AGAIN:
            self._context.switch_language()
        elif press.key is Key.REVEAL and not self._is_public:
            doctor = DoctorPage(self._context)
            self._context.shell.push(doctor)
            await doctor.begin()
        elif press.key is Key.STAFF:
            self._message = Message(self._context.t("screen.staff", place=self._context.config.kiosk.place))
        elif press.key is Key.FINISH and self._context.config.screens.may_quit:
            self._context.shell.push(Confirm(self._context, self._context.t("screen.home.quit"), self._quit))
        elif press.key is Key.ENTER:
            await self._open(self._editor.text.strip())
        elif press.key is Key.DELETE and self._named_draft(self._editor.text.strip()):
            self._ask_discard(self._editor.text.strip())
        else:
            self._editor.press(press)

    async def _quit(self) -> None:
        self._context.shell.leave(0)

    # Opening what is named by a number of the list, a reference, a NIK or a No. KK.

    def _named_draft(self, typed: str) -> DraftSummary | None:
        listed = is_digits(typed) and 1 <= int(typed) <= len(self._saved)
        return self._saved[int(typed) - 1].draft if listed else None

    async def _open(self, typed: str) -> None:
        if not typed:
            return
        self._editor.clear()
        number = int(typed) if is_digits(typed) and len(typed) <= 2 else 0
        draft = self._named_draft(typed)
        if draft is not None:
            await self._resume(draft.id)
        elif len(self._saved) < number <= len(self._saved) + len(self._today):
            await self._show(self._today[number - len(self._saved) - 1].reference)
        elif parse_reference(typed) is None and (code := parse_code(typed)) is not None:
            await self._take_up(code)
        elif not await self._resume_by_kk(digits_only(typed)) and not await self._find(typed):
            self._message = Message(self._context.t("screen.home.not_found"), "warn")

    async def _resume(self, draft_id: str) -> bool:
        found = await navigation.resume(self._context, draft_id)
        if not found:
            self._message = Message(self._context.t("screen.home.draft_gone"), "warn")
        return found

    async def _take_up(self, code: str) -> None:
        """Goes on with the family that has the slip with this code."""
        found = await self._context.work(self._context.services.drafts.take_up, code)
        if isinstance(found, Problem):
            self._message = Message(self._context.say(found), "warn")
        else:
            await self._resume(found.id)

    async def _resume_by_kk(self, kk: str) -> bool:
        """Takes up the newest draft with this whole No. KK."""
        if len(kk) != 16:
            return False
        offset = 0
        while page := await self._context.work(
            self._context.services.drafts.page, limit=_PAGE, offset=offset
        ):
            for draft in page:
                if digits_only(draft.kk.strip()) == kk:
                    return await self._resume(draft.id)
            offset += _PAGE
        return False

    async def _find(self, typed: str) -> bool:
        if self._is_public:
            return False
        try:
            found = await self._context.work(self._context.services.queries.find, typed)
        except KioskError as error:
            # Two hyphens make a reference, whose check signs are worth a word; anything else was not found.
            if error.code == "reference.check" and typed.count("-") != 2:
                return False
            raise
        if found:
            await self._show(found[0].reference)
        return bool(found)

    async def _show(self, reference: str) -> None:
        from screens.registration.account import AccountPage  # noqa: PLC0415  (needed when asked for)

        registration = await self._context.work(self._context.services.queries.registration, reference)
        self._context.shell.show(AccountPage(self._context, registration, again=True))

    def _ask_discard(self, typed: str) -> None:
        draft = self._named_draft(typed)
        if draft is None:
            return

        async def discard() -> None:
            self._message = await told(self._context, thrown_away()) or self._message

        async def thrown_away() -> None:
            await self._context.work(self._context.services.drafts.discard, draft.id)
            self._editor.clear()
            await self.begin()
            self._message = Message(self._context.t("screen.home.discarded"))

        question = self._context.t(
            "screen.home.discard", name=draft.name or hidden(draft.kk), people=draft.people
        )
        self._context.shell.push(Confirm(self._context, question, discard))

    # What is shown.

    def view(self, width: int, height: int) -> View:
        t = self._context.t
        body: list[Line] = [
            (),
            (Span("   F10 ", "mark"), Span("  " + t("screen.home.new"), "title")),
            (),
            *self._slip(),
        ]
        body += self._lists() if self._context.is_ready else [(Span("   " + t("screen.home.opening")),)]
        room = body_room(height)
        body = body[: room - 2]
        body += [()] * (room - 2 - len(body))
        box, column = boxed(self._editor, hidden=False, width=22)
        ask = "   " + t("screen.home.ask_public" if self._is_public else "screen.home.ask") + " "
        body += [(), (Span(ask), box)]
        keys = ["help", "new", "language", "staff"]
        if not self._is_public:
            keys.append("doctor")
        if self._context.config.screens.may_quit:
            keys.append("quit")
        return framed(
            self._context,
            (Span(" " + t("screen.home.title"), "title"), Span("  " + t("screen.home.not_bpjs"))),
            body,
            width=width,
            height=height,
            message=self._warning(),
            keys=keys,
            cursor=(len(ask) + column, len(body) - 1),
        )

    def _warning(self) -> Message:
        left, copies = self._context.cards_left, self._context.copy_problem
        if self._message.text or (left is None and not copies):
            return self._message
        if left is not None:
            return Message(self._context.t("screen.home.cards_low", count=left), "warn")
        return Message(self._context.t(f"copies.{copies.removeprefix('copy.')}"), "warn")

    def _slip(self) -> list[Line]:
        """The code by which the family that has just left can go on; nothing on it says who they are."""
        if not self._code:
            return []
        t, days = self._context.t, self._context.config.drafts.days
        says = [t("screen.slip.how"), *([t("screen.slip.days", days=days)] if days else [])]
        code = (Span(f"   {t('screen.slip.code')}  "), Span(f" {grouped(self._code)} ", "mark"))
        return [code, *indented(" ".join(says)), ()]

    def _lists(self) -> list[Line]:
        t = self._context.t
        if self._is_public:
            return indented(t("screen.home.public"))
        lines: list[Line] = []
        if self._saved:
            lines.append((Span("   " + t("screen.home.drafts"), "title"),))
            lines += [*saved_lines(self._context, self._saved), ()]
        lines.append((Span("   " + t("screen.home.today"), "title"),))
        first = len(self._saved) + 1
        lines += [self._today_line(number, found) for number, found in enumerate(self._today, first)]
        if not self._today:
            lines.append((Span("   " + t("screen.home.none")),))
        return lines

    def _today_line(self, number: int, found: RegistrationSummary) -> Line:
        total = self._context.language.rupiah(found.premium_total) if found.premium_total else "-"
        people = self._context.t("screen.people", count=found.people)
        state = self._context.t(f"state.{found.state}")
        name = fit(initials(found.name), 16 if found.doubtful else 20)
        if found.doubtful:
            total = self._context.t("screen.doubtful")
        return (Span(f"   {number:>2} {name} {found.reference:13} {people:9} {total:>11} {state}"),)
