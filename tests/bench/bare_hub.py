"""What the intake of the hub is compared with: `python -m tests.bench.bare_hub DATABASE`.

It says on standard output where it answers, and then answers until it is ended.
"""

from __future__ import annotations

import logging
import sys
import threading

import psycopg
import uvicorn
from fastapi import FastAPI, Request
from pydantic import Base64Bytes, BaseModel
from starlette.concurrency import run_in_threadpool

from kiosk.hub.server import listen, url_of
from kiosk.sync.envelope import split


class Batch(BaseModel):
    """Records as JSON carries them."""

    items: list[Base64Bytes]


def bare(database: str) -> None:
    """Records are inserted and committed, and nothing else is done with them."""
    own = threading.local()  # a connection for each thread: no pool could be quicker
    app = FastAPI()

    def insert(rows: list[bytes]) -> None:
        if not hasattr(own, "connection"):
            own.connection = psycopg.connect(database.replace("+psycopg", ""))
        with own.connection.transaction(), own.connection.cursor() as cursor:
            cursor.executemany("INSERT INTO bare (raw) VALUES (%s)", [(row,) for row in rows])

    # As FastAPI is meant to be used: a typed body of JSON, the records in base64.
    @app.post("/json")
    def typed(batch: Batch) -> dict[str, int]:
        insert(list(batch.items))
        return {"stored": len(batch.items)}

    # The least that is possible: the same bytes as the hub gets, cut by hand.
    @app.post("/raw")
    async def raw(request: Request) -> dict[str, int]:
        rows = split(await request.body(), at_most=200)
        await run_in_threadpool(insert, rows)
        return {"stored": len(rows)}

    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(app, log_level=logging.WARNING, access_log=False)
    server = uvicorn.Server(config)
    print(url_of(listener), flush=True)  # noqa: T201 - its answer
    server.run(sockets=[listener])


if __name__ == "__main__":
    bare(sys.argv[1])
