"""The written format and its examples, read by the page alone; the program reads the same, at the end."""

from __future__ import annotations

import base64
import hmac
import json
import re
import struct
import uuid
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from kiosk.domain.identifiers import parse_reference
from kiosk.resources import data_dir
from kiosk.sync import canonical, content, enrolment, envelope, parcel, statements
from kiosk.sync.envelope import BadEnvelopeError
from kiosk.sync.keys import OpeningKey, SigningKey
from kiosk.sync.signing import Fields, Reply, Request, verify_reply, verify_request

FOLDER = Path(statements.__file__).parent
PAGE = (FOLDER / "FORMAT.md").read_text("utf-8")
VECTORS: dict[str, Any] = json.loads((FOLDER / "vectors.json").read_text("ascii"))
KEYS = VECTORS["keys"]
ENVELOPES, CONTENTS = VECTORS["envelopes"], VECTORS["contents"]


def public(name: str) -> bytes:
    return bytes.fromhex(KEYS[name]["public"])


def verified(name: str, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public(name)).verify(signature, message)
    except InvalidSignature:
        return False
    return True


# HPKE by the words of RFC 9180: base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.


def extract(salt: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), material, "sha256")


def expand(key: bytes, info: bytes, length: int) -> bytes:
    found, block = b"", b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes((number,)), "sha256")
        found += block
    return found[:length]


def labeled_extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return extract(salt, b"HPKE-v1" + suite + label + material)


def labeled_expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return expand(key, struct.pack(">H", length) + b"HPKE-v1" + suite + label + info, length)


def opened(secret: bytes, sealed: bytes, info: bytes) -> bytes:
    mine = X25519PrivateKey.from_private_bytes(secret)
    share, text = sealed[:32], sealed[32:]
    shared = mine.exchange(X25519PublicKey.from_public_bytes(share))
    kem = b"KEM" + struct.pack(">H", 0x0020)
    key = labeled_extract(kem, b"", b"eae_prk", shared)
    secret_shared = labeled_expand(
        kem, key, b"shared_secret", share + mine.public_key().public_bytes_raw(), 32
    )
    suite = b"HPKE" + struct.pack(">HHH", 0x0020, 0x0001, 0x0003)
    context = b"\x00" + labeled_extract(suite, b"", b"psk_id_hash", b"")
    context += labeled_extract(suite, b"", b"info_hash", info)
    schedule = labeled_extract(suite, secret_shared, b"secret", b"")
    aead_key = labeled_expand(suite, schedule, b"key", context, 32)
    nonce = labeled_expand(suite, schedule, b"base_nonce", context, 12)
    return ChaCha20Poly1305(aead_key).decrypt(nonce, text, b"")


@pytest.mark.parametrize("name", sorted(KEYS))
def test_keys_and_their_ids(name: str) -> None:
    key = KEYS[name]
    secret = bytes.fromhex(key["secret"])
    kind = Ed25519PrivateKey if name.endswith("signing") else X25519PrivateKey
    assert kind.from_private_bytes(secret).public_key().public_bytes_raw() == public(name)
    assert sha256(public(name)).digest()[:8].hex() == key["id"]


# Canonical JSON.


@pytest.mark.parametrize("one", VECTORS["canonical"]["written"])
def test_canonical_json(one: dict[str, Any]) -> None:
    assert written(one["value"]) == one["text"]
    assert json.loads(one["text"]) == one["value"]


