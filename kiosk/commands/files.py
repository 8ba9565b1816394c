"""The files that commands read: by name, or standard input for `-`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from kiosk.errors import UsageError


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """The bytes of the file `name`; raises UsageError where it cannot be opened."""
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below; only opening may be refused
    except (OSError, ValueError) as error:
        raise UsageError(
            "usage.file", f"{name}: {getattr(error, 'strerror', None) or 'no file name'}"
        ) from error
    with file:
        yield file
