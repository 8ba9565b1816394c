"""Chooses what makes a kiosk an appliance: the small process, and what it says while nobody can be served."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiosk.config import Config
    from kiosk.guard.parent import Guard

_WIDTH = 72


def guard_of(config: Config) -> Guard:
    """The small process of an unattended kiosk, with its sentences in both languages."""
    from kiosk.guard.parent import Guard

    def calm(words: str) -> list[str]:
        from textwrap import wrap

        from kiosk.language import Language

        lines = [f"KIOSK JKN  {config.kiosk.place}", ""]
        for code in dict.fromkeys((config.kiosk.language, "id", "en")):
            lines += [*wrap(Language(code).text("village.guard.rests"), _WIDTH), ""]
        return [*lines, *(part for line in words.splitlines() for part in wrap(line, _WIDTH))]

    return Guard(calm, may_quit=config.screens.may_quit)
