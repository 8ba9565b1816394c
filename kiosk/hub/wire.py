"""Bodies as they travel: read up to a limit, compressed or not."""

from __future__ import annotations

import asyncio
import zlib

import zstandard
from starlette.requests import Request

from kiosk.hub.refusals import Refusal

LONGEST = 2 * 1024 * 1024
"""Bytes of the largest body, both as it travels and unpacked."""

_SLOWEST_SECONDS = 600
_WORTH = 300
"""Below so many bytes an answer is not compressed."""


async def body_of(request: Request, limit: int = LONGEST) -> bytes:
    """The whole body; Refusal 413 `request.too_large`, and 408 `request.slow` after ten minutes."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit:
        raise Refusal(413, "request.too_large")
    parts, size = [], 0
    try:
        async with asyncio.timeout(_SLOWEST_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise Refusal(413, "request.too_large")
                parts.append(part)
    except TimeoutError:
        raise Refusal(408, "request.slow") from None
    return b"".join(parts)


def unpacked(body: bytes, encoding: str, limit: int = LONGEST) -> bytes:
    """The body before it was compressed.

    Raises Refusal: 415 `request.encoding` for another encoding than identity, gzip and zstd; 400
    `request.compression` for what is damaged or has something behind its end; 413 `request.too_large`.
    """
    if encoding in {"", "identity"}:
        return body
    if encoding not in {"gzip", "zstd"}:
        raise Refusal(415, "request.encoding")
    try:
        found, is_whole = _gunzipped(body, limit) if encoding == "gzip" else _unzstd(body, limit)
    except (zlib.error, zstandard.ZstdError):
        raise Refusal(400, "request.compression") from None
    if len(found) > limit:
        raise Refusal(413, "request.too_large")
    if not is_whole:
        raise Refusal(400, "request.compression")
    return found


def _gunzipped(body: bytes, limit: int) -> tuple[bytes, bool]:
    unpacker = zlib.decompressobj(wbits=31)
    return unpacker.decompress(body, limit + 1), unpacker.eof and not unpacker.unused_data


def _unzstd(body: bytes, limit: int) -> tuple[bytes, bool]:
    # A window no larger than the limit, so that a frame cannot ask for more memory than that.
    unpacker = zstandard.ZstdDecompressor(max_window_size=limit)
    whole = unpacker.decompressobj()
    parts, size = [], 0
    for start in range(0, len(body), 4096):
        part = whole.decompress(body[start : start + 4096])
        size += len(part)
        parts.append(part)
        if size > limit or whole.eof:
            rest = body[start + 4096 :] or whole.unused_data
            return b"".join(parts), whole.eof and not rest
    return b"".join(parts), False


def packed(body: bytes, accepted: str) -> tuple[bytes, str]:
    """The body in the best encoding that `accepted` (Accept-Encoding) names, and that encoding or ``."""
    names = {
        one.partition(";")[0].strip().lower()
        for one in accepted.split(",")
        if one.replace(" ", "").partition(";q=")[2] not in {"0", "0.0", "0.00", "0.000"}
    }
    if len(body) < _WORTH:
        return body, ""
    if "zstd" in names:
        return zstandard.ZstdCompressor(level=3).compress(body), "zstd"
    if "gzip" in names:
        packer = zlib.compressobj(6, wbits=31)
        return packer.compress(body) + packer.flush(), "gzip"
    return body, ""
