"""What the hub refuses: a code and a status of HTTP, never personal data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiosk.errors import KioskError


class Refusal(KioskError):
    """A request that is not done; `status` is that of HTTP, `facts` go into the answer beside the code.

    `retry_after` is in how many seconds it may be tried again, None where that would not help.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        retry_after: int | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.status = status
        self.retry_after = retry_after
        self.facts = dict(facts or {})
