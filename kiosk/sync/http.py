"""The hub over HTTP: signed requests, and replies that are believed only where the hub has signed them.

A reply that is not (cut, forged, of a proxy on the way, too large, too slow) counts as lost: whatever it
says, nothing is known of what became of the request.
"""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx2
import zstandard

from kiosk.errors import CarrierError, KioskError
from kiosk.sync.keys import SigningKey
from kiosk.sync.pace import Pace
from kiosk.sync.signing import (
    KIOSK_HEADER,
    BadSignatureError,
    Fields,
    Reply,
    Request,
    sign_request,
    verify_reply,
)

JSON = "application/json"
LONGEST = 8 * 1024 * 1024
"""Bytes of the largest reply, both as it travels and unpacked."""

_WORTH = 300
"""Below so many bytes a body is not compressed."""

_OVERHEAD = 1200
"""Bytes of the lines that stand around both bodies, about."""


class UnreachableError(CarrierError):
    """The hub cannot be reached, so nothing was sent: `hub.unreachable`, `hub.url`."""


class LostReplyError(CarrierError):
    """No reply that could be believed: the request may have been done or not.

    `reply.lost` (the line broke), `reply.slow`, `reply.redirect`, `reply.too_large`, `reply.malformed`, and
    what `verify_reply` raises.
    """


class HubRefusalError(KioskError):
    """The hub has refused a request and signed that; `status` is that of HTTP."""

    def __init__(self, status: int, code: str, facts: Mapping[str, Any], retry_after: float = 0) -> None:
        super().__init__(code)
        self.status = status
        self.facts = facts
        self.retry_after = retry_after


@dataclass
class HubLine:
    """The line of one kiosk to one hub, used in an `async with` block.

    `publics` are the hub's signing keys by their ids; `drift_ms` is how far this clock is ahead of the hub's,
    None while nobody has compared them. The clock itself is left alone.
    """

    url: str
    kiosk: str
    signer: SigningKey
    publics: Mapping[bytes, bytes]
    pace: Pace = field(default_factory=Pace)
    now: Callable[[], float] = time.time
    ticks: Callable[[], float] = time.monotonic
    drift_ms: int | None = None
    bytes_sent: int = 0
    bytes_received: int = 0

    def __post_init__(self) -> None:
        try:
            parts = httpx2.URL(self.url)
        except httpx2.InvalidURL:
            raise UnreachableError("hub.url", self.url) from None
        if parts.scheme not in {"http", "https"} or not parts.host or " " in self.url:
            raise UnreachableError("hub.url", self.url)
        self._base = str(parts).rstrip("/")
        self._offset = 0.0
        self._client: httpx2.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        limits = httpx2.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=50)
        self._client = httpx2.AsyncClient(timeout=None, follow_redirects=False, limits=limits)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()
        self._client = None

    async def get(self, target: str, *, expected: int = 0, any_key: bool = False) -> Mapping[str, Any]:
        """The answer to a question without a body; `expected` is about how many bytes it will have.

        With `any_key` a reply is taken that a key unknown here has signed: for what is signed in itself.
        """
        return await self._asked(Request("GET", target), expected, any_key=any_key)

    async def post(self, target: str, payload: Mapping[str, Any], *, expected: int = 0) -> Mapping[str, Any]:
        """The answer to a body of JSON."""
        body = json.dumps(payload, separators=(",", ":")).encode("ascii")
        return await self.post_bytes(target, body, JSON, expected=expected)

    async def post_bytes(
        self, target: str, body: bytes, media: str, *, expected: int = 0
    ) -> Mapping[str, Any]:
        """The answer to a body of any kind."""
        fields = Fields([("content-type", media)])
        packed = zstandard.ZstdCompressor(level=6).compress(body) if len(body) >= _WORTH else body
        if len(packed) < len(body):
            fields["content-encoding"], body = "zstd", packed
        return await self._asked(Request("POST", target, fields, body), expected)

    async def unsigned(self, target: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The reply to a signed request whose own signature does not count: what is in it has another one.

        A refusal in it is raised, for all that it may be forged: it changes nothing.
        """
        body = json.dumps(payload, separators=(",", ":")).encode("ascii")
        request = Request("POST", target, Fields([("content-type", JSON)]), body)
        try:
            return _read(await self._sent(request, 0))
        except HubRefusalError as error:
            self._offset = self._offset_by(error)
        return _read(await self._sent(request, 0))

    async def _asked(self, request: Request, expected: int, *, any_key: bool = False) -> Mapping[str, Any]:
        try:
            return await self._once(request, expected, any_key=any_key)
        except HubRefusalError as error:
            # The hub's time is in a reply that it has signed, so it may be signed by.
            self._offset = self._offset_by(error)
        return await self._once(request, expected, any_key=any_key)

    def _offset_by(self, error: HubRefusalError) -> float:
        """The hub's clock less ours where it has refused ours; else the refusal is raised again."""
        now = error.facts.get("now")
        if error.code != "request.clock" or type(now) is not int:
            raise error
        return now / 1000 - self.now()

    async def _once(self, request: Request, expected: int, *, any_key: bool) -> Mapping[str, Any]:
        reply = await self._sent(request, expected)
        try:
            verify_reply(reply, self.publics)
        except BadSignatureError as error:
            if not (any_key and error.code == "reply.unknown_key"):
                raise LostReplyError(error.code) from None
        else:
            self._compare_clocks(reply)
        return _read(reply)

    def _compare_clocks(self, reply: Reply) -> None:
        """Reads the hub's clock off the signature of its reply, which is made in the moment it is sent."""
        _, _, rest = reply.headers.get("signature-input").partition("created=")
        digits = rest.partition(";")[0]
        if digits.isascii() and digits.isdigit():
            self.drift_ms = round((self.now() - int(digits)) * 1000)

    async def _sent(self, request: Request, expected: int) -> Reply:
        if self._client is None:
            raise RuntimeError("a line is used inside its `async with` block")
        signed = Request(request.method, request.target, Fields(request.headers.lines), request.body)
        signed.headers[KIOSK_HEADER] = self.kiosk
        sign_request(signed, self.signer, created=int(self.now() + self._offset))
        size = len(request.body) + expected + _OVERHEAD
        started = self.ticks()
        try:
            async with asyncio.timeout(self.pace.deadline(size)):
                reply = await self._exchanged(signed)
        except TimeoutError:
            self.pace.waited_in_vain()
            raise LostReplyError("reply.slow") from None
        self.pace.answered(len(request.body) + len(reply.body) + _OVERHEAD, self.ticks() - started)
        return reply

    async def _exchanged(self, request: Request) -> Reply:
        assert self._client is not None  # noqa: S101 - asked by who has it open
        headers = [("accept-encoding", "zstd, gzip"), ("user-agent", "kiosk"), *request.headers.lines]
        outgoing = httpx2.Request(
            request.method, self._base + request.target, headers=headers, content=request.body
        )
        try:
            response = await self._client.send(outgoing, stream=True)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol) as error:
            raise UnreachableError("hub.unreachable", type(error).__name__) from None
        except httpx2.HTTPError as error:
            raise LostReplyError("reply.lost", type(error).__name__) from None
        finally:
            self.bytes_sent += len(request.body)
        try:
            body = await self._body_of(response)
        finally:
            await response.aclose()
        lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
        return Reply(response.status_code, request, Fields(lines), body)

    async def _body_of(self, response: httpx2.Response) -> bytes:
        if 300 <= response.status_code < 400:
            raise LostReplyError("reply.redirect")
        parts, size = [], 0
        try:
            async for part in response.aiter_raw():
                size += len(part)
                self.bytes_received += len(part)
                if size > LONGEST:
                    raise LostReplyError("reply.too_large")
                parts.append(part)
        except httpx2.HTTPError as error:
            raise LostReplyError("reply.lost", type(error).__name__) from None
        return b"".join(parts)


