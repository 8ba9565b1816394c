"""Canonical JSON: one spelling for one meaning, and every other spelling refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.sync.canonical import DEEPEST, LARGEST, canonical, from_hex, from_text, read_canonical, to_text

_TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(_TEXTS, _VALUES, max_size=5))
def test_what_was_written_is_read_and_written_the_same_again(payload: dict[str, Any]) -> None:
    data = canonical(payload)
    assert read_canonical(data) == payload
    assert canonical(read_canonical(data)) == data


def test_keys_are_sorted_and_everything_but_ascii_is_escaped() -> None:
    payload = {"b": 'é\n\x7f"\\/', "a": [1, -2, None, True], "B": {}, "😀": ""}
    expected = rb'{"B":{},"a":[1,-2,null,true],"b":"\u00e9\n\u007f\"\\/","\ud83d\ude00":""}'
    assert canonical(payload) == expected


def nested(depth: int) -> dict[str, Any]:
    return {"a": nested(depth - 1)} if depth else {}


@pytest.mark.parametrize(
    "payload",
    [
        {"a": 1.0},
        {"a": float("nan")},
        {"a": LARGEST + 1},
        {"a": -LARGEST - 1},
        {"a": b"bytes"},
        {"a": "\x00"},
        {"\x00": 1},
        {"a": "\ud83d"},
        {"a": "x\udfff"},
        {1: "a"},
        {"a": {None: 1}},
        {"a": {1, 2}},
        nested(DEEPEST + 1),
    ],
)
def test_what_has_no_canonical_form_is_not_written(payload: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind alone is promised
        canonical(payload)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"1",
        b"null",
        b'{"a":1} ',
        b' {"a":1}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"a":01}',
        b'{"a":-0}',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":9007199254740992}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":"\xc3\xa9"}',
        b'{"a":"\\u00E9"}',
        b'{"a":"\\u0061"}',
        b'{"a":"\\/"}',
        b'{"a":"\\u000a"}',
        b'{"a":"\\u0000"}',
        b'{"a":"\\ud83d"}',
        b'{"a":"\\ude00\\ud83d"}',
        b'{"a":true,}',
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b'{"a":' * 17 + b"{}" + b"}" * 17,
        b'{"a":' * 20_000 + b"{}" + b"}" * 20_000,
        b"[" * 100_000,
    ],
)
def test_other_spellings_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind alone is promised
        read_canonical(data)


def test_as_much_nesting_as_is_allowed_is_read() -> None:
    assert read_canonical(canonical(nested(DEEPEST))) == nested(DEEPEST)


@given(st.binary(max_size=70))
def test_bytes_in_json_have_one_spelling(data: bytes) -> None:
    assert from_text(to_text(data)) == data
    assert from_hex(data.hex(), len(data)) == data


@pytest.mark.parametrize(
    "text", ["AA", "AA=", "AB==", "AA==\n", " AA==", "A-==", "A_8=", "AA==AA==", None, b"AA=="]
)
def test_other_spellings_of_base64_are_refused(text: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind alone is promised
        from_text(text)


@pytest.mark.parametrize("text", ["", "0", "000", "0g", "AB", "ab ", " ab", "a b", "abcd", None, 12])
def test_other_spellings_of_hexadecimal_digits_are_refused(text: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind alone is promised
        from_hex(text, 1)
