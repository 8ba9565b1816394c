"""What the hub says of records, signed: receipts, and the numbered messages of a kiosk's inbox."""

from __future__ import annotations

import json
import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from kiosk.sync.keys import KEY_ID_BYTES, OpeningKey, SigningKey, can_verify, seal_to

_RECEIPT = struct.Struct(f">16sH32sq{KEY_ID_BYTES}s")
_NUMBER = struct.Struct(">Q")
_SEAL_INFO = b"jkn/inbox/v1\x00"

RECEIPT, DECISION, LAPSED, BLOCK, KEYS, DIRECTORY, REFERENCE, COMPLAINT = (
    "receipt",
    "decision",
    "lapsed",
    "block",
    "keys",
    "directory",
    "reference",
    "complaint",
)
"""The kinds of messages in an inbox."""


def _to(kiosk: str, *, training: bool) -> bytes:
    name = kiosk.encode("ascii")
    return bytes((training, len(name))) + name


@dataclass(frozen=True, slots=True)
class Receipt:
    """The hub's word that it holds one version of a record, durable, with just this content.

    `received_ms` is the hub's clock in milliseconds since 1970; `key` names the hub's signing key.
    """

    kiosk: str
    record: str
    version: int
    content_hash: bytes
    received_ms: int
    key: bytes
    signature: bytes = b""
    training: bool = False

    def signed_part(self) -> bytes:
        """The bytes under the signature."""
        record = uuid.UUID(self.record).bytes
        fixed = _RECEIPT.pack(record, self.version, self.content_hash, self.received_ms, self.key)
        return b"JKR\x01" + _to(self.kiosk, training=self.training) + fixed

    def signed(self, signer: SigningKey) -> Receipt:
        """The same receipt with the hub's signature; `key` is that of the signer."""
        unsigned = Receipt(
            self.kiosk,
            self.record,
            self.version,
            self.content_hash,
            self.received_ms,
            signer.id,
            training=self.training,
        )
        return Receipt(
            **{name: getattr(unsigned, name) for name in _RECEIPT_FIELDS},
            signature=signer.sign(unsigned.signed_part()),
        )

    def is_signed_by(self, hub_public: bytes) -> bool:
        """Whether the hub with this public key said just this."""
        return can_verify(hub_public, self.signed_part(), self.signature)


_RECEIPT_FIELDS = ("kiosk", "record", "version", "content_hash", "received_ms", "key", "training")


def canonical(payload: Mapping[str, Any]) -> bytes:
    """`payload` as JSON in one way only: ASCII, keys sorted, no blanks."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


@dataclass(frozen=True, slots=True)
class Message:
    """One numbered message to one kiosk.

    `body` is canonical JSON, or where `is_sealed` that sealed to the kiosk.
    `key` names the hub's signing key. The numbers of one kiosk count from 1 without gaps.
    """

    kiosk: str
    number: int
    kind: str
    body: bytes
    key: bytes
    signature: bytes = b""
    is_sealed: bool = False
    training: bool = False

    def signed_part(self) -> bytes:
        """The bytes under the signature."""
        kind = self.kind.encode("ascii")
        head = b"JKM\x01" + _to(self.kiosk, training=self.training) + _NUMBER.pack(self.number)
        return head + bytes((self.is_sealed, len(kind))) + kind + self.key + sha256(self.body).digest()

    def is_signed_by(self, hub_public: bytes) -> bool:
        """Whether the hub with this public key said just this."""
        return can_verify(hub_public, self.signed_part(), self.signature)

    def payload(self, opener: OpeningKey | None = None) -> dict[str, Any] | None:
        """What it says; None where it cannot be opened or is no JSON object."""
        body: bytes | None = self.body
        if self.is_sealed:
            body = opener.open(self.body, _seal_info(self.kiosk, self.number)) if opener else None
        try:
            found = json.loads(body) if body is not None else None
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


def _seal_info(kiosk: str, number: int) -> bytes:
    return _SEAL_INFO + kiosk.encode("ascii") + b"\x00" + _NUMBER.pack(number)


def message(
    kiosk: str,
    number: int,
    kind: str,
    payload: Mapping[str, Any],
    signer: SigningKey,
    *,
    training: bool = False,
    seal_for: bytes | None = None,
) -> Message:
    """A signed message; sealed to the kiosk's X25519 key `seal_for` where it holds personal data."""
    body = canonical(payload)
    if seal_for is not None:
        body = seal_to(seal_for, body, _seal_info(kiosk, number))
    unsigned = Message(
        kiosk, number, kind, body, signer.id, is_sealed=seal_for is not None, training=training
    )
    signature = signer.sign(unsigned.signed_part())
    return Message(kiosk, number, kind, body, signer.id, signature, unsigned.is_sealed, training)
