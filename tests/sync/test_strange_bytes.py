"""Whatever bytes come: each reader gives what it says or refuses by its own error; nothing else happens."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.sync import content, envelope, parcel, statements
from kiosk.sync.canonical import read_canonical
from kiosk.sync.content import BadContentError
from kiosk.sync.envelope import BadEnvelopeError
from kiosk.sync.parcel import BadParcelError
from kiosk.sync.statements import BadStatementError

VECTORS = json.loads((Path(statements.__file__).parent / "vectors.json").read_text("ascii"))

Reader = Callable[[bytes], object]


def _receipt(data: bytes) -> object:
    return statements.receipt_from("K1", read_canonical(data), training=True)


def _message(data: bytes) -> object:
    return statements.message_from("K1", read_canonical(data), training=True)


def _canonical(found: Any) -> bytes:
    return json.dumps(found, sort_keys=True, separators=(",", ":")).encode()


READERS: dict[str, tuple[Reader, type[Exception], bytes]] = {
    "envelope": (envelope.read, BadEnvelopeError, bytes.fromhex(VECTORS["envelopes"][0]["bytes"])),
    "batch": (
        lambda data: envelope.split(data, at_most=3),
        BadEnvelopeError,
        bytes.fromhex(VECTORS["batches"][0]["bytes"]),
    ),
    "packed": (content.unpack, BadContentError, bytes.fromhex(VECTORS["contents"][0]["packed"])),
    "content": (
        lambda data: content.decode(data, 1),
        BadContentError,
        VECTORS["contents"][0]["json"].encode(),
    ),
    "manifest": (parcel.read_manifest, BadParcelError, VECTORS["manifests"][0]["file"].encode()),
    "receipt": (_receipt, BadStatementError, _canonical(VECTORS["receipts"][0]["json"])),
    "message": (_message, BadStatementError, _canonical(VECTORS["messages"][1]["json"])),
}


def read_or_refuse(name: str, data: bytes) -> None:
    reader, refusal, _ = READERS[name]
    try:
        reader(data)
    except refusal:
        return
    except ValueError:
        assert name in {"receipt", "message"}  # no canonical JSON to begin with


@pytest.mark.parametrize("name", READERS)
def test_the_good_one_is_read(name: str) -> None:
    reader, _, good = READERS[name]
    assert reader(good) is not None


@pytest.mark.parametrize("name", READERS)
@given(data=st.binary(max_size=300))
def test_any_bytes(name: str, data: bytes) -> None:
    read_or_refuse(name, data)
    read_or_refuse(name, READERS[name][2][:8] + data)


@pytest.mark.parametrize("name", READERS)
def test_good_ones_with_something_wrong(name: str) -> None:
    good, draw = READERS[name][2], random.Random(f"strange {name}")
    for _ in range(1500):
        bad = bytearray(good)
        for _ in range(draw.randint(1, 4)):
            start = draw.randrange(len(bad))
            end = min(len(bad), start + draw.choice((0, 1, 1, 1, 2, 4, 8, 40)))
            bad[start:end] = draw.choice(
                (
                    b"",
                    draw.randbytes(end - start),
                    bytes(end - start),
                    b"\xff" * (end - start),
                    bad[start:end] * 2,
                )
            )
            if not bad:
                break
        read_or_refuse(name, bytes(bad))


@pytest.mark.parametrize("name", ["receipt", "message", "content", "manifest"])
def test_good_json_with_other_values(name: str) -> None:
    good, draw = READERS[name][2], random.Random(f"values {name}")
    line, newline, rest = good.partition(b"\n")
    values: tuple[Any, ...] = (
        None, True, False, 0, -1, 2**53 - 1, "", "x", "\ud7ff", [], {}, [[]], {"a": 1}, "00" * 32, [1], ["x"],
    )  # fmt: skip
    for _ in range(1500):
        found = json.loads(line)
        place: Any = found
        while True:
            key = draw.choice(list(place)) if isinstance(place, dict) else draw.randrange(len(place))
            if not isinstance(place[key], dict | list) or not place[key] or draw.random() < 0.3:
                break
            place = place[key]
        if draw.random() < 0.2 and isinstance(place, dict):
            del place[key]
        else:
            place[key] = draw.choice(values)
        read_or_refuse(name, _canonical(found) + newline + rest)
