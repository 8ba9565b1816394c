"""A bad line on loopback between a kiosk and the hub: loses, repeats, delays, cuts, reorders and is slow.

What happens to a request is drawn from the seed, the kiosk's name and how many requests of this kiosk came
before it, so that a kiosk meets the same faults again whatever the others do meanwhile.
"""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Self

_PIECE = 1024
_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Faults:
    """How often of each hundred requests each fault strikes; at most one of them strikes a request.

    A lost reply closes the connection, a hole leaves it open in silence. A repeated request reaches the hub
    twice at once, an echo once more after the kiosk's next request. A late one is lost for the kiosk and
    reaches the hub after its next request. A torn reply has one byte changed. `delay` are the most seconds
    that any request may be held up, drawn evenly.
    """

    lost_request: int = 0
    cut_request: int = 0
    late: int = 0
    lost_reply: int = 0
    hole: int = 0
    cut_reply: int = 0
    torn_reply: int = 0
    repeat: int = 0
    echo: int = 0
    delay: float = 0.0

    def drawn(self, draw: random.Random) -> str:
        """The name of the fault that strikes, "" for none."""
        place = draw.randrange(100)
        for one in fields(self):
            if one.name != "delay":
                place -= getattr(self, one.name)
                if place < 0:
                    return one.name
        return ""


CALM = Faults()
BAD = Faults(
    lost_request=4,
    cut_request=4,
    late=4,
    lost_reply=10,
    hole=2,
    cut_reply=4,
    torn_reply=4,
    repeat=6,
    echo=6,
    delay=0.01,
)
"""A line on which nearly every second request meets something."""


@dataclass
class Line:
    """One direction of a line: so many bits a second for all who share it, 0 for as many as come."""

    bits_per_second: int = 0
    carried: int = 0
    _free_at: float = 0.0

    async def carry(self, size: int) -> None:
        """Returns when so many bytes have gone over the line."""
        self.carried += size
        if self.bits_per_second:
            now = asyncio.get_running_loop().time()
            self._free_at = max(now, self._free_at) + size * 8 / self.bits_per_second
            await asyncio.sleep(self._free_at - now)


@dataclass(frozen=True, slots=True)
class HttpMessage:
    """A request or a reply as it travelled, and where its body begins."""

    raw: bytes
    body_at: int
    kiosk: str = ""

    @property
    def body(self) -> bytes:
        return self.raw[self.body_at :]


class _Bytes:
    """Reads messages from a connection, each piece of them over the line."""

    def __init__(self, reader: asyncio.StreamReader, line: Line) -> None:
        self._reader, self._line, self._held = reader, line, b""

    async def message(self) -> HttpMessage | None:
        """The next message; None at the end of the connection, also in the middle of one."""
        while b"\r\n\r\n" not in self._held:
            if not await self._more():
                return None
        body_at = self._held.index(b"\r\n\r\n") + 4
        headers = _headers(self._held[:body_at])
        end = body_at + int(headers.get("content-length", 0))
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while (end := _end_of_chunks(self._held, body_at)) < 0:
                if not await self._more():
                    return None
        while len(self._held) < end:
            if not await self._more():
                return None
        raw, self._held = self._held[:end], self._held[end:]
        return HttpMessage(raw, body_at, headers.get("x-kiosk", ""))

    async def _more(self) -> bool:
        piece = await self._reader.read(_PIECE)
        await self._line.carry(len(piece))
        self._held += piece
        return bool(piece)


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}


def _end_of_chunks(data: bytes, place: int) -> int:
    """Where a chunked body ends; -1 where it goes on. Trailers are not known here."""
    while (line_end := data.find(b"\r\n", place)) >= 0:
        size = int(data[place:line_end].partition(b";")[0], 16)
        place = line_end + 2 + size + 2
        if size == 0:
            return place if place <= len(data) else -1
    return -1


