"""Opens an envelope that was taken in, and checks that it holds what its header says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.domain.identifiers import PRACTICE_ID, parse_reference
from kiosk.errors import KioskError
from kiosk.sync.content import REGISTRATION, Content, decode, unpack
from kiosk.sync.envelope import Header, content_hash, read, shard_of
from kiosk.sync.keys import OpeningKey


class ClosedError(KioskError):
    """An envelope that cannot be judged by a machine: `code` says why, and a person has to look at it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A record as the kiosk wrote it, under the header that it signed."""

    header: Header
    content: Content


def opened(raw: bytes, openers: Mapping[bytes, OpeningKey]) -> Opened:
    """The record in `raw`, whose signature was verified when it was taken in.

    `openers` are the hub's keys by their ids, those of earlier days among them. Raises ClosedError:
    `envelope.kind`, `envelope.hub_key` (no such key is here), `envelope.sealed` (it does not open),
    `envelope.hash`, `envelope.shard` or `envelope.kiosk` (the content is another one than the header tells),
    and BadEnvelopeError or BadContentError for what cannot be read.
    """
    envelope = read(raw)
    header = envelope.header
    if header.kind != REGISTRATION:
        raise ClosedError("envelope.kind", str(header.kind))
    opener = openers.get(header.hub_key)
    if opener is None:
        raise ClosedError("envelope.hub_key", header.hub_key.hex())
    packed = opener.open(envelope.sealed, envelope.info)
    if packed is None:
        raise ClosedError("envelope.sealed")
    data = unpack(packed)
    if content_hash(data) != header.content_hash:
        raise ClosedError("envelope.hash")
    content = decode(data, header.schema)
    _check_place(header, content)
    return Opened(header, content)


def _check_place(header: Header, content: Content) -> None:
    """A record lies where its No. KK belongs, and under a reference that its kiosk gave.

    Those of practice begin with a letter that no real kiosk may have, whatever the envelope says.
    """
    kk = content.family.get("kk")
    if not isinstance(kk, str) or shard_of(kk) != header.shard:
        raise ClosedError("envelope.shard")
    reference = parse_reference(content.reference)
    given = {header.kiosk, PRACTICE_ID} if header.training else {header.kiosk} - {PRACTICE_ID}
    if reference is None or reference.kiosk not in given:
        raise ClosedError("envelope.kiosk")
