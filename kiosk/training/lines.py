"""Where the keys of a TOML file stand, so that what is wrong with one can be said with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]

_HEADING = re.compile(r"\s*(\[\[?)\s*([\w.\s\"'-]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*([\w.\"'-]+(?:\s*\.\s*[\w\"'-]+)*)\s*=")


def lines_of_keys(text: str) -> dict[Path, int]:
    """The line, from 1, of every table and key by its path: `("member", 1, "nik")` for the second member."""
    found: dict[Path, int] = {}
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, line in _outside_texts(text):
        heading = _HEADING.fullmatch(line)
        if heading:
            table = _within(_parts(heading[2]), counts)
            if heading[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                found.setdefault(table, number)
                table = (*table, counts[table])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_parts(key[1])), number)
    return found


def line_of(path: Path, lines: dict[Path, int]) -> int:
    """The line of `path`, or of the nearest table around it; 1 where none is known."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _within(parts: tuple[str, ...], counts: dict[Path, int]) -> Path:
    """The path of a heading: below a list of tables it means the last one of them."""
    path: Path = ()
    for part in parts[:-1]:
        path = (*path, part)
        if path in counts:
            path = (*path, counts[path])
    return (*path, parts[-1])


def _outside_texts(text: str) -> Iterator[tuple[int, str]]:
    """The lines that do not lie within a text of several lines."""
    quote = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not quote:
            yield number, line
        rest = line
        while mark := _next_quote(rest, quote):
            rest = rest.partition(mark)[2]
            quote = "" if quote else mark


def _next_quote(line: str, inside: str) -> str:
    marks = [inside] if inside else ['"""', "'''"]
    held = [mark for mark in marks if mark in line]
    return min(held, key=line.index, default="")
