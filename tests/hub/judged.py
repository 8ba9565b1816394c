"""The rules that tests of the hub judge by, and records sealed as a kiosk would."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from kiosk.domain.identifiers import Reference, uuid7
from kiosk.facilities import FacilityBook
from kiosk.hub.judging import Rules
from kiosk.reference import facilities_file, first_day, regions_file, rulebook
from kiosk.regions import RegionBook
from kiosk.sync import content, envelope
from kiosk.sync.content import Content
from kiosk.sync.envelope import Header
from kiosk.sync.keys import SigningKey, key_id
from tests.sync.samples import TODAY, a_content

RECEIVED_MS = 1_795_400_000_000
"""23 November 2026: the day after that of the samples that name one themselves."""


@cache
def rules() -> Rules:
    """The rules of both classes, as the hub's commands put them together."""
    real, practice = (
        rulebook(
            TODAY,
            training=training,
            regions=RegionBook(regions_file(training=training)),
            facilities=FacilityBook([facilities_file(training=training)]),
        )
        for training in (False, True)
    )
    return Rules(real, practice, frozenset({"v1"}), first_day())


def a_record(seed: int, kiosk: str = "K1", people: int | None = None, **changes: Any) -> Content:
    """The record of an invented family, made at `kiosk` on the day before it comes."""
    made = a_content(seed, people)
    values = {
        "reference": str(Reference(kiosk, seed % 9_000 + 1)),
        "judged_on": TODAY.isoformat(),
        "created": f"{TODAY.isoformat()}T09:00:00.000+07:00",
        "pay_from": "2026-12-06",
        "pay_until": "2026-12-22",
        "card": None,
    }
    return replace(made, **values | changes)


def with_family(record: Content, **changes: Any) -> Content:
    """The record with other values in its family, by the keys of a family file."""
    return replace(record, family={**record.family, **changes})


def with_member(record: Content, index: int, **changes: Any) -> Content:
    """The record with other values of one member."""
    members = [dict(one) for one in record.family["members"]]
    members[index] |= changes
    return with_family(record, members=members)


def record_id(seed: int) -> str:
    """The id of the record `seed`."""
    return uuid7(1_795_300_000_000 + seed, random.Random(seed).randbytes(10))


@dataclass(frozen=True)
class Sender:
    """A kiosk that seals: its name, its key, and the hub's key that it seals to."""

    hub_public: bytes
    name: str = "K1"
    key: SigningKey = field(default_factory=SigningKey.generate)
    training: bool = False

    def seal(self, record: Content, *, id_: str = "", version: int = 1, **changes: Any) -> bytes:
        """The envelope of `record`; without `id_` a new record."""
        data = content.encode(record)
        values: dict[str, Any] = {
            "kiosk": self.name,
            "record": id_ or record_id(random.getrandbits(36)),
            "version": version,
            "kind": content.REGISTRATION,
            "schema": content.SCHEMA,
            "shard": envelope.shard_of(str(record.family.get("kk"))),
            "created_ms": RECEIVED_MS - 60_000,
            "content_hash": envelope.content_hash(data),
            "audit_head": bytes(16),
            "hub_key": key_id(self.hub_public),
            "kiosk_key": self.key.id,
            "training": self.training,
        }
        header = Header(**values | changes)
        sealed = envelope.seal(header, content.pack(data), hub_public=self.hub_public, signer=self.key)
        return sealed.encode()
