"""Random bytes: real ones differ, seeded ones repeat by purpose."""

import hmac

from hypothesis import given
from hypothesis import strategies as st

from kiosk.randomness import SeededRandomness, SystemRandomness


def test_real_bytes_have_their_length_and_differ() -> None:
    source = SystemRandomness()
    assert len(source.take(10, "id")) == 10
    assert source.take(16, "id") != source.take(16, "id")


@given(st.integers(), st.integers(0, 200), st.text(max_size=20))
def test_a_seed_repeats_its_bytes(seed: int, count: int, purpose: str) -> None:
    first, second = SeededRandomness(seed), SeededRandomness(seed)
    taken = [first.take(count, purpose), first.take(count, purpose)]
    assert taken == [second.take(count, purpose), second.take(count, purpose)]
    assert [len(part) for part in taken] == [count, count]


def test_a_purpose_is_not_moved_by_other_purposes() -> None:
    alone, among = SeededRandomness(7), SeededRandomness(7)
    for _ in range(5):
        among.take(9, "captcha")
    assert alone.take(20, "code") == among.take(20, "code")


def test_calls_purposes_and_seeds_differ() -> None:
    source = SeededRandomness(7)
    parts = [source.take(16, "code"), source.take(16, "code"), source.take(16, "id")]
    parts.append(SeededRandomness(8).take(16, "code"))
    assert len(set(parts)) == 4


def test_the_stream_is_the_documented_one() -> None:
    source = SeededRandomness(42)
    source.take(1, "code")
    expected = hmac.digest(b"42", b"1:0:code", "sha256") + hmac.digest(b"42", b"1:1:code", "sha256")
    assert source.take(40, "code") == expected[:40]
