"""Lines for a narrow printer: the receipt, the report of a day."""

from __future__ import annotations

import textwrap
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
