"""Writes `kiosk/sync/vectors.json` anew: `python -m tests.sync.vectors`. What is sealed differs each time."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from kiosk.resources import data_dir
from kiosk.sync import canonical, content, envelope, parcel, statements
from kiosk.sync.content import Content
from kiosk.sync.enrolment import Application, EnrolCode, Enrolled, PublicKey
from kiosk.sync.keys import OpeningKey, SigningKey
from kiosk.sync.signing import Fields, Reply, Request, sign_reply, sign_request
from tests.builders import a_family, a_nik

FILE = Path(statements.__file__).with_name("vectors.json")
RECORD = "01890a5d-ac96-774b-bcce-b302099a8057"
CREATED_MS = 1_795_318_867_123


def _secret(name: str) -> bytes:
    return sha256(b"vector " + name.encode()).digest()


KIOSK_SIGNING = SigningKey.from_secret(_secret("kiosk signing"))
HUB_SIGNING = SigningKey.from_secret(_secret("hub signing"))
KIOSK_OPENING = OpeningKey.from_secret(_secret("kiosk opening"))
HUB_OPENING = OpeningKey.from_secret(_secret("hub opening"))


def a_family_of_three() -> Content:
    """An invented family in training."""
    return Content(
        salt="01890a5d-ac97-7b3e-9e5a-0123456789ab",
        reference="K1-0004-N7",
        family=a_family(),
        outcome="new_family",
        segment="PBPU",
        main_member=a_nik(date(1980, 8, 12)),
        care_class=2,
        people=3,
        premium_per_person=100_000,
        premium_total=300_000,
        pay_from="2026-12-06",
        pay_until="2026-12-22",
        card="0001234567890",
        demo_card=True,
        verified_phone=False,
        source="screen",
        judged_on="2026-11-22",
        created="2026-11-22T10:41:07.123+07:00",
        codes=("otp.unverified",),
    )


def made() -> dict[str, Any]:
    """All vectors."""
    return {
        "about": "Examples for FORMAT.md. Bytes are hexadecimal, or base64 where FORMAT.md has base64.",
        "keys": _keys(),
        "canonical": _canonical(),
        "shards": [
            {"kk": kk, "shard": envelope.shard_of(kk).hex()}
            for kk in ("9901010101200012", "3173052107200012")
        ],
        "contents": [_content(a_family_of_three())],
        "envelopes": [
            _envelope(training=True, trusted=True),
            _envelope(training=False, trusted=False, kiosk="Z9AB"),
        ],
        "batches": [{"messages": ["", "00", "6a6b6e"], "bytes": envelope.joined([b"", b"\0", b"jkn"]).hex()}],
        "receipts": [_receipt(training=True), _receipt(training=False, kiosk="Z9AB", version=3)],
        "messages": [_message(sealed=False), _message(sealed=True)],
        "manifests": [_manifest(parcel.EXPORT), _manifest(parcel.ANSWERS)],
        "requests": _requests(),
        "enrolment": _enrolment(),
        "refused": _refused(),
    }


def _keys() -> dict[str, Any]:
    named: dict[str, SigningKey | OpeningKey] = {
        "kiosk_signing": KIOSK_SIGNING,
        "kiosk_opening": KIOSK_OPENING,
        "hub_signing": HUB_SIGNING,
        "hub_opening": HUB_OPENING,
    }
    return {
        name: {"secret": key.secret.hex(), "public": key.public.hex(), "id": key.id.hex()}
        for name, key in named.items()
    }


def _canonical() -> dict[str, Any]:
    values: list[dict[str, Any]] = [
        {},
        {"b": 1, "a": [True, None, -2], "B": {"é": "\u007f\n/"}},
        {"name": "SITI \U0001f33a", "largest": 2**53 - 1, "quote": 'a"b\\c'},
    ]
    others = [
        '{"a": 1}',
        '{"b":1,"a":2}',
        '{"a":1,"a":1}',
        '{"a":1.0}',
        '{"a":-0}',
        '{"a":9007199254740992}',
        '{"a":"\\u0000"}',
        '{"a":"\\ud83d"}',
        '{"a":"\\u00E9"}',
        '{"a":"é"}',
        "[]",
        '{"a":1}\n',
    ]
    return {
        "written": [{"value": value, "text": canonical.canonical(value).decode()} for value in values],
        "refused": others,
    }


def _content(one: Content) -> dict[str, Any]:
    data = content.encode(one)
    return {
        "schema": content.SCHEMA,
        "json": data.decode(),
        "hash": envelope.content_hash(data).hex(),
        "packed": content.pack(data).hex(),
        "dictionary": sha256((data_dir() / "sync" / "registration-1.dict").read_bytes()).hexdigest(),
    }


def _header(data: bytes, **named: Any) -> envelope.Header:
    values: dict[str, Any] = {
        "kiosk": "K1",
        "record": RECORD,
        "version": 1,
        "kind": content.REGISTRATION,
        "schema": content.SCHEMA,
        "shard": envelope.shard_of(a_family()["kk"]),
        "created_ms": CREATED_MS,
        "content_hash": envelope.content_hash(data),
        "audit_head": _secret("head")[: envelope.HEAD_BYTES],
        "hub_key": HUB_OPENING.id,
        "kiosk_key": KIOSK_SIGNING.id,
    }
    return envelope.Header(**values | named)


def _sealed(**named: Any) -> envelope.Envelope:
    data = content.encode(a_family_of_three())
    header = _header(data, **named)
    return envelope.seal(header, content.pack(data), hub_public=HUB_OPENING.public, signer=KIOSK_SIGNING)


def _hexed(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}


def _envelope(**named: Any) -> dict[str, Any]:
    one = _sealed(**named)
    return {
        "header": _hexed(asdict(one.header)),
        "header_bytes": one.header.encode().hex(),
        "sealed": one.sealed.hex(),
        "signature": one.signature.hex(),
        "bytes": one.encode().hex(),
        "content": 0,
    }


def _receipt(**named: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"kiosk": "K1", "record": RECORD, "version": 1, "content_hash": _secret("hash")}
    receipt = statements.Receipt(**values | {"received_ms": CREATED_MS + 5000, "key": b""} | named).signed(
        HUB_SIGNING
    )
    return {
        "kiosk": receipt.kiosk,
        "training": receipt.training,
        "json": receipt.as_dict(),
        "signed": receipt.signed_part().hex(),
    }


def _message(*, sealed: bool) -> dict[str, Any]:
    payload = {"record": RECORD, "version": 1, "decision": "accepted", "at": "2026-11-22T10:45:00+07:00"}
    one = statements.message(
        "K1",
        12 + sealed,
        statements.DECISION,
        payload,
        HUB_SIGNING,
        training=True,
        seal_for=KIOSK_OPENING.public if sealed else None,
    )
    return {
        "kiosk": one.kiosk,
        "training": one.training,
        "json": one.as_dict(),
        "signed": one.signed_part().hex(),
        "payload": payload,
    }


def _manifest(kind: str) -> dict[str, Any]:
    signer = KIOSK_SIGNING if kind == parcel.EXPORT else HUB_SIGNING
    files = {
        parcel.EXPORT: {"envelopes-0001.bin": (envelope.joined([b"jkn"]), 1)},
        parcel.ANSWERS: {
            "receipts-0001.json": (canonical.canonical({"items": []}), 0),
            "messages-0001.json": (canonical.canonical({"items": []}), 0),
        },
    }[kind]
    parts = tuple(parcel.part_of(name, data, count) for name, (data, count) in files.items())
    about = {"cursor": 12, "trusts": [HUB_SIGNING.id.hex()]} if kind == parcel.EXPORT else {"answers": []}
    one = parcel.Manifest(kind, "K1", True, 7, CREATED_MS, signer.id, parts, about)  # noqa: FBT003
    return {
        "folder": one.folder,
        "file": one.signed(signer).decode(),
        "digest": one.digest.hex(),
        "parts": {name: data.hex() for name, (data, _) in files.items()},
    }


def _requests() -> list[dict[str, Any]]:
    body, created = envelope.joined([b"jkn"]), CREATED_MS // 1000
    post = [
        ("x-kiosk", "K1"),
        ("content-type", "application/vnd.jkn.envelopes"),
        ("content-encoding", "zstd"),
    ]
    asked = [
        Request("POST", "/v1/envelopes", Fields(post), body),
        Request("GET", "/v1/inbox?after=12&limit=50", Fields([("x-kiosk", "K1")])),
    ]
    found = []
    for number, request in enumerate(asked):
        sign_request(request, KIOSK_SIGNING, created=created, nonce=bytes((number,)) * 16)
        reply = Reply(200, request, Fields([("content-type", "application/json")]), b'{"items":[]}')
        sign_reply(reply, HUB_SIGNING, created=created + 1)
        found.append(
            {
                "method": request.method,
                "target": request.target,
                "headers": request.headers.lines,
                "body": request.body.hex(),
                "reply": {"status": 200, "headers": reply.headers.lines, "body": reply.body.hex()},
            }
        )
    return found


def _enrolment() -> dict[str, Any]:
    code = EnrolCode(_secret("code")[:10], sha256(HUB_SIGNING.public).digest()[:5])
    asked = Application("K1", True, KIOSK_SIGNING.public, KIOSK_OPENING.public, RECORD, "0.1.0")  # noqa: FBT003
    keys = [PublicKey(key.public, "active") for key in (HUB_SIGNING, HUB_OPENING)]
    answer = Enrolled("K1", True, KIOSK_SIGNING.id, (keys[0],), (keys[1],), CREATED_MS)  # noqa: FBT003
    return {
        "code": str(code),
        "secret": code.secret.hex(),
        "asked": asked.as_dict(code.key),
        "answer": answer.signed(HUB_SIGNING),
    }


def _refused() -> list[dict[str, Any]]:
    good = _sealed(training=True).encode()

    def changed(place: int, value: bytes) -> bytes:
        return good[:place] + value + good[place + len(value) :]

    malformed = {
        "other first bytes": changed(0, b"JKF"),
        "kind 0": changed(4, b"\0"),
        "a flag that is not known": changed(5, b"\x83"),
        "a kiosk without a name": changed(6, b"\0"),
        "a name of small letters": changed(7, b"k"),
        "a UUID of version 4": changed(9 + 6, b"\x47"),
        "version 0 of a record": changed(9 + 16, b"\0\0"),
        "schema 0": changed(9 + 18, b"\0\0"),
        "before 1970": changed(9 + 22, b"\x80"),
        "longer than it says": good + b"\0",
        "shorter than it says": good[:-1],
        "a length that runs over": changed(103, struct.pack(">I", 2**32 - 1)),
    }
    found = [
        {"bytes": data.hex(), "code": "envelope.malformed", "why": why} for why, data in malformed.items()
    ]
    found.append({"bytes": changed(3, b"\x02").hex(), "code": "envelope.version", "why": "version 2"})
    altered = changed(200, bytes((good[200] ^ 1,)))
    return [*found, {"bytes": altered.hex(), "code": "signature", "why": "a byte was changed"}]


def main() -> None:
    """Writes the file."""
    FILE.write_text(json.dumps(made(), indent=1, ensure_ascii=True) + "\n", "ascii")


if __name__ == "__main__":
    main()
