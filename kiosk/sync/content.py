"""The content of a record: a registration as canonical JSON, compressed with a dictionary both sides have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import zstandard

from kiosk.domain.identifiers import is_card_number, is_digits, parse_reference
from kiosk.domain.registration import Registration
from kiosk.errors import KioskError
from kiosk.resources import data_dir
from kiosk.sync.canonical import canonical, read_canonical

REGISTRATION = 1
"""The kind of a registration in an envelope's header."""

SCHEMA = 1
"""The form of the content that is written now; a record keeps the one it was queued with."""

LONGEST = 1_000_000
"""Bytes of the largest content after decompression."""

_LEVEL = 19
_WIDEST = 1 << 20
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
        judged_on=registration.day,
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


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_.]{0,63}", value) is not None


def _is_word_list(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_word, value)) and sorted(set(value)) == value


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_time(value: Any) -> bool:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return False
    if found is None or found.tzinfo is None:
        return False
    return bool(found.isoformat(timespec="milliseconds") == value)


def _is_amount(value: Any) -> bool:
    return type(value) is int and 0 <= value < 10**12


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _or_none(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


_FORMS: Mapping[str, Callable[[Any], bool]] = {
    "salt": lambda value: isinstance(value, str) and re.fullmatch(r"[0-9a-f-]{16,64}", value) is not None,
    "reference": lambda value: isinstance(value, str) and str(parse_reference(value)) == value,
    "family": lambda value: isinstance(value, dict),
    "outcome": _is_word,
    "segment": _or_none(lambda value: isinstance(value, str) and 0 < len(value) <= 16),
    "main_member": _or_none(lambda value: isinstance(value, str) and is_digits(value) and len(value) == 16),
    "care_class": _or_none(_is_amount),
    "people": _is_amount,
    "premium_per_person": _or_none(_is_amount),
    "premium_total": _or_none(_is_amount),
    "pay_from": _or_none(_is_day),
    "pay_until": _or_none(_is_day),
    "card": _or_none(lambda value: isinstance(value, str) and is_card_number(value)),
    "demo_card": _is_flag,
    "verified_phone": _is_flag,
    "source": _is_word,
    "judged_on": lambda value: value == "" or _is_day(value),
    "created": _is_time,
    "codes": _is_word_list,
}
"""Which form each value of a content must have; what a family holds is judged by the rules of the field."""


def decode(data: bytes, schema: int) -> Content:
    """The content of these bytes, in the form `schema`.

    Raises BadContentError: `content.schema` for a form that is not known here, else `content.unreadable`
    where a name is missing or strange, a value has another form, or the bytes are not canonical JSON.
    """
    if schema != SCHEMA:
        raise BadContentError("content.schema", str(schema))
    try:
        found = read_canonical(data)
    except ValueError:
        raise BadContentError("content.unreadable") from None
    if found.keys() != _FORMS.keys() or not all(fits(found[name]) for name, fits in _FORMS.items()):
        raise BadContentError("content.unreadable")
    return Content(**{**found, "codes": tuple(found["codes"])})


def pack(data: bytes) -> bytes:
    """`data` compressed (zstd, with the dictionary of this form)."""
    return _compressor().compress(data)


def unpack(packed: bytes) -> bytes:
    """What `pack` was given; raises BadContentError `content.unreadable` for anything else.

    That is one whole frame and nothing behind it, of at most LONGEST bytes, whatever it says of itself.
    """
    try:
        size = zstandard.get_frame_parameters(packed).content_size
        if size not in {zstandard.CONTENTSIZE_UNKNOWN, zstandard.CONTENTSIZE_ERROR} and size > LONGEST:
            raise BadContentError("content.unreadable")
        reader = zstandard.ZstdDecompressor(dict_data=_dictionary(), max_window_size=_WIDEST)
        data = reader.decompress(packed, max_output_size=LONGEST)  # the first frame, where it is not too long
        whole = reader.decompressobj()
        whole.decompress(packed)
    except (zstandard.ZstdError, MemoryError):
        raise BadContentError("content.unreadable") from None
    if not data or not whole.eof or whole.unused_data:
        raise BadContentError("content.unreadable")
    return data


@cache
def _dictionary() -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict((data_dir() / "sync" / _DICTIONARY).read_bytes())


def _parameters() -> zstandard.ZstdCompressionParameters:
    return zstandard.ZstdCompressionParameters.from_level(
        _LEVEL, write_content_size=False, write_checksum=False, write_dict_id=False
    )


@cache
def _digested() -> zstandard.ZstdCompressionDict:
    """The dictionary as the compressor needs it, worked out once."""
    dictionary = zstandard.ZstdCompressionDict((data_dir() / "sync" / _DICTIONARY).read_bytes())
    dictionary.precompute_compress(compression_params=_parameters())
    return dictionary


def _compressor() -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(dict_data=_digested(), compression_params=_parameters())
