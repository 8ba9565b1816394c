"""A kiosk for tests of the hub: it enrols, signs, sends, and can be told to do each of these wrongly."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from kiosk.sync import content, envelope
from kiosk.sync.canonical import from_text
from kiosk.sync.enrolment import Application, EnrolCode, Enrolled, enrolled_from
from kiosk.sync.envelope import Header
from kiosk.sync.keys import OpeningKey, SigningKey
from kiosk.sync.signing import Fields, Reply, Request, sign_request, verify_reply
from kiosk.sync.statements import Receipt
from tests.sync.samples import a_content

ENVELOPES = "application/vnd.jkn.envelopes"
JSON = "application/json"


def a_record(number: int) -> str:
    """A record's id (UUIDv7), the same for the same number."""
    return str(uuid.UUID(int=(0x01890A5D << 96) | (number << 80) | (0x7000 << 64) | (0x8 << 60) | number))


@dataclass
class Answer:
    """What came back."""

    status: int
    body: bytes
    fields: Mapping[str, str]
    reply: Reply

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["code"])

    @property
    def statuses(self) -> list[str]:
        return [item["status"] for item in self.json["items"]]


@dataclass
class KioskAtHub:
    """One kiosk, and the hub that it talks to at `url`."""

    url: str
    name: str = "K1"
    training: bool = False
    signer: SigningKey = field(default_factory=SigningKey.generate)
    opener: OpeningKey = field(default_factory=OpeningKey.generate)
    epoch: str = field(default_factory=lambda: str(uuid.uuid4()))
    hub: Enrolled | None = None
    clock_ahead: int = 0

    def __post_init__(self) -> None:
        self.client = httpx2.Client(base_url=self.url, timeout=30, headers={"accept-encoding": "identity"})

    def close(self) -> None:
        self.client.close()

    @property
    def application(self) -> Application:
        return Application(
            self.name, self.training, self.signer.public, self.opener.public, self.epoch, "0.1.0"
        )

    @property
    def hub_publics(self) -> dict[bytes, bytes]:
        assert self.hub is not None
        return {key.id: key.public for key in self.hub.signing}

    def enrol(self, code: EnrolCode) -> Answer:
        answer = self.send("POST", "/v1/enrol", json.dumps(self.application.as_dict(code.key)).encode())
        if answer.status == 200:
            self.hub = enrolled_from(answer.json, code, self.application)
        return answer

    def request(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        media: str = JSON,
        *,
        nonce: bytes = b"",
        fields: Mapping[str, str] | None = None,
    ) -> Request:
        """A signed request, not yet sent."""
        lines = [("x-kiosk", self.name), *(fields or {}).items()]
        if body:
            lines.append(("content-type", media))
        request = Request(method, target, Fields(lines), body)
        sign_request(request, self.signer, created=int(time.time()) + self.clock_ahead, nonce=nonce)
        return request

    def pass_on(self, request: Request) -> Answer:
        """Sends a request as it is, and takes the raw answer."""
        with self.client.stream(
            request.method,
            request.target,
            content=request.body or None,
            headers=list(request.headers.items()),
        ) as response:
            body = b"".join(response.iter_raw())
        reply = Reply(response.status_code, request, Fields(response.headers.multi_items()), body)
        return Answer(response.status_code, body, dict(response.headers), reply)

    def send(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        media: str = JSON,
        *,
        fields: Mapping[str, str] | None = None,
    ) -> Answer:
        """Signs, sends, and where the hub is known checks that it signed the answer."""
        answer = self.pass_on(self.request(method, target, body, media, fields=fields))
        if self.hub is not None:
            verify_reply(answer.reply, self.hub_publics)
        return answer

    def send_envelopes(self, batch: Sequence[bytes]) -> Answer:
        return self.send("POST", "/v1/envelopes", envelope.joined(list(batch)), ENVELOPES)

    def ask_receipts(self, headers: Sequence[Header]) -> Answer:
        asked = [
            {"record": one.record, "version": one.version, "hash": one.content_hash.hex()} for one in headers
        ]
        return self.send("POST", "/v1/receipts", json.dumps({"items": asked}).encode())

    def seal(self, number: int, *, seed: int | None = None, **changes: Any) -> bytes:
        """A sealed record; `changes` are of its header."""
        assert self.hub is not None
        made = content.encode(a_content(number if seed is None else seed))
        kk = json.loads(made)["family"]["kk"]
        values: dict[str, Any] = {
            "kiosk": self.name,
            "record": a_record(number),
            "version": 1,
            "kind": content.REGISTRATION,
            "schema": content.SCHEMA,
            "shard": envelope.shard_of(kk),
            "created_ms": 1_795_000_000_000,
            "content_hash": envelope.content_hash(made),
            "audit_head": bytes(16),
            "hub_key": self.hub.sealing[0].id,
            "kiosk_key": self.signer.id,
            "training": self.training,
        }
        header = Header(**values | changes)
        sealed = envelope.seal(
            header, content.pack(made), hub_public=self.hub.sealing[0].public, signer=self.signer
        )
        return sealed.encode()

    def receipt(self, raw: bytes, item: Mapping[str, Any]) -> Receipt:
        """The receipt in an item of the answer for the envelope `raw`."""
        header = envelope.read(raw).header
        return Receipt(
            self.name,
            header.record,
            header.version,
            header.content_hash,
            item["at"],
            bytes.fromhex(item["key"]),
            from_text(item["signature"]),
            training=self.training,
        )

    def has_receipt(self, raw: bytes, item: Mapping[str, Any]) -> bool:
        """Whether the item holds a good receipt for the envelope `raw`."""
        receipt = self.receipt(raw, item)
        return receipt.is_signed_by(self.hub_publics[receipt.key])
