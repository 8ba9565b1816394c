"""One line for everything that was done at the hub: who, what, to which record or kiosk; no personal data."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text
from sqlmodel import Session

_NOTE = text(
    "INSERT INTO audit (at, who, action, subject, codes, reason)"
    " VALUES (now(), :who, :action, :subject, :codes, :reason)"
)


def note(
    session: Session, who: str, action: str, subject: str, *, codes: Iterable[str] = (), reason: str = ""
) -> None:
    """Adds a line in the transaction of what it tells of."""
    values = {"who": who, "action": action, "subject": subject, "codes": " ".join(codes), "reason": reason}
    session.execute(_NOTE, values)
