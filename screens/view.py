"""What a page shows: lines of spans and a place for the cursor, without any terminal library."""

from dataclasses import dataclass
from typing import Final

ROLES: Final = frozenset(
    (
        *("plain", "title", "label", "value", "focus", "mark", "dim"),
        *("warn", "error", "good", "key", "header", "invert"),
    )
)
"""The parts a piece of text can play; `screens.theme` gives each its looks."""

WIDTH: Final = 80
"""Columns a page may count on."""
HEIGHT: Final = 24
"""Lines a page may count on."""


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one role; the text may be hostile, for the sheet cleans it before it is drawn."""

    text: str
    role: str = "plain"


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Everything on the screen; lines are cut or padded to its width, cursor is (column, line) from 0."""

    lines: tuple[Line, ...]
    cursor: tuple[int, int] | None = None


def text_lines(*texts: str, role: str = "plain") -> tuple[Line, ...]:
    """One line of one span for each text."""
    return tuple((Span(text, role),) for text in texts)
