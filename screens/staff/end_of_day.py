"""The end of a day: what was done, read by a supervisor and signed by PIN."""

from __future__ import annotations

from kiosk.domain.shift import DayReport
from kiosk.domain.staff import Role
from kiosk.errors import KioskError
from kiosk.services.day_report import Names, report_lines, report_name, write_report
from kiosk.services.ports import Printout
from kiosk.services.staff import SignedIn, StaffLine
from screens.context import Context
from screens.dialogs import Help, Scroll
from screens.frame import Message, body_room, framed, told
from screens.keys import Key, Press
from screens.staff import turn
from screens.staff.identify import IdentifyPage
from screens.view import Span, View

_LEAVE = frozenset({Key.BACK, Key.FINISH, Key.STAFF})


class EndOfDayPage:
    """The report; F10 asks for the supervisor who signs it, F3 goes back and changes nothing."""

    is_personal = True

    def __init__(self, context: Context) -> None:
        self._context = context
        self._report: DayReport | None = None
        self._names: Names = {}
        self._message = Message()
        self._scroll = Scroll()

    async def begin(self) -> None:
        """Makes the report as of now."""
        staffing = self._context.services.staffing
        self._report = await self._context.work(staffing.shifts.end_of_day)
        people = await self._context.work(staffing.staff.people, with_inactive=True)
        self._names = {one.id: one.name for one in people}

    async def renew(self) -> None:
        """More was done meanwhile, by another program: the report is made anew."""
        await self.begin()

    def tell(self, message: Message) -> None:
        """Says something over the keys."""
        self._message = message

    async def press(self, press: Press) -> None:
        self._message = Message()
        self._message = await told(self._context, self._take(press)) or self._message

    async def _take(self, press: Press) -> None:
        if press.key is Key.NEXT and self._report is not None:
            page = SignReportPage(self._context, self._report, self._names)
            self._context.shell.push(page)
            await page.begin()
        elif press.key in _LEAVE:
            self._context.shell.pop()
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", "end_of_day"))
        else:
            self._scroll.press(press)

    def view(self, width: int, height: int) -> View:
        context = self._context
        lines = []
        if self._report is not None:
            lines = report_lines(self._report, context.language, "", self._names)
        shown = self._scroll.cut([(Span("   " + line),) for line in ("", *lines)], body_room(height))
        keys = ["help", "return"]
        if self._scroll.is_long:
            keys.append("scroll")
        keys.append("sign_day")
        return framed(
            context,
            (Span(" " + context.t("screen.staff.menu_end"), "title"),),
            shown,
            width=width,
            height=height,
            message=self._message if self._message.text else Message(context.t("screen.staff.read_report")),
            keys=keys,
        )


class SignReportPage(IdentifyPage):
    """The supervisor who has read the report signs it; the day is closed and everybody signed out."""

    title = "screen.staff.sign"
    explains = "screen.staff.sign_how"
    help_page = "end_of_day"
    is_personal = True

    def __init__(self, context: Context, report: DayReport, names: Names) -> None:
        session = context.session
        super().__init__(context, session.id if session is not None and session.is_supervisor else "")
        self._report = report
        self._names = names

    def may(self, member: StaffLine) -> bool:
        return member.role is Role.SUPERVISOR

    async def known(self, member: SignedIn) -> Message | None:
        try:
            await self.context.work(self.context.services.staffing.shifts.sign, self._report, member)
        except KioskError as error:
            if error.code != "shift.changed":
                raise
            self.context.shell.pop()
            below = self.context.shell.top
            if isinstance(below, EndOfDayPage):
                await below.begin()
                below.tell(Message(self.context.t("problem.shift.changed"), "warn"))
            return None
        language, place = self.context.language, self.context.config.kiosk.place
        lines = report_lines(self._report, language, place, self._names, signed_by=member.name)
        says = [self.context.t("screen.staff.day_closed", name=member.name), await self._written(lines)]
        printer = self.context.services.printer
        if printer is not None:
            printer.print(Printout(report_name(self._report), tuple(lines)))
            says.append(self.context.t("screen.staff.report_printed"))
        await turn.sign_out(self.context, " ".join(filter(None, says)))
        return None

    async def _written(self, lines: list[str]) -> str:
        """Puts the signed report into the folder of the receipts, where there is one."""
        folder = self.context.config.receipts_dir
        if folder is None:
            return ""
        try:
            path = await self.context.work(write_report, folder, self._report, lines)
        except KioskError:
            return self.context.t("screen.staff.report_not_written")
        return self.context.t("screen.staff.report_written", file=path.name)
