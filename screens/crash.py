"""The last resort: what is said, and what is kept, when the program fails."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from kiosk.redaction import new_reference

EXIT_CRASH: Final = 70
"""Exit code after a failure (EX_SOFTWARE)."""


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
