"""The first screen: a new family, drafts to go on with, and what was registered today."""

from __future__ import annotations

from kiosk.domain.fields import Problem
from kiosk.domain.identifiers import digits_only, is_digits, is_kiosk_id, parse_reference
from kiosk.domain.registration import State
from kiosk.domain.resume_code import grouped, parse_code
from kiosk.errors import KioskError
from kiosk.services.mending import Card
from kiosk.services.ports import RegistrationSummary
from screens import navigation
from screens.context import Context
from screens.dialogs import Confirm, Help
from screens.display import hidden
from screens.doctor import DoctorPage
from screens.editor import Editor
from screens.frame import Message, body_room, framed, indented, told
from screens.keys import Key, Press
from screens.layout import boxed
from screens.lists import Entry, Lists
from screens.saved import Saved
from screens.sending import SendingPage
from screens.view import HEIGHT, Line, Span, View

_PAGE = 50
_KK_DIGITS = 16
_ABOVE_AND_BELOW = 5
"""Lines of the work that the lists cannot have: three above them, two below."""


class HomePage:
    """Where every family begins and ends. In the village it shows nobody's data."""

    wipes = True

    def __init__(self, context: Context, message: str = "", code: str = "") -> None:
        self._context = context
        self._code = code
        self._message = Message(message, "good" if message else "plain")
        self._lists = Lists()
        self._height = HEIGHT
        self._editor = Editor(limit=32)
        self._begun = False
        self._is_outdated = False

    def tell(self, message: Message) -> None:
        """Says something over the keys."""
        self._message = message

    @property
    def recordable(self) -> bool:
        """Whether it may be recorded in practice: not while the code of a slip stands there or is typed."""
        return not self._code and not any(map(str.isalpha, self._editor.text))

    @property
    def _shows_sending(self) -> bool:
        """Where there is a hub, and somebody whose work sending is."""
        return self._context.contact.enrolled and not self._context.is_public

    async def begin(self) -> None:
        """Reads the lists; the store is opened here when the program has just started."""
        await navigation.settle(self._context)
        await self._read_lists()
        self._begun = True

    async def renew(self) -> None:
        """Reads the lists again, but not before a number of theirs that is being typed has been used."""
        self._is_outdated = bool(self._editor.text)
        if self._begun and not self._is_outdated:
            await self._read_lists()

    async def _read_lists(self) -> None:
        if not self._context.is_public:
            self._lists = await Lists.read(self._context)

    async def press(self, press: Press) -> None:
        self._message = Message()
        self._message = await told(self._context, self._take(press)) or self._message
        if self._is_outdated and not self._editor.text:
            await told(self._context, self.renew())

    async def _take(self, press: Press) -> None:
        if not self._begun:
            await self.begin()  # what was typed ahead may name a line of the lists
        if press.key is Key.NEXT:
            if not await self._context.work(self._context.services.reserve.has_room):
                self._message = Message(self._context.t("screen.home.disk_full"), "error")
                return
            await navigation.new_family(self._context)
        elif press.key is Key.HELP:
            self._context.shell.push(
                Help(self._context, "", "home_public" if self._context.is_public else "home")
            )
        elif press.key is Key.AGAIN:
            self._context.switch_language()
        elif press.key is Key.REVEAL and not self._context.is_public:
            doctor = DoctorPage(self._context)
            self._context.shell.push(doctor)
            await doctor.begin()
        elif press.key is Key.SEND and self._shows_sending:
            sending = SendingPage(self._context)
            self._context.shell.push(sending)
            await sending.begin()
        elif press.key is Key.STAFF:
            await self._call_staff()
        elif press.key is Key.FINISH and self._context.config.screens.may_quit:
            self._context.shell.push(Confirm(self._context, self._context.t("screen.home.quit"), self._quit))
        elif press.key is Key.ENTER:
            await self._open(self._editor.text.strip())
        elif press.key is Key.DELETE and self._named(self._editor.text.strip()) is not None:
            self._ask_discard(self._editor.text.strip())
        else:
            self._editor.press(press)

    async def _call_staff(self) -> None:
        """In practice the classroom is behind this key, unless a case is played."""
        if self._context.config.is_training and not self._plays:
            from screens.training.listing import open_menu  # noqa: PLC0415  (it leads back here)

            await open_menu(self._context)
        else:
            self._message = await navigation.call_staff(self._context)

    async def _quit(self) -> None:
        self._context.shell.leave(0)

    # Opening what is named by a number of the list, a reference, a NIK or a No. KK.

    @property
    def _listed(self) -> Lists:
        """What of the lists has room."""
        room = body_room(self._height, self._warning())
        return self._lists.fitted(room - _ABOVE_AND_BELOW - len(self._slip()))

    def _named(self, typed: str) -> Entry | None:
        return self._listed.entry(int(typed)) if is_digits(typed) and len(typed) <= 2 else None

    async def _open(self, typed: str) -> None:
        if not typed:
            return
        self._editor.clear()
        match self._named(typed):
            case Card(reference=reference):
                await navigation.mend(self._context, reference)
            case Saved(draft=draft):
                await self._resume(draft.id)
            case RegistrationSummary(reference=reference):
                await self._show(reference)
            case None if parse_reference(typed) is None and (code := parse_code(typed)) is not None:
                await self._take_up(code)
            case None if not await self._resume_by_kk(digits_only(typed)) and not await self._find(typed):
                self._message = Message(self._context.t("screen.home.not_found"), "warn")

    async def _resume(self, draft_id: str) -> bool:
        found = await navigation.resume(self._context, draft_id)
        if not found:
            self._message = Message(self._context.t("screen.home.draft_gone"), "warn")
        return found

    async def _take_up(self, code: str) -> None:
        """Goes on with the family that has the slip with this code."""
        found = await self._context.work(self._context.services.staffing.slips.take_up, code)
        if isinstance(found, Problem):
            self._message = Message(self._context.say(found), "warn")
        else:
            await self._resume(found.id)

    async def _resume_by_kk(self, kk: str) -> bool:
        """Takes up the newest draft with this whole No. KK."""
        if len(kk) != _KK_DIGITS:
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
        if self._context.is_public:
            return await self._find_in_public(typed)
        try:
            found = await self._context.work(self._context.services.queries.find, typed)
        except KioskError as error:
            # What looks like a reference has check signs that are worth a word; anything else was not found.
            if error.code == "reference.check" and not _looks_like_reference(typed):
                return False
            raise
        if found:
            await self._show(found[0].reference)
        return bool(found)

    async def _find_in_public(self, typed: str) -> bool:
        """A code tells how its registration stands; the whole No. KK opens what is to be mended as well."""
        queries = self._context.services.queries
        if (reference := parse_reference(typed)) is not None:
            try:
                found = [await self._context.work(queries.registration, str(reference))]
            except KioskError:
                return False
        else:
            kk = digits_only(typed)
            found = await self._context.work(queries.of_kk, kk) if len(kk) == _KK_DIGITS else []
            refused = next((one for one in found if one.state is State.NEEDS_FIX), None)
            if refused is not None:
                await navigation.mend(self._context, refused.reference)
                return True
        if found:
            from screens.standing_page import StandingPage  # noqa: PLC0415  (needed when asked for)

            page = StandingPage(self._context, found[0])
            self._context.shell.show(page)
            await page.begin()
        return bool(found)

    async def _show(self, reference: str) -> None:
        from screens.registration.account import AccountPage  # noqa: PLC0415  (needed when asked for)

        registration = await self._context.work(self._context.services.queries.registration, reference)
        page = AccountPage(self._context, registration, again=True)
        await page.begin()
        self._context.shell.show(page)

    def _ask_discard(self, typed: str) -> None:
        """Asks before an unfinished family, or what was begun to be mended, is thrown away."""
        named, drafts, t = self._named(typed), self._context.services.drafts, self._context.t
        if isinstance(named, Saved):
            draft = named.draft
            name = draft.name or hidden(draft.kk)
            question = t("screen.home.discard", name=name, people=draft.people)
            identity = draft.id
        elif isinstance(named, Card) and named.begun_at:
            question, identity = t("screen.mend.discard", reference=named.reference), named.draft_id
        else:
            return

        async def discard() -> None:
            self._message = await told(self._context, thrown_away()) or self._message

        async def thrown_away() -> None:
            await self._context.work(drafts.discard, identity)
            self._editor.clear()
            self._code = ""  # it may be the code of the family that is no longer there
            await self.begin()
            self._message = Message(t("screen.home.discarded"))

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
        self._height = height
        if not self._context.is_ready:
            body.append((Span("   " + t("screen.home.opening")),))
        elif self._context.is_public:
            body += indented(t("screen.home.public"))
        else:
            body += self._listed.lines(self._context)
        # The line where one types is the last of the work: a long message must not lie on it.
        room = body_room(height, self._warning(), width)
        body = body[: room - 2]
        body += [()] * (room - 2 - len(body))
        box, column = boxed(self._editor, hidden=False, width=22)
        ask = "   " + t("screen.home.ask_public" if self._context.is_public else "screen.home.ask") + " "
        body += [(), (Span(ask), box)]
        keys = ["help", "new", "back"] if self._context.is_public else ["help", "new", "language"]
        if self._context.session is not None and self._shows_sending:
            keys = ["help", "new", "staff", "sending"]
        elif self._shows_sending:
            keys.append("sending")
        elif self._plays:
            keys.append("paper")
        elif self._context.config.is_training:
            keys.append("learn")
        else:
            keys.append("staff")
        if not self._context.is_public:
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

    @property
    def _plays(self) -> bool:
        """Whether a case for practice is played, whose paper the staff key shows."""
        services = self._context.services if self._context.is_ready else None
        return services is not None and services.schooling is not None and bool(services.schooling.current)

    def _warning(self) -> Message:
        left, copies = self._context.cards_left, self._context.copy_problem
        if not self._message.text and self._context.settings_changed:
            return Message(self._context.t("screen.staff.settings_warning"), "warn")
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


def _looks_like_reference(typed: str) -> bool:
    parts = [part.strip() for part in typed.upper().split("-")]
    return len(parts) == 3 and is_kiosk_id(parts[0]) and parts[1].isalnum()
