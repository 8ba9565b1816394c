"""What the doctor found, as a page: what must be mended first, each with how."""

from __future__ import annotations

from kiosk.services.doctor import Finding, Health
from screens.context import Context
from screens.dialogs import Help, Scroll
from screens.frame import MARGIN, Message, body_room, fit, framed, wrapped
from screens.keys import Key, Press
from screens.view import Line, Span, View

_NAME_WIDTH, _STATE_WIDTH = 20, 9
_INDENT = MARGIN + _STATE_WIDTH + _NAME_WIDTH + 2
_ROLES = {Health.OK: "good", Health.LOOK: "warn", Health.MEND: "error"}
_ORDER = (Health.MEND, Health.LOOK, Health.OK)
_LEAVE = frozenset({Key.ENTER, Key.BACK, Key.REVEAL, Key.FINISH})


class DoctorPage:
    """The findings, worst first; Enter or F3 goes back."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._findings: list[Finding] | None = None
        self._scroll = Scroll()

    async def begin(self) -> None:
        """Lets the doctor look; the page says meanwhile that it does."""
        self._context.shell.redraw()
        found = await self._context.work(self._context.services.examine)
        self._findings = sorted(found, key=lambda finding: _ORDER.index(finding.state))

    async def press(self, press: Press) -> None:
        if press.key in _LEAVE:
            self._context.shell.pop()
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", "doctor"))
        else:
            self._scroll.press(press)

    def view(self, width: int, height: int) -> View:
        t = self._context.t
        lines: list[Line] = [()]
        if self._findings is None:
            lines.append((Span(" " * MARGIN + t("doctor.working")),))
        for finding in self._findings or ():
            lines += self._lines(finding, width)
        shown = self._scroll.cut(lines, body_room(height))
        return framed(
            self._context,
            (Span(" " + t("doctor.title"), "title"),),
            shown,
            width=width,
            height=height,
            message=self._summary(),
            keys=("help", "return", "scroll") if self._scroll.is_long else ("help", "return"),
        )

    def _lines(self, finding: Finding, width: int) -> list[Line]:
        language = self._context.language
        role = _ROLES[finding.state]
        word = fit(language.text(f"doctor.state.{finding.state}"), _STATE_WIDTH)
        name = fit(finding.name(language), _NAME_WIDTH)
        first, *rest = wrapped(finding.says(language), width - _INDENT - 1)
        lines: list[Line] = [(Span(" " * MARGIN), Span(word, role), Span(f" {name} "), Span(first, "value"))]
        lines += [(Span(" " * _INDENT), Span(line, "value")) for line in rest]
        if mend := finding.mend(language):
            lines += [(Span(" " * _INDENT), Span(line, role)) for line in wrapped(mend, width - _INDENT - 1)]
        return lines

    def _summary(self) -> Message:
        if self._findings is None:
            return Message()
        worst = self._findings[0].state if self._findings else Health.OK
        word = "good" if worst is Health.OK else worst.value
        return Message(self._context.t(f"doctor.{word}"), _ROLES[worst])
