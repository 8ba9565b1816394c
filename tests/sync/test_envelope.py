"""Envelopes: read as they were written, refused when a byte differs, opened by the hub alone."""

from __future__ import annotations

import json
import random

import pytest
import zstandard

from kiosk.sync import content, envelope
from kiosk.sync.canonical import canonical
from kiosk.sync.envelope import BadEnvelopeError, Header
from kiosk.sync.keys import OpeningKey, SigningKey
from tests.sync.samples import a_content, an_envelope, words

RECORD = "01890a5d-ac96-774b-bcce-b302099a8057"
_FILES = ("words.toml", "other_words.toml")
KIOSK, HUB = SigningKey.generate(), OpeningKey.generate()


def sealed(seed: int = 1, people: int | None = None, **changes: object) -> bytes:
    data = content.encode(a_content(seed, people))
    values: dict[str, object] = {
        "kiosk": "K1",
        "record": RECORD,
        "version": 1,
        "kind": content.REGISTRATION,
        "schema": content.SCHEMA,
        "shard": envelope.shard_of("9901010101200012"),
        "created_ms": 1_795_000_000_000,
        "content_hash": envelope.content_hash(data),
        "audit_head": bytes(16),
        "hub_key": HUB.id,
        "kiosk_key": KIOSK.id,
    }
    header = Header(**values | changes)  # type: ignore[arg-type]  # fields by name, for tests of one of them
    return envelope.seal(header, content.pack(data), hub_public=HUB.public, signer=KIOSK).encode()


@pytest.mark.parametrize("seed", range(20))
def test_the_hub_reads_what_the_kiosk_wrote(seed: int) -> None:
    found = envelope.read(sealed(seed, kiosk="Z9K", trusted=False, training=True))
    assert found.is_signed_by(KIOSK.public)
    opened = HUB.open(found.sealed, found.info)
    assert opened is not None
    data = content.unpack(opened)
    assert envelope.content_hash(data) == found.header.content_hash
    assert content.decode(data, found.header.schema) == a_content(seed)
    assert (found.header.kiosk, found.header.trusted, found.header.training) == ("Z9K", False, True)


def test_any_changed_byte_is_refused() -> None:
    good = sealed()
    draw = random.Random(5)
    for place in range(len(good)):
        bad = bytearray(good)
        bad[place] ^= draw.randrange(1, 256)
        try:
            found = envelope.read(bytes(bad))
        except BadEnvelopeError:
            continue
        assert not found.is_signed_by(KIOSK.public), f"byte {place}"


@pytest.mark.parametrize("cut", [0, 1, 6, 7, 50, 110, 200])
def test_a_cut_envelope_is_malformed(cut: int) -> None:
    with pytest.raises(BadEnvelopeError, match=r"envelope\.malformed"):
        envelope.read(sealed()[:cut])


def test_another_version_is_refused_by_its_name() -> None:
    data = bytearray(sealed())
    data[3] = 7
    with pytest.raises(BadEnvelopeError) as refused:
        envelope.read(bytes(data))
    assert (refused.value.code, refused.value.detail) == ("envelope.version", "7")


@pytest.mark.parametrize(
    "change",
    [
        {"kiosk": "k1"},
        {"kiosk": ""},
        {"kiosk": "KIOSK"},
        {"record": RECORD.upper()},
        {"record": RECORD.replace("-", "")},
        {"record": "550e8400-e29b-41d4-a716-446655440000"},
        {"version": 0},
        {"version": 65_536},
        {"kind": 0},
        {"kind": 256},
        {"schema": 0},
        {"schema": 65_536},
        {"shard": b"1"},
        {"created_ms": -1},
        {"created_ms": 253_402_300_800_000},
        {"content_hash": b""},
        {"audit_head": bytes(32)},
        {"hub_key": bytes(7)},
        {"kiosk_key": bytes(9)},
    ],
)
def test_a_header_that_could_be_written_in_two_ways_is_not_made(change: dict[str, object]) -> None:
    with pytest.raises(BadEnvelopeError, match=r"envelope\.malformed"):
        sealed(**change)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (4, b"\x00"),  # kind
        (5, b"\x04"),  # a flag that is not known
        (5, b"\x80"),
        (6, b"\x00"),  # no kiosk
        (6, b"\x05"),
        (6, b"\xff"),
        (7, b"k"),
        (9 + 6, b"\x4a"),  # a UUID of another version
        (9 + 8, b"\x00"),  # and of another variant
        (9 + 16, b"\x00\x00"),  # record version 0
        (9 + 18, b"\x00\x00"),  # schema 0
        (9 + 22, b"\x80"),  # before 1970
        (9 + 22, b"\x01"),  # after the year 9999
    ],
)
def test_bytes_of_no_header_are_malformed(place: int, value: bytes) -> None:
    data = bytearray(sealed())
    data[place : place + len(value)] = value
    with pytest.raises(BadEnvelopeError, match=r"envelope\.malformed"):
        envelope.read(bytes(data))


