"""The server of the classroom: one page, its terminal over a web socket, and nothing from outside."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from socket import socket
from typing import Any

import aiohttp_jinja2
from aiohttp import WSMsgType, web
from jinja2 import FileSystemLoader
from textual_serve.server import Server

from kiosk.config import Config
from kiosk.language import Language
from kiosk.resources import data_dir
from kiosk.web.seat import Seat, environment, program
from kiosk.web.visitors import Visitors

COOKIE = "kiosk_visitor"
_COOKIE_SECONDS = 30 * 24 * 60 * 60
_MOST_BYTES = 256 * 1024
"""Of one message of a browser: a key, a paste, a size."""

log = logging.getLogger("kiosk.web")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Classroom(Server):
    """The server of textual-serve with pages, visitors and limits of its own.

    `most` programs run at once; whoever comes later reads that all places are taken.
    """

    def __init__(self, config: Config, options: tuple[str, ...], *, most: int) -> None:
        super().__init__("", title=config.kiosk.place, templates_path=data_dir() / "web")
        self._visitors = Visitors(config)
        self._options = options
        self._most = most
        self._seats: set[Seat] = set()
        self._language = Language(config.kiosk.language)

    def serve_on(self, listening: socket) -> None:
        """Serves on this socket until told to end by Ctrl+C or SIGTERM."""
        web.run_app(self._make_app(), sock=listening, print=None, access_log=None, handle_signals=True)

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[_guarded])
        aiohttp_jinja2.setup(app, loader=FileSystemLoader(self.templates_path))
        app.add_routes(
            [
                web.get("/", self.handle_index),
                web.get("/ws", self.handle_websocket),
                web.static("/static", self.statics_path),
                web.static("/page", Path(self.templates_path) / "page"),
            ]
        )
        app.on_shutdown.append(self.on_shutdown)
        self._visitors.tidy()
        return app

    async def on_shutdown(self, app: web.Application) -> None:  # noqa: ARG002  (aiohttp gives it)
        """Lets every program end and keep what was entered."""
        for seat in tuple(self._seats):
            await seat.stop()

    @property
    def is_full(self) -> bool:
        """Whether every place is taken."""
        return len(self._seats) >= self._most

    async def handle_index(self, request: web.Request) -> web.StreamResponse:
        """The page with the terminal, or one that says that the class is full."""
        texts = {
            name: self._language.text(f"web.{name}")
            for name in ("title", "opening", "ended", "again", "full", "hint", "script")
        }
        context = {
            "texts": texts,
            "language": self._language.code,
            "place": self.title,
            "full": self.is_full,
            "socket": f"{'wss' if request.secure else 'ws'}://{request.host}/ws",
        }
        response = aiohttp_jinja2.render_template(
            "app_index.html", request, context, status=503 if self.is_full else 200
        )
        response.set_cookie(
            COOKIE,
            self._visitors.greet(request.cookies.get(COOKIE)),
            max_age=_COOKIE_SECONDS,
            httponly=True,
            samesite="Strict",
        )
        return response

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A terminal for the browser that has loaded the page, and the program in it."""
        token = request.cookies.get(COOKIE)
        if token is None or request.headers.get("Origin") != f"{request.scheme}://{request.host}":
            raise web.HTTPForbidden
        try:
            variables = self._visitors.seat(token)
        except ValueError:
            raise web.HTTPForbidden from None
        if self.is_full:
            raise web.HTTPServiceUnavailable
        websocket = web.WebSocketResponse(heartbeat=15, max_msg_size=_MOST_BYTES)
        seat = Seat(
            "",
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=_closing(websocket),
            download_manager=self.download_manager,
        )
        arguments = ("run", "--profile", "training", *self._options)
        seat.configure(program(*arguments), environment(variables), self._visitors.folder / token)
        self._seats.add(seat)
        try:
            await websocket.prepare(request)
            await seat.start(_cells(request, "width", 80), _cells(request, "height", 24))
            await self._process_messages(websocket, seat)
        except (OSError, RuntimeError) as error:
            log.warning("a seat ended: %s", type(error).__name__)
        finally:
            self._seats.discard(seat)  # whoever reloads the page finds the place free again
            await seat.stop()
        await websocket.close()
        return websocket

    async def _process_messages(self, websocket: web.WebSocketResponse, app_service: Any) -> None:
        """Hands on what the browser sends; what makes no sense is passed over, and never logged."""
        async for message in websocket:
            match _read(message.data) if message.type is WSMsgType.TEXT else None:
                case ["stdin", str(data)]:
                    await app_service.send_bytes(data.encode("utf-8", "replace"))
                case ["resize", {"width": int(width), "height": int(height)}]:
                    await app_service.set_terminal_size(width, height)
                case ["ping", str(data)]:
                    await websocket.send_json(["pong", data])


def _read(text: str) -> object:
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    return None


def _cells(request: web.Request, name: str, otherwise: int) -> int:
    given = request.query.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 4 else otherwise


def _closing(websocket: web.WebSocketResponse) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        await websocket.close()

    return close


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tells the browser to fetch nothing from anywhere but here, and to keep nothing of the page."""
    try:
        response = await handler(request)
    except web.HTTPException as refused:
        _guard(request, refused)
        raise
    _guard(request, response)
    return response


def _guard(request: web.Request, response: web.StreamResponse) -> None:
    if response.prepared:
        return
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        f"img-src 'self' data:; connect-src 'self' ws://{request.host} wss://{request.host}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.path == "/":
        response.headers["Cache-Control"] = "no-store"
