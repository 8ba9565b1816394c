"""Text messages as files in the outbox folder that gammu-smsd's files service reads."""

from __future__ import annotations

import os
import re
import tempfile
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

from kiosk.errors import KioskError
from kiosk.resources import data_dir

UNFINISHED = ".unfinished-"
"""Begins the names of files still being written; the daemon reads only names that begin with OUT."""

_NUMBER = re.compile(r"\+?[0-9]{5,15}")
_NAME = re.compile(r"OUT[A-Z][0-9]{8}_[0-9]{6}_[0-9]{2}_(?P<number>\+?[0-9]{5,15})_sms(?P<order>[0-9]+)\.txt")


def code_texts() -> Mapping[str, str]:
    """The message that carries a code, by language, with the places `{code}` and `{minutes}`."""
    texts: Mapping[str, str] = tomllib.loads((data_dir() / "sms.toml").read_text("utf-8"))["code"]
    return texts


def waiting(spool: Path, number: str | None = None) -> list[Path]:
    """The files in `spool` that wait to be sent (to `number`), in the order they were written."""
    found: list[tuple[int, Path]] = []
    for path in spool.iterdir() if spool.is_dir() else ():
        match = _NAME.fullmatch(path.name)
        if match is not None and number in {None, match["number"]}:
            found.append((int(match["order"]), path))
    return [path for _, path in sorted(found)]


def encoded(text: str) -> bytes:
    """`text` as the daemon reads it under any locale: ASCII as it is, all else as UTF-16 with its mark."""
    return text.encode("ascii") if text.isascii() else b"\xfe\xff" + text.encode("utf-16-be")


def decoded(content: bytes) -> str:
    """The text of a file that `encoded` made."""
    return content[2:].decode("utf-16-be") if content.startswith(b"\xfe\xff") else content.decode("ascii")


class FilesSender:
    """Hands messages to gammu-smsd, which must run as the same user; `spool` is its outbox folder."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool

    def send(self, number: str, text: str) -> None:
        """Returns when the message is durable in the spool, readable by this user alone.

        Raises KioskError `sms.number` for what is no number, OSError when the file cannot be written.
        """
        if _NUMBER.fullmatch(number) is None:
            raise KioskError("sms.number")
        self._spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(prefix=UNFINISHED, dir=self._spool)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(encoded(text))
                file.flush()
                os.fsync(file.fileno())
            Path(unfinished).replace(self._spool / self._name(number))
        except OSError:
            Path(unfinished).unlink(missing_ok=True)
            raise
        sync_folder(self._spool)

    def _name(self, number: str) -> str:
        """OUT, priority, date, time, serial, number, note; the order in the note outlives a changed clock."""
        held = waiting(self._spool)
        order = int(_order(held[-1])) + 1 if held else 0
        return f"OUTA{time.strftime('%Y%m%d_%H%M%S')}_00_{number}_sms{order}.txt"


def sync_folder(folder: Path) -> None:
    """Makes the names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _order(path: Path) -> str:
    return path.stem.rpartition("_sms")[2]
