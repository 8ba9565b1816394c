"""The rotating log: actions, field names and codes, never a value or a message that may quote one."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from kiosk.redaction import new_reference, redacted

FILE = "kiosk.log"
_LARGEST, _KEPT = 500_000, 4
_FORMAT = "%(asctime)s %(levelname)s %(message)s"
# A name of ours has only small letters; anything else could be what a person typed.
_NAME = re.compile(r"[a-z_]+([._][a-z_]+)*")
_PATH = re.compile(r"([a-z_]+|members\[[0-9]{1,3}\])(\.[a-z_]+)?")
_SUBJECT = re.compile(r"[A-Z0-9]{1,4}-[0-9]{4,9}-[0-9A-Z]{2}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class _PrivateFile(RotatingFileHandler):
    """A rotating file that its owner alone can read, whatever the umask."""

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open(
            self.baseFilename, "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)
        )

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Says nothing: a full disk must not write over the screen."""


class Log:
    """The log in one folder; a log that cannot be written never stops the program."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        self._logger = logging.Logger("kiosk")
        handler = _PrivateFile(self.file, maxBytes=_LARGEST, backupCount=_KEPT, encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter(_FORMAT))
        self._logger.addHandler(handler)

    def event(
        self, action: str, *, subject: str = "", fields: Iterable[str] = (), codes: Iterable[str] = ()
    ) -> None:
        """One line: what happened to which record (its reference or id), naming fields and codes.

        What does not look like a name of ours is written as `?`.
        """
        parts = [_only(_NAME, action)]
        if subject:
            parts.append(_only(_SUBJECT, subject))
        parts += [f"field={_only(_PATH, field)}" for field in fields]
        parts += [f"code={_only(_NAME, code)}" for code in codes]
        self._logger.info(" ".join(parts))

    def crash(self, error: BaseException) -> str:
        """Writes where `error` came from, without its message, and returns the number to ask for it by."""
        reference = new_reference()
        self._logger.error("crash %s %s", reference, " < ".join(redacted(error)))
        return reference

    def close(self) -> None:
        """Lets go of the file."""
        for handler in list(self._logger.handlers):
            self._logger.removeHandler(handler)
            with suppress(OSError):  # a full disk may still refuse what was buffered
                handler.close()


def _only(allowed: re.Pattern[str], text: str) -> str:
    return text if allowed.fullmatch(text) else "?"
