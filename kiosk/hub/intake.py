"""Takes sealed records in, each exactly once, and says of every one what became of it.

The same for every carrier. Nothing is opened here: signature, class and form are checked, the envelope is
kept as it came, and its receipt is made; it may be given away only after the transaction has been committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import Session

from kiosk.hub.bulk import insert_many
from kiosk.hub.callers import Caller, signing_keys
from kiosk.hub.keys import HubKeys
from kiosk.hub.tables import EnvelopeRow
from kiosk.sync import content
from kiosk.sync.envelope import BadEnvelopeError, Envelope, Header, read
from kiosk.sync.keys import SIGNATURE_BYTES, SigningKey, can_verify
from kiosk.sync.statements import Receipt

RECEIVED, DUPLICATE, CONFLICT = "received", "duplicate", "conflict"
MALFORMED, UNSUPPORTED, REFUSED, UNKNOWN = "malformed", "unsupported", "refused", "unknown"
"""What may become of an envelope; `unknown` is said only of one that was asked for."""

NETWORK, STICK = "network", "stick"
"""The carriers."""

_MOST_KEPT = 1000
"""How many envelopes that could not be taken in are kept of one kiosk, until a person has looked at them."""

# In the words of the driver, so that arrays are sent as bytes. For each version asked for one look into the
# index of every part, however large the tables are.
_HELD = """
SELECT e.record, e.version, e.hash, e.received_ms, e.receipt_key, e.receipt
FROM unnest(CAST(%(records)b AS uuid[]), CAST(%(versions)b AS integer[])) AS asked (record, version)
CROSS JOIN LATERAL (
    SELECT * FROM envelope
    WHERE record = asked.record AND version = asked.version AND kiosk = %(kiosk)s LIMIT 1) e
"""

_KEEP = text("""
INSERT INTO quarantine (kiosk, digest, status, code, record, version, raw, carrier, at, times)
SELECT :kiosk, :digest, :status, :code, :record, :version, :raw, :carrier, to_timestamp(:now), 1
WHERE :most > (SELECT count(*) FROM quarantine WHERE kiosk = :kiosk AND closed_at IS NULL)
   OR EXISTS (SELECT 1 FROM quarantine WHERE kiosk = :kiosk AND digest = :digest)
ON CONFLICT (kiosk, digest) DO UPDATE SET times = quarantine.times + 1
""")


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one envelope; `receipt` where the hub holds it."""

    status: str
    code: str = ""
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class _Examined:
    """An envelope before anything was looked up: what is wrong with it, or None and its parts."""

    raw: bytes
    envelope: Envelope | None = None
    fault: Item | None = None


_Key = tuple[str, int]


def take_in(
    session: Session,
    caller: Caller,
    envelopes: Sequence[bytes],
    keys: HubKeys,
    *,
    carrier: str,
    now_ms: int,
) -> list[Item]:
    """Takes a batch in, in the order in which it came; `caller` was admitted and is locked.

    A receipt in the answer holds only once the transaction of `session` has been committed.
    """
    examined = _examine(session, caller, envelopes, keys)
    good = [one.envelope.header for one in examined if one.envelope is not None and one.fault is None]
    held = _held(session, caller, [(header.record, header.version) for header in good])
    fresh: list[tuple[_Examined, Receipt]] = []
    items = []
    for one in examined:
        item = one.fault or _against(held, one, caller, keys.signer, now_ms)
        if item.status == RECEIVED:
            assert item.receipt is not None  # noqa: S101 - by status
            held[(item.receipt.record, item.receipt.version)] = item.receipt
            fresh.append((one, item.receipt))
        elif item.status != DUPLICATE:
            _keep(session, caller, one, item, carrier=carrier, now_ms=now_ms)
        items.append(item)
    _insert(session, caller, fresh, carrier=carrier)
    return items


def receipts_for(session: Session, caller: Caller, asked: Sequence[tuple[str, int, bytes]]) -> list[Item]:
    """Which of the versions asked for (record, version, content hash) the hub holds, with their receipts."""
    held = _held(session, caller, [(record, version) for record, version, _ in asked])
    items = []
    for record, version, wanted in asked:
        receipt = held.get((record, version))
        if receipt is None:
            items.append(Item(UNKNOWN))
        elif receipt.content_hash != wanted:
            items.append(Item(CONFLICT, "record.conflict"))
        else:
            items.append(Item(RECEIVED, receipt=receipt))
    return items


