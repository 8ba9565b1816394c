"""The envelope: one version of one record, sealed to the hub and signed by the kiosk. See FORMAT.md."""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass
from hashlib import sha256

from kiosk.domain.identifiers import is_kiosk_id
from kiosk.errors import KioskError
from kiosk.sync.keys import KEY_ID_BYTES, SEAL_BYTES, SIGNATURE_BYTES, SigningKey, can_verify, seal_to

MAGIC = b"JKE"
VERSION = 1
LONGEST = 262_144
"""Bytes of the largest envelope that is taken."""

HASH_BYTES, HEAD_BYTES, SHARD_BYTES = 32, 16, 2
MOST_VERSIONS = 65_535
LATEST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999; times are counted from 1970."""

TRUSTED, TRAINING = 1, 2
_KNOWN_FLAGS = TRUSTED | TRAINING
_INFO = b"jkn/envelope/v1\x00"
# After the kiosk id: record id and version, content schema, shard, created, hash, audit head, two key ids.
_FIXED = struct.Struct(f">16sHH{SHARD_BYTES}sq{HASH_BYTES}s{HEAD_BYTES}s{KEY_ID_BYTES}s{KEY_ID_BYTES}s")
_SIZES = (SHARD_BYTES, HASH_BYTES, HEAD_BYTES, KEY_ID_BYTES, KEY_ID_BYTES)
_LENGTH = struct.Struct(">I")


class BadEnvelopeError(KioskError):
    """Bytes that are no envelope, or none of this version; parts that make none.

    `envelope.malformed`, `envelope.version`, `envelope.batch`, `envelope.too_long`.
    """


def record_bytes(record: str) -> bytes | None:
    """The 16 bytes of a record's id; None for what is no UUID of version 7 in its one canonical spelling."""
    try:
        found = uuid.UUID(record)
    except (ValueError, AttributeError):
        return None
    is_one = found.variant == uuid.RFC_4122 and found.version == 7 and str(found) == record
    return found.bytes if is_one else None


@dataclass(frozen=True, slots=True)
class Header:
    """What may be read of a record on its way: no personal data.

    `record` is the UUID given when the record was made, `version` counts from 1 each time it is sent anew
    after a refusal. `kind` is 1 for a registration. `schema` names the form of the content. `created_ms` is
    the wall clock at its making in milliseconds since 1970, `trusted` whether that clock was. `content_hash`
    is SHA-256 over the content, `audit_head` the first 16 bytes of the kiosk's audit chain when it was
    sealed. `shard` spreads families over the hub's tables. `hub_key` and `kiosk_key` name the keys it is
    sealed to and signed with.
    """

    kiosk: str
    record: str
    version: int
    kind: int
    schema: int
    shard: bytes
    created_ms: int
    content_hash: bytes
    audit_head: bytes
    hub_key: bytes
    kiosk_key: bytes
    trusted: bool = True
    training: bool = False

    def __post_init__(self) -> None:
        """Raises BadEnvelopeError `envelope.malformed` where a part cannot be written in one way only."""
        parts = (self.shard, self.content_hash, self.audit_head, self.hub_key, self.kiosk_key)
        fits = (
            is_kiosk_id(self.kiosk)
            and record_bytes(self.record) is not None
            and 1 <= self.version <= MOST_VERSIONS
            and 1 <= self.kind <= 255
            and 1 <= self.schema <= 65_535
            and 0 <= self.created_ms <= LATEST_MS
            and tuple(map(len, parts)) == _SIZES
        )
        if not fits:
            raise BadEnvelopeError("envelope.malformed")

    def encode(self) -> bytes:
        """The header as it is signed and bound to the seal."""
        kiosk = self.kiosk.encode("ascii")
        flags = TRUSTED * self.trusted | TRAINING * self.training
        fixed = _FIXED.pack(
            uuid.UUID(self.record).bytes,
            self.version,
            self.schema,
            self.shard,
            self.created_ms,
            self.content_hash,
            self.audit_head,
            self.hub_key,
            self.kiosk_key,
        )
        return MAGIC + bytes((VERSION, self.kind, flags, len(kiosk))) + kiosk + fixed


