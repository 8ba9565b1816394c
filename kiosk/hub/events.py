"""The hub's log: one JSON object a line, with names, codes and counts, never personal data."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

from kiosk.redaction import new_reference, redacted

# A name, code or place of ours; anything else could be what somebody sent.
_WORD = re.compile(r"[A-Za-z0-9_./:<> -]{1,200}")

Fact = str | int | float | bool | Mapping[str, int] | None


class EventLog:
    """Writes lines to a stream, from several threads."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._lock = threading.Lock()

    def write(self, event: str, **facts: Fact) -> None:
        """One line; a text that does not look like a word of ours is written as `?`."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line: dict[str, Fact] = {"at": at, "event": event}
        line |= {name: _only(fact) for name, fact in facts.items() if fact is not None}
        text = json.dumps(line) + "\n"
        # A log that cannot be written never stops the hub.
        with self._lock, suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()

    def crash(self, error: BaseException) -> str:
        """Writes where `error` came from, without its message, and returns the number to ask for it by."""
        reference = new_reference()
        self.write("crash", reference=reference, where=" < ".join(redacted(error))[:200])
        return reference


def _only(fact: Fact) -> Fact:
    return fact if not isinstance(fact, str) or _WORD.fullmatch(fact) else "?"


class ServerHandler(logging.Handler):
    """What the web server says of itself, as lines of this log: its level and place, not its words."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            self._log.crash(error)
        else:
            self._log.write("server", level=record.levelname, where=f"{record.module}:{record.lineno}")
