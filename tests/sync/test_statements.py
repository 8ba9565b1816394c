"""Receipts and messages of the hub: what they say holds to the byte, or they are refused."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kiosk.sync import statements
from kiosk.sync.keys import OpeningKey, SigningKey
from kiosk.sync.statements import (
    BadStatementError,
    Message,
    Receipt,
    message,
    message_from,
    receipt_from,
)

RECORD = "01890a5d-ac96-774b-bcce-b302099a8057"
HUB, OTHER = SigningKey.generate(), SigningKey.generate()
KIOSK = OpeningKey.generate()


def a_receipt(**changes: Any) -> Receipt:
    values = {"kiosk": "K1", "record": RECORD, "version": 3, "content_hash": bytes(range(32))}
    return Receipt(**values | {"received_ms": 1_795_000_000_000, "key": HUB.id} | changes).signed(HUB)  # type: ignore[arg-type]  # fields by name


def a_message(*, sealed: bool = False) -> Message:
    payload = {"record": RECORD, "decision": "refused", "at": 17}
    return message("K1", 5, statements.DECISION, payload, HUB, seal_for=KIOSK.public if sealed else None)


def test_a_receipt_holds_for_its_signer_alone() -> None:
    receipt = a_receipt()
    assert receipt.is_signed_by(HUB.public)
    assert not receipt.is_signed_by(OTHER.public)
    assert not receipt.is_signed_by(b"")
    assert not receipt.is_signed_by(bytes(31))


@pytest.mark.parametrize(
    "change",
    [
        {"kiosk": "K2"},
        {"kiosk": "K11"},
        {"record": "01890a5d-ac96-774b-bcce-b302099a8058"},
        {"version": 4},
        {"content_hash": bytes(32)},
        {"received_ms": 1_795_000_000_001},
        {"key": OTHER.id},
        {"training": True},
        {"signature": b""},
        {"signature": bytes(64)},
    ],
)
def test_a_receipt_says_nothing_else(change: dict[str, Any]) -> None:
    assert not replace(a_receipt(), **change).is_signed_by(HUB.public)


_NO_RECEIPT: list[dict[str, Any]] = [
    {"kiosk": ""},
    {"kiosk": "k1"},
    {"kiosk": "K1\n"},
    {"kiosk": "KIOSK"},
    {"kiosk": "É"},
    {"record": RECORD.upper()},
    {"record": "{" + RECORD + "}"},
    {"record": "urn:uuid:" + RECORD},
    {"record": RECORD.replace("-", "")},
    {"record": "550e8400-e29b-41d4-a716-446655440000"},
    {"record": "01890a5d-ac96-774b-3cce-b302099a8057"},
    {"record": "00000000-0000-0000-0000-000000000000"},
    {"record": ""},
    {"version": 0},
    {"version": -1},
    {"version": 65_536},
    {"content_hash": bytes(31)},
    {"content_hash": bytes(33)},
    {"content_hash": b""},
    {"received_ms": -1},
    {"received_ms": 2**63},
    {"received_ms": 253_402_300_800_000},
]


@pytest.mark.parametrize("change", _NO_RECEIPT)
def test_a_receipt_that_could_be_written_in_two_ways_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(BadStatementError, match=r"statement\.malformed"):
        a_receipt(**change)
    assert not replace(a_receipt(), **change).is_signed_by(HUB.public)


def test_the_version_and_the_kiosk_do_not_run_into_one_another() -> None:
    """Every part has a fixed length or its length before it, so no two receipts share signed bytes."""
    seen = {
        a_receipt(kiosk=kiosk, version=version, training=training).signed_part()
        for kiosk in ("K", "K1", "K11", "1", "11")
        for version in (1, 11, 256)
        for training in (False, True)
    }
    assert len(seen) == 30


@pytest.mark.parametrize("sealed", [False, True])
def test_a_message_is_read_by_whom_it_is_for(sealed: bool) -> None:  # noqa: FBT001
    found = a_message(sealed=sealed)
    assert found.is_signed_by(HUB.public)
    assert not found.is_signed_by(OTHER.public)
    assert found.payload(KIOSK) == {"record": RECORD, "decision": "refused", "at": 17}
    assert found.payload(OpeningKey.generate()) == (None if sealed else found.payload())
    assert (found.payload() is None) == sealed


@pytest.mark.parametrize(
    "change",
    [
        {"kiosk": "K2"},
        {"number": 6},
        {"kind": statements.RECEIPT},
        {"body": b"{}"},
        {"is_sealed": True},
        {"training": True},
        {"key": OTHER.id},
        {"signature": b""},
    ],
)
def test_a_message_says_nothing_else(change: dict[str, Any]) -> None:
    assert not replace(a_message(), **change).is_signed_by(HUB.public)


@pytest.mark.parametrize(
    "change",
    [
        {"kiosk": "k1"},
        {"kiosk": ""},
        {"number": -1},
        {"number": 2**53},
        {"number": 2**64},
        {"kind": ""},
        {"kind": "Decision"},
        {"kind": "x" * 300},
        {"kind": "décision"},
        {"kind": "a\n"},
        {"key": b""},
        {"key": bytes(9)},
    ],
)
def test_a_message_that_cannot_be_written_is_not_signed_by_anyone(change: dict[str, Any]) -> None:
    found = replace(a_message(), **change)
    assert not found.is_signed_by(HUB.public)
    with pytest.raises(BadStatementError, match=r"statement\.malformed"):
        found.signed_part()


@pytest.mark.parametrize("change", [{"kiosk": "K2"}, {"number": 6}])
def test_a_sealed_message_opens_under_its_own_number_alone(change: dict[str, Any]) -> None:
    assert replace(a_message(sealed=True), **change).payload(KIOSK) is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a": 1}', b'{"a":1,"a":2}', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_canonical_object_says_nothing(body: bytes) -> None:
    assert replace(a_message(), body=body).payload() is None


def test_no_changed_byte_of_a_sealed_body_opens() -> None:
    found = a_message(sealed=True)
    draw = random.Random(3)
    for place in range(len(found.body)):
        bad = bytearray(found.body)
        bad[place] ^= draw.randrange(1, 256)
        assert replace(found, body=bytes(bad)).payload(KIOSK) is None
        assert not replace(found, body=bytes(bad)).is_signed_by(HUB.public)


def test_what_cannot_be_written_is_not_said() -> None:
    with pytest.raises(ValueError, match="fraction"):
        message("K1", 1, statements.DECISION, {"a": 0.5}, HUB)
    with pytest.raises(BadStatementError):
        message("K1", -1, statements.DECISION, {}, HUB)
    with pytest.raises(BadStatementError):
        message("kiosk", 1, statements.DECISION, {}, HUB)


def receipt_again(found: dict[str, Any]) -> Receipt:
    return receipt_from("K1", found, training=False)


def message_again(found: dict[str, Any]) -> Message:
    return message_from("K1", found, training=False)


def test_a_statement_carried_as_json_is_the_same() -> None:
    receipt, found = a_receipt(), a_message(sealed=True)
    assert receipt_again(json.loads(json.dumps(receipt.as_dict()))) == receipt
    assert message_again(json.loads(json.dumps(found.as_dict()))) == found
    assert not receipt_from("K2", receipt.as_dict(), training=False).is_signed_by(HUB.public)
    assert not message_from("K1", found.as_dict(), training=True).is_signed_by(HUB.public)


_STRANGE: tuple[Any, ...] = (None, True, 1.5, -1, 2**70, "", "ÿ", "00", [], {}, ["x"], b"")


@pytest.mark.parametrize(
    ("make", "good"),
    [(receipt_again, a_receipt().as_dict()), (message_again, a_message().as_dict())],
    ids=["receipt", "message"],
)
def test_json_that_is_no_statement_is_refused_or_not_signed(
    make: Callable[[dict[str, Any]], Receipt | Message], good: dict[str, Any]
) -> None:
    for name, known in good.items():
        for value in (*_STRANGE, f"{known}\n", str(known).upper()):
            if type(value) is type(known) and value == known:
                continue
            try:
                found = make(good | {name: value})
            except BadStatementError:
                continue
            assert not found.is_signed_by(HUB.public), (name, value)
        with pytest.raises(BadStatementError):
            make({key: value for key, value in good.items() if key != name})
    with pytest.raises(BadStatementError):
        make(good | {"more": 1})


@pytest.mark.parametrize(
    ("make", "good"),
    [(receipt_again, a_receipt().as_dict()), (message_again, a_message(sealed=True).as_dict())],
    ids=["receipt", "message"],
)
def test_any_changed_byte_of_the_json_is_refused(
    make: Callable[[dict[str, Any]], Receipt | Message], good: dict[str, Any]
) -> None:
    data = json.dumps(good).encode()
    draw = random.Random(11)
    for place in range(len(data)):
        bad = bytearray(data)
        bad[place] ^= draw.randrange(1, 256)
        try:
            found = json.loads(bytes(bad))
            statement = make(found)
        except (ValueError, BadStatementError):
            continue
        same_meaning = found == good  # a blank that became another blank
        assert same_meaning or not statement.is_signed_by(HUB.public), f"byte {place}"
