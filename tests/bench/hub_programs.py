"""The programs that the measures of the hub compare: `python -m tests.bench.hub_programs NAME DATABASE ...`.

Each says on standard output where it answers, and then answers until it is ended.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path

import psycopg
import uvicorn
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool

from kiosk.hub.events import EventLog
from kiosk.hub.founding import open_hub
from kiosk.hub.keys import KeyFile
from kiosk.hub.reception import Reception
from kiosk.hub.server import listen, serve, url_of
from kiosk.sync.envelope import split


def _ready(url: str) -> None:
    print(url, flush=True)  # noqa: T201 - its answer


def ours(database: str, keys: str) -> None:
    """The hub, its log thrown away."""
    key_file = KeyFile(Path(keys))
    engine = open_hub(database, key_file)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        log = EventLog(nowhere)
        reception = Reception(engine, key_file, log=log, requests_a_minute=10_000_000)
        serve(reception, listen("127.0.0.1", 0), log, _ready)


def bare(database: str) -> None:
    """What anybody would write: the body is cut into its records, which are inserted and committed."""
    own = threading.local()  # a connection for each thread: no pool could be quicker
    app = FastAPI()

    def insert(rows: list[bytes]) -> None:
        if not hasattr(own, "connection"):
            own.connection = psycopg.connect(database.replace("+psycopg", ""))
        with own.connection.transaction(), own.connection.cursor() as cursor:
            cursor.executemany("INSERT INTO bare (raw) VALUES (%s)", [(row,) for row in rows])

    @app.post("/v1/envelopes")
    async def envelopes(request: Request) -> dict[str, int]:
        rows = split(await request.body(), at_most=200)
        await run_in_threadpool(insert, rows)
        return {"stored": len(rows)}

    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(app, log_level=logging.WARNING, access_log=False)
    server = uvicorn.Server(config)
    _ready(url_of(listener))
    server.run(sockets=[listener])


if __name__ == "__main__":
    if sys.argv[1] == "ours":
        ours(*sys.argv[2:])
    else:
        bare(*sys.argv[2:])
