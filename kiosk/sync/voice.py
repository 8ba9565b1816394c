"""What a kiosk says to the hub and believes of it: seals by its identity, checks by the hub's keys."""

from __future__ import annotations

from functools import lru_cache

import zstandard

from kiosk.domain.registration import Registration
from kiosk.errors import KioskError
from kiosk.services.sending import ms_of
from kiosk.services.sync_ports import (
    HubError,
    HubReceipt,
    Identity,
    Letter,
    Outgoing,
    Queued,
    Reading,
    ReceiptWord,
)
from kiosk.sync.canonical import from_text
from kiosk.sync.content import REGISTRATION, SCHEMA, content_of, encode, pack
from kiosk.sync.envelope import HEAD_BYTES, Header, content_hash, seal, shard_of
from kiosk.sync.keys import OpeningKey, SigningKey
from kiosk.sync.statements import Message, Receipt

LONGEST_PART = 16 * 1024 * 1024
"""Bytes of one part of a delivery after decompression."""


class Voice:
    """Seals, hashes and verifies; keeps nothing and asks nobody."""

    def content_hash(self, registration: Registration, queued: Queued) -> str:
        """The hash of the content of a queued version, hexadecimal."""
        return content_hash(_content(registration, queued)).hex()

    def envelope(self, outgoing: Outgoing, identity: Identity | None, head: str) -> bytes:
        """A queued version sealed to the hub and signed; `head` is that of the audit chain.

        Raises KioskError `kiosk.not_enrolled` without the hub's keys, BadEnvelopeError or ValueError where
        the registration cannot be told in an envelope.
        """
        keys = identity.hub_keys if identity is not None else ()
        hub = next((key for key in keys if key.purpose == "seal" and not key.retired), None)
        if identity is None or hub is None:
            raise KioskError("kiosk.not_enrolled")
        registration, queued = outgoing.registration, outgoing.queued
        content = _content(registration, queued)
        signer = _signing_key(identity.signing_secret)
        header = Header(
            kiosk=identity.kiosk,
            record=registration.id,
            version=queued.version,
            kind=REGISTRATION,
            schema=queued.schema,
            shard=shard_of(str(registration.family.get("kk") or "")),
            created_ms=max(0, ms_of(registration.created.wall)),
            content_hash=content_hash(content),
            audit_head=bytes.fromhex(head)[:HEAD_BYTES].ljust(HEAD_BYTES, b"\x00"),
            hub_key=bytes.fromhex(hub.id),
            kiosk_key=signer.id,
            trusted=registration.created.trusted,
            training=identity.training,
        )
        return seal(header, pack(content), hub_public=bytes.fromhex(hub.public), signer=signer).encode()

    def doubt(self, word: ReceiptWord, identity: Identity | None) -> str:
        """Why a receipt is not believed: `receipt.unknown_key`, `receipt.signature`; empty for a true one."""
        if identity is None:
            return "kiosk.not_enrolled"
        public = _hub_public(identity, word.receipt.hub_key)
        if public is None:
            return "receipt.unknown_key"
        try:
            receipt = Receipt(
                kiosk=identity.kiosk,
                record=word.record,
                version=word.version,
                content_hash=bytes.fromhex(word.hash),
                received_ms=word.receipt.received_ms,
                key=bytes.fromhex(word.receipt.hub_key),
                signature=word.receipt.signature,
                training=identity.training,
            )
        except ValueError:
            return "receipt.signature"
        return "" if receipt.is_signed_by(public) else "receipt.signature"

    def read(self, letter: Letter, identity: Identity | None) -> Reading:
        """What a message says to this kiosk, if a trusted key signed it."""
        if identity is None:
            return Reading(forged="kiosk.not_enrolled")
        public = _hub_public(identity, letter.hub_key)
        if public is None:
            return Reading(forged="inbox.unknown_key")
        said = Message(
            kiosk=identity.kiosk,
            number=letter.number,
            kind=letter.kind,
            body=letter.body,
            key=bytes.fromhex(letter.hub_key),
            signature=letter.signature,
            is_sealed=letter.sealed,
            training=identity.training,
        )
        if not said.is_signed_by(public):
            return Reading(forged="inbox.signature")
        opener = OpeningKey.from_secret(identity.opening_secret) if letter.sealed else None
        return Reading(said.payload(opener))

    def unpacked(self, data: object) -> bytes:
        """The bytes of a part of a delivery (base64 of zstd); HubError `inbox.malformed` for what is none."""
        try:
            with zstandard.ZstdDecompressor().stream_reader(from_text(data)) as reader:
                found = reader.read(LONGEST_PART + 1)
        except (ValueError, zstandard.ZstdError):
            raise HubError("inbox.malformed") from None
        if len(found) > LONGEST_PART:
            raise HubError("inbox.malformed")
        return found


def word_of(receipt: Receipt) -> ReceiptWord:
    """A receipt as the services take it."""
    said = HubReceipt(receipt.received_ms, receipt.key.hex(), receipt.signature)
    return ReceiptWord(receipt.record, receipt.version, receipt.content_hash.hex(), said)


def letter_of(said: Message) -> Letter:
    """A message as the services take it."""
    return Letter(said.number, said.kind, said.is_sealed, said.body, said.key.hex(), said.signature)


def new_keys() -> tuple[bytes, bytes]:
    """The secrets of a new signing key and a new opening key."""
    return SigningKey.generate().secret, OpeningKey.generate().secret


def _content(registration: Registration, queued: Queued) -> bytes:
    if queued.schema != SCHEMA:
        raise KioskError("content.schema", str(queued.schema))
    return encode(content_of(registration, queued.key, registration.card))


def _hub_public(identity: Identity, key: str) -> bytes | None:
    """The hub's signing key with this id, where it is trusted."""
    for one in identity.hub_keys:
        if one.purpose == "sign" and one.id == key:
            return bytes.fromhex(one.public)
    return None


@lru_cache(maxsize=2)
def _signing_key(secret: bytes) -> SigningKey:
    return SigningKey.from_secret(secret)
