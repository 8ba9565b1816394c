"""The errors that reach the edge: each carries a code and an exit code, never personal data."""

from __future__ import annotations

NEXT_PERSON = 75
"""The exit code of a process that has served its person at an unattended kiosk."""


class KioskError(Exception):
    """Something the program refuses or cannot do; `code` names the sentence, `exit_code` the ending."""

    exit_code = 1

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class UsageError(KioskError):
    """The command line asks for something that cannot be asked."""

    exit_code = 2


class ConfigError(KioskError):
    """The settings cannot be used: names the file, the key and the line."""

    exit_code = 3


class StoreError(KioskError):
    """The store cannot be opened or written: key missing, locked, damaged, full."""

    exit_code = 4


class StaleDraftError(StoreError):
    """Somebody else saved this draft since it was read."""


class CarrierError(KioskError):
    """A stick, a folder or the hub cannot be reached, written or trusted; nothing is lost."""

    exit_code = 5
