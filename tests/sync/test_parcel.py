"""Manifests: one spelling, signed to the byte."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from kiosk.sync import parcel
from kiosk.sync.canonical import canonical, to_text
from kiosk.sync.keys import SigningKey
from kiosk.sync.parcel import BadParcelError, Manifest, part_of, read_manifest

KIOSK = SigningKey.generate()
PARTS = (part_of("envelopes-0001.bin", b"some", 2), part_of("envelopes-0002.bin", b"more", 1))
GOOD = Manifest("export", "K1", False, 3, 1_795_000_000_000, KIOSK.id, PARTS, {"cursor": 4})  # noqa: FBT003


def file_of(changes: dict[str, Any]) -> bytes:
    """A manifest with other values, well signed."""
    found = json.loads(GOOD.statement()) | changes
    line = canonical({name: value for name, value in found.items() if value is not ...})
    return line + b"\n" + to_text(KIOSK.sign(b"jkn/parcel/v1\0" + line)).encode() + b"\n"


def test_a_manifest_is_read_as_it_was_written() -> None:
    found = read_manifest(GOOD.signed(KIOSK))
    assert found.manifest == GOOD
    assert found.is_signed_by(KIOSK.public)
    assert not found.is_signed_by(SigningKey.generate().public)
    assert (GOOD.folder, GOOD.count) == ("export-000003", 3)
    assert read_manifest(file_of({})).manifest == GOOD


def test_any_changed_byte_is_refused() -> None:
    good = GOOD.signed(KIOSK)
    draw = random.Random(7)
    for place in range(len(good)):
        for value in {draw.randrange(256), ord(" "), ord("\n"), ord("="), ord("1")} - {good[place]}:
            bad = good[:place] + bytes((value,)) + good[place + 1 :]
            try:
                found = read_manifest(bad)
            except BadParcelError:
                continue
            assert not found.is_signed_by(KIOSK.public), f"byte {place}"


@pytest.mark.parametrize("more", [b"\n", b" ", b"x", b"\r"])
def test_nothing_stands_around_it(more: bytes) -> None:
    good = GOOD.signed(KIOSK)
    for bad in (good + more, more + good, good[:-1], good[:-1] + b"\r\n", good.replace(b"\n", b"\n\n", 1)):
        with pytest.raises(BadParcelError, match=r"parcel\.malformed"):
            read_manifest(bad)


def test_a_cut_one_is_refused() -> None:
    good = GOOD.signed(KIOSK)
    for size in range(len(good)):
        with pytest.raises(BadParcelError, match=r"parcel\.malformed"):
            read_manifest(good[:size])


def test_another_form_is_refused_by_its_name() -> None:
    for form, changes in ((2, {"form": 2}), (0, {"form": 0, "kind": ...})):
        with pytest.raises(BadParcelError) as refused:
            read_manifest(file_of(changes))
        assert (refused.value.code, refused.value.detail) == ("parcel.version", str(form))


_PART = PARTS[0].as_dict()
_NO_NAMES = ("manifest.json", "../a-0001.bin", "a/b-0001.bin", "a-0001.bin\n", "A-0001.bin", "a-1.bin",
             "", 1, "a-0001.exe")  # fmt: skip
_STRANGE: list[dict[str, Any]] = [
    {"form": True},
    {"form": "1"},
    {"kind": "import"},
    {"kind": 1},
    {"kiosk": "k1"},
    {"kiosk": "../K1"},
    {"kiosk": None},
    {"training": 0},
    {"number": 0},
    {"number": 1_000_000},
    {"number": True},
    {"number": "1"},
    {"made": -1},
    {"made": 2**52},
    {"key": "00"},
    {"key": "ABCDEF0123456789"},
    {"parts": None},
    {"parts": {}},
    {"parts": [_PART, _PART]},
    {"parts": [[]]},
    {"parts": [_PART | {"more": 1}]},
    {"parts": [{"name": "envelopes-0001.bin"}]},
    {"parts": [{**_PART, "name": f"a-{n:04d}.bin"} for n in range(parcel.MOST_PARTS + 1)]},
    {"about": None},
    {"about": []},
    {"more": 1},
    {"about": ...},
    *({"parts": [_PART | {"name": name}]} for name in _NO_NAMES),
    *({"parts": [_PART | {"size": size}]} for size in (-1, parcel.LONGEST_PART + 1, True, "1", None)),
    *({"parts": [_PART | {"count": count}]} for count in (-1, True, "1")),
    *({"parts": [_PART | {"sha256": digest}]} for digest in ("", "00" * 31, "AB" * 32, 1)),
]  # fmt: skip


@pytest.mark.parametrize("changes", _STRANGE, ids=lambda changes: str(changes)[:60])
def test_a_strange_one_is_malformed_though_well_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(BadParcelError, match=r"parcel\.malformed"):
        read_manifest(file_of(changes))


def test_the_class_is_signed() -> None:
    other = replace(GOOD, training=True)
    signature = read_manifest(GOOD.signed(KIOSK)).signature
    assert not parcel.SignedManifest(other, signature).is_signed_by(KIOSK.public)
