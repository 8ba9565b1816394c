"""What F2 does where no staff is at hand: the code of the family, on paper and in large letters."""

from __future__ import annotations

from kiosk.domain.resume_code import grouped
from screens import navigation
from screens.context import Context
from screens.dialogs import Help
from screens.frame import framed, indented
from screens.journey import Journey
from screens.keys import Key, Press
from screens.view import Line, Span, View
from screens.village.letters import large
from screens.village.paper import print_slip

_CODE_AT = 5
"""The column of the code in ordinary signs, which speech and braille read."""


class CallPage:
    """Over the question where help was called; Enter or F3 goes back to it, F12 leaves for good."""

    def __init__(self, context: Context, journey: Journey, code: str) -> None:
        self._context = context
        self._journey = journey
        self._code = code
        self._told = ""
        self._job = print_slip(context, code)

    def tick(self) -> bool:
        """Tells when the paper has come out, or will not."""
        return self._printing != self._told

    @property
    def _printing(self) -> str:
        return str(self._job.state) if self._job is not None else "none"

    async def press(self, press: Press) -> None:
        if press.key in {Key.ENTER, Key.BACK, Key.STAFF}:
            self._context.shell.pop()
        elif press.key is Key.FINISH:
            await navigation.keep(self._context, self._journey)
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", "call"))

    def view(self, width: int, height: int) -> View:
        t = self._context.t
        self._told = self._printing
        role = "good" if self._told == "printed" else "warn" if self._told == "failed" else "title"
        code: Line = (Span(" " * _CODE_AT), Span(f" {grouped(self._code)} ", "mark"))
        body: list[Line] = [
            (),
            *indented(t("screen.call.show", place=self._context.config.kiosk.place)),
            (),
            *((Span("     " + line, "value"),) for line in large(grouped(self._code))),
            (),
            code,
            (),
            *indented(t(f"screen.call.{self._told}"), role=role),
            (),
            *indented(t("screen.call.kept")),
            (),
            *indented(t("screen.call.back"), role="title"),
        ]
        return framed(
            self._context,
            (Span(" " + t("screen.call.title"), "title"),),
            body,
            width=width,
            height=height,
            keys=("help", "return", "clear"),
            cursor=(_CODE_AT + 1, body.index(code)),
        )
