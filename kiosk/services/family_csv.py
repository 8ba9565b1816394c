"""Families out of a CSV: one row a member, the columns named as the keys of a family file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kiosk.domain.fields import Problem, one_problem_a_field, tidy
from kiosk.domain.form import FAMILY_PATHS, MEMBER_KEYS
from kiosk.domain.identifiers import digits_only
from kiosk.services.answering import TERMS
from kiosk.services.family_lines import Entry, Line, unreadable

_SEPARATORS = ",;\t"
_ROW_SEPARATOR = "\x1f"
_MOST_LINES = 4
"""Lines that one row may spread over: a quote that is never closed spoils no more than its own line."""

_FAMILY_COLUMNS: Mapping[str, str] = {
    **{path: path for path in (*FAMILY_PATHS, TERMS)},
    **{path.rpartition(".")[2]: path for path in (*FAMILY_PATHS, TERMS) if path != "bank.name"},
    "bank": "bank.name",
}
_COLUMNS: Mapping[str, str] = {
    **_FAMILY_COLUMNS,
    **{key: f"members.{key}" for key in MEMBER_KEYS},
    **{f"members.{key}": f"members.{key}" for key in MEMBER_KEYS},
}


@dataclass(slots=True)
class _Rows:
    """The rows of one family, kept as plain text until all are there."""

    rows: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def csv_families(lines: Iterator[Line]) -> Iterator[Entry]:
    """The families of a CSV in the order of their first rows, wherever their other rows stand.

    A column that no family file has is the problem `key.unknown` of every family, two different answers of
    one family `key.conflict`, a row that cannot be read `file.line` or `file.encoding`.
    """
    header_line = next(line for line in lines if not line.blank)
    if header_line.data is None:
        yield unreadable("file.line", header_line.number)
        return
    header = header_line.data.decode("utf-8", "replace")
    separator = max(_SEPARATORS, key=header.count)
    names = [tidy(name).casefold() for name in next(csv.reader([header], delimiter=separator), [])]
    columns = [_COLUMNS.get(name) for name in names]
    unknown = [
        Problem(name[:60], "key.unknown") for name, column in zip(names, columns, strict=True) if not column
    ]
    unknown += [Problem(name, "key.conflict") for name in _twice(columns)]
    families: dict[str, _Rows] = {}
    for number, row, code in _rows(lines, separator):
        _add(families, columns, number, row, code)
    for rows in families.values():
        yield _family(columns, rows, unknown)


def _twice(columns: list[str | None]) -> list[str]:
    return sorted({column for column in columns if column and columns.count(column) > 1})


def _rows(lines: Iterator[Line], separator: str) -> Iterator[tuple[int, list[str], str]]:
    """Line number, cells and problem code ("" for none) of each row."""
    waiting: list[Line] = []
    while True:
        line = waiting.pop(0) if waiting else next(lines, None)
        if line is None:
            return
        if line.blank:
            continue
        taken = [line]
        while _open_quote(taken) and len(taken) < _MOST_LINES:
            more = waiting.pop(0) if waiting else next(lines, None)
            if more is None:
                break
            taken.append(more)
        broken = _open_quote(taken)
        if broken:
            waiting = [*taken[1:], *waiting]
            taken = taken[:1]
        yield _cells(taken, separator, broken=broken)


def _open_quote(lines: list[Line]) -> bool:
    return sum((line.data or b"").count(b'"') for line in lines) % 2 == 1


def _cells(lines: list[Line], separator: str, *, broken: bool) -> tuple[int, list[str], str]:
    number = lines[0].number
    if any(line.data is None for line in lines):
        return number, [], "file.line"
    data = b"\n".join(line.data or b"" for line in lines)
    text = data.decode("utf-8", "replace")
    code = "file.line" if broken else "file.encoding" if "\ufffd" in text else ""
    text = text.replace('"', "") if broken else text
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        return number, [], "file.line"
    return number, rows[0], code if len(rows) == 1 else "file.line"


def _add(
    families: dict[str, _Rows], columns: list[str | None], number: int, row: list[str], code: str
) -> None:
    cells = [cell.replace(_ROW_SEPARATOR, " ").strip() for cell in row]
    if not code and not any(cells):
        return
    at = columns.index("kk") if "kk" in columns else -1
    kk = digits_only(tidy(cells[at])) if 0 <= at < len(cells) else ""
    # A row without a No. KK stands for itself: whose it is cannot be guessed.
    family = families.setdefault(kk or f"line {number}", _Rows())
    if len(cells) > len(columns) and any(cells[len(columns) :]):
        code = code or "file.line"
    if code:
        family.problems.append(Problem("file", code, params={"line": number}))
    if cells:
        family.rows.append(_ROW_SEPARATOR.join(cells[: len(columns)]))


def _family(columns: list[str | None], rows: _Rows, unknown: list[Problem]) -> Entry:
    problems = [*unknown, *rows.problems]
    values: dict[str, str] = {}
    members: list[dict[str, str]] = []
    for row in rows.rows:
        member: dict[str, str] = {}
        for column, cell in zip(columns, row.split(_ROW_SEPARATOR), strict=False):
            if not column or not cell:
                continue
            group, _, key = column.partition(".")
            if group == "members":
                member[key] = cell
            elif _differs(column, values.setdefault(column, cell), cell):
                problems.append(Problem(column, "key.conflict"))
        if member:
            members.append(member)
    return Entry(_nested(values, members), one_problem_a_field(problems))


def _differs(column: str, one: str, other: str) -> bool:
    if column == "kk":
        return False
    return digits_only(tidy(one)).casefold() != digits_only(tidy(other)).casefold()


def _nested(values: Mapping[str, str], members: list[dict[str, str]]) -> dict[str, Any]:
    family: dict[str, Any] = {"members": members}
    for path, cell in values.items():
        group, dot, key = path.partition(".")
        if dot:
            family.setdefault(group, {})[key] = cell
        else:
            family[group] = cell
    return family
