"""What the hub says of records, signed: receipts, and the numbered messages of a kiosk's inbox."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from kiosk.domain.identifiers import is_kiosk_id
from kiosk.errors import KioskError
from kiosk.sync.canonical import canonical, from_hex, from_text, read_canonical, to_text
from kiosk.sync.envelope import HASH_BYTES, LATEST_MS, MOST_VERSIONS, record_bytes
from kiosk.sync.keys import KEY_ID_BYTES, SIGNATURE_BYTES, OpeningKey, SigningKey, can_verify, seal_to

_RECEIPT = struct.Struct(f">16sH{HASH_BYTES}sq{KEY_ID_BYTES}s")
_NUMBER = struct.Struct(">Q")
_MOST_MESSAGES = 2**53 - 1
_KIND = re.compile(r"[a-z][a-z_]{0,31}")
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


class BadStatementError(KioskError):
    """What should be a receipt or a message and is none: `statement.malformed`."""


def _to(kiosk: str, *, training: bool) -> bytes:
    if not is_kiosk_id(kiosk):
        raise BadStatementError("statement.malformed")
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
        """The bytes under the signature; raises BadStatementError where a part of it cannot be."""
        record = record_bytes(self.record)
        fits = (
            record is not None
            and 1 <= self.version <= MOST_VERSIONS
            and 0 <= self.received_ms <= LATEST_MS
            and (len(self.content_hash), len(self.key)) == (HASH_BYTES, KEY_ID_BYTES)
        )
        if not fits:
            raise BadStatementError("statement.malformed")
        fixed = _RECEIPT.pack(record, self.version, self.content_hash, self.received_ms, self.key)
        return b"JKR\x01" + _to(self.kiosk, training=self.training) + fixed

    def signed(self, signer: SigningKey) -> Receipt:
        """The same receipt with the hub's signature; `key` is that of the signer."""
        unsigned = self if self.key == signer.id else replace(self, key=signer.id)
        return replace(unsigned, signature=signer.sign(unsigned.signed_part()))

    def is_signed_by(self, hub_public: bytes) -> bool:
        """Whether the hub with this public key said just this."""
        return _is_signed(self, hub_public)

    def as_dict(self) -> dict[str, Any]:
        """The receipt as it is carried beside others: kiosk and class stand around it."""
        return {
            "record": self.record,
            "version": self.version,
            "hash": self.content_hash.hex(),
            "at": self.received_ms,
            "key": self.key.hex(),
            "signature": to_text(self.signature),
        }


def receipt_from(kiosk: str, found: Mapping[str, Any], *, training: bool) -> Receipt:
    """The receipt in what `as_dict` gave, not yet verified; raises BadStatementError for anything else."""
    try:
        receipt = Receipt(
            kiosk,
            _text(found["record"]),
            _whole(found["version"]),
            from_hex(found["hash"], HASH_BYTES),
            _whole(found["at"]),
            from_hex(found["key"], KEY_ID_BYTES),
            from_text(found["signature"]),
            training=training,
        )
    except (KeyError, TypeError, ValueError):
        raise BadStatementError("statement.malformed") from None
    if len(found) != len(receipt.as_dict()):
        raise BadStatementError("statement.malformed")
    receipt.signed_part()
    return receipt


@dataclass(frozen=True, slots=True)
class Message:
    """One numbered message to one kiosk.

    `body` is canonical JSON, or where `is_sealed` that sealed to the kiosk.
    `key` names the hub's signing key. The numbers of one kiosk's inbox count from 1 without gaps; 0 stands
    for an answer that is given at once and is not kept in the inbox.
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
        """The bytes under the signature; raises BadStatementError where a part of it cannot be."""
        fits = 0 <= self.number <= _MOST_MESSAGES and len(self.key) == KEY_ID_BYTES
        if not fits or _KIND.fullmatch(self.kind) is None:
            raise BadStatementError("statement.malformed")
        kind = self.kind.encode("ascii")
        head = b"JKM\x01" + _to(self.kiosk, training=self.training) + _NUMBER.pack(self.number)
        return head + bytes((self.is_sealed, len(kind))) + kind + self.key + sha256(self.body).digest()

    def is_signed_by(self, hub_public: bytes) -> bool:
        """Whether the hub with this public key said just this."""
        return _is_signed(self, hub_public)

    def payload(self, opener: OpeningKey | None = None) -> dict[str, Any] | None:
        """What it says; None where it cannot be opened or is no object in canonical JSON."""
        body: bytes | None = self.body
        if self.is_sealed:
            body = opener.open(self.body, _seal_info(self.kiosk, self.number)) if opener else None
        try:
            return read_canonical(body) if body is not None else None
        except ValueError:
            return None

    def as_dict(self) -> dict[str, Any]:
        """The message as it is carried beside others: kiosk and class stand around it."""
        return {
            "n": self.number,
            "kind": self.kind,
            "sealed": self.is_sealed,
            "key": self.key.hex(),
            "body": to_text(self.body),
            "signature": to_text(self.signature),
        }


def message_from(kiosk: str, found: Mapping[str, Any], *, training: bool) -> Message:
    """The message in what `as_dict` gave, not yet verified; raises BadStatementError for anything else."""
    try:
        one = Message(
            kiosk,
            _whole(found["n"]),
            _text(found["kind"]),
            from_text(found["body"]),
            from_hex(found["key"], KEY_ID_BYTES),
            from_text(found["signature"]),
            is_sealed=_flag(found["sealed"]),
            training=training,
        )
    except (KeyError, TypeError, ValueError):
        raise BadStatementError("statement.malformed") from None
    if len(found) != len(one.as_dict()):
        raise BadStatementError("statement.malformed")
    one.signed_part()
    return one


def _is_signed(statement: Receipt | Message, hub_public: bytes) -> bool:
    try:
        signed_part = statement.signed_part()
    except BadStatementError:
        return False
    return len(statement.signature) == SIGNATURE_BYTES and can_verify(
        hub_public, signed_part, statement.signature
    )


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError("no whole number")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


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
    return replace(unsigned, signature=signer.sign(unsigned.signed_part()))


__all__ = [
    "BLOCK",
    "COMPLAINT",
    "DECISION",
    "DIRECTORY",
    "KEYS",
    "LAPSED",
    "RECEIPT",
    "REFERENCE",
    "BadStatementError",
    "Message",
    "Receipt",
    "canonical",
    "message",
    "message_from",
    "receipt_from",
]
