"""Two hubs on one database, fifty kiosks at once: each record and number once, no message left out."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from kiosk.hub.blocks import add_numbers
from kiosk.hub.database import transaction
from kiosk.sync.statements import Message, message_from
from tests.hub import postgres
from tests.hub.judged import Sender, a_record, record_id
from tests.hub.kiosk import Answer, KioskAtHub
from tests.sync.processes import PATIENCE, HubProcess, code_for, several

KIOSKS, OWN, NUMBERS = 50, 2, 4


@pytest.fixture
def hubs(tmp_path: Path) -> Iterator[list[HubProcess]]:
    """Two processes on one database."""
    with several(2, postgres.emptied(), tmp_path / "hub.keys") as found:
        yield found


@dataclass
class Told:
    """What one kiosk was told at its visit: receipts and decisions by record, and its card numbers."""

    receipts: dict[str, str] = field(default_factory=dict)
    decisions: dict[str, str] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)


def both(kiosks: list[KioskAtHub], method: str, *words: Any) -> list[Answer]:
    """Asks both hubs the same at the same time."""
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(getattr(kiosk, method), *words) for kiosk in kiosks]
        return [answer.result() for answer in answers]


def visit(number: int, hubs: list[HubProcess]) -> Told:
    """One kiosk enrols, sends everything to both hubs at once, leases numbers, and waits for its decisions.

    The last of its families is also registered by its neighbour.
    """
    name, told = f"K{number}", Told()
    first = KioskAtHub(hubs[number % 2].url, name)
    assert first.enrol(code_for(hubs[0], name)).status == 200
    assert first.hub is not None
    second = KioskAtHub(
        hubs[1 - number % 2].url, name, signer=first.signer, opener=first.opener, epoch=first.epoch
    )
    second.hub = first.hub
    kiosks = [first, second]
    sender = Sender(first.hub.sealing[0].public, name, first.signer)
    seeds = [*range(100 + number * OWN, 100 + number * OWN + OWN), number // 2]
    ids = [record_id(seed * KIOSKS + number) for seed in seeds]
    batch = [sender.seal(a_record(seed, name), id_=id_) for seed, id_ in zip(seeds, ids, strict=True)]
    for part in (batch[:2], batch[1:]):
        answers = both(kiosks, "send_envelopes", part)
        for answer in answers:
            assert answer.status == 200, answer.body
            for raw, item in zip(part, answer.json["items"], strict=True):
                assert first.has_receipt(raw, item)
                id_ = ids[batch.index(raw)]
                assert told.receipts.setdefault(id_, item["signature"]) == item["signature"]
    for _ in range(2):
        told.numbers += leased(kiosks)
    for message in messages(first, len(ids)):
        payload = message.payload(first.opener)
        assert payload is not None
        assert told.decisions.setdefault(payload["record"], payload["decision"]) == payload["decision"]
    for kiosk in kiosks:
        kiosk.close()
    return told


def leased(kiosks: list[KioskAtHub]) -> list[int]:
    """The numbers of one lease, asked of both hubs at once: they must say the same."""
    asked = json.dumps({"lease": str(uuid.uuid4()), "epoch": kiosks[0].epoch, "want": NUMBERS}).encode()
    said = []
    for answer in both(kiosks, "send", "POST", "/v1/blocks", asked):
        assert answer.status == 200, answer.body
        said.append(message_from(kiosks[0].name, answer.json, training=False).payload() or {})
    assert said[0] == said[1]
    return [int(said[0]["first"]) + step for step in range(said[0]["count"])]


def messages(kiosk: KioskAtHub, count: int) -> list[Message]:
    """The first messages of the inbox, as soon as there are so many: numbered without a gap."""
    found: list[Message] = []
    give_up = time.monotonic() + PATIENCE
    while len(found) < count:
        assert time.monotonic() < give_up, f"{kiosk.name} was told {len(found)} of {count}"
        answer = kiosk.send("GET", f"/v1/inbox?after={len(found)}&limit=3")
        found += [message_from(kiosk.name, one, training=False) for one in answer.json["items"]]
        time.sleep(0.05)
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert all(one.is_signed_by(kiosk.hub_publics[one.key]) for one in found)
    return found


def test_nothing_is_lost_doubled_or_issued_twice(hubs: list[HubProcess]) -> None:
    engine: Engine = postgres.engine()
    with transaction(engine) as session:
        add_numbers(session, "0001000000000", KIOSKS * (OWN + 1 + 2 * NUMBERS), training=False)
    with ThreadPoolExecutor(KIOSKS) as pool:
        told = list(pool.map(lambda number: visit(number, hubs), range(KIOSKS)))
    numbers = [number for one in told for number in one.numbers]
    assert len(numbers) == len(set(numbers))
    assert len(numbers) == 2 * KIOSKS * NUMBERS, len(numbers)
    assert {len(one.receipts) for one in told} == {OWN + 1}
    assert all(one.decisions.keys() == one.receipts.keys() for one in told)
    verdicts = Counter(verdict for one in told for verdict in one.decisions.values())
    assert verdicts == {"accepted": KIOSKS * OWN + KIOSKS // 2, "refused": KIOSKS // 2}
    with Session(engine) as session:
        held = [
            tuple(row)
            for row in session.connection().execute(text("SELECT kiosk, record, version FROM envelope"))
        ]
        cards = [row.number for row in session.connection().execute(text("SELECT number FROM card"))]
        states = session.connection().execute(text("SELECT state, count(*) FROM registration GROUP BY state"))
        assert dict(tuple(row) for row in states) == verdicts
    assert len(cards) == len(set(cards)) == verdicts["accepted"], "those that the hub gave itself"
    assert not set(cards) & set(numbers)
    assert len(held) == len(set(held)) == KIOSKS * (OWN + 1)
    assert {str(record) for _, record, _ in held} == {record for one in told for record in one.receipts}
