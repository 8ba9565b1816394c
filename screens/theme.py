"""How each role looks: the eight ANSI colours on the terminal's own ground, or no colour at all."""

import os
from collections.abc import Mapping
from typing import Final, Literal

from rich.style import Style

Palette = Mapping[str, Style]
"""Role to style."""

PLAIN: Final = Style.null()
_BOLD: Final = Style(bold=True)
_REVERSE: Final = Style(reverse=True)
_BARE_TERMINALS: Final = ("", "dumb", "unknown", "vt100", "vt102", "vt220", "linux-m")

COLOUR: Final[Palette] = {
    "plain": PLAIN,
    "title": _BOLD,
    "label": PLAIN,
    "value": _BOLD,
    "focus": _REVERSE,
    "mark": Style(color="black", bgcolor="cyan"),
    "dim": PLAIN,
    "warn": Style(color="black", bgcolor="yellow"),
    "error": Style(color="white", bgcolor="red", bold=True),
    "good": Style(color="black", bgcolor="green"),
    "key": _BOLD,
    "header": Style(color="white", bgcolor="blue", bold=True),
    "invert": _REVERSE,
}
"""Coloured roles name both colours, so that they hold on dark and on light ground."""

NO_COLOUR: Final[Palette] = {
    "plain": PLAIN,
    "title": _BOLD,
    "label": PLAIN,
    "value": _BOLD,
    "focus": _REVERSE,
    "mark": Style(bold=True, reverse=True),
    "dim": PLAIN,
    "warn": Style(bold=True, underline=True),
    "error": Style(bold=True, reverse=True),
    "good": _BOLD,
    "key": _BOLD,
    "header": _REVERSE,
    "invert": _REVERSE,
}
"""Bold, reverse and underline only."""


def palette(colour: bool | Literal["auto"] = "auto") -> Palette:  # noqa: FBT001
    """The looks to use; "auto" follows NO_COLOR and TERM."""
    if colour == "auto":
        colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in _BARE_TERMINALS
    return COLOUR if colour else NO_COLOUR
