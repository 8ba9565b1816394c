"""Sending to the hub, as a page: what waits, when the hub last answered, and the key that sends now."""

from __future__ import annotations

from kiosk.services.contact import Contact
from screens.context import Context
from screens.dialogs import Help, Scroll
from screens.frame import MARGIN, Message, body_room, fit, framed, indented, told
from screens.keys import Key, Press
from screens.view import Line, Span, View

_LABEL_WIDTH = 24
_LEAVE = frozenset({Key.ENTER, Key.BACK, Key.SEND, Key.FINISH})


class SendingPage:
    """Tells how sending goes; F10 sends now, Enter or F3 goes back."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._aside: list[tuple[str, str]] = []
        self._message = Message()
        self._scroll = Scroll()

    async def begin(self) -> None:
        """Reads what waits and what the hub did not take."""
        await self._context.refresh()
        self._aside = await self._context.work(self._context.services.standings.set_aside)

    async def renew(self) -> None:
        """Reads it again."""
        await self.begin()
        self._message = Message()

    async def press(self, press: Press) -> None:
        self._message = await told(self._context, self._take(press)) or self._message

    async def _take(self, press: Press) -> None:
        sender = self._context.services.sender
        if press.key is Key.NEXT and sender is not None:
            await self._context.work(sender.send_now)
            await self._context.refresh()
            self._message = Message(self._context.t("screen.sending.begun"))
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", "sending"))
        elif press.key in _LEAVE:
            self._context.shell.pop()
        else:
            self._scroll.press(press)

    # What is shown.

    def view(self, width: int, height: int) -> View:
        keys = ["help"]
        if self._context.services.sender is not None:
            keys.append("send_now")
        keys.append("return")
        return framed(
            self._context,
            (Span(" " + self._context.t("screen.sending.title"), "title"),),
            self._scroll.cut(self._lines(), body_room(height)),
            width=width,
            height=height,
            message=self._message,
            keys=keys,
        )

    def _lines(self) -> list[Line]:
        t, contact = self._context.t, self._context.contact
        lines: list[Line] = [()]
        if not contact.enrolled:
            lines += indented(t("screen.sending.not_enrolled"), role="warn")
            return [*lines, (), self._row("waiting", str(self._context.waiting))]
        online = t("screen.online" if self._context.is_online else "screen.offline")
        lines += [
            self._row("waiting", str(self._context.waiting)),
            self._row("to_mend", str(self._context.to_mend)),
            (),
            self._row("network", online),
            self._row("contact", self._time(contact.at)),
            self._row(
                "tried", t("screen.sending.working") if contact.working else self._time(contact.tried_at)
            ),
            *self._failure(contact),
            (),
        ]
        for reference, code in self._aside:
            lines += indented(t("screen.sending.aside", reference=reference, code=code), role="warn")
        return [*lines, *indented(t("screen.sending.how"))]

    def _row(self, name: str, value: str) -> Line:
        label = fit(self._context.t(f"screen.sending.{name}"), _LABEL_WIDTH)
        return (Span(" " * MARGIN + label, "label"), Span(value, "value"))

    def _time(self, at: str) -> str:
        return self._context.services.standings.local(at) if at else self._context.t("screen.sending.never")

    def _failure(self, contact: Contact) -> list[Line]:
        """Why the last try failed, in words where there are some for it."""
        if not contact.code:
            return []
        key = f"problem.{contact.code}"
        known, t = self._context.language.has(key), self._context.t
        return indented(t(key) if known else t("screen.sending.failed", code=contact.code), role="warn")
