"""What waits for a kiosk: its numbered, signed messages after the last one that it has."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session

from kiosk.hub.callers import Caller
from kiosk.sync.statements import Message

MOST_BYTES = 1_000_000
"""How large the bodies of one answer may be together; the first is given however large it is."""

_AFTER = text(
    "SELECT n, kind, sealed, body, key, signature FROM inbox WHERE kiosk = :kiosk AND n > :after ORDER BY n"
    " LIMIT :limit"
)


_READ = text(
    "UPDATE kiosk_status SET read_to = :after WHERE kiosk = :kiosk AND read_to IS DISTINCT FROM :after"
)


def note_read(session: Session, caller: Caller, after: int) -> None:
    """Keeps up to which message the kiosk has its inbox for good; one put back from a copy begins earlier."""
    session.execute(_READ, {"kiosk": caller.n, "after": after})


def messages_after(session: Session, caller: Caller, after: int, limit: int) -> tuple[list[Message], bool]:
    """At most `limit` messages after the number `after`, and whether there are more."""
    rows = session.execute(_AFTER, {"kiosk": caller.n, "after": after, "limit": limit + 1}).all()
    found: list[Message] = []
    size = 0
    for row in rows[:limit]:
        size += len(row.body)
        if found and size > MOST_BYTES:
            break
        found.append(
            Message(
                caller.name,
                row.n,
                row.kind,
                bytes(row.body),
                bytes(row.key),
                bytes(row.signature),
                is_sealed=row.sealed,
                training=caller.training,
            )
        )
    return found, len(rows) > len(found)
