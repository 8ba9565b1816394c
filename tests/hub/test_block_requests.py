"""Blocks of card numbers over real HTTP, and how far an inbox was read."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kiosk.hub.blocks import add_numbers
from kiosk.hub.database import transaction
from kiosk.hub.keys import KeyFile
from kiosk.sync.statements import message_from
from tests.hub.kiosk import Answer, KioskAtHub
from tests.hub.running import RunningHub, a_hub

LEASE = "01890a5d-ac96-774b-bcce-b302099a8057"


def ask(kiosk: KioskAtHub, **changes: Any) -> Answer:
    body = {"lease": LEASE, "epoch": kiosk.epoch, "want": 5} | changes
    return kiosk.send("POST", "/v1/blocks", json.dumps(body).encode())


def told(kiosk: KioskAtHub, answer: Answer) -> dict[str, Any]:
    """The block in an answer, verified as a kiosk does."""
    assert answer.status == 200
    said = message_from(kiosk.name, answer.json, training=kiosk.training)
    assert said.is_signed_by(kiosk.hub_publics[said.key])
    assert (said.number, said.kind) == (0, "block")
    return said.payload() or {}


@pytest.fixture
def kiosk(served: RunningHub) -> KioskAtHub:
    with transaction(served.reception.engine) as session:
        add_numbers(session, "0001000000000", 20, training=False)
    return served.kiosk()


def test_a_kiosk_leases_a_block_and_hears_the_same_again(kiosk: KioskAtHub) -> None:
    block = told(kiosk, ask(kiosk))
    assert block == {
        "lease": LEASE, "epoch": kiosk.epoch, "first": "0001000000000", "count": 5, "demo": False
    }  # fmt: skip
    assert told(kiosk, ask(kiosk, want=9, left=5, next=[[1_000_000_000, 1_000_000_002]])) == block


def test_a_block_of_another_epoch_or_kiosk_is_refused_by_name(served: RunningHub, kiosk: KioskAtHub) -> None:
    first = kiosk.epoch
    ask(kiosk)
    other = served.kiosk("K2")
    assert (ask(other).status, ask(other).code) == (409, "lease.foreign")
    later = str(uuid.uuid4())
    assert ask(kiosk, epoch=later).code == "lease.epoch"
    assert told(kiosk, ask(kiosk, lease=str(uuid.uuid4()), epoch=later))["first"] == "0001000000005"
    assert ask(kiosk, lease=str(uuid.uuid4()), epoch=first).code == "kiosk.epoch"


@pytest.mark.parametrize(
    "changes",
    [
        {"lease": "1"},
        {"epoch": None},
        {"want": -1},
        {"want": "5"},
        {"left": -1},
        {"next": [[1]]},
        {"next": [[1, 10**13]]},
        {"next": [["1", 2]]},
    ],
)
def test_what_is_no_request_for_a_block_is_refused(kiosk: KioskAtHub, changes: dict[str, Any]) -> None:
    answer = ask(kiosk, **changes)
    assert (answer.status, answer.code) == (400, "request.malformed")


def test_the_hub_knows_up_to_where_an_inbox_was_read(served: RunningHub, kiosk: KioskAtHub) -> None:
    def read_to() -> int | None:
        with served.reception.engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT read_to FROM kiosk_status").scalar()
        return int(found) if found is not None else None

    for after in (0, 7, 7, 3):
        kiosk.send("GET", f"/v1/inbox?after={after}")
        assert read_to() == after


def test_no_number_is_leased_twice_by_two_hubs_at_once(database: str, key_file: KeyFile) -> None:
    with a_hub(database, key_file) as first, a_hub(database, key_file) as second:
        with transaction(first.reception.engine) as session:
            add_numbers(session, "0001000000000", 300, training=False)
        kiosks = [first.kiosk(f"K{number}") for number in range(4)]
        twins = [
            KioskAtHub(second.url, one.name, signer=one.signer, hub=one.hub, epoch=one.epoch)
            for one in kiosks
        ]

        def lease(kiosk: KioskAtHub) -> list[int]:
            blocks = [told(kiosk, ask(kiosk, lease=str(uuid.uuid4()), want=10)) for _ in range(4)]
            return [int(one["first"] or 0) + place for one in blocks for place in range(one["count"])]

        with ThreadPoolExecutor(8) as pool:
            numbers = [number for found in pool.map(lease, [*kiosks, *twins]) for number in found]
        for twin in twins:
            twin.close()
    assert len(numbers) == len(set(numbers)) == 300