@dataclass(frozen=True, slots=True)
class Envelope:
    """A header, what is sealed under it, and the kiosk's signature over both."""

    header: Header
    sealed: bytes
    signature: bytes

    def encode(self) -> bytes:
        """The bytes that travel and that are kept."""
        return _signed_part(self.header.encode(), self.sealed) + self.signature

    def is_signed_by(self, kiosk_public: bytes) -> bool:
        """Whether the kiosk with this public key signed just this."""
        return can_verify(kiosk_public, _signed_part(self.header.encode(), self.sealed), self.signature)

    @property
    def info(self) -> bytes:
        """What the seal is bound to."""
        return _INFO + self.header.encode()


def _signed_part(header: bytes, sealed: bytes) -> bytes:
    return header + _LENGTH.pack(len(sealed)) + sealed


def shard_of(kk: str) -> bytes:
    """Two bytes that are the same for the same No. KK and tell nothing of it among millions of families."""
    return sha256(b"jkn/shard/v1\x00" + kk.encode()).digest()[:SHARD_BYTES]


def content_hash(content: bytes) -> bytes:
    """SHA-256 over a record's content before it is compressed; the content holds a secret salt."""
    return sha256(b"jkn/content/v1\x00" + content).digest()


def seal(header: Header, packed: bytes, *, hub_public: bytes, signer: SigningKey) -> Envelope:
    """Seals `packed` (compressed content) under `header` to the hub, and signs it.

    Raises BadEnvelopeError `envelope.too_long` for a content that no hub would take, ValueError for a
    `hub_public` that is no key.
    """
    encoded = header.encode()
    sealed = seal_to(hub_public, packed, _INFO + encoded)
    if len(encoded) + _LENGTH.size + len(sealed) + SIGNATURE_BYTES > LONGEST:
        raise BadEnvelopeError("envelope.too_long")
    return Envelope(header, sealed, signer.sign(_signed_part(encoded, sealed)))


def read(data: bytes) -> Envelope:
    """The envelope of these bytes, neither verified nor opened.

    Raises BadEnvelopeError: `envelope.version` for one of another version (named in `detail`), else
    `envelope.malformed`.
    """
    if len(data) > LONGEST or len(data) < 7 or data[:3] != MAGIC:
        raise BadEnvelopeError("envelope.malformed")
    version, kind, flags, length = data[3:7]
    if version != VERSION:
        raise BadEnvelopeError("envelope.version", str(version))
    start = 7 + length
    end = start + _FIXED.size
    if len(data) < end + _LENGTH.size + SEAL_BYTES + SIGNATURE_BYTES or flags & ~_KNOWN_FLAGS:
        raise BadEnvelopeError("envelope.malformed")
    kiosk = data[7:start].decode("ascii", "replace")
    (sealed_length,) = _LENGTH.unpack_from(data, end)
    sealed_end = end + _LENGTH.size + sealed_length
    if not is_kiosk_id(kiosk) or len(data) != sealed_end + SIGNATURE_BYTES:
        raise BadEnvelopeError("envelope.malformed")
    record, record_version, schema, shard, created, hashed, head, hub_key, kiosk_key = _FIXED.unpack(
        data[start:end]
    )
    header = Header(
        kiosk=kiosk,
        record=str(uuid.UUID(bytes=record)),
        version=record_version,
        kind=kind,
        schema=schema,
        shard=shard,
        created_ms=created,
        content_hash=hashed,
        audit_head=head,
        hub_key=hub_key,
        kiosk_key=kiosk_key,
        trusted=bool(flags & TRUSTED),
        training=bool(flags & TRAINING),
    )
    return Envelope(header, data[end + _LENGTH.size : sealed_end], data[sealed_end:])


# Several envelopes on one carrier: each behind four bytes of its length.


def joined(envelopes: list[bytes]) -> bytes:
    """Several messages as one: each behind its length in four bytes."""
    return b"".join(_LENGTH.pack(len(one)) + one for one in envelopes)


def split(data: bytes, *, at_most: int) -> list[bytes]:
    """The messages that `joined` put together; BadEnvelopeError `envelope.batch` where it cannot be."""
    found: list[bytes] = []
    place = 0
    while place < len(data):
        if len(found) == at_most or len(data) - place < _LENGTH.size:
            raise BadEnvelopeError("envelope.batch")
        (length,) = _LENGTH.unpack_from(data, place)
        place += _LENGTH.size
        if length > LONGEST or place + length > len(data):
            raise BadEnvelopeError("envelope.batch")
        found.append(data[place : place + length])
        place += length
    return found
