"""The last resort: what is said, and what is kept, when the program fails."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from traceback import walk_tb
from typing import Final

EXIT_CRASH: Final = 70
"""Exit code after a failure (EX_SOFTWARE)."""

_ALPHABET: Final = "ACDEFHJKMNPRTWXY34679"
_HOUSE: Final = Path(__file__).resolve().parent.parent
_OURS: Final = ("kiosk", "screens")


def new_reference() -> str:
    """A short number to say to staff, without characters that look alike."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(6))


def redacted(error: BaseException) -> list[str]:
    """The failure as class names and our own `file:line function`, newest first; no message, no value.

    A message may quote what was typed, so not even ours are kept.
    """
    return [text for one in _chain(error) for text in (type(one).__qualname__, *_frames(one))]


def last_resort(reference: str) -> str:
    """The two lines a person reads when nothing else can be shown."""
    return (
        f"Program berhenti. Jawaban yang tersimpan aman. Sebutkan ke petugas: {reference}\n"
        f"The program stopped. Saved answers are safe. Tell the staff: {reference}\n"
    )


def report(error: BaseException, crash_log: Callable[[BaseException], str]) -> str:
    """Log the failure and return the lines to show; a log that fails too costs only the record."""
    reference = new_reference()
    with suppress(Exception):
        reference = crash_log(error)
    return last_resort(reference)


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
