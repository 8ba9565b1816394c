# ruff: noqa: T201 - it prints the figures
"""Beside Kinto: `python -m tests.bench.kinto [--records N] [--processes N] [--kinto FOLDER]`.

Installs Kinto in a virtual environment of its own (in FOLDER, which stays; else in one that goes), starts it
and the hub on the same PostgreSQL, sends both the same sealed families in batches of 50 from 8 clients over
loopback, in turns, and prints the records a second of each. Exit 1 where the hub is not 20 times ahead.

Kinto is set up as its manual says for a sync server: PostgreSQL for records and permissions, the batch
endpoint, a collection of its own for each client so that they do not wait for each other. Of both run as many
processes as there are processors. A record is put by its id and only where there is none
(`If-None-Match: *`), the envelope as base64.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
import venv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kiosk.sync import envelope
from tests.bench._load import Request, ask, drive
from tests.hub.kiosk import ENVELOPES, KioskAtHub
from tests.sync.postgres import Postgres
from tests.sync.processes import enrolled, free_port, several

CLIENTS, BATCH, AHEAD = 8, 50, 20
_WORD = base64.b64encode(b"bench:bench").decode()
_HEADERS = {"authorization": f"Basic {_WORD}", "content-type": "application/json"}
_SETTINGS = """[app:main]
use = egg:kinto
kinto.userid_hmac_secret = {secret}
multiauth.policies = basicauth
multiauth.policy.basicauth.use = kinto.core.authentication.BasicAuthAuthenticationPolicy
kinto.bucket_create_principals = system.Authenticated
kinto.storage_backend = kinto.core.storage.postgresql
kinto.storage_url = {url}
kinto.permission_backend = kinto.core.permission.postgresql
kinto.permission_url = {url}
kinto.cache_backend = kinto.core.cache.memory
kinto.batch_max_requests = {batch}
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}
threads = {clients}
[loggers]
keys = root
[handlers]
keys = none
[formatters]
keys =
[logger_root]
level = CRITICAL
handlers = none
[handler_none]
class = NullHandler
args = ()
"""


def installed(folder: Path) -> Path:
    """The program of a Kinto in this folder, put there from the registry where it is not."""
    program = folder / "bin" / "kinto"
    if not program.exists():
        venv.create(folder, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "kinto[postgresql]>=26,<27", "waitress"], check=True, stdout=sys.stderr)
    return program


@contextmanager
def kinto(program: Path, folder: Path, postgres: Postgres, count: int) -> Iterator[list[int]]:
    """So many processes of a running Kinto with a collection for each client; their ports."""
    postgres.url("kinto")
    url, secret = f"postgresql://postgres@/kinto?host={postgres.socket_folder}", uuid.uuid4().hex
    ports = [free_port() for _ in range(count)]
    with ExitStack() as stack:
        for port in ports:
            settings = folder / f"kinto-{port}.ini"
            settings.write_text(
                _SETTINGS.format(secret=secret, url=url, port=port, batch=BATCH, clients=CLIENTS)
            )
            if port == ports[0]:
                subprocess.run([program, "migrate", "--ini", settings], check=True, stdout=sys.stderr)
            process = subprocess.Popen([program, "start", "--ini", settings], stdout=sys.stderr)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            _wait_for(port, process)
        ask(ports[0], [_put("/v1/buckets/kiosks")])
        ask(ports[0], [_put(f"/v1/buckets/kiosks/collections/k{client}") for client in range(CLIENTS)])
        yield ports


def _put(path: str) -> Request:
    return Request("PUT", path, b"{}", _HEADERS)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            ask(port, [Request("GET", "/v1/", b"", _HEADERS)])
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("Kinto does not start")


def kinto_batch(client: int, envelopes: Sequence[bytes]) -> Request:
    """One batch of new records."""
    path = f"/buckets/kiosks/collections/k{client}/records/"
    puts = [
        {"path": path + str(uuid.uuid4()), "body": {"data": {"envelope": base64.b64encode(one).decode()}}}
        for one in envelopes
    ]
    batch = {"defaults": {"method": "PUT", "headers": {"If-None-Match": "*"}}, "requests": puts}
    return Request("POST", "/v1/batch", json.dumps(batch).encode(), _HEADERS)


def _statuses_at_kinto(replies: list[list[bytes]]) -> Counter[str]:
    return Counter(
        str(one["status"]) for load in replies for reply in load for one in json.loads(reply)["responses"]
    )


def hub_batch(kiosks: Sequence[KioskAtHub], client: int, envelopes: Sequence[bytes]) -> Request:
    """The same as a signed request of a kiosk."""
    made = kiosks[client].request("POST", "/v1/envelopes", envelope.joined(list(envelopes)), ENVELOPES)
    return Request(made.method, made.target, made.body, dict(made.headers.items()))


def _statuses_at_hub(replies: list[list[bytes]]) -> Counter[str]:
    return Counter(
        str(one["status"]) for load in replies for reply in load for one in json.loads(reply)["items"]
    )


@dataclass(frozen=True)
class _Side:
    """One of the two: where its processes listen, how a batch is said to it, what it answered."""

    name: str
    ports: list[int]
    batch: Callable[[int, Sequence[bytes]], Request]
    statuses: Callable[[list[list[bytes]]], Counter[str]]
    good: str

    def rate(self, sealed: Sequence[Sequence[Sequence[bytes]]]) -> float:
        """Records a second that it takes from all clients at once, all of which it must take."""
        loads = [[self.batch(client, one) for one in batches] for client, batches in enumerate(sealed)]
        seconds, replies = drive(self.ports, loads)
        statuses = self.statuses(replies)
        if set(statuses) != {self.good}:
            raise AssertionError(f"{self.name} did not take all: {dict(statuses)}")
        return statuses.total() / seconds


def _sealed(kiosk: KioskAtHub, turn: int, batches: int) -> list[list[bytes]]:
    first = turn * batches * BATCH + 1
    numbers = range(first, first + batches * BATCH)
    raw = [kiosk.seal(number, seed=number % 500) for number in numbers]
    return [raw[start : start + BATCH] for start in range(0, len(raw), BATCH)]


def main() -> int:
    """Measures both in turns and prints what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.kinto", description=__doc__)
    parser.add_argument("--records", type=int, default=4000, help="how many each is sent in a turn")
    parser.add_argument("--turns", type=int, default=3, help="how many turns each has, after one to get warm")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="of each; one a processor")
    parser.add_argument("--kinto", type=Path, help="the folder of its environment, which stays")
    options = parser.parse_args()
    batches = max(1, options.records // CLIENTS // BATCH)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        program = installed(options.kinto or folder / "environment")
        postgres = stack.enter_context(Postgres())
        theirs = stack.enter_context(kinto(program, folder, postgres, options.processes))
        ours = several(options.processes, postgres.url("hub"), folder / "hub.keys", "--deciders", "0")
        hubs = stack.enter_context(ours)
        kiosks = [stack.enter_context(enrolled(hubs[0], f"K{client + 1}")) for client in range(CLIENTS)]
        sides = (
            _Side("Kinto", theirs, kinto_batch, _statuses_at_kinto, "201"),
            _Side(
                "hub", [hub.port for hub in hubs], partial(hub_batch, kiosks), _statuses_at_hub, "received"
            ),
        )
        rates: dict[str, list[float]] = {side.name: [] for side in sides}
        for turn in range(options.turns + 1):
            sealed = [_sealed(kiosk, turn, batches) for kiosk in kiosks]
            for side in sides:
                rates[side.name].append(side.rate(sealed))
    found = {name: statistics.median(each[1:]) for name, each in rates.items()}
    ahead = found["hub"] / found["Kinto"]
    for name, rate in found.items():
        print(f"{name:6} {rate:9.0f} records a second")
    print(f"the hub is {ahead:.1f} times ahead; at least {AHEAD} are asked for")
    return int(ahead < AHEAD)


if __name__ == "__main__":
    sys.exit(main())
