"""The content of a record: a registration as canonical JSON, compressed with a dictionary both sides have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import zstandard

from kiosk.domain.registration import Registration
from kiosk.errors import KioskError
from kiosk.resources import data_dir
from kiosk.sync.statements import canonical

REGISTRATION = 1
"""The kind of a registration in an envelope's header."""

SCHEMA = 1
"""The form of the content that is written now; a record keeps the one it was queued with."""

LONGEST = 1_000_000
"""Bytes of the largest content after decompression."""

_LEVEL = 19
_DICTIONARY = "registration-1.dict"


class BadContentError(KioskError):
    """What was sealed is no content of a known form: `content.schema`, `content.unreadable`."""


@dataclass(frozen=True, slots=True)
class Content:
    """A registration as the hub reads it: the family file, and what the kiosk decided of it.

    `salt` is secret text given when the record was queued; it keeps the hash of the content from being
    guessed. `created` is the wall time at the kiosk, `card` the card number behind its virtual account
    (None: none given), `codes` the codes of the warnings it was stored with.
    """

    salt: str
    reference: str
    family: Mapping[str, Any]
    outcome: str
    segment: str | None
    main_member: str | None
    care_class: int | None
    people: int
    premium_per_person: int | None
    premium_total: int | None
    pay_from: str | None
    pay_until: str | None
    card: str | None
    demo_card: bool
    verified_phone: bool
    source: str
    judged_on: str
    created: str
    codes: tuple[str, ...] = ()


def content_of(registration: Registration, salt: str, card: str | None) -> Content:
    """What the hub is told of a registration; `card` is the card number given to it here."""
    decision = registration.decision
    return Content(
        salt=salt,
        reference=registration.reference,
        family=registration.family,
        outcome=decision.outcome.value,
        segment=decision.segment,
        main_member=decision.main_member,
        care_class=decision.care_class,
        people=decision.people,
        premium_per_person=decision.premium_per_person,
        premium_total=decision.premium_total,
        pay_from=decision.pay_from.isoformat() if decision.pay_from else None,
        pay_until=decision.pay_until.isoformat() if decision.pay_until else None,
        card=card,
        demo_card=registration.demo_card,
        verified_phone=registration.verified_phone,
        source=registration.source,
        judged_on=registration.judged_on,
        created=registration.created.wall,
        codes=tuple(sorted({problem.code for problem in decision.problems})),
    )


_NAMES = tuple(Content.__dataclass_fields__)


def encode(content: Content) -> bytes:
    """The content as canonical JSON: the same registration always gives the same bytes."""
    return canonical({name: _plain(getattr(content, name)) for name in _NAMES})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def decode(data: bytes, schema: int) -> Content:
    """The content of these bytes, in the form `schema`.

    Raises BadContentError: `content.schema` for a form that is not known here, else `content.unreadable`.
    """
    if schema != SCHEMA:
        raise BadContentError("content.schema", str(schema))
    try:
        found = json.loads(data)
        content = Content(**{**found, "codes": tuple(found["codes"])})
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadContentError("content.unreadable") from None
    if not isinstance(content.family, dict):
        raise BadContentError("content.unreadable")
    return content


def pack(data: bytes) -> bytes:
    """`data` compressed (zstd, with the dictionary of this form)."""
    return _compressor().compress(data)


def unpack(packed: bytes) -> bytes:
    """What `pack` was given; raises BadContentError `content.unreadable` for anything else."""
    try:
        with zstandard.ZstdDecompressor(dict_data=_dictionary()).stream_reader(packed) as reader:
            data = reader.read(LONGEST + 1)
    except zstandard.ZstdError:
        raise BadContentError("content.unreadable") from None
    if not 0 < len(data) <= LONGEST:
        raise BadContentError("content.unreadable")
    return data


@cache
def _dictionary() -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict((data_dir() / "sync" / _DICTIONARY).read_bytes())


def _compressor() -> zstandard.ZstdCompressor:
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL, write_content_size=False, write_checksum=False, write_dict_id=False
    )
    return zstandard.ZstdCompressor(dict_data=_dictionary(), compression_params=parameters)
