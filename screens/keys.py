"""The key map and the one pipeline through which every key passes, in order, each settled before the next."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic
from typing import Final


class Key(StrEnum):
    """What a key means, whatever the terminal calls it."""

    TEXT = "text"
    ENTER = "enter"
    UP = "up"
    DOWN = "down"
    LEFT = "left"
    RIGHT = "right"
    HOME = "home"
    END = "end"
    PAGE_UP = "page_up"
    PAGE_DOWN = "page_down"
    BACKSPACE = "backspace"
    DELETE = "delete"
    HELP = "help"
    STAFF = "staff"
    BACK = "back"
    CHOICES = "choices"
    AGAIN = "again"
    SAME = "same"
    SEND = "send"
    REVEAL = "reveal"
    LATER = "later"
    NEXT = "next"
    FINISH = "finish"


@dataclass(frozen=True, slots=True)
class Press:
    """One key; text is the printable character of a TEXT key, or a whole paste on one line."""

    key: Key
    text: str = ""


FUNCTION_KEYS: Final = {
    1: Key.HELP,
    2: Key.STAFF,
    3: Key.BACK,
    4: Key.CHOICES,
    5: Key.AGAIN,
    6: Key.SAME,
    7: Key.SEND,
    8: Key.REVEAL,
    9: Key.LATER,
    10: Key.NEXT,
    12: Key.FINISH,
}
"""F-key number to meaning."""

TWINS: Final = dict(zip("1234567890-=", range(1, 13), strict=True))
"""The character that, after Escape, stands for the F-key of that number."""

TWIN_SECONDS: Final = 1.0
"""How long an Escape waits for the digit that makes it an F-key."""

_TWIN_NAMES: Final = {f"alt+{character}": number for character, number in TWINS.items()} | {
    "alt+minus": 11,
    "alt+equals_sign": 12,
}

_NAMES: Final = {
    "enter": Key.ENTER,
    "ctrl+m": Key.ENTER,
    "ctrl+j": Key.ENTER,
    "tab": Key.ENTER,
    "ctrl+i": Key.ENTER,
    "shift+tab": Key.UP,
    "up": Key.UP,
    "down": Key.DOWN,
    "left": Key.LEFT,
    "right": Key.RIGHT,
    "home": Key.HOME,
    "end": Key.END,
    "pageup": Key.PAGE_UP,
    "pagedown": Key.PAGE_DOWN,
    "backspace": Key.BACKSPACE,
    "ctrl+h": Key.BACKSPACE,
    "delete": Key.DELETE,
} | {f"f{number}": key for number, key in FUNCTION_KEYS.items()}


class KeyMap:
    """Turns the terminal's keys into presses; remembers an Escape until its digit comes."""

    def __init__(self) -> None:
        self._escaped_at: float | None = None

    def press(self, name: str, character: str | None, when: float) -> Press | None:
        """The press for Textual's key name and character at that monotonic second, None for a dropped key."""
        escaped_at, self._escaped_at = self._escaped_at, None
        if name == "escape":
            self._escaped_at = when
            return None
        twin = _TWIN_NAMES.get(name)
        if twin is None and escaped_at is not None and when - escaped_at <= TWIN_SECONDS:
            twin = TWINS.get(character or "")
        if twin is not None:
            return Press(FUNCTION_KEYS[twin]) if twin in FUNCTION_KEYS else None
        if name in _NAMES:
            return Press(_NAMES[name])
        if character is not None and character.isprintable() and not name.startswith(("ctrl+", "alt+")):
            return Press(Key.TEXT, character)
        return None

    def paste(self, text: str) -> Press | None:
        """The press for pasted text: line breaks and tabs become spaces, other controls go."""
        self._escaped_at = None
        line = re.sub(r"\r\n|[\t\n\v\f\r\x85\u2028\u2029]", " ", text)
        line = "".join(character for character in line if character.isprintable())
        return Press(Key.TEXT, line) if line else None


class KeyPipeline:
    """A queue of presses and one task that gives each to the page and awaits its effect before the next.

    While more presses wait, drawing is left out, but never for longer than `DRAW_SECONDS`;
    the state after the last press is always drawn.
    """

    DRAW_SECONDS: Final = 0.05

    def __init__(self, deliver: Callable[[Press], Awaitable[None]], draw: Callable[[], None]) -> None:
        self._deliver = deliver
        self._draw = draw
        self._drawn_at = 0.0
        self._ended = False
        self._queue: asyncio.Queue[Press | Callable[[], Awaitable[None]]] = asyncio.Queue()

    def put(self, work: Press | Callable[[], Awaitable[None]]) -> None:
        """Add a press, or a piece of work that must keep its place among the presses."""
        if not self._ended:
            self._queue.put_nowait(work)

    async def settle(self) -> None:
        """Wait until everything put so far has taken effect and is drawn."""
        await self._queue.join()

    async def consume(self) -> None:
        """Serve the queue until cancelled; an error of a page ends it, and what waits is dropped."""
        try:
            while True:
                work = await self._queue.get()
                try:
                    await (self._deliver(work) if isinstance(work, Press) else work())
                    if self._queue.empty() or monotonic() - self._drawn_at >= self.DRAW_SECONDS:
                        self._draw()
                        self._drawn_at = monotonic()
                        await asyncio.sleep(0)
                finally:
                    self._queue.task_done()
        finally:
            self._ended = True
            while not self._queue.empty():
                self._queue.get_nowait()
                self._queue.task_done()
