"""A hub that really runs: a web server on a free port of this machine, in a thread of the test's process."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kiosk.hub.database import transaction
from kiosk.hub.events import EventLog
from kiosk.hub.founding import open_hub, signing_public
from kiosk.hub.keys import KeyFile
from kiosk.hub.kiosks import make_code
from kiosk.hub.reception import Reception
from kiosk.hub.server import HubServer, listen
from kiosk.sync.enrolment import EnrolCode
from tests.hub.kiosk import KioskAtHub


@dataclass
class RunningHub:
    """A hub with its log and clock in reach of the test."""

    url: str
    reception: Reception
    written: io.StringIO
    kiosks: list[KioskAtHub] = field(default_factory=list)

    @property
    def log(self) -> str:
        return self.written.getvalue()

    def code(self, name: str = "K1", *, training: bool = False) -> EnrolCode:
        """A fresh code for a kiosk."""
        with transaction(self.reception.engine) as session:
            return make_code(session, name, signing_public(session), training=training, who="test")

    def stranger(self, name: str = "K1", *, training: bool = False) -> KioskAtHub:
        """A kiosk that has not enrolled."""
        self.kiosks.append(KioskAtHub(self.url, name, training))
        return self.kiosks[-1]

    def kiosk(self, name: str = "K1", *, training: bool = False) -> KioskAtHub:
        """An enrolled kiosk."""
        found = self.stranger(name, training=training)
        assert found.enrol(self.code(name, training=training)).status == 200
        return found


@contextmanager
def a_hub(
    url: str,
    key_file: KeyFile,
    *,
    requests_a_minute: int = 100_000,
    clock: Callable[[], float] = time.time,
) -> Iterator[RunningHub]:
    """A hub on this database, stopped gracefully in the end."""
    engine = open_hub(url, key_file, asks_first=False)
    written = io.StringIO()
    log = EventLog(written)
    reception = Reception(engine, key_file, log=log, requests_a_minute=requests_a_minute, clock=clock)
    ready = threading.Event()
    listener = listen("127.0.0.1", 0)
    server = HubServer(reception, listener, lambda _: ready.set())
    thread = threading.Thread(target=server.answer, daemon=True)
    thread.start()
    assert ready.wait(30)
    hub = RunningHub(f"http://127.0.0.1:{listener.getsockname()[1]}", reception, written)
    try:
        yield hub
    finally:
        for kiosk in hub.kiosks:
            kiosk.close()
        server.should_exit = True
        thread.join(30)
        listener.close()
        engine.dispose()
        assert not thread.is_alive()
