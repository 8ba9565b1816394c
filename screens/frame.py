"""The frame of every page: place and mode above, message and keys below, the work between."""

from __future__ import annotations

import textwrap
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.cells import cell_len, set_cell_size

from kiosk.domain.flow import Step
from kiosk.domain.mended import ENDED
from kiosk.errors import KioskError, StaleDraftError, StoreError
from screens.context import Context
from screens.safe import safe_text
from screens.view import WIDTH, Line, Span, View

MARGIN = 3
TEXT_WIDTH = 74
_KEYS = 6
"""So many keys are named in the last line."""


class Texts(Protocol):
    """Gives the texts of the screens in the language of the person."""

    def t(self, key: str, **params: str | int) -> str: ...


@dataclass(frozen=True, slots=True)
class Message:
    """The sentence in the last line but one, and how it sounds: plain, warn, error or good."""

    text: str = ""
    role: str = "plain"


def fit(text: str, width: int) -> str:
    """`text` made safe and cut or padded to exactly `width` cells."""
    return set_cell_size(safe_text(text), width)


async def told(context: Context, work: Awaitable[object]) -> Message | None:
    """Awaits `work`; what to say where it was refused, such as by a full disk. None where it was done."""
    try:
        await work
    except KioskError as error:
        says = context.t(f"problem.{error.code}")
        if error.code in {"draft.gone", *ENDED}:
            from screens.navigation import home  # noqa: PLC0415  (the first screen has a frame as well)

            await home(context, says)
        kept = isinstance(error, StoreError) and not isinstance(error, StaleDraftError)
        return Message(f"{says}\n{context.t('screen.not_saved')}" if kept else says, "error")
    return None


def cut(text: str, width: int) -> str:
    """`text` made safe, and ended with two dots where it is longer than `width` cells."""
    return text if cell_len(safe_text(text)) <= width else fit(text, width - 2) + ".."


def wrapped(text: str, width: int = TEXT_WIDTH) -> list[str]:
    """`text` in lines of at most `width` columns; its own line breaks are kept."""
    return [line for part in text.split("\n") for line in textwrap.wrap(part, width) or [""]]


def indented(*texts: str, role: str = "plain") -> list[Line]:
    """Each text wrapped and set in from the left."""
    return [(Span(" " * MARGIN), Span(line, role)) for text in texts for line in wrapped(text)]


def header(context: Context, width: int) -> Line:
    """The first line: where this is, in which mode, and what waits to be sent or mended."""
    profile = context.config.profile
    left = f" KIOSK JKN  {context.config.kiosk.place}"
    network = "screen.online" if context.is_online else "screen.offline"
    right = [context.t(f"screen.mode.{profile}")]
    if context.session is not None:
        right.append(short_name(context.session.name))
    right.append(context.t(network))
    if context.waiting:
        right.append(context.t("screen.waiting", count=context.waiting))
    if context.to_mend:
        right.append(context.t("screen.to_mend", count=context.to_mend))
    tail = "  ".join(right) + " "
    room = max(width - cell_len(tail) - 1, 0)
    text = fit(cut(left, room), room + 1) + tail
    return (Span(fit(text, width), "warn" if profile == "training" else "header"),)


def short_name(name: str, width: int = 14) -> str:
    """A name as the first line has room for it: the first word, and the letter of the next."""
    first, *more = name.split() or ["-"]
    initial = f" {more[0][0]}." if more else ""
    return cut(first, width - cell_len(initial)) + initial


def step_title(context: Context, step: Step, detail: str = "") -> Line:
    """The second line: which of the eight steps this is."""
    name = f" {step.number}/8 {context.t(f'screen.step.{step}')}"
    return (Span(fit(name, 40), "title"), Span(detail))


def key_line(texts: Texts, keys: Sequence[str]) -> Line:
    """The last line: at most six keys, each by the name that `screen.key.<name>` gives it."""
    spans: list[Span] = []
    for name in keys[:_KEYS]:
        key, _, label = texts.t(f"screen.key.{name}").partition(" ")
        spans += [Span(f" {key}", "key"), Span(f" {label} ")]
    return tuple(spans)


def with_staff(context: Context, keys: Sequence[str]) -> tuple[str, ...]:
    """The keys of a page of the family; where no staff stand beside, with the one that calls them.

    The last line has room for six: "same as before" gives way, as it works without being named.
    """
    if not context.is_public:
        return tuple(keys)
    named = (keys[0], "staff", *keys[1:])
    return named if len(named) <= _KEYS else tuple(name for name in named if name != "same")


def framed(
    context: Context,
    title: Line,
    body: Sequence[Line],
    *,
    width: int,
    height: int,
    message: Message | None = None,
    keys: Sequence[str] = (),
    cursor: tuple[int, int] | None = None,
) -> View:
    """A whole view; `cursor` is a column and a line of the body."""
    head = header(context, width)
    return framed_under(
        head, context, title, body, width=width, height=height, message=message, keys=keys, cursor=cursor
    )


def framed_under(
    head: Line,
    texts: Texts,
    title: Line,
    body: Sequence[Line],
    *,
    width: int,
    height: int,
    message: Message | None = None,
    keys: Sequence[str] = (),
    cursor: tuple[int, int] | None = None,
) -> View:
    """The same under a first line of its own."""
    room = height - 4
    lines = list(body[:room])
    lines += [()] * (room - len(lines))
    said = message or Message()
    says = wrapped(said.text, width - 2)
    spoken: list[Line] = [(Span(fit(f" {line}", width), said.role),) for line in says if said.text]
    if len(spoken) > 1:
        # What a message has above its last line takes the last lines of the work.
        lines[room - len(spoken) + 1 :] = spoken[:-1]
    last: Line = spoken[-1] if spoken else ()
    place = (cursor[0], cursor[1] + 2) if cursor is not None and cursor[1] < room else None
    return View((head, title, *lines, last, key_line(texts, keys)), place)


def body_room(height: int, message: Message | None = None, width: int = WIDTH) -> int:
    """How many lines of work a terminal of this height has, less those that a long message takes of them."""
    taken = len(wrapped(message.text, width - 2)) - 1 if message is not None else 0
    return height - 4 - taken
