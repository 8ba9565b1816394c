"""What may be kept of a failure: where it passed through our code, never a message or a value."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb

_ALPHABET = "ACDEFHJKMNPRTWXY34679"
_HOUSE = Path(__file__).resolve().parent.parent
_OURS = ("kiosk", "screens")


def new_reference() -> str:
    """A short number to say to staff, without characters that look alike."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(6))


def redacted(error: BaseException) -> list[str]:
    """The failure as class names and our own `file:line function`, newest first; no message, no value.

    A message may quote what was typed, so not even ours are kept.
    """
    return [text for one in _chain(error) for text in (type(one).__qualname__, *_frames(one))]


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, the errors it came from, and the members of groups, each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        members = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        waiting += [other for other in (*members, one.__cause__, one.__context__) if other is not None]


def _frames(error: BaseException) -> list[str]:
    """Where the error passed through our code, innermost first."""
    places = []
    for frame, line in walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(_HOUSE) and path.relative_to(_HOUSE).parts[0] in _OURS:
            places.append(f"{path.relative_to(_HOUSE)}:{line} {frame.f_code.co_name}")
    return places[::-1]
