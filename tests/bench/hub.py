"""What the hub's intake costs, as ratios to bare inserts of the same bytes in the same run.

`python -m tests.bench --only hub`; `--quick` sends less, and fills the hub with 100,000 records instead of
1,000,000.
"""

from __future__ import annotations

import atexit
import base64
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import IO

from sqlalchemy import Engine, text

from kiosk.hub.database import make_engine, transaction
from kiosk.hub.demo import DemoServer
from kiosk.hub.founding import open_hub, signing_public
from kiosk.hub.keys import KeyFile
from kiosk.hub.kiosks import make_code
from kiosk.sync import content, envelope
from kiosk.sync.envelope import Header
from kiosk.sync.signing import Request
from tests.bench._load import Request as Load
from tests.bench._load import drive
from tests.hub.kiosk import ENVELOPES, KioskAtHub, a_record
from tests.sync.samples import a_content

ROOT = Path(__file__).resolve().parent.parent.parent
KIOSKS, BATCH = 8, 50
FEW = 10_000


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that `run` returns and `limit` bounds from above."""

    name: str
    limit: float
    run: Callable[[], float]


def _is_quick() -> bool:
    return "--quick" in sys.argv


def _say(told: str) -> None:
    print(told, file=sys.stderr, flush=True)  # noqa: T201 - what is behind the figure


@dataclass(frozen=True, slots=True)
class _Hub:
    """A hub on a database of its own, answering over HTTP, with kiosks that have enrolled."""

    engine: Engine
    url: str
    kiosks: list[KioskAtHub]


@cache
def _server() -> DemoServer:
    server = DemoServer()
    server.__enter__()
    atexit.register(server.__exit__, None, None, None)
    return server


def _database(name: str) -> str:
    engine = make_engine(_server().url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return _server().url.replace("/postgres?", f"/{name}?")


@cache
def _hub(stored: int) -> _Hub:
    """A hub that holds so many decided records."""
    folder = Path(tempfile.mkdtemp(prefix="kiosk-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database, keys = _database(f"hub_{stored}"), folder / "hub.keys"
    engine = open_hub(database, KeyFile(keys))
    atexit.register(engine.dispose)
    with transaction(engine) as session:
        codes = [
            make_code(session, f"B{number}", signing_public(session), training=False, who="bench")
            for number in range(KIOSKS)
        ]
    url = _served(database, folder)
    kiosks = [KioskAtHub(url, f"B{number}") for number in range(KIOSKS)]
    for kiosk, code in zip(kiosks, codes, strict=True):
        assert kiosk.enrol(code).status == 200
        atexit.register(kiosk.close)
    _fill(engine, stored)
    return _Hub(engine, url, kiosks)


@cache
def _bare() -> str:
    """The URL of a program that inserts what it is sent, and of nothing else."""
    database = _database("bare")
    engine = make_engine(database)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE bare (n bigserial PRIMARY KEY, raw bytea NOT NULL)")
    engine.dispose()
    return _inserting(database)


def _served(database: str, folder: Path) -> str:
    """The URL of a hub as people start it, without workers that decide, until this program ends."""
    settings = folder / "kiosk.toml"
    settings.write_text("[hub]\nrequests_a_minute = 10000000\n", "utf-8")
    words = ["kiosk", "hub", "serve", "--config", str(settings), "--port", "0", "--deciders", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", *words, "--database", database, "--keys", str(folder / "hub.keys")],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    return _answering(process, process.stderr)


def _inserting(database: str) -> str:
    """The URL of the program that inserts, until this one ends."""
    command = [sys.executable, "-m", "tests.bench.bare_hub", database]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return _answering(process, process.stdout)


def _answering(process: subprocess.Popen[str], talk: IO[str] | None) -> str:
    atexit.register(process.wait, 30)
    atexit.register(process.terminate)
    assert talk is not None
    atexit.register(talk.close)
    said = re.search(r"http://[0-9.:]+", talk.readline())
    assert said
    return said[0]


_NUMBERS = count(1)


@cache
def _contents() -> list[tuple[bytes, bytes, bytes]]:
    """Families as shard, hash and packed content; sealed for another record each is as good as a new one."""
    found = []
    for seed in range(200):
        made = content.encode(a_content(seed))
        kk = str(json.loads(made)["family"]["kk"])
        found.append((envelope.shard_of(kk), envelope.content_hash(made), content.pack(made)))
    return found


def _sealed(kiosk: KioskAtHub) -> bytes:
    number = next(_NUMBERS)
    shard, hashed, packed = _contents()[number % len(_contents())]
    assert kiosk.hub is not None
    sealing = kiosk.hub.sealing[0]
    header = Header(
        kiosk=kiosk.name,
        record=a_record(number),
        version=1,
        kind=content.REGISTRATION,
        schema=content.SCHEMA,
        shard=shard,
        created_ms=1_795_000_000_000,
        content_hash=hashed,
        audit_head=bytes(16),
        hub_key=sealing.id,
        kiosk_key=kiosk.signer.id,
    )
    return envelope.seal(header, packed, hub_public=sealing.public, signer=kiosk.signer).encode()


def _request(kiosk: KioskAtHub) -> Request:
    """A signed request with a batch of records that nobody has seen."""
    body = envelope.joined([_sealed(kiosk) for _ in range(BATCH)])
    return kiosk.request("POST", "/v1/envelopes", body, ENVELOPES)


def _load(kiosk: KioskAtHub, batches: int) -> list[Load]:
    requests = [_request(kiosk) for _ in range(batches)]
    return [Load(one.method, one.target, one.body, dict(one.headers.items())) for one in requests]


def _seconds(url: str, loads: Sequence[Sequence[Load]]) -> float:
    taken, replies = drive([int(url.rpartition(":")[2])], loads)
    refused = [reply for one in replies for reply in one if b'"refused"' in reply or b'"malformed"' in reply]
    assert not refused, refused[0][:300]
    return taken


def _rounds(first: Callable[[], float], second: Callable[[], float], what: str) -> float:
    """How many times longer `second` takes than `first`: the median of rounds in which they take turns."""
    ratios, firsts, seconds = [], [], []
    for number in range(4 if _is_quick() else 9):
        one, other = first(), second()
        if number:  # the first round warms both up
            ratios.append(other / one)
            firsts.append(_records() / one)
            seconds.append(_records() / other)
    _say(f"{what}: {statistics.median(firsts):.0f} and {statistics.median(seconds):.0f} records a second")
    return statistics.median(ratios)


def _records() -> int:
    return KIOSKS * _batches() * BATCH


def _batches() -> int:
    return 4 if _is_quick() else 8


def _intake(hub: _Hub) -> float:
    """The seconds in which fresh records of all kiosks are taken in."""
    return _seconds(hub.url, [_load(kiosk, _batches()) for kiosk in hub.kiosks])


def _inserted(hub: _Hub, path: str) -> float:
    """The seconds in which as many fresh records are inserted by the bare program."""
    loads = [_load(kiosk, _batches()) for kiosk in hub.kiosks]
    if path == "/json":
        loads = [[_as_json(one) for one in load] for load in loads]
    return _seconds(_bare(), [[replace(one, path=path) for one in load] for load in loads])


def _as_json(request: Load) -> Load:
    items = [base64.b64encode(raw).decode("ascii") for raw in envelope.split(request.body, at_most=BATCH)]
    body = json.dumps({"items": items}).encode()
    return replace(request, body=body, headers={"content-type": "application/json"})


def bare_seconds() -> float:
    """The seconds that a bare insert over HTTP takes a record, in the batches of a kiosk."""
    return _inserted(_hub(0), "/json") / _records()


def intake() -> float:
    """How many times longer the hub takes than a bare insert of the same records by FastAPI and psycopg."""
    hub = _hub(0)
    return _rounds(lambda: _inserted(hub, "/json"), lambda: _intake(hub), "bare inserts and intake")


def intake_raw() -> float:
    """The same, where the bare program spares itself JSON and takes the hub's own bytes."""
    hub = _hub(0)
    return _rounds(lambda: _inserted(hub, "/raw"), lambda: _intake(hub), "bare inserts and intake")


