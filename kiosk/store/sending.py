"""What goes to the hub and what it said of it: the outbox, decisions and tombstones as statements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, literal_column, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from kiosk.domain.fields import Problem
from kiosk.domain.registration import Registration
from kiosk.errors import StoreError
from kiosk.services.sync_ports import (
    CONTENT_SCHEMA,
    HubDecision,
    HubReceipt,
    Outgoing,
    Queued,
    Tombstone,
)
from kiosk.store import mapping
from kiosk.store.repositories import WHOLE, WITH_DOCUMENT, listed
from kiosk.store.session import Session, Statement
from kiosk.store.tables import DecisionRow, OutboxRow, RegistrationRow, TombstoneRow, table_of

LONGEST_WAIT_MS = 24 * 3600 * 1000
"""No version waits longer for its next attempt; one that seems to was put off by a clock that ran ahead."""

_OUTBOX = table_of(OutboxRow)
_O = _OUTBOX.c
_R = table_of(RegistrationRow).c
_QUEUE = Statement(insert(_OUTBOX))
# The empty text stands in the statement itself: with a parameter the partial index could not be used.
_UNSENT = _O.sent_at == literal_column("''")
_COUNTED = select(_O.n).where(_UNSENT).limit(bindparam("at_most_")).subquery()
_WAITING = Statement(select(func.count()).select_from(_COUNTED))
_QUEUED = (
    _O.n, _O.registration, _O.version, _O.key, _O.queued_at, _O.schema, _O.sent_at, _O.hash,
    _O.received_ms, _O.hub_key, _O.signature, _O.tries, _O.next_try_ms, _O.code, _O.exported_at,
    _O.left_at,
)  # fmt: skip
_GET = Statement(
    select(*_QUEUED).where(_O.registration == bindparam("registration_"), _O.version == bindparam("version_"))
)
_VERSIONS = Statement(
    select(*_QUEUED).where(_O.registration == bindparam("registration_")).order_by(_O.version)
)
_SET_ASIDE = Statement(
    select(*_QUEUED).where(_UNSENT, _O.code != literal_column("''")).order_by(_O.n).limit(bindparam("limit_"))
)
_CHANGES = (
    "sent_at", "hash", "received_ms", "hub_key", "signature", "tries", "next_try_ms", "code", "exported_at",
    "left_at",
)  # fmt: skip
_PUT = Statement(
    update(_OUTBOX).where(_O.n == bindparam("n_")).values({name: bindparam(name) for name in _CHANGES})
)
_WITHDRAW = Statement(
    delete(_OUTBOX).where(_O.registration == bindparam("registration_"), _O.version == bindparam("version_"))
)
_SET_OUT = Statement(
    update(_OUTBOX)
    .where(_O.n.in_(listed("places_")), _O.left_at == literal_column("''"))
    .values(left_at=bindparam("at_"))
)
_STILL = Statement(select(func.count()).select_from(_OUTBOX).where(_O.n.in_(listed("places_"))))
_DUE = Statement(
    select(*_QUEUED, *WHOLE.selected_columns)
    .select_from(_OUTBOX.join(WITH_DOCUMENT, _O.registration == _R.id))
    .where(
        _UNSENT,
        _O.n > bindparam("after_"),
        _R.version == _O.version,
        # The plus keeps SQLite from beginning with all that was submitted, and sorting it.
        literal_column("+registration.state") == literal_column("'submitted'"),
        or_(_O.next_try_ms <= bindparam("now_"), _O.next_try_ms > bindparam("later_")),
    )
    .order_by(_O.n)
    .limit(bindparam("limit_"))
)
_ALWAYS = 2**62


class SqlOutbox:
    """What goes to the hub, one row a version of a registration."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        registration: Registration,
        idempotency_key: str,
        *,
        queued_at: str = "",
        schema: int = CONTENT_SCHEMA,
    ) -> None:
        """Queues its present version; raises StoreError `store.duplicate` where that or the key is queued."""
        queued = Queued(
            n=0,
            registration=registration.id,
            version=registration.version,
            key=idempotency_key,
            queued_at=queued_at or registration.created.wall,
            schema=schema,
        )
        self._session.run(_QUEUE, _columns(queued) | {"n": None})

    def waiting(self, *, at_most: int = 1000) -> int:
        """How many wait, counted to `at_most` and no further."""
        row = self._session.row(_WAITING, {"at_most_": at_most})
        return int(row[0]) if row else 0

    def due(self, now_ms: int | None, *, limit: int, after: int = 0) -> list[Outgoing]:
        """What waits behind the place `after`, oldest first; without `now_ms` all of it."""
        now = _ALWAYS if now_ms is None else now_ms
        values = {"now_": now, "later_": now + LONGEST_WAIT_MS, "after_": after, "limit_": limit}
        rows = self._session.rows(_DUE, values)
        width = len(_QUEUED)
        return [Outgoing(_queued(row[:width]), mapping.registration_from(row[width:])) for row in rows]

    def get(self, registration: str, version: int) -> Queued | None:
        row = self._session.row(_GET, {"registration_": registration, "version_": version})
        return _queued(row) if row else None

    def versions(self, registration: str) -> list[Queued]:
        """All versions of one registration, the first one first."""
        return [_queued(row) for row in self._session.rows(_VERSIONS, {"registration_": registration})]

    def put(self, queued: Queued) -> None:
        """Keeps what changed of it; raises StoreError `store.unknown` where it is not queued."""
        columns = _columns(queued)
        values = {name: columns[name] for name in _CHANGES} | {"n_": queued.n}
        if self._session.run(_PUT, values).rowcount != 1:
            raise StoreError("store.unknown", "no version with this place")

    def set_aside(self, *, limit: int = 50) -> list[Queued]:
        """What waits with the code of an attempt that was answered by no receipt."""
        return [_queued(row) for row in self._session.rows(_SET_ASIDE, {"limit_": limit})]

    def withdraw(self, registration: str, version: int) -> None:
        """Takes a version out of the queue, which then waits for nothing any more."""
        self._session.run(_WITHDRAW, {"registration_": registration, "version_": version})

    def set_out(self, places: Sequence[int], at: str) -> int:
        """Marks the versions at these places as on their way; gives how many of them are still queued."""
        values = {"places_": json.dumps(list(places)), "at_": at}
        self._session.run(_SET_OUT, values)
        row = self._session.row(_STILL, values)
        return int(row[0]) if row else 0