def test_what_is_read_is_written_the_same() -> None:
    data = sealed()
    assert envelope.read(data).encode() == data


@pytest.mark.parametrize("more", [b"\x00", b"more"])
def test_nothing_may_stand_behind_an_envelope(more: bytes) -> None:
    with pytest.raises(BadEnvelopeError, match=r"envelope\.malformed"):
        envelope.read(sealed() + more)


def test_a_content_that_no_hub_would_take_is_not_sealed() -> None:
    with pytest.raises(BadEnvelopeError, match=r"envelope\.too_long"):
        envelope.seal(
            envelope.read(sealed()).header,
            bytes(envelope.LONGEST - 200),
            hub_public=HUB.public,
            signer=KIOSK,
        )


@pytest.mark.parametrize("public", [b"", bytes(31), bytes(32), b"\x01" + bytes(31)])
def test_nothing_is_sealed_to_what_is_no_key(public: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind alone is promised
        envelope.seal(envelope.read(sealed()).header, b"x", hub_public=public, signer=KIOSK)


def test_nobody_else_opens_it() -> None:
    found = envelope.read(sealed())
    assert OpeningKey.generate().open(found.sealed, found.info) is None
    assert HUB.open(found.sealed, found.info + b"x") is None


@pytest.mark.parametrize("file", ["words.toml", "other_words.toml"])
def test_a_family_of_five_takes_at_most_800_bytes(file: str) -> None:
    known, hub = words(file), HUB.public
    assert max(len(an_envelope(a_content(seed, 5, known), KIOSK, hub, RECORD)) for seed in range(50)) <= 800


def test_the_other_words_are_none_that_the_dictionary_was_made_from() -> None:
    known, other = (
        {word for kind in words(f).values() for line in kind for word in line.split()} for f in _FILES
    )
    assert known & other == {"Jl.", "Perum", "Blok", "Desa"}


def test_a_batch_is_split_as_it_was_joined() -> None:
    batch = [sealed(seed) for seed in range(3)]
    assert envelope.split(envelope.joined(batch), at_most=3) == batch
    assert envelope.split(b"", at_most=3) == []


@pytest.mark.parametrize("length", [2**32 - 1, envelope.LONGEST + 1, 2])
def test_a_batch_that_promises_more_than_it_holds_is_refused(length: int) -> None:
    with pytest.raises(BadEnvelopeError, match=r"envelope\.batch"):
        envelope.split(length.to_bytes(4, "big") + b"a", at_most=3)


@pytest.mark.parametrize("cut", [1, 3, 10, -1])
def test_a_cut_batch_is_refused(cut: int) -> None:
    with pytest.raises(BadEnvelopeError, match=r"envelope\.batch"):
        envelope.split(envelope.joined([sealed()])[:cut], at_most=3)


def test_more_than_were_allowed_are_refused() -> None:
    with pytest.raises(BadEnvelopeError, match=r"envelope\.batch"):
        envelope.split(envelope.joined([b"a", b"b"]), at_most=1)


def test_content_of_an_unknown_form_is_refused_by_its_name() -> None:
    with pytest.raises(content.BadContentError) as refused:
        content.decode(content.encode(a_content(1)), 9)
    assert (refused.value.code, refused.value.detail) == ("content.schema", "9")


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"family": 1}', b"\xff", b'{"codes":[]}', b"[" * 5000])
def test_content_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(content.BadContentError, match=r"content\.unreadable"):
        content.decode(data, content.SCHEMA)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("salt", "short"),
        ("salt", "0123456789ABCDEF"),
        ("salt", 1),
        ("reference", "K1-0001-AA"),
        ("reference", "K1 0001"),
        ("family", []),
        ("outcome", ""),
        ("outcome", "new family"),
        ("segment", ""),
        ("segment", 1),
        ("main_member", "317305120880000"),
        ("main_member", "٣١٧٣٠٥١٢٠٨٨٠٠٠٠٣"),
        ("care_class", True),
        ("care_class", "3"),
        ("people", None),
        ("people", -1),
        ("premium_total", 10**12),
        ("pay_from", "20261122"),
        ("pay_from", "2026-02-30"),
        ("pay_until", "2026-W01-1"),
        ("card", "000123456789"),
        ("card", 1),
        ("demo_card", 0),
        ("verified_phone", None),
        ("source", None),
        ("judged_on", "today"),
        ("created", "2026-11-22T10:41:00.000"),
        ("created", "2026-11-22T10:41:00+07:00"),
        ("created", 1),
        ("codes", None),
        ("codes", ["b", "a"]),
        ("codes", ["a", "a"]),
        ("codes", ["otp unverified"]),
        ("codes", [1]),
    ],
)
def test_a_value_of_another_form_is_refused(name: str, value: object) -> None:
    found = json.loads(content.encode(a_content(1)))
    assert content.decode(canonical(found), content.SCHEMA) == a_content(1)
    with pytest.raises(content.BadContentError, match=r"content\.unreadable"):
        content.decode(canonical(found | {name: value}), content.SCHEMA)


