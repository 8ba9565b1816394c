"""Envelopes: read as they were written, refused when a byte differs, opened by the hub alone."""

from __future__ import annotations

import random

import pytest

from kiosk.sync import content, envelope
from kiosk.sync.envelope import BadEnvelopeError, Header
from kiosk.sync.keys import OpeningKey, SigningKey
from tests.sync.samples import a_content

RECORD = "01890a5d-ac96-774b-bcce-b302099a8057"
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


def test_nobody_else_opens_it() -> None:
    found = envelope.read(sealed())
    assert OpeningKey.generate().open(found.sealed, found.info) is None
    assert HUB.open(found.sealed, found.info + b"x") is None


def test_a_family_of_five_takes_at_most_800_bytes() -> None:
    assert max(len(sealed(seed, 5)) for seed in range(1000, 1050)) <= 800


def test_a_batch_is_split_as_it_was_joined() -> None:
    batch = [sealed(seed) for seed in range(3)]
    assert envelope.split(envelope.joined(batch), at_most=3) == batch
    assert envelope.split(b"", at_most=3) == []


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


@pytest.mark.parametrize("data", [b"", b"no zstd", bytes(100)])
def test_what_is_not_compressed_is_refused(data: bytes) -> None:
    with pytest.raises(content.BadContentError, match=r"content\.unreadable"):
        content.unpack(data)


def test_no_more_is_unpacked_than_a_content_may_be_long() -> None:
    with pytest.raises(content.BadContentError, match=r"content\.unreadable"):
        content.unpack(content.pack(bytes(content.LONGEST + 1)))
