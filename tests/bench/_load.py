"""Clients that send requests made before, as fast as they are answered."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request; `headers` hold what it takes to be answered."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def ask(port: int, requests: Sequence[Request]) -> list[bytes]:
    """The replies to these requests one after another on one connection; an error where one is not 2xx."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        found = []
        for request in requests:
            connection.request(request.method, request.path, request.body, dict(request.headers))
            reply = connection.getresponse()
            found.append(reply.read())
            if not 200 <= reply.status < 300:
                raise AssertionError(f"{request.path}: {reply.status} {found[-1][:500]!r}")
        return found
    finally:
        connection.close()


def drive(ports: Sequence[int], loads: Sequence[Sequence[Request]]) -> tuple[float, list[list[bytes]]]:
    """The seconds that all clients took together, each with a load and connection of its own; the replies."""
    gate = Barrier(len(loads) + 1)

    def client(number: int) -> list[bytes]:
        gate.wait()
        return ask(ports[number % len(ports)], loads[number])

    with ThreadPoolExecutor(len(loads)) as pool:
        waiting = [pool.submit(client, number) for number in range(len(loads))]
        gate.wait()
        start = time.perf_counter()
        replies = [one.result() for one in waiting]
        return time.perf_counter() - start, replies