def _read(reply: Reply) -> Mapping[str, Any]:
    """What a reply says; raises HubRefusalError for a refusal, LostReplyError for what is no JSON object."""
    body = _unpacked(reply.body, reply.headers.get("content-encoding").lower())
    if reply.headers.get("content-type").partition(";")[0].strip().lower() != JSON:
        raise LostReplyError("reply.malformed", "content-type")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise LostReplyError("reply.malformed", "json") from None
    if not isinstance(found, dict):
        raise LostReplyError("reply.malformed", "json")
    if reply.status_code >= 400:
        code = found.get("code")
        wait = reply.headers.get("retry-after")
        raise HubRefusalError(
            reply.status_code,
            code if isinstance(code, str) and code.isascii() and len(code) <= 64 else "hub.refused",
            found,
            min(int(wait), 3600) if wait.isascii() and wait.isdigit() and len(wait) < 9 else 0,
        )
    if reply.status_code != 200:
        raise LostReplyError("reply.malformed", "status")
    return found


def _unpacked(body: bytes, encoding: str) -> bytes:
    try:
        if encoding in {"", "identity"}:
            return body
        if encoding == "gzip":
            unzip = zlib.decompressobj(wbits=31)
            found = unzip.decompress(body, LONGEST + 1)
            is_whole = unzip.eof and not unzip.unused_data
        elif encoding == "zstd":
            with zstandard.ZstdDecompressor(max_window_size=LONGEST).stream_reader(body) as reader:
                found = reader.read(LONGEST + 1)
            is_whole = True
        else:
            raise LostReplyError("reply.malformed", "content-encoding")
    except (zlib.error, zstandard.ZstdError):
        raise LostReplyError("reply.malformed", "compression") from None
    if len(found) > LONGEST:
        raise LostReplyError("reply.too_large")
    if not is_whole:
        raise LostReplyError("reply.malformed", "compression")
    return found
