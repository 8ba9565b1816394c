"""JSON in one way only, so that two programs that mean the same write the same bytes. See FORMAT.md."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, NoReturn

DEEPEST = 16
"""How many objects and lists may stand inside one another."""

LARGEST = 2**53 - 1
"""The largest whole number, either way of zero: every language holds it exactly."""


def canonical(payload: Mapping[str, Any]) -> bytes:
    """`payload` as JSON: ASCII, keys sorted, no blanks, whole numbers only.

    Raises ValueError for what has no such form: fractions, large numbers, keys that are no text, NUL, halves
    of surrogate pairs, what is nested too deeply.
    """
    _check(payload, 0)
    return _written(payload)


def read_canonical(data: bytes) -> dict[str, Any]:
    """The object that `canonical` wrote so; ValueError for any other bytes, whatever they may mean."""
    try:
        found = json.loads(data.decode("ascii"), parse_float=_refused, parse_constant=_refused)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("no object")  # noqa: TRY004 - bad bytes, whatever their type
    _check(found, 0)
    if _written(found) != data:
        raise ValueError("not canonical")
    return found


def to_text(data: bytes) -> str:
    """Bytes as they stand in JSON: base64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def from_text(text: object) -> bytes:
    """What `to_text` wrote so; ValueError for anything else, other spellings of the same bytes among it."""
    if not isinstance(text, str):
        raise ValueError("no text")  # noqa: TRY004 - bad data, whatever its type
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("no base64") from None
    if to_text(data) != text:
        raise ValueError("not canonical")
    return data


def from_hex(text: object, size: int) -> bytes:
    """`size` bytes written as lower-case hexadecimal digits; ValueError for anything else."""
    data = bytes.fromhex(text) if isinstance(text, str) else b""
    if len(data) != size or data.hex() != text:
        raise ValueError("no such digits")
    return data


def _written(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _refused(_: str) -> NoReturn:
    raise ValueError("no whole number")


def _check(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int):
        if not -LARGEST <= value <= LARGEST:
            raise ValueError("a number is too large")
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if not isinstance(key, str):
                raise ValueError("a key is no text")  # noqa: TRY004 - bad data, whatever its type
            _check_text(key)
            _check(one, depth + 1)
    elif isinstance(value, list | tuple):
        for one in value:
            _check(one, depth + 1)
    else:
        raise ValueError("a value that JSON does not have, or a fraction")  # noqa: TRY004 - as above


def _check_text(text: str) -> None:
    if text.isascii():
        if "\x00" in text:
            raise ValueError("NUL in a text")
    elif any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("NUL or half a pair in a text")
