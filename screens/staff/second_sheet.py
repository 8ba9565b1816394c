"""The sheet of a second proof: shown once, to be written down or printed, and never again."""

from __future__ import annotations

from kiosk.services.second_factor import Sheet
from screens.context import Context
from screens.dialogs import Help
from screens.frame import framed, indented
from screens.keys import Key, Press
from screens.view import Line, Span, View


class SecondSheetPage:
    """Codes that are each good once, and the secret for an app; F10 says that they are kept."""

    is_personal = True

    def __init__(self, context: Context, name: str, sheet: Sheet) -> None:
        self._context = context
        self._name = name
        self._sheet = sheet

    async def press(self, press: Press) -> None:
        if press.key is Key.NEXT:
            self._context.shell.pop()
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", "second_sheet"))

    def view(self, width: int, height: int) -> View:
        t, sheet = self._context.t, self._sheet
        body: list[Line] = [(), *indented(t("screen.staff.sheet_how", name=self._name)), ()]
        if sheet.secret:
            secret = " ".join(sheet.secret[at : at + 4] for at in range(0, len(sheet.secret), 4))
            body += [*indented(t("screen.staff.sheet_app")), (Span("   "), Span(secret, "value")), ()]
        body += [*indented(t("screen.staff.sheet_list")), ()]
        half = (len(sheet.codes) + 1) // 2
        for row in range(half):
            codes = sheet.codes[row::half]
            numbered = (f"{row + 1 + half * column:>2}  {code:20}" for column, code in enumerate(codes))
            body.append((Span("   "), Span("".join(numbered), "value")))
        return framed(
            self._context,
            (Span(" " + t("screen.staff.sheet"), "title"),),
            body,
            width=width,
            height=height,
            keys=("help", "sheet_kept"),
        )
