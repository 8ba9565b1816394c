"""What a run was worth: the points, each thing that cost some, and why it matters."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.services.training_ports import RunNote
from kiosk.training.debrief import headline, remarks
from kiosk.training.score import read_score
from screens.context import Context
from screens.dialogs import Help, Scroll
from screens.frame import body_room, framed, indented
from screens.keys import Key, Press
from screens.training.listing import Entry, ListPage
from screens.view import Line, Span, View

_LEAVE = frozenset({Key.BACK, Key.NEXT, Key.ENTER, Key.FINISH})
_MARGIN = 9


class DebriefPage:
    """The debrief of a finished run; F3 and F10 go on to where it was opened."""

    recordable = True

    def __init__(self, context: Context, note: RunNote) -> None:
        self._context = context
        self._note = note
        self._scroll = Scroll()

    async def press(self, press: Press) -> None:
        if press.key in _LEAVE:
            self._context.shell.pop()
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, "", "debrief"))
        else:
            self._scroll.press(press)

    def _lines(self) -> list[Line]:
        context, document = self._context, self._note.document
        score = read_score(document["score"])
        lines: list[Line] = [
            (),
            *indented(headline(document["title"], score, context.language), role="title"),
        ]
        for one in remarks(score, context.language):
            first, *rest = [*indented(one.what), *indented(one.why)]
            lines += [(), (Span(f"  {-one.points:>4}  ", "error"), *first[1:])]
            lines += [(Span(" " * (_MARGIN - 1)), *line[1:]) for line in rest]
        if not score.deductions:
            lines += [(), *indented(context.t("training.perfect"), role="good")]
        return [*lines, (), *self._times()]

    def _times(self) -> list[Line]:
        """How long each step took."""
        t = self._context.t
        spent = self._note.document["tally"]["seconds_by_step"]
        told = [
            t("screen.training.took", step=t(f"screen.step.{step}"), time=clock(seconds))
            for step, seconds in spent.items()
        ]
        return indented(", ".join(told)) if told else []

    def view(self, width: int, height: int) -> View:
        shown = self._scroll.cut(self._lines(), body_room(height))
        return framed(
            self._context,
            (Span(f" {self._context.t('screen.training.debrief')}", "title"),),
            shown,
            width=width,
            height=height,
            keys=("help", "return", *(("scroll",) if self._scroll.is_long else ()), "carry_on"),
        )


class ResultsPage(ListPage):
    """The runs that are kept, newest first, each with its debrief."""

    name = "results"
    keys = ("help", "back", "scroll")

    async def entries(self) -> Sequence[Entry]:
        notes = await self._context.work(self._context.schooling.runs)
        return [self._entry(note) for note in notes if note.document.get("score")]

    def _entry(self, note: RunNote) -> Entry:
        async def open_it() -> None:
            self._context.shell.push(DebriefPage(self._context, note))

        local = self._context.services.standings.local(note.ended_at)
        state = self._context.t("screen.training.points", points=note.points, at=local)
        return Entry(str(note.document["title"]), state, open_it)


def clock(seconds: float) -> str:
    """Minutes and seconds as a watch shows them."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    return f"{minutes}:{rest:02}"
