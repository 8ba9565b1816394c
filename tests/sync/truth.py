"""Whether what kiosks believe is true at the hub, and what the hub holds is what kiosks have registered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from kiosk.domain.registration import Registration, State
from kiosk.services.sending import known_hash
from kiosk.services.sync_ports import ReceiptWord
from kiosk.sync.voice import Voice
from tests.sync.fleet import begun

_ENVELOPES = text(
    "SELECT k.name, e.record, e.version, e.hash, e.receipt, e.decision"
    " FROM envelope e JOIN kiosk k ON k.n = e.kiosk"
)
_INBOX = text("SELECT k.name, i.n FROM inbox i JOIN kiosk k ON k.n = i.kiosk ORDER BY 1, 2")
_LIVE = text("SELECT nik, count(*) FROM member WHERE live GROUP BY nik HAVING count(*) > 1")
_DECIDED = {State.ACCEPTED: "accepted", State.NEEDS_FIX: "refused"}


@dataclass(frozen=True, slots=True)
class Held:
    """An envelope at the hub."""

    hash: str
    receipt: bytes
    decision: str | None


AtHub = Mapping[tuple[str, str, int], Held]
"""What the hub holds, by kiosk, record and version."""


def at_hub(engine: Engine) -> tuple[AtHub, list[str]]:
    """What the hub holds, and what is wrong there in itself."""
    with engine.connect() as connection:
        rows = connection.execute(_ENVELOPES).all()
        numbers = connection.execute(_INBOX).all()
        doubled = len(connection.execute(_LIVE).all())
        aside = connection.execute(text("SELECT code, count(*) FROM quarantine GROUP BY code")).all()
    times = Counter((row.name, str(row.record), row.version) for row in rows)
    wrong = [f"{'/'.join(map(str, key))} is there {count} times" for key, count in times.items() if count > 1]
    wrong += [f"{row.count} envelopes set aside: {row.code}" for row in aside]
    wrong += [f"{doubled} people are live twice"] * bool(doubled)
    for name, count in Counter(row.name for row in numbers).items():
        if [row.n for row in numbers if row.name == name] != list(range(1, count + 1)):
            wrong.append(f"the inbox of {name} has gaps")
    held = {
        (row.name, str(row.record), row.version): Held(
            bytes(row.hash).hex(), bytes(row.receipt), row.decision
        )
        for row in rows
    }
    return held, wrong


def untrue(folder: Path, name: str, held: AtHub, registered: int, *, is_over: bool = False) -> list[str]:
    """What the kiosk believes that is not so; `is_over`: all must be decided, and be at the hub once."""
    with closing(begun(folder, name)) as kiosk, kiosk.house.open_work.reading() as work:
        found = list(kiosk.house.queries.newest(limit=registered + 1))
        wrong = [
            f"{name} {text_}" for one in found for text_ in _wrong(work, name, one, held, is_over=is_over)
        ]
        if len({one.reference for one in found}) != registered:
            wrong.append(f"{name} has {len(found)} registrations, not {registered}")
        chain = kiosk.house.open_work.verify_audit()
        if not chain.ok:
            wrong.append(f"{name}: the chain is broken: {chain.reason}")
    at_hub_ = {key for key in held if key[0] == name}
    strange = at_hub_ - {(name, one.id, one.version) for one in found}
    return wrong + [f"{name} never registered {record}/{version}" for _, record, version in strange]


def _wrong(work: Any, name: str, one: Registration, held: AtHub, *, is_over: bool) -> Iterator[str]:
    at = f"{one.reference} ({one.state.value})"
    queued = work.outbox.get(one.id, one.version)
    there = held.get((name, one.id, one.version))
    if queued is None:
        yield f"{at} has no place in the queue"
        return
    if one.state is State.SUBMITTED:
        if queued.receipt is not None:
            yield f"{at} has a receipt"
    elif there is None:
        yield f"{at} is not at the hub"
        return
    elif queued.receipt is not None:
        word = ReceiptWord(one.id, one.version, queued.hash, queued.receipt)
        if Voice().doubt(word, work.identity.get()) or queued.receipt.signature != there.receipt:
            yield f"{at} has a receipt that the hub never gave"
    elif one.state is State.SENT:
        yield f"{at} has no receipt"
    if there is not None and there.hash != known_hash(queued, one, Voice()):
        yield f"{at} is another one at the hub"
    verdict = _DECIDED.get(one.state)
    if verdict is not None:
        decision = work.decisions.get(one.id, one.version)
        if decision is None or decision.verdict != verdict or there is None or there.decision != verdict:
            yield f"{at} was not decided so"
    elif is_over:
        yield f"{at} is not decided"
