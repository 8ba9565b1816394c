"""A worker that decides what waits, until it is told to stop; then it finishes what it has in hand."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from kiosk.errors import KioskError
from kiosk.hub.chain import link_lines, newest_line
from kiosk.hub.deciding import Desk, decide_once
from kiosk.hub.events import EventLog

TOGETHER = 100
"""How many records one transaction decides at most."""

IDLE_SECONDS = 0.2
"""How long a worker rests when nothing waits: a kiosk that has just sent asks for its answers soon."""

LINK_SECONDS = 1.0
"""How often a worker looks for audit lines that are not in the chain yet."""

LONGEST_REST_SECONDS = 30.0
"""How long at most, while the database does not answer."""


def decide_forever(
    engine: Engine, desk: Desk, stop: threading.Event, log: EventLog, *, most: int = TOGETHER
) -> int:
    """Decides until `stop` is set; how many records. A database that is away for a while ends nothing.

    What is in hand when it is told to stop is decided to the end.
    """
    decided = 0
    failures = 0
    linking: _Linking | None = None
    while not stop.is_set():
        try:
            done = decide_once(engine, desk, most=most)
            decided += done
            linking = linking or _Linking(engine)
            linking.perhaps(idle=not done)
        except (DBAPIError, KioskError) as error:
            failures += 1
            code = error.code if isinstance(error, KioskError) else type(error.orig).__name__
            log.write("decide.failed", code=code, times=failures)
            stop.wait(rest_seconds(failures))
            continue
        failures = 0
        if done:
            log.write("decided", count=done)
        else:
            stop.wait(IDLE_SECONDS)
    return decided


class _Linking:
    """Links audit lines whenever nothing waits, and now and then while much does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._next = time.monotonic()
        self._newest = 0
        link_lines(engine, all_of_them=True)

    def perhaps(self, *, idle: bool) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + LINK_SECONDS
        newest = newest_line(self._engine)
        if newest == self._newest:
            return
        while link_lines(self._engine):
            if not idle:
                return
        self._newest = newest


def rest_seconds(failures: int) -> float:
    """How long to rest after so many failures in a row: any part of a time that doubles, up to a limit."""
    longest = min(LONGEST_REST_SECONDS, IDLE_SECONDS * 2 ** min(failures, 16))
    return random.uniform(0, longest)  # noqa: S311 - spreads workers, guards nothing


@contextmanager
def ended_by_signals() -> Iterator[threading.Event]:
    """An event that the signals TERM and INT set, once each; before and after they do as they did."""
    stop = threading.Event()

    def end(*_: Any) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
