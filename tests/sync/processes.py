"""Hubs as processes of their own, on a database and a key file that they share."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from kiosk.hub.database import make_engine, transaction
from kiosk.hub.founding import signing_public
from kiosk.hub.kiosks import make_code
from kiosk.sync.enrolment import EnrolCode
from tests.hub.kiosk import KioskAtHub

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
REQUESTS_A_MINUTE = 100_000
"""More than any test makes: what a kiosk may ask for is tested with the hub itself."""


def free_port() -> int:
    """A port of loopback on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


class HubProcess:
    """`kiosk hub serve` on a port that it keeps when it is killed and started again."""

    def __init__(self, database: str, keys: Path, *words: str) -> None:
        self.port = free_port()
        self.database, self.keys = database, keys
        settings = keys.with_name(f"hub-{self.port}.toml")
        settings.write_text(f"[hub]\nrequests_a_minute = {REQUESTS_A_MINUTE}\n")
        self.command = [
            *(sys.executable, "-m", "kiosk", "--config", str(settings), "hub", "serve"),
            *("--database", database, "--keys", str(keys)),
            *("--host", "127.0.0.1", "--port", str(self.port), *words),
        ]
        self.log = keys.with_name(f"hub-{self.port}.log")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Tells it to end, and waits until it has."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Starts it without waiting until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )

    def look_after(self) -> None:
        """Starts it again where it has ended by itself, as it does without a database at its start."""
        if self._process is not None and self._process.poll() is not None:
            self.start()

    def wait(self) -> None:
        """Returns when it says that it is well."""
        give_up = time.monotonic() + PATIENCE
        while not self.is_well():
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise AssertionError(f"the hub does not come up:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.02)

    def is_well(self) -> bool:
        """Whether it answers `/healthz` with 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def kill(self) -> None:
        """`kill -9` on it and every process that it started, and starts it again."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)
        self.start()


def code_for(hub: HubProcess, name: str, *, training: bool = False) -> EnrolCode:
    """A fresh code for a kiosk at this hub."""
    engine = make_engine(hub.database)
    try:
        with transaction(engine) as session:
            return make_code(session, name, signing_public(session), training=training, who="test")
    finally:
        engine.dispose()


@contextmanager
def several(count: int, database: str, keys: Path, *words: str) -> Iterator[list[HubProcess]]:
    """So many hubs on one database, begun at the same time."""
    hubs = [HubProcess(database, keys, *words) for _ in range(count)]
    try:
        for hub in hubs:
            hub.start()
        for hub in hubs:
            hub.wait()
        yield hubs
    finally:
        for hub in hubs:
            hub.stop()


@contextmanager
def enrolled(hub: HubProcess, name: str, *, training: bool = False) -> Iterator[KioskAtHub]:
    """A kiosk without a store, enrolled at this hub."""
    kiosk = KioskAtHub(hub.url, name, training)
    try:
        answer = kiosk.enrol(code_for(hub, name, training=training))
        assert answer.status == 200, answer.body
        yield kiosk
    finally:
        kiosk.close()