def written(value: Any) -> str:
    """Canonical JSON by the words of the page, sign by sign."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{written(key)}:{written(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(map(sign, value)) + '"'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    assert isinstance(value, int)
    assert abs(value) <= 2**53 - 1
    return str(value)


SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def sign(char: str) -> str:
    if char in SHORT or " " <= char <= "~":
        return SHORT.get(char, char)
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))


@pytest.mark.parametrize("one", VECTORS["canonical"]["refused"])
def test_another_spelling_is_refused(one: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind alone is promised
        canonical.read_canonical(one.encode())


# Content and envelope.


@pytest.mark.parametrize("one", VECTORS["shards"])
def test_shards(one: dict[str, str]) -> None:
    assert sha256(b"jkn/shard/v1\0" + one["kk"].encode()).hexdigest()[:4] == one["shard"]


def unpacked(packed: bytes) -> bytes:
    dictionary = (data_dir() / "sync" / "registration-1.dict").read_bytes()
    assert sha256(dictionary).hexdigest() in PAGE
    known = zstandard.ZstdCompressionDict(dictionary)
    return zstandard.ZstdDecompressor(dict_data=known).decompress(packed, max_output_size=1_000_000)


@pytest.mark.parametrize("one", CONTENTS)
def test_contents(one: dict[str, Any]) -> None:
    data = one["json"].encode("ascii")
    assert unpacked(bytes.fromhex(one["packed"])) == data
    assert sha256(b"jkn/content/v1\0" + data).hexdigest() == one["hash"]
    assert written(json.loads(data)) == one["json"]
    assert one["dictionary"] in PAGE
    told = PAGE.partition("## Content")[2].partition("\n## ")[0]
    names = re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]+)\|", told, re.M)))
    assert sorted(names) == sorted(json.loads(data))


def parsed(data: bytes) -> dict[str, Any]:
    """The header of an envelope by the offsets of the page, its sealed bytes and its signature."""
    assert (data[:3], data[3]) == (b"JKE", 1)
    k = data[6]
    (s,) = struct.unpack_from(">I", data, 101 + k)
    assert len(data) == 105 + k + s + 64
    return {
        "kind": data[4],
        "trusted": bool(data[5] & 1),
        "training": bool(data[5] & 2),
        "kiosk": data[7 : 7 + k].decode("ascii"),
        "record": str(uuid.UUID(bytes=data[7 + k : 23 + k])),
        "version": struct.unpack_from(">H", data, 23 + k)[0],
        "schema": struct.unpack_from(">H", data, 25 + k)[0],
        "shard": data[27 + k : 29 + k].hex(),
        "created_ms": struct.unpack_from(">q", data, 29 + k)[0],
        "content_hash": data[37 + k : 69 + k].hex(),
        "audit_head": data[69 + k : 85 + k].hex(),
        "hub_key": data[85 + k : 93 + k].hex(),
        "kiosk_key": data[93 + k : 101 + k].hex(),
    }


@pytest.mark.parametrize("one", ENVELOPES, ids=lambda one: one["header"]["kiosk"])
def test_envelopes(one: dict[str, Any]) -> None:
    data = bytes.fromhex(one["bytes"])
    k = data[6]
    assert parsed(data) == one["header"]
    header, sealed, signature = data[: 101 + k], data[105 + k : -64], data[-64:]
    assert (header.hex(), sealed.hex(), signature.hex()) == (
        one["header_bytes"],
        one["sealed"],
        one["signature"],
    )
    assert one["header"]["hub_key"] == KEYS["hub_opening"]["id"]
    assert one["header"]["kiosk_key"] == KEYS["kiosk_signing"]["id"]
    assert verified("kiosk_signing", signature, data[:-64])
    secret = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(KEYS["kiosk_signing"]["secret"]))
    assert secret.sign(data[:-64]) == signature
    text = opened(bytes.fromhex(KEYS["hub_opening"]["secret"]), sealed, b"jkn/envelope/v1\0" + header)
    assert len(sealed) == len(text) + 48
    told = CONTENTS[one["content"]]
    assert unpacked(text).decode() == told["json"]
    assert one["header"]["content_hash"] == told["hash"]
    family = json.loads(told["json"])["family"]
    assert one["header"]["shard"] == sha256(b"jkn/shard/v1\0" + family["kk"].encode()).hexdigest()[:4]


@pytest.mark.parametrize("one", VECTORS["refused"], ids=lambda one: one["why"])
def test_what_must_be_refused(one: dict[str, str]) -> None:
    data = bytes.fromhex(one["bytes"])
    if one["code"] == "signature":
        assert not envelope.read(data).is_signed_by(public("kiosk_signing"))
        assert not verified("kiosk_signing", data[-64:], data[:-64])
        return
    with pytest.raises(BadEnvelopeError) as refused:
        envelope.read(data)
    assert refused.value.code == one["code"]


@pytest.mark.parametrize("one", VECTORS["batches"])
def test_batches(one: dict[str, Any]) -> None:
    data, found = bytes.fromhex(one["bytes"]), []
    while data:
        (length,) = struct.unpack_from(">I", data)
        found.append(data[4 : 4 + length].hex())
        data = data[4 + length :]
    assert found == one["messages"]


# Statements of the hub.


@pytest.mark.parametrize("one", VECTORS["receipts"], ids=lambda one: one["kiosk"])
def test_receipts(one: dict[str, Any]) -> None:
    told, name = one["json"], one["kiosk"].encode()
    signed = b"JKR\x01" + bytes((one["training"], len(name))) + name
    signed += uuid.UUID(told["record"]).bytes + struct.pack(">H", told["version"])
    signed += bytes.fromhex(told["hash"]) + struct.pack(">q", told["at"]) + bytes.fromhex(told["key"])
    assert signed.hex() == one["signed"]
    assert told["key"] == KEYS["hub_signing"]["id"]
    assert verified("hub_signing", base64.b64decode(told["signature"]), signed)


@pytest.mark.parametrize("one", VECTORS["messages"], ids=lambda one: str(one["json"]["n"]))
def test_messages(one: dict[str, Any]) -> None:
    told, name = one["json"], one["kiosk"].encode()
    body = base64.b64decode(told["body"])
    signed = b"JKM\x01" + bytes((one["training"], len(name))) + name + struct.pack(">Q", told["n"])
    signed += bytes((told["sealed"], len(told["kind"]))) + told["kind"].encode()
    signed += bytes.fromhex(told["key"]) + sha256(body).digest()
    assert signed.hex() == one["signed"]
    assert verified("hub_signing", base64.b64decode(told["signature"]), signed)
    if told["sealed"]:
        info = b"jkn/inbox/v1\0" + name + b"\0" + struct.pack(">Q", told["n"])
        body = opened(bytes.fromhex(KEYS["kiosk_opening"]["secret"]), body, info)
    assert body.decode() == written(one["payload"])


# Stick.


@pytest.mark.parametrize("one", VECTORS["manifests"], ids=lambda one: one["folder"])
def test_manifests(one: dict[str, Any]) -> None:
    first, second, rest = one["file"].split("\n")
    told = json.loads(first)
    assert rest == ""
    assert written(told) == first
    assert sorted(told) == ["about", "form", "key", "kind", "kiosk", "made", "number", "parts", "training"]
    assert one["folder"] == f"{told['kind']}-{told['number']:06d}"
    assert sha256(first.encode()).hexdigest() == one["digest"]
    signer = {"export": "kiosk_signing", "answers": "hub_signing"}[told["kind"]]
    assert told["key"] == KEYS[signer]["id"]
    assert verified(signer, base64.b64decode(second), b"jkn/parcel/v1\0" + first.encode())
    for part in told["parts"]:
        data = bytes.fromhex(one["parts"][part["name"]])
        assert (part["size"], part["sha256"]) == (len(data), sha256(data).hexdigest())


# HTTP and enrolment.


def signed_fields(fields: list[tuple[str, str]], label: str) -> tuple[dict[str, str], str, bytes]:
    """The fields by name, the parameters behind the label, and the signature (RFC 9421, section 4)."""
    told = dict(fields)
    name, _, parameters = told["signature-input"].partition("=")
    found = re.fullmatch(rf"{label}=:([A-Za-z0-9+/=]+):", told["signature"])
    assert found is not None
    assert name == label
    return told, parameters, base64.b64decode(found[1])


def base_of(parameters: str, values: dict[str, str]) -> bytes:
    """The signature base (RFC 9421, section 2.5) of the components in their order."""
    listed = re.fullmatch(r"\((.*?)\)(;.*)", parameters)
    assert listed is not None
    lines = [f"{one}: {values[one]}" for one in listed[1].split(" ")]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode("ascii")


def components(fields: dict[str, str], body: bytes) -> dict[str, str]:
    if body:
        digest = base64.b64encode(sha256(body).digest()).decode()
        assert fields["content-digest"] == f"sha-256=:{digest}:"
    return {f'"{name}"': value for name, value in fields.items()}


@pytest.mark.parametrize("one", VECTORS["requests"], ids=lambda one: one["method"])
def test_signed_requests_and_replies(one: dict[str, Any]) -> None:
    path, _, query = one["target"].partition("?")
    fields, parameters, signature = signed_fields(one["headers"], "kiosk")
    values = components(fields, bytes.fromhex(one["body"]))
    values |= {'"@method"': one["method"], '"@path"': path, '"@query"': f"?{query}"}
    must = {"@method", "@path", "x-kiosk"} | ({"@query"} if query else set())
    must |= {"content-digest", "content-type", "content-encoding"} if one["body"] else set()
    assert {f'"{name}"' for name in must} == set(parameters[1 : parameters.index(")")].split(" "))
    assert re.fullmatch(
        rf'\(.*\);created=[0-9]+;keyid="{KEYS["kiosk_signing"]["id"]}";nonce="[0-9a-f]{{32}}";tag="kiosk"',
        parameters,
    )
    assert verified("kiosk_signing", signature, base_of(parameters, values))

    reply = one["reply"]
    told, answered, sealed = signed_fields(reply["headers"], "hub")
    values = components(told, bytes.fromhex(reply["body"]))
    request_signature = fields["signature"].partition("=")[2]
    values |= {'"@status"': str(reply["status"]), '"signature";req;key="kiosk"': request_signature}
    assert f'keyid="{KEYS["hub_signing"]["id"]}";tag="hub"' in answered
    assert verified("hub_signing", sealed, base_of(answered, values))


CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_enrolment() -> None:
    told = VECTORS["enrolment"]
    signs = told["code"].replace("-", "")
    number, check = 0, 0
    for one in signs[:24]:
        number = number * 32 + CROCKFORD.index(one)
        check = (check ^ CROCKFORD.index(one)) << 1
        check = check ^ 37 if check >= 32 else check
    assert signs[24:] == CROCKFORD[check]
    held = number.to_bytes(15, "big")
    assert (held[:10].hex(), held[10:]) == (told["secret"], sha256(public("hub_signing")).digest()[:5])
    secret = sha256(b"jkn/enrol-code/v1\0" + held[:10]).digest()
    code = Ed25519PrivateKey.from_private_bytes(secret).public_key()
    asked = told["asked"]
    assert asked["code"] == sha256(code.public_bytes_raw()).digest()[:8].hex()
    six = {name: asked[name] for name in ("kiosk", "training", "signing", "opening", "epoch", "program")}
    code.verify(base64.b64decode(asked["proof"]), b"jkn/enrol-ask/v1\0" + written(six).encode())
    assert len(asked) == 8
    answer = told["answer"]
    statement = base64.b64decode(answer["statement"])
    assert answer["key"] == KEYS["hub_signing"]["id"]
    assert verified("hub_signing", base64.b64decode(answer["signature"]), b"jkn/enrol/v1\0" + statement)
    said = json.loads(statement)
    assert written(said).encode() == statement
    assert sorted(said) == ["at", "kiosk", "kiosk_key", "sealing", "signing", "training"]
    assert said["signing"][0]["public"] == KEYS["hub_signing"]["public"]


# The program reads the same out of them.


def test_the_program_reads_the_enrolment() -> None:
    told = VECTORS["enrolment"]
    asked, key, proof = enrolment.application_from(told["asked"])
    code = enrolment.EnrolCode.parse(told["code"].lower())
    assert code.key.id == key
    assert asked.is_proved(proof, code.key.public)
    assert enrolment.enrolled_from(told["answer"], code, asked).sealing[0].public == public("hub_opening")


@pytest.mark.parametrize("one", VECTORS["requests"], ids=lambda one: one["method"])
def test_the_program_takes_the_requests_and_replies(one: dict[str, Any]) -> None:
    request = Request(one["method"], one["target"], fields_of(one), bytes.fromhex(one["body"]))
    assert verify_request(request, {KIOSK_ID: public("kiosk_signing")}.get).key == KIOSK_ID
    answer = one["reply"]
    reply = Reply(answer["status"], request, fields_of(answer), bytes.fromhex(answer["body"]))
    hub = bytes.fromhex(KEYS["hub_signing"]["id"])
    assert verify_reply(reply, {hub: public("hub_signing")}) == hub


KIOSK_ID = bytes.fromhex(KEYS["kiosk_signing"]["id"])


def fields_of(one: dict[str, Any]) -> Fields:
    return Fields([(name, value) for name, value in one["headers"]])


@pytest.mark.parametrize("one", ENVELOPES, ids=lambda one: one["header"]["kiosk"])
def test_the_program_reads_the_envelopes(one: dict[str, Any]) -> None:
    found = envelope.read(bytes.fromhex(one["bytes"]))
    hub = OpeningKey.from_secret(bytes.fromhex(KEYS["hub_opening"]["secret"]))
    assert found.is_signed_by(public("kiosk_signing"))
    text = hub.open(found.sealed, found.info)
    assert text is not None
    data = content.unpack(text)
    assert data.decode() == CONTENTS[one["content"]]["json"]
    assert parse_reference(content.decode(data, found.header.schema).reference) is not None
    assert found.header.encode().hex() == one["header_bytes"]


def test_the_program_reads_the_statements() -> None:
    hub = public("hub_signing")
    kiosk = OpeningKey.from_secret(bytes.fromhex(KEYS["kiosk_opening"]["secret"]))
    for one in VECTORS["receipts"]:
        receipt = statements.receipt_from(one["kiosk"], one["json"], training=one["training"])
        assert receipt.is_signed_by(hub)
        assert receipt.as_dict() == one["json"]
    for one in VECTORS["messages"]:
        found = statements.message_from(one["kiosk"], one["json"], training=one["training"])
        assert found.is_signed_by(hub)
        assert found.payload(kiosk) == one["payload"]


def test_the_program_reads_the_manifests() -> None:
    for one in VECTORS["manifests"]:
        found = parcel.read_manifest(one["file"].encode())
        signer = {"export": "kiosk_signing", "answers": "hub_signing"}[found.manifest.kind]
        assert found.is_signed_by(public(signer))
        secret = SigningKey.from_secret(bytes.fromhex(KEYS[signer]["secret"]))
        assert found.manifest.signed(secret).decode() == one["file"]


def test_the_page_leads_where_it_says() -> None:
    headings = {re.sub(r"\W+", "-", title.lower()) for title in re.findall(r"^## (.+)$", PAGE, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) == headings
    for number in (envelope.LONGEST, content.LONGEST, envelope.LATEST_MS, envelope.MOST_VERSIONS):
        assert f"{number:,}" in PAGE