@dataclass
class Proxy:
    """The line while it is used in a `with`: kiosks call `url`, requests go on to one of `targets`.

    `targets` and `faults` may be changed at any moment. `change` sees each reply before it goes back and
    may give other bytes in its place. `heard` is given each request where it is a list. Faults strike `only`
    what is asked below this path. `met` counts what struck, and the requests of each path.
    """

    targets: Sequence[int]
    seed: int = 0
    faults: Faults = CALM
    bits_per_second: int = 0
    latency: float = 0.0
    change: Callable[[HttpMessage], bytes] | None = None
    heard: list[HttpMessage] | None = None
    only: str = ""
    met: Counter[str] = field(default_factory=Counter)
    port: int = 0

    def __post_init__(self) -> None:
        self.up, self.down = Line(self.bits_per_second), Line(self.bits_per_second)
        self._turns: Counter[str] = Counter()
        self._owed: defaultdict[str, list[HttpMessage]] = defaultdict(list)
        self._clients: set[asyncio.Task[None] | None] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def slow_down(self, bits_per_second: int) -> None:
        """From now on so many bits a second, counted anew."""
        self.up, self.down = Line(bits_per_second), Line(bits_per_second)
        self.met.clear()

    def settle(self) -> None:
        """No more faults; what was late or is to be repeated reaches the hub now."""
        self.faults = CALM
        for kiosk in list(self._owed):
            asyncio.run_coroutine_threadsafe(self._pay(kiosk), self._loop).result()

    async def _open(self) -> asyncio.Server:
        door = socket.create_server((_HOST, 0))
        if self.bits_per_second or self.latency:
            # A small buffer: a client is not told that bytes went while they still wait for the line.
            door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * _PIECE)
        return await asyncio.start_server(self._client, sock=door, limit=_PIECE)

    async def _shut(self) -> None:
        self._server.close()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for one in others:
                one.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await asyncio.sleep(0)  # one that was just let in begins only now
        await self._server.wait_closed()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._clients.add(task)  # the loop itself does not keep it
        source = _Bytes(reader, self.up)
        with suppress(ConnectionError, asyncio.CancelledError):
            while (request := await source.message()) is not None:
                if not await self._pass(request, reader, writer):
                    break
        writer.close()
        with suppress(ConnectionError, asyncio.CancelledError):
            await writer.wait_closed()
        self._clients.discard(task)

    async def _pass(
        self, request: HttpMessage, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Deals with one request; whether the connection may be used for another."""
        draw = random.Random(f"{self.seed} {request.kiosk} {self._turns[request.kiosk]}")
        self._turns[request.kiosk] += 1
        path = request.raw.split(b" ", 2)[1].split(b"?")[0].decode("latin-1")
        self.met[path] += 1
        if self.heard is not None:
            self.heard.append(request)
        fault = self.faults.drawn(draw) if path.startswith(self.only) else ""
        self.met[fault or "nothing"] += 1
        await asyncio.sleep(self.latency + draw.random() * self.faults.delay)
        owed = self._owed.pop(request.kiosk, [])
        reply = await self._fetched(request, fault, draw)
        for one in owed:
            await self._asked(one, draw)
        await asyncio.sleep(self.latency)
        if fault == "hole":
            await reader.read()  # until the client gives up
        if reply is None or fault in {"lost_reply", "hole"}:
            await self.down.carry(len(reply.raw) if reply is not None else 0)
            return False
        return await self._answered(reply, fault, draw, writer)

    async def _fetched(self, request: HttpMessage, fault: str, draw: random.Random) -> HttpMessage | None:
        """The hub's reply to a request, None where there is none or it is not to be had."""
        if fault in {"late", "echo"}:
            self._owed[request.kiosk].append(request)
        if fault in {"lost_request", "late"}:
            return None
        if fault == "cut_request":
            return await self._asked(request, draw, draw.randrange(1, len(request.raw)))
        if fault == "repeat":
            replies = await asyncio.gather(self._asked(request, draw), self._asked(request, draw))
            return replies[draw.randrange(2)]
        return await self._asked(request, draw)

    async def _asked(
        self, request: HttpMessage, draw: random.Random, size: int | None = None
    ) -> HttpMessage | None:
        """The reply of one hub to the first `size` bytes of a request; None where it gives none."""
        try:
            reader, writer = await asyncio.open_connection(_HOST, draw.choice(self.targets))
        except OSError:
            self.met["no hub"] += 1
            return None
        with suppress(ConnectionError):
            writer.write(request.raw[:size])
            if size is not None:
                writer.write_eof()
            reply = await _Bytes(reader, Line()).message()
            writer.close()
            return reply
        writer.close()
        return None

    async def _answered(
        self, reply: HttpMessage, fault: str, draw: random.Random, writer: asyncio.StreamWriter
    ) -> bool:
        raw = self.change(reply) if self.change else reply.raw
        if fault == "torn_reply":
            place = draw.randrange(reply.body_at if reply.body else 0, len(raw))
            raw = raw[:place] + bytes((raw[place] ^ draw.randrange(1, 256),)) + raw[place + 1 :]
        if fault == "cut_reply":
            raw = raw[: draw.randrange(1, len(raw))]
        for start in range(0, len(raw), _PIECE):
            await self.down.carry(len(raw[start : start + _PIECE]))
            writer.write(raw[start : start + _PIECE])
            await writer.drain()
        return fault != "cut_reply"

    async def _pay(self, kiosk: str) -> None:
        for one in self._owed.pop(kiosk, []):
            await self._asked(one, random.Random(f"{self.seed} {kiosk}"))
