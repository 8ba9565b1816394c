"""What the hub sends kiosks to work with is used by them from the next family on."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.domain.registration import State
from kiosk.hub.database import transaction
from kiosk.hub.messages import all_active
from kiosk.hub.sending import Sender, send_directory, send_reference
from tests.hub.judged import rules
from tests.hub.placed import Hub
from tests.hub.running import RunningHub
from tests.sync.here import KioskHere
from tests.sync.samples import TODAY
from tests.unit.test_newer_premiums import SHIPPED


@pytest.fixture
def here(tmp_path: Path, served: RunningHub) -> Iterator[KioskHere]:
    found = KioskHere.in_folder(tmp_path / "K1")
    found.enrol(served.code("K1", training=True), served.url)
    yield found
    found.close()


def sender(hub: Hub) -> Sender:
    return Sender(hub.engine, lambda: hub.keys, "desk", lambda: datetime.now(UTC))


def send(hub: Hub, name: str, data: bytes) -> None:
    with transaction(hub.engine) as session:
        to = all_active(session)
    assert send_reference(sender(hub), to, name, data) >= 1


def test_new_premiums_count_from_the_next_family_on(here: KioskHere, hub: Hub) -> None:
    before = here.register(1).decision.premium_per_person
    assert before is not None
    dearer = SHIPPED
    for amount in (150_000, 100_000, 35_000):
        dearer = dearer.replace(
            f"member_pays = {amount}\n".encode(), f"member_pays = {amount + 1}\n".encode()
        )
    send(hub, "premiums", dearer)
    here.sync()
    assert here.register(2).decision.premium_per_person == before + 1


def test_a_list_that_is_none_is_kept_and_changes_nothing(here: KioskHere, hub: Hub) -> None:
    before = here.register(1).decision.premium_per_person
    send(hub, "premiums", b"no list")
    here.sync()
    assert here.register(2).decision.premium_per_person == before
    with here.house.open_work.reading() as work:
        assert [one.code for one in work.kept_messages.page(limit=9)] == ["reference.malformed"]


def test_a_facility_that_the_hub_sends_can_be_chosen(here: KioskHere, hub: Hub) -> None:
    rows = [f"9999{number:04d},Klinik Latihan {number},klinik,9901,Jl. {number}" for number in range(3000)]
    send(hub, "facilities", "\n".join(["code,name,kind,regency,address", *rows]).encode())
    here.sync()
    found = here.house.rules().facilities.find("99992999")
    assert found is not None
    assert found.name == "Klinik Latihan 2999"


def test_who_is_in_an_extract_of_the_hub_is_known_on_both_ends(here: KioskHere, hub: Hub) -> None:
    registration = here.register(1)
    nik = registration.family["members"][0]["nik"]
    line = {
        "nik": nik, "card": "0001234567890", "name": "BUDI", "birth_date": "1980-08-12",
        "kk": "9901010101209999", "segment": "PBPU", "status": "active", "class": 2,
    }  # fmt: skip
    with transaction(hub.engine) as session:
        [to] = all_active(session)
    stream = io.BytesIO(json.dumps(line).encode())
    assert [
        one.code for one in send_directory(sender(hub), to, stream, rules().on(TODAY, training=True))
    ] == [""]
    here.sync()
    with here.house.open_work.reading() as work:
        assert [person.name for person in work.directory.by_niks([nik])] == ["BUDI"]
    hub.decide()
    here.sync()
    assert here.states() == {registration.reference: State.NEEDS_FIX}
