"""The audit trail: a chain of lines in which no line can be changed, taken out or put in unseen.

A line's digest is SHA-256 over the 32 bytes of the digest before it (zeros for line 1) followed by the line's
columns n, wall, boot, monotonic_ns, trusted, who, action, subject, fields and codes as a JSON array in ASCII
with ", " between them. Whoever has the store's key can write a whole new chain, and a cut at the end leaves a
shorter good one: only a head that left the machine (on a receipt, in an envelope) shows either.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import bindparam, func, insert, literal_column, select
from sqlcipher3 import dbapi2 as driver

from kiosk.domain.registration import Moment
from kiosk.domain.staff import NOBODY
from kiosk.services.ports import AuditLine
from kiosk.store.engine import as_store_error
from kiosk.store.mapping import audit_columns, moment_from
from kiosk.store.session import Session, Statement
from kiosk.store.tables import AuditRow, table_of

_T = table_of(AuditRow).c
_HEAD = Statement(select(_T.n, _T.digest).order_by(_T.n.desc()).limit(1))
# No index: the newest lines are nearly always trusted, and a walk from the end finds one at once.
_LAST_TRUSTED = Statement(
    select(_T.wall, _T.boot, _T.monotonic_ns, _T.trusted)
    .where(_T.trusted == literal_column("1"))
    .order_by(_T.n.desc())
    .limit(1)
)
_APPEND = Statement(insert(table_of(AuditRow)))
_PAYLOAD = (
    _T.n, _T.wall, _T.boot, _T.monotonic_ns, _T.trusted, _T.who, _T.action, _T.subject, _T.fields, _T.codes
)  # fmt: skip
_WALK = Statement(select(*_PAYLOAD, _T.previous, _T.digest).where(_T.n > bindparam("after")).order_by(_T.n))
_NEWEST = select(func.max(_T.n)).scalar_subquery()
_BEFORE = Statement(
    select(_T.n, _T.digest)
    .where(_T.n <= _NEWEST - bindparam("last_"))
    .order_by(_T.n.desc())
    .limit(literal_column("1"))
)
_START = bytes(32)
_CHUNK = 2000
_NUMBER = re.compile(r"[0-9]{13,16}")

_encode = json.JSONEncoder(default=repr).encode
_quoted = json.encoder.encode_basestring_ascii


def digest_of(previous: bytes, payload: Sequence[Any]) -> bytes:
    """The digest of the line that has the columns `payload`, after the line with the digest `previous`."""
    n, wall, boot, ticks, trusted, who, action, subject, fields, codes = payload
    try:
        # What the JSON encoder would write, in a quarter of its time.
        text = (
            f"[{n:d}, {_quoted(wall)}, {_quoted(boot)}, {ticks:d}, {trusted:d}, {_quoted(who)}, "
            f"{_quoted(action)}, {_quoted(subject)}, {_quoted(fields)}, {_quoted(codes)}]"
        )
    except (TypeError, ValueError):
        text = _encode(list(payload))
    return sha256(previous + text.encode("ascii")).digest()


class SqlAuditTrail:
    """Appends lines to the chain; a subject that is a person's number is kept as a keyed hash of it.

    `who` is who is signed in (empty: nobody), and stands in the lines that name nobody else.
    """

    def __init__(self, session: Session, number_key: bytes, who: str = "") -> None:
        self._session = session
        self._number_key = number_key
        self._who = who

    def append(self, line: AuditLine) -> str:
        """Adds a line and returns the new head, 64 hexadecimal digits."""
        n, previous = self._last()
        values = audit_columns(line) | {"n": n + 1, "previous": previous}
        values["subject"] = self.subject(values["subject"])
        if line.who == NOBODY:
            values["who"] = self._who or NOBODY
        values["digest"] = digest_of(previous, [values[column.name] for column in _PAYLOAD])
        self._session.run(_APPEND, values)
        return str(values["digest"].hex())

    def head(self) -> str:
        """The last line's digest, 64 hexadecimal digits; empty where there is no line."""
        n, digest = self._last()
        return digest.hex() if n else ""

    def last_moment(self) -> Moment | None:
        """The newest trusted moment in the trail, for the clock to go by."""
        row = self._session.row(_LAST_TRUSTED, {})
        return moment_from(*row) if row else None

    def subject(self, text: str) -> str:
        """How `text` stands in the trail: a NIK, No. KK or card number as `#` and 16 hexadecimal digits."""
        if _NUMBER.fullmatch(text) is None:
            return text
        return "#" + hmac.digest(self._number_key, text.encode(), "sha256")[:8].hex()

    def _last(self) -> tuple[int, bytes]:
        found = self._session.row(_HEAD, {})
        return (found[0], found[1]) if found else (0, _START)


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What a check of the chain found.

    `lines` is how many lines were good before the check ended; `first_bad` is the number of the first line
    that is not, and `reason` says why: `audit.missing` (a number is left out), `audit.order` (a line does not
    follow the one before it), `audit.altered` (a line does not fit its digest), `audit.head_unknown` (the
    head from outside is nowhere in the chain: it was cut or written anew). `head` is the last good digest.
    """

    lines: int
    ok: bool
    first_bad: int | None = None
    reason: str = ""
    head: str = ""


def verify(
    connection: Any, progress: Callable[[int], None] | None = None, *, head: str = "", last: int = 0
) -> VerifyResult:
    """Walks the whole chain on a driver's connection, reporting the lines done to `progress`.

    `head` is one that left the machine, at least its first 8 hexadecimal digits; the whole chain is searched
    for it. With `last` only so many lines at the end are walked. Raises ValueError for a shorter head,
    StoreError where the store cannot be read.
    """
    wanted = head.strip().lower()
    if wanted and re.fullmatch(r"[0-9a-f]{8,64}", wanted) is None:
        raise ValueError("a head is 8 to 64 hexadecimal digits")
    try:
        return _verify(connection, progress, wanted, last)
    except driver.Error as error:
        if "UTF-8" not in str(error):
            raise as_store_error(error) from None
    # A line was altered to what is no text; the slower walk takes any bytes and finds which.
    with any_bytes(connection):
        return _verify(connection, progress, wanted, last)


@contextmanager
def any_bytes(connection: Any) -> Iterator[None]:
    """Reads text columns that are not UTF-8 as well; raises StoreError for what the driver raises."""
    connection.text_factory = _lenient
    try:
        yield
    except driver.Error as error:
        raise as_store_error(error) from None
    finally:
        connection.text_factory = str


def _lenient(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _verify(connection: Any, progress: Callable[[int], None] | None, wanted: str, last: int) -> VerifyResult:
    lines, previous = _line_before(connection, last) if last else (0, _START)
    seen = not wanted
    start = bytes.fromhex(wanted[:8])
    for n, *payload, stored_previous, digest in _walk(connection, progress, lines):
        if n != lines + 1:
            return VerifyResult(lines, False, lines + 1, "audit.missing", _head(lines, previous))  # noqa: FBT003
        if stored_previous != previous:
            return VerifyResult(lines, False, n, "audit.order", _head(lines, previous))  # noqa: FBT003
        if digest != digest_of(previous, (n, *payload)):
            return VerifyResult(lines, False, n, "audit.altered", _head(lines, previous))  # noqa: FBT003
        if not seen and digest[:4] == start:
            seen = digest.hex().startswith(wanted)
        lines, previous = n, digest
    if not seen:
        return VerifyResult(lines, ok=False, reason="audit.head_unknown", head=_head(lines, previous))
    return VerifyResult(lines, ok=True, head=_head(lines, previous))


def _head(lines: int, digest: bytes) -> str:
    return digest.hex() if lines else ""


def _line_before(connection: Any, last: int) -> tuple[int, bytes]:
    """The line that the `last` ones follow, taken at its word."""
    row = connection.execute(_BEFORE.sql, {"last_": last}).fetchone()
    return (row[0], row[1]) if row and row[0] > 0 else (0, _START)


def _walk(connection: Any, progress: Callable[[int], None] | None, after: int) -> Iterator[tuple[Any, ...]]:
    done = 0
    cursor = connection.execute(_WALK.sql, {"after": after or -(2**63)})
    while rows := cursor.fetchmany(_CHUNK):
        yield from rows
        done += len(rows)
        if progress is not None:
            progress(done)
