"""When the hub was last spoken with, and what kept it from being: what the screens tell of the network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


class Sender(Protocol):
    """Sends what waits beside the program, by itself and when told to; its calls return at once."""

    def contact(self) -> Contact: ...
    def send_now(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Contact:
    """How this kiosk and its hub get on.

    `at` is the wall time at which the hub last answered, `tried_at` that of the last try, both empty for
    never. `code` says why that try failed, empty where it did not. `working` is True while one is going on.
    The hub is asked every so many `minutes`.
    """

    enrolled: bool = False
    at: str = ""
    tried_at: str = ""
    code: str = ""
    working: bool = False
    minutes: int = 5

    def is_online(self, now: str) -> bool:
        """Whether the hub answered the last time, and that is not longer ago than two rounds of asking."""
        has_answered = bool(self.at) and (self.at == self.tried_at or not self.code)
        if not self.enrolled or not has_answered:
            return False
        try:
            passed = datetime.fromisoformat(now) - datetime.fromisoformat(self.at)
        except (ValueError, TypeError):
            return False
        return timedelta(minutes=-1) <= passed <= timedelta(minutes=2 * self.minutes + 1)
