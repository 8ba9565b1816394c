"""The audit lines as a chain, in which no line can be changed, taken out or put in unseen.

Lines are linked a moment after they were written, in the order in which they were found, so that nobody who
decides waits for anybody else. The digest of a link is SHA-256 over the digest before it (32 zeros at first)
and the line as a JSON array of n, at (UTC, microseconds), who, action, subject, codes and reason. Whoever can
write the database can write a whole new chain: only a head that was written down elsewhere shows that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Engine, Row, text
from sqlmodel import Session

from kiosk.hub.bulk import insert_many
from kiosk.hub.database import transaction
from kiosk.hub.tables import AuditLinkRow

_START = bytes(32)
_LOCK = 0x6B696F736B6C6E6B
_TOGETHER = 2_000
_LATE = 10_000
"""How many lines behind the newest linked one a line may have been written and be found at once."""

_LINE = "a.n, a.at, a.who, a.action, a.subject, a.codes, a.reason"
_TRY = text("SELECT pg_try_advisory_xact_lock(:lock)")
_HEAD = text("SELECT place, digest, (SELECT max(n) FROM audit_link) AS highest FROM audit_link"
             " ORDER BY place DESC LIMIT 1")  # fmt: skip
_UNLINKED = text(
    f"SELECT {_LINE} FROM audit AS a WHERE a.n > :after"  # noqa: S608 - our own columns
    " AND NOT EXISTS (SELECT FROM audit_link AS l WHERE l.n = a.n) ORDER BY a.n LIMIT :most"
)
_WALK = text(
    f"SELECT l.place, l.digest, l.n AS linked, {_LINE} FROM audit_link AS l"  # noqa: S608 - our own columns
    " LEFT JOIN audit AS a ON a.n = l.n WHERE l.place > :after ORDER BY l.place LIMIT :most"
)
_NEWEST = text("SELECT coalesce(max(n), 0) FROM audit")
_LOOSE = text(
    "SELECT count(*) FROM audit AS a WHERE NOT EXISTS (SELECT FROM audit_link AS l WHERE l.n = a.n)"
)


def link_lines(engine: Engine, *, all_of_them: bool = False) -> int:
    """Links lines that are not linked yet, at most two thousand; how many.

    0 as well where another process is linking at this moment. `all_of_them` looks for lines that were
    written long before others and became durable only after these were linked.
    """
    with transaction(engine) as session:
        connection = session.connection()
        if not connection.execute(_TRY, {"lock": _LOCK}).scalar():
            return 0
        head = connection.execute(_HEAD).first()
        place, digest, highest = (head.place, bytes(head.digest), head.highest) if head else (0, _START, 0)
        after = 0 if all_of_them else max(0, highest - _LATE)
        rows = []
        for line in connection.execute(_UNLINKED, {"after": after, "most": _TOGETHER}):
            place, digest = place + 1, digest_of(digest, line)
            rows.append({"place": place, "n": line.n, "digest": digest})
        insert_many(session, AuditLinkRow, rows)
        return len(rows)


def newest_line(engine: Engine) -> int:
    """The number of the newest line; 0 where there is none."""
    with engine.connect() as connection:
        return int(connection.execute(_NEWEST).scalar_one())


def digest_of(previous: bytes, line: Row[Any]) -> bytes:
    """The digest of the link of `line` behind that with the digest `previous`."""
    at: datetime = line.at
    told = [
        line.n,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        line.who,
        line.action,
        line.subject,
        line.codes,
        line.reason,
    ]
    return sha256(previous + json.dumps(told).encode("ascii")).digest()


@dataclass(frozen=True, slots=True)
class Proof:
    """What a walk along the chain found: `links` good ones, and the digest of the last of them.

    `what` is empty where all are good, else `missing` (a line or a link was taken out), `altered` (a line or
    a link was changed) or `head_unknown` (what was written down elsewhere is nowhere in it), at the line
    `first_bad`. `loose` lines are not linked: more than a moment's worth of them were put in beside it.
    """

    links: int
    head: str
    what: str = ""
    first_bad: int | None = None
    loose: int = 0

    @property
    def ok(self) -> bool:
        return not self.what


def verify(session: Session, *, head: str = "", progress: Callable[[int], None] | None = None) -> Proof:
    """Walks along the whole chain; `head` is the beginning of a digest that was written down elsewhere."""
    links, digest, seen = 0, _START, not head
    loose = int(session.connection().execute(_LOOSE).scalar_one())
    for link in _walk(session):
        found = "" if link.place == links + 1 and link.n is not None else "missing"
        if not found:
            following = digest_of(digest, link)
            found = "" if following == bytes(link.digest) else "altered"
        if found:
            return Proof(links, digest.hex() if links else "", found, link.linked, loose)
        links, digest = links + 1, following
        seen = seen or digest.hex().startswith(head.lower())
        if progress is not None and links % _TOGETHER == 0:
            progress(links)
    return Proof(links, digest.hex() if links else "", "" if seen else "head_unknown", None, loose)


def _walk(session: Session) -> Iterator[Row[Any]]:
    after = 0
    while True:
        page = session.connection().execute(_WALK, {"after": after, "most": _TOGETHER}).all()
        yield from page
        if len(page) < _TOGETHER:
            return
        after = page[-1].place
