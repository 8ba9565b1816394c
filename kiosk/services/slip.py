"""The slip with the code by which a family goes on: nothing on it says who they are."""

from __future__ import annotations

import textwrap
from typing import Protocol

from kiosk.domain.resume_code import grouped
from kiosk.services.paper import WIDTH
from kiosk.services.ports import Printout


class Texts(Protocol):
    """One language's sentences."""

    def text(self, key: str, **params: str | int) -> str: ...


def slip(code: str, language: Texts, place: str, *, days: int = 0, training: bool = False) -> Printout:
    """The slip of a code; `days` is how long what was answered is kept, 0 for ever."""
    sign = grouped(code)
    lines = _centred(language.text("receipt.training")) if training else []
    lines += [*_centred(f"KIOSK JKN\n{place}"), "-" * WIDTH]
    lines += [*_centred(language.text("receipt.slip.code")), "", sign, ""]
    lines += textwrap.wrap(language.text("receipt.slip.how"), WIDTH)
    if days:
        lines += textwrap.wrap(language.text("receipt.slip.days", days=days), WIDTH)
    lines += ["-" * WIDTH, *textwrap.wrap(language.text("receipt.slip.keep"), WIDTH)]
    return Printout("slip", tuple(lines), sign)


def _centred(text: str) -> list[str]:
    parts = (line for part in text.split("\n") for line in textwrap.wrap(part, WIDTH))
    return [line.center(WIDTH).rstrip() for line in parts]
