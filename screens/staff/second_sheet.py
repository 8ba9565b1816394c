"""The sheet of a second proof: shown once, to be written down or printed, and never again."""

from __future__ import annotations

from kiosk.services.paper import WIDTH as PAPER_WIDTH
from kiosk.services.paper import Paper
from kiosk.services.ports import Printout
from kiosk.services.second_factor import Sheet
from screens.context import Context
from screens.dialogs import Help
from screens.frame import Message, framed, indented
from screens.keys import Key, Press
from screens.view import Line, Span, View


class SecondSheetPage:
    """Codes that are each good once, and the secret for an app; F10 says that they are kept."""

    is_personal = True

    def __init__(self, context: Context, name: str, sheet: Sheet) -> None:
        self._context = context
        self._name = name
        self._sheet = sheet
        self._message = Message()

    async def press(self, press: Press) -> None:
        if press.key is Key.NEXT:
            self._context.shell.pop()
        elif press.key is Key.ENTER and self._context.services.printer is not None:
            self._context.services.printer.print(Printout("kode-kedua", tuple(self._paper())))
            self._message = Message(self._context.t("screen.staff.sheet_printed"), "good")
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", "second_sheet"))

    def _paper(self) -> list[str]:
        """The sheet for a narrow printer."""
        paper = Paper(self._context.language, PAPER_WIDTH)
        paper.wrapped(f"{self._context.config.kiosk.place}, {self._name}")
        paper.rule()
        if self._sheet.secret:
            paper.wrapped(self._context.t("screen.staff.sheet_app"))
            paper.wrapped(_grouped(self._sheet.secret))
            paper.rule()
        paper.wrapped(self._context.t("screen.staff.sheet_list"))
        for number, code in enumerate(self._sheet.codes, 1):
            paper.pair_of(f"{number}", code)
        return paper.lines

    def view(self, width: int, height: int) -> View:
        t, sheet = self._context.t, self._sheet
        body: list[Line] = [(), *indented(t("screen.staff.sheet_how", name=self._name)), ()]
        if sheet.secret:
            secret = Span(_grouped(sheet.secret), "value")
            body += [*indented(t("screen.staff.sheet_app")), (Span("   "), secret), ()]
        body += [*indented(t("screen.staff.sheet_list")), ()]
        half = (len(sheet.codes) + 1) // 2
        for row in range(half):
            codes = sheet.codes[row::half]
            numbered = (f"{row + 1 + half * column:>2}  {code:20}" for column, code in enumerate(codes))
            body.append((Span("   "), Span("".join(numbered), "value")))
        keys = ["help"]
        if self._context.services.printer is not None:
            keys.append("print")
        keys.append("sheet_kept")
        return framed(
            self._context,
            (Span(" " + t("screen.staff.sheet"), "title"),),
            body,
            width=width,
            height=height,
            message=self._message,
            keys=keys,
        )


def _grouped(secret: str) -> str:
    """In fours, as it is typed."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
