"""Lines for a narrow printer: the receipt, the report of a day."""

from __future__ import annotations

import os
import tempfile
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

WIDTH = 42


class Texts(Protocol):
    """One language's sentences and its way to write money."""

    def text(self, key: str, **params: str | int) -> str: ...
    def rupiah(self, amount: int) -> str: ...


class Paper:
    """Collects lines of so many columns."""

    def __init__(self, language: Texts, width: int) -> None:
        self.language = language
        self.width = width
        self.lines: list[str] = []

    def text(self, key: str, **params: str | int) -> str:
        return self.language.text(key, **params)

    def blank(self) -> None:
        self.lines.append("")

    def rule(self) -> None:
        self.lines.append("-" * self.width)

    def centred(self, key: str, **params: str | int) -> None:
        for part in self.text(key, **params).split("\n"):
            self.lines += [line.center(self.width).rstrip() for line in textwrap.wrap(part, self.width)]

    def wrapped(self, text: str) -> None:
        self.lines += textwrap.wrap(text, self.width)

    def pair(self, key: str, value: str) -> None:
        self.pair_of(self.text(key), value)

    def pair_of(self, label: str, value: str) -> None:
        """The same under a label in words."""
        if len(label) + 1 + len(value) <= self.width:
            self.lines.append(label + value.rjust(self.width - len(label)))
        else:
            self.lines += [label, *(line.rjust(self.width) for line in textwrap.wrap(value, self.width))]


def day_and_time(wall: str) -> str:
    """`22-11-2026 09:00` of an ISO wall time."""
    return f"{wall[8:10]}-{wall[5:7]}-{wall[:4]} {wall[11:16]}"


def write_paper(folder: Path, name: str, lines: Sequence[str]) -> Path:
    """Writes the lines durably as `NAME.txt`, readable by its owner alone; whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".paper-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    target = folder / f"{name}.txt"
    Path(temporary).replace(target)
    return target