def test_a_name_more_or_less_is_refused() -> None:
    found = json.loads(content.encode(a_content(1)))
    for changed in ({**found, "more": 1}, {key: found[key] for key in found if key != "codes"}):
        with pytest.raises(content.BadContentError, match=r"content\.unreadable"):
            content.decode(canonical(changed), content.SCHEMA)


def test_content_that_is_written_otherwise_is_refused() -> None:
    data = content.encode(a_content(1))
    for changed in (data + b" ", data.replace(b":", b": ", 1), data[:-1] + b',"codes":[]}'):
        with pytest.raises(content.BadContentError, match=r"content\.unreadable"):
            content.decode(changed, content.SCHEMA)


def _zstd(data: bytes, *, checksum: bool = False, told: bool = True) -> bytes:
    return zstandard.ZstdCompressor(level=3, write_checksum=checksum, write_content_size=told).compress(data)


def test_a_frame_of_another_compressor_is_read() -> None:
    """Only the dictionary is agreed; the level and what the frame says of itself are the writer's."""
    data = content.encode(a_content(1))
    for packed in (_zstd(data), _zstd(data, checksum=True), _zstd(data, told=False)):
        assert content.unpack(packed) == data


@pytest.mark.parametrize("size", [content.LONGEST + 1, 50_000_000])
@pytest.mark.parametrize("told", [True, False])
def test_a_bomb_is_refused(size: int, told: bool) -> None:  # noqa: FBT001
    bomb = _zstd(bytes(size), told=told)
    with pytest.raises(content.BadContentError, match=r"content\.unreadable"):
        content.unpack(bomb)


def test_a_frame_is_whole_and_alone() -> None:
    packed = content.pack(content.encode(a_content(1)))
    cuts = [packed[:size] for size in range(len(packed))]
    for changed in (*cuts, packed + b"x", packed + packed, packed + b"\x50\x2a\x4d\x18\x00\x00\x00\x00"):
        with pytest.raises(content.BadContentError, match=r"content\.unreadable"):
            content.unpack(changed)


@pytest.mark.parametrize("data", [b"", b"no zstd", bytes(100)])
def test_what_is_not_compressed_is_refused(data: bytes) -> None:
    with pytest.raises(content.BadContentError, match=r"content\.unreadable"):
        content.unpack(data)


def test_no_more_is_unpacked_than_a_content_may_be_long() -> None:
    with pytest.raises(content.BadContentError, match=r"content\.unreadable"):
        content.unpack(content.pack(bytes(content.LONGEST + 1)))
