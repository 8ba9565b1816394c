"""Whether the records and the audit trail tell of the same things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kiosk.store.audit import any_bytes

_HAS_LINE = "SELECT 1 FROM audit WHERE subject = r.reference AND action = 'registration.submitted'"
_TAKEN_BACK = "SELECT 1 FROM audit WHERE subject = r.reference AND action = 'registration.voided'"
_NOT_TOLD = f"NOT EXISTS ({_HAS_LINE}) OR (r.state = 'cancelled' AND NOT EXISTS ({_TAKEN_BACK}))"
# A draft that mends a registration has its id, and begins to count anew.
_SAVES = "SELECT count(*) FROM audit WHERE subject = d.id AND action = 'draft.saved'"
_IS_MENDED = "SELECT 1 FROM registration WHERE id = d.id"
_DISAGREES = f"revision > ({_SAVES}) OR (revision < ({_SAVES}) AND NOT EXISTS ({_IS_MENDED}))"

_REGISTRATIONS = f"SELECT reference FROM registration AS r WHERE {_NOT_TOLD} ORDER BY n LIMIT ?"  # noqa: S608
_DRAFTS = f"SELECT id FROM draft AS d WHERE {_DISAGREES} ORDER BY id LIMIT ?"  # noqa: S608
_LINES = """SELECT n FROM audit AS a WHERE action = 'registration.submitted'
    AND NOT EXISTS (SELECT 1 FROM registration WHERE reference = a.subject)
    AND NOT EXISTS (SELECT 1 FROM audit WHERE subject = a.subject AND action = 'registration.purged')
    ORDER BY n LIMIT ?"""
# From one subject to the next by the index, since a draft has some twenty lines.
_DRAFT_LINES = """WITH RECURSIVE known (subject) AS (
    SELECT min(subject) FROM audit UNION ALL
    SELECT (SELECT min(subject) FROM audit WHERE subject > known.subject)
        FROM known WHERE known.subject IS NOT NULL),
    gone (subject) AS (SELECT subject FROM known
        WHERE NOT EXISTS (SELECT 1 FROM draft WHERE id = known.subject)
        AND NOT EXISTS (SELECT 1 FROM registration WHERE id = known.subject)),
    line (n) AS (SELECT (
        SELECT min(n) FROM audit WHERE subject = gone.subject AND action = 'draft.saved') FROM gone
        WHERE NOT EXISTS (SELECT 1 FROM audit WHERE subject = gone.subject
            AND action IN ('draft.discarded', 'draft.expired', 'draft.moved')))
    SELECT n FROM line WHERE n IS NOT NULL ORDER BY n LIMIT ?"""

_NEWEST = 1000
_NEWEST_REGISTRATIONS = f"""SELECT count(*) FROM (
    SELECT reference, state FROM registration ORDER BY n DESC LIMIT {_NEWEST}) AS r
    WHERE {_NOT_TOLD}"""  # noqa: S608
_NEWEST_DRAFTS = f"""SELECT count(*) FROM (
    SELECT id, revision FROM draft ORDER BY saved_at DESC LIMIT {_NEWEST}) AS d
    WHERE {_DISAGREES}"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Unmatched:
    """What does not agree.

    `registrations` are references of which no line tells that they came, or that they were taken back though
    they are; `drafts` the ids of drafts that were changed more or less often than their lines say; `lines`
    tell of a registration that is not there, `draft_lines` of a draft that is neither there, nor registered,
    nor ended.
    """

    registrations: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    draft_lines: tuple[int, ...] = ()


def unmatched(connection: Any, *, at_most: int = 20) -> Unmatched:
    """Everything that does not agree, of each kind the first `at_most`."""

    def found(query: str) -> list[Any]:
        return [value for (value,) in connection.execute(query, (at_most,)).fetchall()]

    with any_bytes(connection):
        return Unmatched(
            tuple(map(str, found(_REGISTRATIONS))),
            tuple(map(str, found(_DRAFTS))),
            tuple(found(_LINES)),
            tuple(found(_DRAFT_LINES)),
        )


def newest_lacking(connection: Any) -> int:
    """How many of the newest records do not agree with the trail; a cut at its end shows in them."""
    (registrations,) = connection.execute(_NEWEST_REGISTRATIONS).fetchone()
    (drafts,) = connection.execute(_NEWEST_DRAFTS).fetchone()
    return int(registrations + drafts)
