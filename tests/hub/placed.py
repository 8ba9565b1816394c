"""Kiosks and their records put straight into a hub's database, and what the hub has told them."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Engine, text
from sqlmodel import Session

from kiosk.hub.blocks import add_numbers
from kiosk.hub.bulk import insert_many
from kiosk.hub.database import transaction
from kiosk.hub.deciding import Desk, decide_once
from kiosk.hub.events import EventLog
from kiosk.hub.keys import HubKeys, KeyFile
from kiosk.hub.tables import EnvelopeRow, InboxHeadRow, KioskKeyRow, KioskRow
from kiosk.sync import envelope
from kiosk.sync.content import Content
from kiosk.sync.keys import OpeningKey
from kiosk.sync.statements import Message
from tests.hub.judged import RECEIVED_MS, Sender, record_id, rules

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
EPOCH = UUID(int=1)


@dataclass(frozen=True)
class Placed:
    """An enrolled kiosk: what it seals with, what it opens with, and its number at the hub."""

    n: int
    sender: Sender
    opener: OpeningKey

    @property
    def name(self) -> str:
        return self.sender.name


@dataclass(frozen=True)
class Hub:
    """A hub's database and keys, with what a test does to them."""

    engine: Engine
    key_file: KeyFile

    @property
    def keys(self) -> HubKeys:
        return self.key_file.current()

    @property
    def desk(self) -> Desk:
        return Desk(self.key_file.current, rules, log=EventLog(io.StringIO()), now=lambda: NOW)

    def kiosk(self, name: str = "K1", *, training: bool = False) -> Placed:
        """A kiosk that has enrolled."""
        sender, opener = Sender(self.keys.sealing.public, name, training=training), OpeningKey.generate()
        with transaction(self.engine) as session:
            kiosk = {
                "name": name, "training": training, "place": "", "state": "active", "key": sender.key.id,
                "epoch": EPOCH, "made_at": NOW,
            }  # fmt: skip
            [(n,)] = insert_many(session, KioskRow, [kiosk], ending="RETURNING n")
            key = {
                "id": sender.key.id, "kiosk": n, "signing": sender.key.public, "opening": opener.public,
                "state": "active", "made_at": NOW,
            }  # fmt: skip
            insert_many(session, KioskKeyRow, [key])
            insert_many(session, InboxHeadRow, [{"kiosk": n, "last": 0}])
        return Placed(n, sender, opener)

    def numbers(self, first: str = "0001000000000", count: int = 1000, *, training: bool = False) -> None:
        """Gives the hub card numbers."""
        with transaction(self.engine) as session:
            add_numbers(session, first, count, training=training)

    def put(
        self,
        kiosk: Placed,
        record: Content,
        *,
        id_: str = "",
        version: int = 1,
        received_ms: int = RECEIVED_MS,
        **changes: Any,
    ) -> UUID:
        """Puts a record among those that wait, as the intake does; its id."""
        found = id_ or record_id(random.getrandbits(36))
        raw = kiosk.sender.seal(record, id_=found, version=version, **changes)
        self.put_raw(kiosk, raw, received_ms=received_ms)
        return UUID(found)

    def put_raw(self, kiosk: Placed, raw: bytes, *, received_ms: int = RECEIVED_MS) -> None:
        """The same for an envelope."""
        with transaction(self.engine) as session:
            insert_many(session, EnvelopeRow, [envelope_row(kiosk, raw, received_ms)])

    def decide(self, **options: Any) -> int:
        """Decides what waits."""
        return decide_once(self.engine, self.desk, **options)

    def rows(self, sql: str, **values: Any) -> list[Any]:
        """What a query finds."""
        with Session(self.engine) as session:
            return list(session.connection().execute(text(sql), values))

    def messages(self, kiosk: Placed) -> list[Message]:
        """What is in the inbox of a kiosk, each verified."""
        rows = self.rows("SELECT * FROM inbox WHERE kiosk = :n ORDER BY n", n=kiosk.n)
        found = [
            Message(
                kiosk.name, row.n, row.kind, row.body, row.key, row.signature, row.sealed,
                kiosk.sender.training,
            )
            for row in rows
        ]  # fmt: skip
        publics = {one.id: one.public for one in self.keys.all}
        assert all(one.is_signed_by(publics[one.key]) for one in found)
        assert [one.number for one in found] == list(range(1, len(found) + 1))
        return found

    def told(self, kiosk: Placed) -> list[Mapping[str, Any]]:
        """The decisions that a kiosk was told, opened."""
        found = [one.payload(kiosk.opener) for one in self.messages(kiosk)]
        return [one or {} for one in found]


def envelope_row(kiosk: Placed, raw: bytes, received_ms: int = RECEIVED_MS) -> dict[str, Any]:
    """The row of an envelope that was taken in."""
    header = envelope.read(raw).header
    return {
        "record": UUID(header.record),
        "version": header.version,
        "kiosk": kiosk.n,
        "shard": int.from_bytes(header.shard, "big"),
        "hash": header.content_hash,
        "kind": header.kind,
        "schema": header.schema,
        "created_ms": header.created_ms,
        "trusted": header.trusted,
        "audit_head": header.audit_head,
        "hub_key": header.hub_key,
        "raw": raw,
        "carrier": "network",
        "received_ms": received_ms,
        "receipt_key": bytes(8),
        "receipt": bytes(64),
    }


def lease_id(seed: int) -> UUID:
    """The id of a lease."""
    return uuid5(EPOCH, str(seed))