def _columns(queued: Queued) -> dict[str, Any]:
    receipt = queued.receipt or HubReceipt(0, "", b"")
    return {
        "n": queued.n,
        "key": queued.key,
        "registration": queued.registration,
        "queued_at": queued.queued_at,
        "sent_at": queued.sent_at,
        "version": queued.version,
        "schema": queued.schema,
        "hash": queued.hash,
        "received_ms": receipt.received_ms,
        "hub_key": receipt.hub_key,
        "signature": receipt.signature,
        "tries": queued.tries,
        "next_try_ms": queued.next_try_ms,
        "code": queued.code,
        "exported_at": queued.exported_at,
        "left_at": queued.left_at,
    }


def _queued(row: tuple[Any, ...]) -> Queued:
    n, registration, version, key, queued_at, schema, sent_at, hashed, received_ms, hub_key, *rest = row
    signature, tries, next_try_ms, code, exported_at, left_at = rest
    return Queued(
        n=n,
        registration=registration,
        version=version,
        key=key,
        queued_at=queued_at,
        schema=schema,
        sent_at=sent_at,
        hash=hashed,
        receipt=HubReceipt(received_ms, hub_key, signature) if signature else None,
        tries=tries,
        next_try_ms=next_try_ms,
        code=code,
        exported_at=exported_at,
        left_at=left_at,
    )


_DECISION = table_of(DecisionRow)
_D = _DECISION.c
_DECIDE_INSERT = upsert(_DECISION)
_DECIDE = Statement(
    _DECIDE_INSERT.on_conflict_do_update(
        index_elements=["registration", "version"],
        set_={
            name: _DECIDE_INSERT.excluded[name]
            for name in _D.keys()  # noqa: SIM118
            if name not in {"registration", "version"}
        },
    )
)
_DECISIONS_OF = Statement(
    select(_DECISION).where(_D.registration == bindparam("registration_")).order_by(_D.version)
)


class SqlDecisions:
    """What the hub decided, one row a version of a registration."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, decision: HubDecision) -> None:
        """Keeps a decision; one of the same version is replaced."""
        values = {
            "registration": decision.registration,
            "version": decision.version,
            "verdict": decision.verdict,
            "hash": decision.hash,
            "decided_at": decision.decided_at,
            "problems": json.dumps([problem.as_dict() for problem in decision.problems]),
            "other_reference": mapping.storable(decision.other_reference),
            "card": decision.card,
        }
        self._session.run(_DECIDE, values)

    def get(self, registration: str, version: int) -> HubDecision | None:
        return next((one for one in self.all_of(registration) if one.version == version), None)

    def all_of(self, registration: str) -> list[HubDecision]:
        """The decisions of all versions of one registration, the first one first."""
        return [_decision(row) for row in self._session.rows(_DECISIONS_OF, {"registration_": registration})]


def _decision(row: tuple[Any, ...]) -> HubDecision:
    registration, version, verdict, hashed, decided_at, problems, other_reference, card = row
    found = tuple(Problem(**problem) for problem in json.loads(problems))
    return HubDecision(registration, version, verdict, hashed, decided_at, found, other_reference, card)


_TOMBSTONE = table_of(TombstoneRow)
_BURY = Statement(insert(_TOMBSTONE))
_BURIED = Statement(select(_TOMBSTONE).where(_TOMBSTONE.c.registration == bindparam("registration_")))


class SqlTombstones:
    """What stays of purged registrations."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, tombstone: Tombstone) -> None:
        """Keeps it; raises StoreError `store.duplicate` where there is one."""
        names = (column.name for column in _TOMBSTONE.c)
        self._session.run(_BURY, {name: getattr(tombstone, name) for name in names})

    def get(self, registration: str) -> Tombstone | None:
        row = self._session.row(_BURIED, {"registration_": registration})
        return Tombstone(*row) if row else None
