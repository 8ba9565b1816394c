"""Runs one process of the hub: listens, answers, and on a signal finishes what it has begun."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from kiosk.errors import ConfigError
from kiosk.hub.app import make_app
from kiosk.hub.events import EventLog, ServerHandler
from kiosk.hub.reception import Reception

_GRACE_SECONDS = 20
_BACKLOG = 256


class HubServer(uvicorn.Server):
    """The web server of one process; `when_ready` is called with its URL as soon as it answers."""

    def __init__(
        self, reception: Reception, listener: socket.socket, when_ready: Callable[[str], None]
    ) -> None:
        super().__init__(
            uvicorn.Config(
                make_app(reception),
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="on",
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._listener = listener
        self._when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to answer, and says so."""
        await super().startup(sockets)
        if not self.should_exit:
            self._when_ready(url_of(self._listener))

    def answer(self) -> None:
        """Answers until it is told to stop."""
        self.run(sockets=[self._listener])


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket that listens there (port 0: any that is free); `shared` with other processes of this user.

    Raises ConfigError `hub.address` where that cannot be.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigError("hub.address", f"{host} port {port}: {error.strerror or error}") from None
    return listener


def listen_first(host: str, port: int) -> socket.socket:
    """A socket that this user's later processes may share; no other hub listens there yet.

    Raises ConfigError `hub.address`.
    """
    with listen(host, port) as tried:
        free = int(tried.getsockname()[1])
    return listen(host, free, shared=True)


def url_of(listener: socket.socket) -> str:
    """How the socket is reached from this machine."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    reception: Reception,
    listener: socket.socket,
    log: EventLog,
    when_ready: Callable[[str], None],
    stop: threading.Event | None = None,
) -> None:
    """Answers until the signal TERM or INT, or until `stop` is set.

    Then it finishes what was begun, for at most twenty seconds.
    """
    server = HubServer(reception, listener, when_ready)
    if stop is not None:
        threading.Thread(target=_end, args=(server, stop), name="end", daemon=True).start()
    # What was loaded stays; to look through it again and again for garbage would take a tenth of the time.
    gc.collect()
    gc.freeze()
    with _own_log(log), _ended_by_signals():
        server.answer()
    log.write("stopped")


def _end(server: HubServer, stop: threading.Event) -> None:
    stop.wait()
    server.should_exit = True


@contextmanager
def _own_log(log: EventLog) -> Iterator[None]:
    """What the web server would print, or leave to a logger of others, goes into the hub's log."""
    logger, handler = logging.getLogger("uvicorn.error"), ServerHandler(log)
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = before


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """The web server raises the signal that ended it once more; here it has done what it should."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def nothing(*_: Any) -> None:
        return

    before = {number: signal.signal(number, nothing) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
