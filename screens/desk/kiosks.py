"""The kiosks of the hub: when each was last heard, what waits there, how far its clock is off."""

from __future__ import annotations

from kiosk.domain.identifiers import is_digits
from kiosk.errors import KioskError
from kiosk.services.desk import DeskKiosk
from screens.desk.context import DeskContext
from screens.desk.pages import DeskHelp, ReasonPage, told
from screens.dialogs import Scroll
from screens.editor import Editor
from screens.frame import Message, body_room, fit
from screens.keys import Key, Press
from screens.layout import boxed
from screens.view import Line, Span, View

_ACTIVE = "active"


class KiosksPage:
    """A line a kiosk; its number and Delete shut it out."""

    def __init__(self, context: DeskContext) -> None:
        self._context = context
        self._kiosks: list[DeskKiosk] = []
        self._scroll = Scroll()
        self._editor = Editor(limit=5)
        self._message = Message()

    async def begin(self) -> None:
        """Reads the list."""
        try:
            self._kiosks = list(await self._context.work(self._context.desk.kiosks))
        except KioskError as error:
            self._message = told(self._context, error)

    async def press(self, press: Press) -> None:
        self._message = Message()
        if press.key in {Key.BACK, Key.FINISH}:
            self._context.shell.pop()
        elif press.key is Key.HELP:
            self._context.shell.push(DeskHelp(self._context, "desk_kiosks"))
        elif press.key is Key.AGAIN:
            await self.begin()
        elif press.key is Key.DELETE:
            self._shut_out(self._editor.text.strip())
        elif press.key is Key.TEXT or not self._scroll.press(press):
            self._editor.press(press)

    def _shut_out(self, typed: str) -> None:
        self._editor.clear()
        if not is_digits(typed) or not 1 <= int(typed) <= len(self._kiosks):
            self._message = Message(self._context.t("desk.no_number"), "warn")
            return
        kiosk = self._kiosks[int(typed) - 1]
        if kiosk.state != _ACTIVE:
            self._message = Message(self._context.t("desk.not_active", kiosk=kiosk.name), "warn")
            return

        async def do(reason: str) -> None:
            context = self._context
            await context.work(context.desk.shut_out, kiosk, context.who, reason)
            context.shell.pop()
            await self.begin()
            self._message = Message(context.t("desk.did.shut_out", kiosk=kiosk.name), "good")

        question = self._context.t("desk.sure.shut_out", kiosk=kiosk.name, place=kiosk.place)
        self._context.shell.push(ReasonPage(self._context, question, do))

    def view(self, width: int, height: int) -> View:
        t = self._context.t
        room = body_room(height) - 3
        lines: list[Line] = [(Span(fit(t("desk.kiosk_heads"), width), "label"),)]
        rows = [self._line(number, kiosk) for number, kiosk in enumerate(self._kiosks, 1)]
        lines += self._scroll.cut(rows, room)
        lines += [()] * (room + 2 - len(lines))
        box, column = boxed(self._editor, hidden=False, width=5)
        ask = "   " + t("desk.ask_kiosk") + " "
        lines.append((Span(ask), box))
        return self._context.framed(
            t("desk.kiosks"),
            lines,
            width=width,
            height=height,
            message=self._message,
            keys=("help", "return", "refresh", "scroll", "shut_out"),
            cursor=(len(ask) + column, len(lines) - 1),
        )

    def _line(self, number: int, kiosk: DeskKiosk) -> Line:
        t = self._context.t
        name = f"{kiosk.name} {t('desk.training')}" if kiosk.training else kiosk.name
        drift = "-" if kiosk.drift_ms is None else f"{round(kiosk.drift_ms / 1000)} s"
        role = "plain" if kiosk.state == _ACTIVE else "dim"
        text = (
            f" {number:>4}  {fit(name, 13)}{fit(t(f'desk.state.{kiosk.state}'), 12)}"
            f"{self._context.moment(kiosk.seen_at):17}{_told(kiosk.waiting):>6} {drift:>7} "
            f"{_told(kiosk.cards_left):>6} {kiosk.program or '-'} "
        )
        return (Span(fit(text, 74), role), Span(kiosk.place, role))


def _told(number: int | None) -> str:
    return "-" if number is None else str(number)
