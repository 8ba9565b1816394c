"""Tables for people: with colour on a terminal, plain columns in a pipe."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Sequence

_BLANK_LINES = 500
"""Rows that are measured together for their widths; the next ones are measured anew."""


def printed(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints the rows under their heads as they come; text from people is shown as it can be seen."""
    portion: list[Sequence[str]] = []
    first = True
    for row in rows:
        portion.append([visible(cell) for cell in row])
        if len(portion) == _BLANK_LINES:
            _print(heads, portion, first=first)
            portion, first = [], False
    if portion or first:
        _print(heads, portion, first=first)


def visible(text: str) -> str:
    """`text` without characters that steer a terminal or cannot be seen."""
    kept = (char if unicodedata.category(char)[0] != "C" else "?" for char in text)
    return "".join(" " if char.isspace() else char for char in kept)


def _print(heads: Sequence[str], rows: Sequence[Sequence[str]], *, first: bool) -> None:
    if sys.stdout.isatty():
        _print_rich(heads, rows, first=first)
        return
    lines = [heads, *rows] if first else list(rows)
    widths = [max(len(line[column]) for line in (heads, *lines)) for column in range(len(heads))]
    for line in lines:
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write(text.rstrip() + "\n")


def _print_rich(heads: Sequence[str], rows: Sequence[Sequence[str]], *, first: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=first, padding=(0, 1, 0, 0), pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)
