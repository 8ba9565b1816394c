"""What a sealed family weighs, what sealing costs, and how a month of families gets over a bad line.

`python -m tests.bench --only sync`; `--quick` seals and sends fewer families.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from kiosk.sync import content, envelope
from kiosk.sync.content import Content
from kiosk.sync.envelope import Header
from kiosk.sync.keys import OpeningKey, SigningKey
from kiosk.syncing import Manner, sync_once, sync_services
from tests.sync.fleet import begun, register
from tests.sync.postgres import Postgres
from tests.sync.processes import HubProcess, code_for
from tests.sync.proxy import Faults, Proxy
from tests.sync.samples import a_content

_BITS = 64_000
_RECORD = "01890a5d-ac96-774b-bcce-b302099a8057"
_KIOSK, _HUB = SigningKey.generate(), OpeningKey.generate()


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that `run` returns and `limit` bounds from above."""

    name: str
    limit: float
    run: Callable[[], float]


def _families() -> list[Content]:
    return [a_content(seed, 5) for seed in range(200 if "--quick" in sys.argv else 2000)]


def _sealed(found: Content) -> bytes:
    """All that is done to send a family, from the record to the bytes that travel."""
    data = content.encode(found)
    header = Header(
        kiosk="K1",
        record=_RECORD,
        version=1,
        kind=content.REGISTRATION,
        schema=content.SCHEMA,
        shard=envelope.shard_of(str(found.family["kk"])),
        created_ms=1_795_000_000_000,
        content_hash=envelope.content_hash(data),
        audit_head=bytes(16),
        hub_key=_HUB.id,
        kiosk_key=_KIOSK.id,
    )
    return envelope.seal(header, content.pack(data), hub_public=_HUB.public, signer=_KIOSK).encode()


def bytes_of_five() -> float:
    """Bytes a family of five takes in a batch, sealed and signed, on average."""
    families = _families()
    return len(envelope.joined([_sealed(found) for found in families])) / len(families)


def sealing() -> float:
    """Milliseconds to encode, compress, seal and sign a family of five, the median."""
    taken = []
    for found in _families():
        start = time.perf_counter()
        _sealed(found)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


def offline_month() -> float:
    """How often the time that the sealed families alone take on the line it takes until all have receipts.

    A kiosk on its real store knows nothing of the line: 64 kbit/s in both directions and 50 ms to a real hub,
    every fifth of whose replies is lost.
    """
    count = 300 if "--quick" in sys.argv else 1500
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        postgres = stack.enter_context(Postgres())
        hub = stack.enter_context(HubProcess(postgres.url("hub"), folder / "hub.keys", "--deciders", "0"))
        proxy = stack.enter_context(Proxy([hub.port], latency=0.05))
        kiosk = stack.enter_context(closing(begun(folder, "K1")))
        kiosk.enrol(code_for(hub, "K1", training=True), proxy.url)
        register(kiosk, 1, range(count))
        sending = sync_services(kiosk.house).sending
        alone = len(envelope.joined(sending.sealed(sending.all_waiting(limit=count)))) * 8 / _BITS
        proxy.slow_down(_BITS)
        proxy.faults = Faults(lost_reply=20)
        start = time.perf_counter()
        seconds = start

        def note(done: int, total: int) -> None:
            nonlocal seconds
            if done == total:
                seconds = time.perf_counter() - start

        while sending.waiting():
            sync_once(kiosk.house, Manner(progress=note))
    lost, asked = proxy.met["lost_reply"], proxy.met["/v1/envelopes"]
    print(  # noqa: T201
        f"{count} families in {seconds:.0f} s, their bytes alone in {alone:.0f} s; {asked} batches,"
        f" {lost} of all replies lost, {proxy.up.carried} bytes up, {proxy.down.carried} down",
        file=sys.stderr,
    )
    return seconds / alone


MEASURES = [
    Measure(
        "a month offline at 64 kbit/s, a fifth of the replies lost, times its bytes alone", 1.6, offline_month
    ),
    Measure("a family of five on the wire, sealed and signed, bytes", 800, bytes_of_five),
    Measure("encode, compress, seal and sign a family of five, p50 ms", 1, sealing),
]
