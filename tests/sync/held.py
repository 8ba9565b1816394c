"""What a hub holds of a kiosk, and the line between them: what tests of whole runs share."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tests.hub.placed import Hub
from tests.hub.running import RunningHub
from tests.sync.here import KioskHere
from tests.sync.proxy import Proxy


def held_at(hub: Hub) -> Counter[tuple[str, int]]:
    """How often the hub has each version of each record."""
    return Counter((str(row.record), row.version) for row in hub.rows("SELECT record, version FROM envelope"))


@contextmanager
def deciding(hub: Hub) -> Iterator[None]:
    """The hub decides what comes in, in a thread of its own."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            if not hub.decide():
                time.sleep(0.01)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


def through(proxy: Proxy, here: KioskHere) -> KioskHere:
    """The same kiosk behind a bad line."""
    config = replace(here.config, hub=replace(here.config.hub, url=proxy.url))
    return KioskHere(config, replace(here.house, config=config))


def port_of(served: RunningHub) -> int:
    return int(served.url.rpartition(":")[2])