def full() -> float:
    """How much longer the intake takes when the hub holds many records than when it holds 10,000."""
    few, many = _hub(FEW), _hub(100_000 if _is_quick() else 1_000_000)
    return _rounds(lambda: _intake(few), lambda: _intake(many), "intake with few and with many stored")


_FILL = text("""
INSERT INTO envelope (record, version, kiosk, shard, hash, kind, schema, created_ms, trusted, audit_head,
    hub_key, raw, carrier, received_ms, receipt_key, receipt, decided_at, decision)
SELECT uuidv7(make_interval(secs => -n)), 1, 1 + n % 8, (random() * 65535)::integer, sha256(n::text::bytea),
    1, 1, 0, true, decode(repeat('00', 16), 'hex'), decode(repeat('00', 8), 'hex'),
    decode(repeat(md5(n::text), 40), 'hex'), 'network', 0, decode(repeat('00', 8), 'hex'),
    decode(repeat(md5(n::text), 4), 'hex'), now(), 'accepted'
FROM generate_series(1, :count) AS s (n)
""")


def _fill(engine: Engine, count: int) -> None:
    """Adds so many decided records of the usual size."""
    if not count:
        return
    started = time.perf_counter()
    with transaction(engine) as session:
        session.execute(_FILL, {"count": count})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE envelope")
        connection.exec_driver_sql("CHECKPOINT")
    _say(f"{count} records stored, in {time.perf_counter() - started:.0f} s")


MEASURES = (
    Measure("bare inserts a second / records taken in a second", 4.0, intake),
    Measure("bare inserts without even JSON a second / records taken in a second", 8.0, intake_raw),
    Measure("intake with 10,000 stored / with 1,000,000 stored", 1.25, full),
)
