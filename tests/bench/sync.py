"""What a sealed family weighs on the wire and what sealing and signing it costs.

`python -m tests.bench --only sync`; `--quick` seals fewer families.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.sync import content, envelope
from kiosk.sync.content import Content
from kiosk.sync.envelope import Header
from kiosk.sync.keys import OpeningKey, SigningKey
from tests.sync.samples import a_content

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


MEASURES = [
    Measure("a family of five on the wire, sealed and signed, bytes", 800, bytes_of_five),
    Measure("encode, compress, seal and sign a family of five, p50 ms", 1, sealing),
]
