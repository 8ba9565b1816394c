"""Replies that are not the hub's are taken for lost, each by its name, and the true one for what it says."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import zstandard

from kiosk.sync.canonical import to_text
from kiosk.sync.http import LONGEST, HubLine, HubRefusalError, LostReplyError, UnreachableError
from kiosk.sync.keys import SigningKey
from kiosk.sync.pace import Pace
from kiosk.sync.signing import Fields, Reply, Request, sign_reply, verify_request
from kiosk.sync.talk import Named, ask_receipts, read_inbox, send_envelopes

HUB, STRANGER = SigningKey.generate(), SigningKey.generate()
KIOSK = SigningKey.generate()

Answer = Callable[[Request], bytes]


def _request_of(raw: bytes, body: bytes) -> Request:
    first, *lines = raw.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    fields = Fields((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
    return Request(method, target, fields, body)


def raw_reply(status: int, headers: list[tuple[str, str]], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers)]
    if not any(name == "content-length" for name, _ in headers):
        lines.append(f"content-length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def signed(
    payload: Any,
    *,
    status: int = 200,
    signer: SigningKey = HUB,
    encoding: str = "",
    media: str = "application/json",
    body: bytes | None = None,
    created: int | None = None,
    more: tuple[tuple[str, str], ...] = (),
) -> Answer:
    """What a hub would answer."""

    def answer(request: Request) -> bytes:
        data = json.dumps(payload).encode() if body is None else body
        if encoding == "gzip" and body is None:
            data = gzip.compress(data)
        if encoding == "zstd" and body is None:
            data = zstandard.compress(data)
        fields = Fields([("content-type", media), *more])
        if encoding:
            fields["content-encoding"] = encoding
        reply = Reply(status, request, fields, data)
        sign_reply(reply, signer, created=int(time.time()) if created is None else created)
        return raw_reply(status, list(reply.headers.items()), data)

    return answer


class Server:
    """Answers each request with the next of `answers`, the last one again and again."""

    def __init__(self, *answers: Answer | str) -> None:
        self.answers = list(answers)
        self.heard: list[Request] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.lower().split(b"\r\n")
                        if line.startswith(b"content-length:")
                    ),
                    0,
                )
                request = _request_of(head, await reader.readexactly(length))
                self.heard.append(request)
                answer = self.answers[min(len(self.heard), len(self.answers)) - 1]
                if answer == "hang":
                    await reader.read()
                    return
                if answer == "cut":
                    return
                if answer == "half":
                    writer.write(raw_reply(200, [("content-length", "50")], b"{"))
                    return
                if answer == "drip":
                    for byte in raw_reply(200, [], b"{}"):
                        writer.write(bytes((byte,)))
                        await writer.drain()
                        await asyncio.sleep(0.02)
                    return
                if callable(answer):
                    writer.write(answer(request))
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def line(self, *, floor: float = 5.0) -> AsyncIterator[HubLine]:
        server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        pace = Pace(floor=floor)
        pace._delay = 0.0
        pace._speed = 1e9
        async with (
            server,
            HubLine(f"http://127.0.0.1:{port}", "K1", KIOSK, {HUB.id: HUB.public}, pace=pace) as line,
        ):
            yield line


async def test_a_request_is_signed_and_a_signed_reply_is_read() -> None:
    server = Server(signed({"now": 1}))
    async with server.line() as line:
        assert await line.post("/v1/status", {"waiting": 0}) == {"now": 1}
    (request,) = server.heard
    assert verify_request(request, {KIOSK.id: KIOSK.public}.get).key == KIOSK.id
    assert request.headers.get("x-kiosk") == "K1"
    assert (request.target, json.loads(request.body)) == ("/v1/status", {"waiting": 0})


@pytest.mark.parametrize("encoding", ["", "gzip", "zstd"])
async def test_compressed_replies_are_read_after_their_signature(encoding: str) -> None:
    payload = {"now": 1, "text": "a" * 5000}
    async with Server(signed(payload, encoding=encoding)).line() as line:
        assert await line.get("/v1/inbox?after=0") == payload


async def test_a_long_body_goes_compressed() -> None:
    server = Server(signed({}))
    async with server.line() as line:
        await line.post("/v1/x", {"text": "a" * 5000})
    (request,) = server.heard
    assert request.headers.get("content-encoding") == "zstd"
    assert len(request.body) < 200
    verify_request(request, {KIOSK.id: KIOSK.public}.get)


PAGE = b"<html><body>Sign in to the wireless network</body></html>"
HOSTILE: dict[str, tuple[Answer | str, str]] = {
    "a sign-in page": (lambda _: raw_reply(200, [("content-type", "text/html")], PAGE), "reply.unsigned"),
    "a signed page": (signed(None, body=PAGE, media="text/html"), "reply.malformed"),
    "an unsigned answer": (
        lambda _: raw_reply(200, [("content-type", "application/json")], b'{"items": []}'),
        "reply.unsigned",
    ),
    "a stranger's signature": (signed({}, signer=STRANGER), "reply.unknown_key"),
    "a page of a gateway": (lambda _: raw_reply(502, [], PAGE), "reply.unsigned"),
    "a redirect": (
        lambda _: raw_reply(302, [("location", "http://elsewhere.test/v1/status")], b""),
        "reply.redirect",
    ),
    "a signed redirect": (signed({}, status=307, more=(("location", "/v1/x"),)), "reply.redirect"),
    "another status": (signed({}, status=201), "reply.malformed"),
    "no object": (signed([1, 2]), "reply.malformed"),
    "no JSON": (signed(None, body=b"{"), "reply.malformed"),
    "JSON in JSON in JSON": (signed(None, body=b"[" * 100_000), "reply.malformed"),
    "an unknown encoding": (signed({}, encoding="br"), "reply.malformed"),
    "no gzip": (signed(None, body=b"no gzip", encoding="gzip"), "reply.malformed"),
    "half a gzip": (signed(None, body=gzip.compress(b'{"a": 1}')[:-4], encoding="gzip"), "reply.malformed"),
    "no zstd": (signed(None, body=b"no zstd", encoding="zstd"), "reply.malformed"),
    "a bomb": (
        signed(None, body=gzip.compress(b" " * (LONGEST + 1)), encoding="gzip"),
        "reply.too_large",
    ),
    "a zstd bomb": (
        signed(None, body=zstandard.compress(b" " * (LONGEST + 1)), encoding="zstd"),
        "reply.too_large",
    ),
    "a huge body": (lambda _: raw_reply(200, [], b" " * (LONGEST + 1)), "reply.too_large"),
    "a cut body": ("half", "reply.lost"),
    "no reply": ("cut", "reply.lost"),
    "no HTTP": (lambda _: b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "reply.lost"),
    "silence": ("hang", "reply.slow"),
    "a slow drip": ("drip", "reply.slow"),
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_what_the_hub_did_not_say_is_as_good_as_lost(what: str) -> None:
    answer, code = HOSTILE[what]
    server = Server(answer)
    async with server.line(floor=0.3 if code == "reply.slow" else 20.0) as line:
        with pytest.raises(LostReplyError) as caught:
            await line.post("/v1/status", {})
    assert caught.value.code == code
    assert caught.value.exit_code == 5
    assert len(server.heard) == 1, "no redirect was followed, nothing was sent twice"


def _torn(request: Request, place: int) -> bytes:
    """A good reply in whose signed lines and body one byte is another."""
    reply = Reply(200, request, Fields([("content-type", "application/json")]), b'{"now": 1}')
    sign_reply(reply, HUB, created=int(time.time()))
    lines, body = [], reply.body
    for name, value in reply.headers.items():
        within = 0 <= place < len(value)
        torn = value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :] if within else value
        place -= len(value)
        lines.append((name, torn))
    if 0 <= place < len(body):
        body = body[:place] + bytes((body[place] ^ 1,)) + body[place + 1 :]
    return raw_reply(200, lines, body)


async def test_a_reply_with_any_byte_changed_is_refused() -> None:
    place = 0
    server = Server(lambda request: _torn(request, place))
    async with server.line(floor=20) as line:
        for place in range(300):  # noqa: B007 - the server looks at it
            with pytest.raises(LostReplyError):
                await line.post("/v1/status", {})
        place = 10_000
        assert await line.post("/v1/status", {}) == {"now": 1}


async def test_the_reply_to_another_request_is_refused() -> None:
    first: list[bytes] = []

    def answer(request: Request) -> bytes:
        first.append(signed({"now": 1})(request))
        return first[0]

    async with Server(answer).line() as line:
        await line.post("/v1/status", {})
        with pytest.raises(LostReplyError, match=r"reply\.signature"):
            await line.post("/v1/status", {})


async def test_a_refusal_that_the_hub_signed_is_told_by_its_code() -> None:
    refusal = signed({"code": "kiosk.revoked", "detail": ""}, status=403)
    async with Server(refusal).line() as line:
        with pytest.raises(HubRefusalError) as caught:
            await line.post("/v1/status", {})
    assert (caught.value.code, caught.value.status) == ("kiosk.revoked", 403)


async def test_how_long_to_wait_is_read_within_reason() -> None:
    for given, waits in (("7", 7), ("999999", 3600), ("soon", 0), ("-1", 0), ("9" * 99, 0)):
        refusal = signed({"code": "request.too_many"}, status=429, more=(("retry-after", given),))
        async with Server(refusal).line() as line:
            with pytest.raises(HubRefusalError) as caught:
                await line.post("/v1/status", {})
        assert caught.value.retry_after == waits


async def test_a_request_is_signed_again_by_the_hubs_clock() -> None:
    there = int(time.time()) + 400 * 24 * 3600
    refusal = signed({"code": "request.clock", "now": there * 1000}, status=401, created=there)
    server = Server(refusal, signed({"now": 1}, created=there))
    async with server.line() as line:
        assert await line.post("/v1/status", {}) == {"now": 1}
        assert line.drift_ms is not None
        assert abs(line.drift_ms + 400 * 24 * 3600 * 1000) < 10_000
        first, second = (verify_request(one, {KIOSK.id: KIOSK.public}.get) for one in server.heard)
        assert second.created - first.created > 399 * 24 * 3600
        assert first.nonce != second.nonce
        await line.post("/v1/status", {})
        assert len(server.heard) == 3, "the offset is kept"


async def test_a_clock_that_nobody_signed_is_not_gone_by() -> None:
    body = json.dumps({"code": "request.clock", "now": 1}).encode()
    server = Server(lambda _: raw_reply(401, [("content-type", "application/json")], body))
    async with server.line() as line:
        with pytest.raises(LostReplyError, match=r"reply\.unsigned"):
            await line.post("/v1/status", {})
    assert len(server.heard) == 1


async def test_a_hub_that_keeps_refusing_the_clock_ends_it() -> None:
    refusal = signed({"code": "request.clock", "now": 5}, status=401)
    server = Server(refusal)
    async with server.line() as line:
        with pytest.raises(HubRefusalError, match=r"request\.clock"):
            await line.post("/v1/status", {})
    assert len(server.heard) == 2


async def test_nobody_there_is_told_apart_from_a_lost_reply() -> None:
    async with HubLine("http://127.0.0.1:9", "K1", KIOSK, {}) as line:
        with pytest.raises(UnreachableError, match=r"hub\.unreachable"):
            await line.post("/v1/status", {})


@pytest.mark.parametrize(
    "url", ["", "hub.test", "ftp://hub.test", "http://", "file:///etc/passwd", "http://a b"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UnreachableError, match=r"hub\.url"):
        HubLine(url, "K1", KIOSK, {})


NAME = Named("0198f2c0-0000-7000-8000-000000000001", 1, "ab" * 32)
GOOD = {"status": "received", "code": "", "at": 1, "key": HUB.id.hex(), "signature": to_text(bytes(64))}
ITEMS: list[Any] = [
    None,
    {},
    [],
    [GOOD, GOOD],
    ["received"],
    [{"status": "perhaps"}],
    [{**GOOD, "at": "1"}],
    [{**GOOD, "at": -1}],
    [{**GOOD, "at": True}],
    [{**GOOD, "key": "AB" * 8}],
    [{**GOOD, "key": 7}],
    [{**GOOD, "signature": "no base64"}],
    [{**GOOD, "signature": to_text(bytes(63))}],
    [{"status": "received"}],
]


@pytest.mark.parametrize("items", ITEMS)
async def test_an_answer_of_another_form_is_as_good_as_lost(items: Any) -> None:
    async with Server(signed({"items": items})).line() as line:
        with pytest.raises(LostReplyError, match=r"reply\.malformed"):
            await send_envelopes(line, [NAME], [b"envelope"])
        with pytest.raises(LostReplyError, match=r"reply\.malformed"):
            await ask_receipts(line, [NAME])


async def test_each_item_is_read_by_itself() -> None:
    items = [GOOD, {"status": "conflict", "code": "record.conflict"}, {"status": "unknown", "code": ""}]
    async with Server(signed({"items": items})).line() as line:
        found = await ask_receipts(line, [NAME] * 3)
    assert [one.status for one in found] == ["received", "conflict", "unknown"]
    assert [one.code for one in found] == ["", "record.conflict", "unknown"]
    assert found[0].word is not None
    assert (found[0].word.record, found[0].word.hash) == (NAME.record, NAME.hash)
    assert found[1].word is found[2].word is None


MESSAGE = {
    "n": 1,
    "kind": "weather",
    "sealed": False,
    "key": HUB.id.hex(),
    "body": "e30=",
    "signature": to_text(bytes(64)),
}
PAGES: list[Any] = [
    {},
    {"items": [], "more": 1},
    {"items": {}, "more": False},
    {"items": ["x"], "more": False},
    {"items": [{**MESSAGE, "n": "1"}], "more": False},
    {"items": [{**MESSAGE, "kind": "UPPER"}], "more": False},
    {"items": [{**MESSAGE, "more": 1}], "more": False},
    {"items": [MESSAGE] * 51, "more": False},
]


@pytest.mark.parametrize("page", PAGES)
async def test_an_inbox_of_another_form_is_as_good_as_lost(page: Any) -> None:
    async with Server(signed(page)).line() as line:
        with pytest.raises(LostReplyError, match=r"reply\.malformed"):
            await read_inbox(line, "K1", 0, training=False)


async def test_an_inbox_may_come_under_a_key_that_is_still_to_be_told() -> None:
    page = {"items": [MESSAGE], "more": True}
    async with Server(signed(page, signer=STRANGER)).line() as line:
        found = await read_inbox(line, "K1", 0, training=False)
        assert (len(found.letters), found.more) == (1, True)
        with pytest.raises(LostReplyError, match=r"reply\.unknown_key"):
            await ask_receipts(line, [])


async def test_more_without_a_message_ends_the_reading() -> None:
    async with Server(signed({"items": [], "more": True})).line() as line:
        assert (await read_inbox(line, "K1", 0, training=False)).more is False
