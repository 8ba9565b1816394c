"""The list behind F4: the entries of a code table, or the villages and facilities that fit a few letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kiosk.domain import entry
from kiosk.domain.form import spec_for
from kiosk.domain.rulebook import Choice, folded
from screens.context import Context, Found
from screens.dialogs import Help
from screens.display import key_of
from screens.editor import Editor
from screens.frame import body_room, fit, framed
from screens.journey import Journey
from screens.keys import Key, Press
from screens.layout import boxed
from screens.navigation import Accept
from screens.view import Line, Span, View

_MANY = 40


@dataclass(frozen=True, slots=True)
class Option:
    """One line of the list: what is taken as the answer, and what is read."""

    raw: str
    text: str
    detail: str = ""


class Source(Protocol):
    """Gives the options that fit what is typed, best first."""

    async def options(self, typed: str) -> Sequence[Option]: ...


class TableSource:
    """The entries of a code table."""

    def __init__(self, context: Context, table: str) -> None:
        self._choices = context.rules.choices[table].choices
        self._language = context.language.base

    async def options(self, typed: str) -> Sequence[Option]:
        """Entries whose code begins with what is typed, or whose words hold it: at a word's start first."""
        sought = folded(typed)
        found = [
            choice
            for choice in self._choices
            if choice.code.startswith(sought) or sought in folded(choice.labels[self._language])
        ]
        return [
            Option(choice.value, f"{choice.code:>2} {choice.labels[self._language]}")
            for choice in sorted(found, key=lambda choice: not self._begins(choice, sought))
        ]

    def _begins(self, choice: Choice, sought: str) -> bool:
        """Whether the code or a word of the entry begins with what is typed."""
        words = f" {folded(choice.labels[self._language])}"
        return choice.code.startswith(sought) or f" {sought}" in words


class PlaceSource:
    """Villages or facilities, those near the family's district first."""

    def __init__(self, context: Context, journey: Journey, path: str) -> None:
        self._context = context
        villages = path == "address.region"
        region = journey.draft.answer("address.region").strip() or journey.draft.answer("kk").strip()
        self._near = region[:6] if villages else region[:4]
        self._villages = villages

    async def options(self, typed: str) -> Sequence[Option]:
        places = self._context.services.places
        search = places.villages if self._villages else places.facilities
        if not typed.strip() and self._villages:
            typed = self._near
        found = await self._context.work(search, typed.strip(), near=self._near, limit=_MANY)
        if self._villages:
            found = sorted(found, key=self._far)
        return [Option(hit.code, f"{hit.code} {hit.name}", hit.detail) for hit in found]

    def _far(self, hit: Found) -> int:
        """0 in the family's own district, 1 in its regency, 2 in its province, 3 elsewhere."""
        return next((rank for rank, size in enumerate((6, 4, 2)) if hit.code[:size] == self._near[:size]), 3)


class Chooser:
    """A list to pick from: letters narrow it, the arrows move, Enter takes, F3 leaves it."""

    recordable = True

    def __init__(self, context: Context, path: str, typed: str, source: Source, accept: Accept) -> None:
        self._context = context
        self._key = key_of(path)
        self._label = context.t(f"field.{self._key}")
        self._source = source
        self._accept = accept
        self._editor = Editor(typed, limit=40)
        self._options: Sequence[Option] = ()
        self._at = 0

    async def begin(self) -> None:
        """Looks up what fits the letters that were typed in the row."""
        self._options = await self._source.options(self._editor.text)
        self._at = 0

    async def press(self, press: Press) -> None:
        steps = {Key.UP: -1, Key.DOWN: 1, Key.PAGE_UP: -10, Key.PAGE_DOWN: 10}
        if press.key is Key.ENTER and self._options:
            self._context.shell.pop()
            await self._accept(self._options[self._at].raw)
        elif press.key in {Key.BACK, Key.FINISH, Key.CHOICES}:
            self._context.shell.pop()
        elif press.key is Key.HELP:
            self._context.shell.push(Help(self._context, self._key, "choose"))
        elif press.key in steps:
            self._at = min(max(self._at + steps[press.key], 0), max(len(self._options) - 1, 0))
        elif self._editor.press(press):
            await self.begin()

    def view(self, width: int, height: int) -> View:
        box, column = boxed(self._editor, hidden=False, width=30)
        ask = f"   {self._label}: "
        body: list[Line] = [(Span(ask, "title"), box), ()]
        room = body_room(height) - len(body)
        first = min(max(self._at - room + 2, 0), max(len(self._options) - room, 0))
        for index, option in enumerate(self._options[first : first + room], first):
            role = "mark" if index == self._at else "plain"
            mark = ">" if index == self._at else " "
            body.append((Span(fit(f" {mark} {option.text}  {option.detail}", width - 1), role),))
        if not self._options:
            body.append(
                (
                    Span(
                        "   "
                        + self._context.t(
                            "screen.choose.none" if self._editor.text.strip() else "screen.choose.type"
                        ),
                        "warn",
                    ),
                )
            )
        return framed(
            self._context,
            (Span(" " + self._context.t("screen.choose"), "title"),),
            body,
            width=width,
            height=height,
            keys=("help", "return", "arrows", "take") if self._options else ("help", "return"),
            cursor=(len(ask) + column, 0),
        )


def chooser_for(context: Context, journey: Journey, path: str, typed: str, accept: Accept) -> Chooser | None:
    """The list for a row; None for a row that is not chosen from a list."""
    if not entry.has_list(path):
        return None
    table = spec_for(path).choices
    if table is not None:
        return Chooser(context, path, "", TableSource(context, table), accept)
    return Chooser(context, path, typed, PlaceSource(context, journey, path), accept)
