"""The desk's first page: what waits for a person, each opened by its number."""

from __future__ import annotations

from kiosk.domain.identifiers import is_digits
from kiosk.errors import KioskError
from kiosk.services.desk import CaseKind, CaseLine
from screens.desk.case import CasePage
from screens.desk.context import DeskContext
from screens.desk.kiosks import KiosksPage
from screens.desk.pages import DeskHelp, told
from screens.editor import Editor
from screens.frame import Message, body_room, fit
from screens.keys import Key, Press
from screens.layout import boxed
from screens.view import HEIGHT, Line, Span, View

_PAGE = HEIGHT - 8


class QueuePage:
    """Cases in pages; what could not be decided comes before what was refused."""

    def __init__(self, context: DeskContext, message: str = "") -> None:
        self._context = context
        self._message = Message(message, "good" if message else "plain")
        self._cases: list[CaseLine] = []
        self._before: list[str] = [""]
        self._editor = Editor(limit=4)

    async def begin(self) -> None:
        """Reads the page of the list; a hub that cannot be reached is said."""
        try:
            await self._context.refresh()
            found = await self._context.work(
                lambda: self._context.desk.cases(limit=_PAGE + 1, before=self._before[-1])
            )
            self._cases = list(found)
        except KioskError as error:
            self._message = told(self._context, error)

    async def press(self, press: Press) -> None:
        if press.key is not Key.TEXT:
            self._message = Message()
        if press.key is Key.ENTER:
            await self._open(self._editor.text.strip())
        elif press.key is Key.PAGE_DOWN and len(self._cases) > _PAGE:
            self._before.append(self._cases[_PAGE - 1].key)
            await self.begin()
        elif press.key is Key.PAGE_UP and len(self._before) > 1:
            self._before.pop()
            await self.begin()
        elif press.key is Key.AGAIN:
            await self.begin()
        elif press.key is Key.SAME:
            page = KiosksPage(self._context)
            self._context.shell.push(page)
            await page.begin()
        elif press.key is Key.HELP:
            self._context.shell.push(DeskHelp(self._context, "desk_queue"))
        elif press.key is Key.FINISH:
            self._context.shell.leave(0)
        else:
            self._editor.press(press)

    async def _open(self, typed: str) -> None:
        self._editor.clear()
        if not is_digits(typed) or not 1 <= int(typed) <= min(len(self._cases), _PAGE):
            if typed:
                self._message = Message(self._context.t("desk.no_number"), "warn")
            return
        page = CasePage(self._context, self._cases[int(typed) - 1].key, self._done)
        self._context.shell.push(page)
        await page.begin()

    async def _done(self, message: str) -> None:
        """Back from a case on which something was done."""
        await self.begin()
        self._message = Message(message, "good")

    def view(self, width: int, height: int) -> View:
        t = self._context.t
        body: list[Line] = [(Span(fit(t("desk.heads"), width), "label"),)]
        body += [self._line(number, case) for number, case in enumerate(self._cases[:_PAGE], 1)]
        if not self._cases:
            body += [(), (Span("   " + t("desk.nothing"), "good"),)]
        elif len(self._cases) > _PAGE or len(self._before) > 1:
            body.append((Span("   " + t("desk.page", number=len(self._before)), "dim"),))
        room = body_room(height)
        body += [()] * (room - 1 - len(body))
        box, column = boxed(self._editor, hidden=False, width=4)
        ask = "   " + t("desk.ask") + " "
        body.append((Span(ask), box))
        return self._context.framed(
            t("desk.queue"),
            body,
            width=width,
            height=height,
            message=self._message,
            keys=("help", "desk_open", "refresh", "kiosks", "pages", "quit"),
            cursor=(len(ask) + column, len(body) - 1),
        )

    def _line(self, number: int, case: CaseLine) -> Line:
        t = self._context.t
        kiosk = f"{case.kiosk} {t('desk.training')}" if case.training else case.kiosk
        role = "warn" if case.kind is CaseKind.ASIDE else "plain"
        code = t(f"desk.kind.{case.kind}")
        return (
            Span(f" {number:>4}  "),
            Span(fit(code, 14), role),
            Span(f"{fit(kiosk, 13)}{fit(case.reference or '-', 14)}{self._context.moment(case.at):17}"),
            Span(fit(case.code, 80 - 65), "value"),
        )
