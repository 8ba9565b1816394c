"""The certificate: the name is asked, then it stands on the screen with its code, to be copied."""

from __future__ import annotations

from kiosk.training.certificate import LONGEST_NAME, code_lines
from screens.context import Context
from screens.dialogs import Help, Scroll
from screens.editor import Editor
from screens.frame import Message, body_room, framed, indented, told
from screens.keys import Key, Press
from screens.layout import boxed
from screens.training.listing import open_menu
from screens.view import Line, Span, View


class CertificatePage:
    """Enter on a name makes its certificate, where enough was passed; F3 goes back to the menu."""

    wipes = True

    def __init__(self, context: Context) -> None:
        self._context = context
        self._editor = Editor(limit=LONGEST_NAME)
        self._message = Message()
        self._scroll = Scroll()
        self._lines: list[Line] = []

    async def begin(self) -> None:
        """Nothing is read before there is a name."""

    async def press(self, press: Press) -> None:
        self._message = Message()
        if press.key in {Key.BACK, Key.FINISH, Key.STAFF}:
            await open_menu(self._context)
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", "certificate"))
        elif self._lines:
            self._scroll.press(press)
        elif press.key in {Key.ENTER, Key.NEXT}:
            self._message = await told(self._context, self._make()) or self._message
        else:
            self._editor.press(press)

    async def _make(self) -> None:
        """The certificate of what was passed here, signed by the classroom's key."""
        context = self._context
        found, code = await context.work(context.schooling.certificate, self._editor.text)
        said = context.schooling.certificate_lines(found, context.language)
        self._lines = [(), *((Span(f"   {line}", "value"),) for line in said), ()]
        self._lines += indented(f"{context.t('training.certificate.code')}:", role="title")
        self._lines += [(Span(f"   {line}"),) for line in code_lines(code)]
        self._lines += [(), *indented(context.t("screen.training.verify"))]

    def view(self, width: int, height: int) -> View:
        t = self._context.t
        body, cursor = self._lines, None
        if not body:
            box, column = boxed(self._editor, hidden=False, width=LONGEST_NAME + 1)
            ask = f"   {t('screen.training.name')} "
            body = [(), *indented(t("screen.training.certificate_how")), (), (Span(ask), box)]
            cursor = (len(ask) + column, len(body) - 1)
        shown = self._scroll.cut(body, body_room(height))
        return framed(
            self._context,
            (Span(f" {t('screen.training.certificate')}", "title"),),
            shown,
            width=width,
            height=height,
            message=self._message,
            keys=("help", "back", "scroll") if self._scroll.is_long else ("help", "back"),
            cursor=cursor,
        )
