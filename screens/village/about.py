"""What a family is told before it is asked anything: what to bring, what it costs, who goes elsewhere."""

from __future__ import annotations

from kiosk.domain.premium import per_person
from screens import navigation
from screens.context import Context
from screens.dialogs import Help, Scroll
from screens.frame import MARGIN, TEXT_WIDTH, Message, body_room, framed, indented, told, wrapped
from screens.keys import Key, Press
from screens.view import Line, Span, View

_LABEL = 13
_TEXT = TEXT_WIDTH - _LABEL
_CLASSES = (1, 2, 3)
_ELSEWHERE = ("aided", "employed", "newborn")
"""Who may not register here, as `screen.about.who.<name>` and `screen.about.where.<name>` tell it."""


class AboutPage:
    """F10 begins the registration, F3 goes back; nothing is stored before."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._scroll = Scroll()
        self._message = Message()

    async def press(self, press: Press) -> None:
        self._message = Message()
        self._message = await told(self._context, self._take(press)) or self._message

    async def _take(self, press: Press) -> None:
        context = self._context
        if press.key is Key.NEXT:
            await navigation.begin(context)
        elif press.key is Key.BACK:
            await navigation.menu(context)
        elif press.key is Key.FINISH:
            await navigation.home(context)
        elif press.key is Key.HELP:
            context.shell.push(Help(context, "", "about"))
        elif press.key is Key.STAFF:
            self._message = Message(context.t("screen.staff", place=context.config.kiosk.place))
        else:
            self._scroll.press(Press(Key.PAGE_DOWN) if press.key is Key.ENTER else press)

    def _lines(self) -> list[Line]:
        t, settings = self._context.t, self._context.config.registration
        bring = "screen.about.bring.email" if settings.email_required else "screen.about.bring"
        lines: list[Line] = [
            (),
            *indented(t("screen.about.what")),
            (),
            *_labelled(t("screen.about.label.bring"), t(bring)),
            *_labelled(t("screen.about.label.time"), t("screen.about.time")),
            *_labelled(t("screen.about.label.cost"), t("screen.about.cost")),
        ]
        for care_class in _CLASSES:
            price = self._context.language.rupiah(per_person(self._context.rules, care_class))
            lines.append((Span(" " * (MARGIN + _LABEL) + f"{self._named(care_class):12}{price:>10}"),))
        lines += [(), *indented(t("screen.about.elsewhere"), role="title")]
        for name in _ELSEWHERE:
            lines += indented("- " + t(f"screen.about.who.{name}"))
            lines += [(Span("     "), Span(t(f"screen.about.where.{name}"), "value"))]
        return lines

    def _named(self, care_class: int) -> str:
        choice = self._context.rules.choices["class"].value(str(care_class))
        return choice.labels[self._context.language.base]

    def view(self, width: int, height: int) -> View:
        shown = self._scroll.cut(self._lines(), body_room(height))
        keys = ("help", "staff", "back", *(("scroll",) if self._scroll.is_long else ()), "begin")
        message = self._message if self._message.text else Message(self._context.t("screen.about.go_on"))
        return framed(
            self._context,
            (Span(" " + self._context.t("screen.about.title"), "title"),),
            shown,
            width=width,
            height=height,
            message=message,
            keys=keys,
        )


def _labelled(label: str, text: str) -> list[Line]:
    """A label, and the text beside it in as many lines as it takes."""
    first, *more = wrapped(text, _TEXT)
    lines: list[Line] = [(Span(" " * MARGIN), Span(f"{label:{_LABEL}}", "title"), Span(first))]
    return [*lines, *((Span(" " * (MARGIN + _LABEL) + line),) for line in more)]
