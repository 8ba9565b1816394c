"""One case of the desk: what is known of it without opening a family, and what may be done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kiosk.domain.draft import split_member_path
from kiosk.domain.form import FAMILY_PATHS
from kiosk.domain.identifiers import is_digits
from kiosk.errors import KioskError
from kiosk.services.desk import Case
from screens.desk.context import DeskContext
from screens.desk.pages import DeskHelp, ReasonPage, told
from screens.dialogs import Scroll
from screens.editor import Editor
from screens.frame import Message, body_room, indented
from screens.keys import Key, Press
from screens.layout import boxed
from screens.view import Line, Span, View

_LABEL = 22


class CasePage:
    """Facts, what the rules found, what was done before; an action is chosen by its number."""

    def __init__(self, context: DeskContext, key: str, done: Callable[[str], Awaitable[None]]) -> None:
        self._context = context
        self._key = key
        self._done = done
        self._case: Case | None = None
        self._scroll = Scroll()
        self._editor = Editor(limit=2)
        self._message = Message()

    async def begin(self) -> None:
        """Reads the case as it stands; one that somebody else has ended is said."""
        try:
            self._case = await self._context.work(self._context.desk.case, self._key)
        except KioskError as error:
            self._message = told(self._context, error)
            return
        if self._case is None:
            self._message = Message(self._context.t("problem.desk.gone"), "warn")

    async def press(self, press: Press) -> None:
        if press.key in {Key.BACK, Key.FINISH}:
            self._context.shell.pop()
        elif press.key is Key.HELP:
            self._context.shell.push(DeskHelp(self._context, "desk_case"))
        elif press.key is Key.ENTER:
            self._choose(self._editor.text.strip())
        elif press.key is not Key.TEXT and self._scroll.press(press):
            return
        elif self._editor.press(press):
            self._message = Message()

    def _choose(self, typed: str) -> None:
        self._editor.clear()
        actions = self._case.actions if self._case else ()
        if not is_digits(typed) or not 1 <= int(typed) <= len(actions):
            self._message = Message(self._context.t("desk.no_number"), "warn")
            return
        action = actions[int(typed) - 1]

        async def do(reason: str) -> None:
            context = self._context
            await context.work(context.desk.do, self._key, action, context.who, reason)
            context.shell.pop()
            context.shell.pop()
            await self._done(context.t(f"desk.did.{action}"))

        self._context.shell.push(ReasonPage(self._context, self._context.t(f"desk.sure.{action}"), do))

    def view(self, width: int, height: int) -> View:
        t = self._context.t
        room = body_room(height) - 2
        lines = self._scroll.cut(self._lines(), room)
        lines += [()] * (room - len(lines))
        may_act = self._case is not None and bool(self._case.actions)
        box, column = boxed(self._editor, hidden=False, width=2)
        ask = "   " + t("desk.ask_action") + " "
        lines += [(), (Span(ask), box) if may_act else ()]
        return self._context.framed(
            t("desk.case"),
            lines,
            width=width,
            height=height,
            message=self._message,
            keys=("help", "return", "scroll", *(("desk_open",) if may_act else ())),
            cursor=(len(ask) + column if may_act else 0, len(lines) - 1),
        )

    def _lines(self) -> list[Line]:
        case, t = self._case, self._context.t
        if case is None:
            return []
        line = case.line
        lines: list[Line] = [(), *self._why(case), ()]
        facts = [
            ("kiosk", f"{line.kiosk} {t('desk.training')}" if line.training else line.kiosk),
            ("reference", line.reference or "-"),
            ("other", line.other_reference),
            ("record", f"{case.record} / {case.version}" if case.record else "-"),
            ("received", self._context.moment(case.received)),
            ("carrier", t(f"desk.carrier.{case.carrier}") if case.carrier else "-"),
            ("times", str(line.times) if line.times > 1 else ""),
            ("clock", "" if case.trusted else t("screen.doubtful")),
        ]
        lines += [
            (Span(f"   {t(f'desk.fact.{name}'):{_LABEL}}", "label"), Span(value, "value"))
            for name, value in facts
            if value
        ]
        lines += self._actions(case)
        for place, code in case.problems:
            lines += indented(f"! {self._named(place)}: {t(f'problem.{code}')}")
        for entry in case.history:
            said = (self._context.moment(entry.at), entry.who, entry.action, entry.reason or entry.codes)
            lines += [(Span("   " + "  ".join(said), "dim"),)]
        return lines

    def _why(self, case: Case) -> list[Line]:
        key = f"desk.why.{case.line.code}"
        known = self._context.language.has(key)
        kind = self._context.t(f"desk.about.{case.line.kind}")
        says = self._context.t(key) if known else f"{kind} ({case.line.code})"
        return indented(says, role="warn")

    def _actions(self, case: Case) -> list[Line]:
        t = self._context.t
        if not case.actions:
            return [(), *indented(t("desk.no_action")), ()]
        return [
            (),
            *(
                (Span(f"   {number}  ", "mark"), Span(t(f"desk.action.{action}")))
                for number, action in enumerate(case.actions, 1)
            ),
            (),
        ]

    def _named(self, place: str) -> str:
        """A field by its label, with the member's number; the place itself where no form has it."""
        member = split_member_path(place)
        key = f"field.{member[1] if member else FAMILY_PATHS.get(place, place)}"
        label = self._context.t(key) if self._context.language.has(key) else place
        return f"{label} ({member[0] + 1})" if member else label