def _examine(session: Session, caller: Caller, envelopes: Sequence[bytes], keys: HubKeys) -> list[_Examined]:
    publics = {caller.key: caller.signing}
    found = []
    for raw in envelopes:
        try:
            envelope = read(raw)
        except BadEnvelopeError as error:
            status = UNSUPPORTED if error.code == "envelope.version" else MALFORMED
            found.append(_Examined(raw, fault=Item(status, error.code)))
            continue
        if envelope.header.kiosk_key not in publics:
            publics |= signing_keys(session, caller)
        fault = _fault(envelope, raw, caller, publics, keys)
        found.append(_Examined(raw, envelope, fault))
    return found


def _fault(
    envelope: Envelope, raw: bytes, caller: Caller, publics: Mapping[bytes, bytes], keys: HubKeys
) -> Item | None:
    header = envelope.header
    public = publics.get(header.kiosk_key)
    if header.kiosk != caller.name:
        return Item(REFUSED, "envelope.kiosk")
    if header.training != caller.training:
        return Item(REFUSED, "kiosk.class")
    if public is None:
        return Item(REFUSED, "envelope.key")
    # An envelope has one spelling, so what was signed is what came.
    if not can_verify(public, raw[:-SIGNATURE_BYTES], envelope.signature):
        return Item(REFUSED, "envelope.signature")
    if header.kind != content.REGISTRATION:
        return Item(UNSUPPORTED, "envelope.kind")
    if not 1 <= header.schema <= content.SCHEMA:
        return Item(UNSUPPORTED, "content.schema")
    if header.hub_key not in keys.openers:
        return Item(REFUSED, "envelope.hub_key")
    return None


def _against(
    held: Mapping[_Key, Receipt], one: _Examined, caller: Caller, signer: SigningKey, now_ms: int
) -> Item:
    assert one.envelope is not None  # noqa: S101 - it has no fault
    header = one.envelope.header
    known = held.get((header.record, header.version))
    if known is None:
        receipt = Receipt(
            caller.name,
            header.record,
            header.version,
            header.content_hash,
            now_ms,
            signer.id,
            training=caller.training,
        )
        return Item(RECEIVED, receipt=receipt.signed(signer))
    if known.content_hash == header.content_hash:
        return Item(DUPLICATE, receipt=known)
    return Item(CONFLICT, "record.conflict")


def _held(session: Session, caller: Caller, wanted: Sequence[_Key]) -> dict[_Key, Receipt]:
    if not wanted:
        return {}
    values = {
        "records": [UUID(record) for record, _ in wanted],
        "versions": [version for _, version in wanted],
        "kiosk": caller.n,
    }
    found = session.connection().exec_driver_sql(_HELD, values)
    return {
        (receipt.record, receipt.version): receipt for receipt in (_receipt(row, caller) for row in found)
    }


def _receipt(row: Row[Any], caller: Caller) -> Receipt:
    return Receipt(
        caller.name,
        str(row.record),
        row.version,
        bytes(row.hash),
        row.received_ms,
        bytes(row.receipt_key),
        bytes(row.receipt),
        training=caller.training,
    )


def _insert(
    session: Session,
    caller: Caller,
    fresh: Sequence[tuple[_Examined, Receipt]],
    *,
    carrier: str,
) -> None:
    rows = []
    for one, receipt in fresh:
        assert one.envelope is not None  # noqa: S101 - it has a receipt
        rows.append(_row(one.envelope.header, one.raw, receipt) | {"kiosk": caller.n, "carrier": carrier})
    insert_many(session, EnvelopeRow, rows)


def _row(header: Header, raw: bytes, receipt: Receipt) -> dict[str, Any]:
    return {
        "record": UUID(header.record),
        "version": header.version,
        "shard": int.from_bytes(header.shard, "big"),
        "hash": header.content_hash,
        "kind": header.kind,
        "schema": header.schema,
        "created_ms": header.created_ms,
        "trusted": header.trusted,
        "audit_head": header.audit_head,
        "hub_key": header.hub_key,
        "raw": raw,
        "received_ms": receipt.received_ms,
        "receipt_key": receipt.key,
        "receipt": receipt.signature,
    }


def _keep(session: Session, caller: Caller, one: _Examined, item: Item, *, carrier: str, now_ms: int) -> None:
    header = one.envelope.header if one.envelope is not None else None
    session.execute(
        _KEEP,
        {
            "kiosk": caller.n,
            "digest": sha256(one.raw).digest(),
            "status": item.status,
            "code": item.code,
            "record": UUID(header.record) if header else None,
            "version": header.version if header else None,
            "raw": one.raw,
            "carrier": carrier,
            "now": now_ms / 1000,
            "most": _MOST_KEPT,
        },
    )
