"""Two ways to lay out the same rows: the whole sheet, or one question at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from screens.editor import Editor
from screens.frame import MARGIN, cut, fit, indented, wrapped
from screens.safe import cells
from screens.view import WIDTH, Line, Span

LABEL_WIDTH = 20
BOX_WIDTH = 28
_LEAST_BOX = 20
_VALUE_AT = MARGIN + LABEL_WIDTH + 1


@dataclass(frozen=True, slots=True)
class Row:
    """One row ready to be drawn; `editor` is there on the row being filled in."""

    label: str
    text: str
    hint: str = ""
    question: str = ""
    editor: Editor | None = None
    hidden: bool = False
    reads: str = ""


def _window(count: int, focus: int, room: int) -> tuple[int, int]:
    """Which of `count` rows fit into `room` lines so that `focus` is among them."""
    start = min(max(focus - room + 2, 0), max(count - room, 0))
    return start, min(start + room, count)


def boxed(editor: Editor, *, hidden: bool, width: int) -> tuple[Span, int]:
    """The line being typed in a field of `width` cells, and the column of its cursor in there."""
    if editor.suggested:
        return Span(fit(editor.words or editor.text, width), "focus"), 0
    text = "*" * len(editor.text) if hidden else editor.text
    start = max(editor.cursor - width + 1, 0)
    before = text[start : editor.cursor]
    shown = fit(text[start:], width)
    return Span(shown, "focus"), min(cell_len(fit(before, cell_len(before))), width - 1)


def sheet_lines(
    rows: Sequence[Row], focus: int, above: Sequence[Line], below: Sequence[Line], room: int
) -> tuple[list[Line], tuple[int, int]]:
    """All rows under each other; returns the lines and the cursor's column and line among them."""
    free = room - len(above) - len(below)
    start, end = _window(len(rows), focus, max(free, 1))
    lines: list[Line] = list(above)
    cursor = (0, 0)
    for index in range(start, end):
        row = rows[index]
        label = Span(" " * MARGIN + fit(row.label, LABEL_WIDTH) + " ", "label")
        if row.editor is None:
            lines.append((label, Span(cut(row.text, WIDTH - _VALUE_AT), "value")))
            continue
        hint = row.reads or row.hint
        room_right = WIDTH - _VALUE_AT - 2
        box_width = max(min(BOX_WIDTH, room_right - cells(hint)), _LEAST_BOX)
        box, column = boxed(row.editor, hidden=row.hidden, width=box_width)
        cursor = (_VALUE_AT + column, len(lines))
        mark = Span(" " * (MARGIN - 2) + "> " + fit(row.label, LABEL_WIDTH) + " ", "title")
        lines.append((mark, box, Span("  " + cut(hint, room_right - box_width), "plain")))
    lines.extend(below)
    return lines, cursor


def question_lines(
    rows: Sequence[Row], focus: int, above: Sequence[Line], below: Sequence[Line], place: str
) -> tuple[list[Line], tuple[int, int]]:
    """The focused row alone, as a question; `place` says how far along it is."""
    row = rows[focus]
    lines: list[Line] = [*above, (Span(" " * MARGIN), Span(row.question or row.label, "title"))]
    if row.hint:
        lines.extend(indented(row.hint))
    lines.append(())
    editor = row.editor or Editor(row.text)
    box, column = boxed(editor, hidden=row.hidden, width=BOX_WIDTH + 14)
    cursor = (MARGIN + 2 + column, len(lines))
    lines.append((Span(" " * MARGIN + "> ", "title"), box))
    if row.reads:
        lines.extend((Span(" " * (MARGIN + 2)), Span(line, "value")) for line in wrapped(row.reads))
    if len(rows) > 1:
        lines += [(), (Span(" " * MARGIN), Span(place))]
    if below and below[0]:
        lines.append(())
    return [*lines, *below], cursor
