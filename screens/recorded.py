"""What of a page may be recorded in practice: its lines with their colours, or a sentence in their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from kiosk.language import Language
from screens.base import Companion, Page
from screens.keys import Press
from screens.safe import safe_text
from screens.view import HEIGHT, Line, View

_LOOKS: Final = {
    "title": "1",
    "value": "1",
    "key": "1",
    "mark": "7",
    "invert": "7",
    "focus": "7",
    "warn": "30;43",
    "error": "37;41",
    "good": "30;42",
}
"""How roles look in a recording."""


class Frames(Protocol):
    """Takes what the screen shows."""

    def frame(self, lines: Sequence[str], cursor: tuple[int, int] | None) -> None: ...


class Recorded:
    """Goes along with another companion, and gives everything that is shown to `frames`.

    Only a page that says `recordable` is shown in them: one that nobody thought of, and one that shows a
    code or takes one, is not.
    """

    def __init__(self, companion: Companion, frames: Frames, language: Language) -> None:
        self._companion = companion
        self._frames = frames
        self._concealed = [*[""] * (HEIGHT // 2), f"   {language.text('training.not_recorded')}"]

    def view(self, page: Page, width: int, height: int) -> View:
        """What the other one shows, recorded on the way."""
        view = self._companion.view(page, width, height)
        if getattr(page, "recordable", False):
            self._frames.frame([_text(line) for line in view.lines], view.cursor)
        else:
            self._frames.frame([*self._concealed, *[""] * (HEIGHT - len(self._concealed))], None)
        return view

    async def press(self, page: Page, press: Press) -> None:
        """Keys are never recorded."""
        await self._companion.press(page, press)

    def tick(self) -> bool:
        return self._companion.tick()


def _text(line: Line) -> str:
    parts = []
    for span in line:
        text, look = safe_text(span.text), _LOOKS.get(span.role)
        parts.append(f"\x1b[{look}m{text}\x1b[0m" if look and text else text)
    return "".join(parts)
