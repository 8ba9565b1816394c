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
def test_a_seed_repeats_its_bytes_for_a_purpose(seed: int, count: int, purpose: str) -> None:
    first, second = SeededRandomness(seed), SeededRandomness(seed)
    taken = first.take(count, purpose)
    assert taken == first.take(count, purpose) == second.take(count, purpose)
    assert len(taken) == count


def test_purposes_and_seeds_differ() -> None:
    source = SeededRandomness(7)
    parts = [source.take(16, "code:1"), source.take(16, "code:2"), SeededRandomness(8).take(16, "code:1")]
    assert len(set(parts)) == 3


def test_the_stream_is_the_documented_one() -> None:
    expected = hmac.digest(b"42", b"0:code", "sha256") + hmac.digest(b"42", b"1:code", "sha256")
    assert SeededRandomness(42).take(40, "code") == expected[:40]
