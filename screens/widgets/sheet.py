"""The one widget: it holds a view as cells and sends the terminal only the cells that changed."""

from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import CompositorUpdate
from textual.strip import Strip
from textual.widget import Widget

from screens.safe import safe_text
from screens.terminal import WIPE
from screens.theme import PLAIN, Palette
from screens.view import Line, View

Cell = tuple[str, Style]
"""What one column shows; the second column of a wide character shows nothing of its own."""
Row = list[Cell]

_BLANK: Final[Cell] = (" ", PLAIN)
_GAP: Final = 6
"""So many unchanged cells cost less to send again than to step over."""


class Sheet(Widget, can_focus=False, inherit_bindings=False):
    """Draws the last view given to it, line by line."""

    DEFAULT_CSS = "Sheet { width: 100%; height: 100%; }"

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self._view = View(())
        self._drawn_size = (0, 0)
        self._lines: tuple[Line, ...] = ()
        self._rows: list[Row] = []
        self._sent: list[Row] | None = None

    @property
    def view(self) -> View:
        """The view on the screen."""
        return self._view

    @property
    def terminal_size(self) -> tuple[int, int]:
        """Columns and lines to fill."""
        return self.app.size

    @property
    def text(self) -> list[str]:
        """The screen's lines as plain text, without the blanks at their ends."""
        return ["".join(text for text, _ in row).rstrip() for row in self._rows]

    def update(self, view: View) -> bool:
        """Take a new view; True if the terminal differs from it, so that a `SheetUpdate` is due."""
        width, height = self.terminal_size
        lines = (view.lines + ((),) * height)[:height]
        if (width, height) == self._drawn_size:
            known = zip(lines, self._lines, self._rows, strict=True)
            self._rows = [row if new == old else self._row(new, width) for new, old, row in known]
        else:
            self._rows = [self._row(line, width) for line in lines]
            self._drawn_size = width, height
            self.forget()
        moved = view.cursor != self._view.cursor
        self._lines, self._view = lines, view
        return (
            moved
            or self._sent is None
            or any(a is not b for a, b in zip(self._sent, self._rows, strict=True))
        )

    def forget(self) -> None:
        """Take the terminal's content as unknown: the next update wipes it and draws everything."""
        self._sent = None

    def render_line(self, y: int) -> Strip:
        """One line for Textual: tests, exports."""
        row = self._rows[y] if y < len(self._rows) else [_BLANK] * self.size.width
        return Strip([Segment(text, style) for text, style in row if text])

    def changes(self) -> Iterator[str]:
        """The control sequences and text that turn what the terminal shows into the view."""
        if self._sent is None:
            yield WIPE
            self._sent = [[_BLANK] * len(row) for row in self._rows]
        for y, (old, new) in enumerate(zip(self._sent, self._rows, strict=True)):
            if old is not new:
                yield from _line_changes(y, old, new)
        self._sent = self._rows
        yield "\x1b[?25l" if self._view.cursor is None else "\x1b[?25h"

    def _row(self, line: Line, width: int) -> Row:
        """The cells of a line; the only way of any text to the terminal, and so the place of the gate."""
        row: Row = []
        for span in line:
            style = self._palette.get(span.role, PLAIN)
            for character in safe_text(span.text):
                size = cell_len(character)
                if size == 0 and row:
                    base = -1 if row[-1][0] else -2
                    row[base] = (row[base][0] + character, style)
                elif len(row) + size <= width:
                    row += [(character, style), ("", style)][:size]
                elif size:
                    return row + [_BLANK] * (width - len(row))
        return row + [_BLANK] * (width - len(row))


class SheetUpdate(CompositorUpdate):
    """The sheet's changes in the form that Textual's display takes."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def render_segments(self, console: Console) -> str:  # noqa: ARG002
        """The text to write; asked for only when it really goes to the terminal."""
        return "".join(self._sheet.changes())


def _line_changes(y: int, old: Row, new: Row) -> Iterator[str]:
    """Each changed run of cells with the move to its place; a blank end is erased."""
    changed = [x for x, (was, now) in enumerate(zip(old, new, strict=True)) if was != now]
    if not changed:
        return
    runs: list[tuple[int, int]] = []
    for x in changed:
        near = runs and x - runs[-1][1] <= _GAP
        runs[-1:] = [(runs[-1][0], x + 1)] if near else [*runs[-1:], (x, x + 1)]
    end = len(new)
    while end and new[end - 1] == _BLANK:
        end -= 1
    for start, stop in runs:
        filled = max(start, min(end, stop))
        erase = end <= stop and stop - filled > len("\x1b[K")
        yield f"\x1b[{y + 1};{start + 1}H" + _run(new[start : filled if erase else stop])
        if erase:
            yield "\x1b[K"
            return


def _run(cells: Row) -> str:
    """The cells as text, each stretch of one style in its SGR codes."""
    parts: list[str] = []
    stretch, style = "", PLAIN
    for text, cell_style in cells:
        if cell_style != style:
            parts.append(style.render(stretch))
            stretch, style = "", cell_style
        stretch += text
    parts.append(style.render(stretch))
    return "".join(parts)
