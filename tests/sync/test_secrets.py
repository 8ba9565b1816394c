"""What a thief, a line that says everything twice, and the kiosk itself can make of what is sealed."""

from __future__ import annotations

import random
import shutil
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.registration import State
from kiosk.errors import StoreError
from kiosk.sync.envelope import read
from kiosk.sync.keys import OpeningKey
from kiosk.syncing import sync_services
from tests.hub.placed import Hub
from tests.hub.running import RunningHub
from tests.sync.here import KioskHere
from tests.sync.proxy import HttpMessage, Proxy

HELD = "envelope registration member inbox inbox_head lease card card_pool kiosk kiosk_key quarantine audit"


@pytest.fixture
def here(tmp_path: Path, served: RunningHub) -> Iterator[KioskHere]:
    """An enrolled kiosk with two families that have not been sent."""
    with closing(KioskHere.in_folder(tmp_path / "k1", url=served.url)) as kiosk:
        kiosk.enrol(served.code("K1", training=True), served.url)
        kiosk.register(1)
        kiosk.register(2)
        yield kiosk


def test_a_disk_without_its_key_opens_nothing(here: KioskHere, tmp_path: Path) -> None:
    with here.house.open_work() as work:
        identity = work.identity.get()
    assert identity is not None
    here.sync()
    stolen = tmp_path / "stolen"
    shutil.copytree(tmp_path / "k1" / "store", stolen / "store")
    family = here.house.queries.registration(next(iter(here.states()))).family
    member = family["members"][0]
    secrets = [identity.signing_secret, identity.opening_secret, identity.signing_secret.hex().encode()]
    secrets += [str(one).encode() for one in (member["nik"], member["name"], family["kk"], "envelope")]
    files = [one for one in stolen.rglob("*") if one.is_file()]
    assert sum(one.stat().st_size for one in files) > 50_000
    for file in files:
        data = file.read_bytes()
        assert not [one for one in secrets if one in data], file
    with pytest.raises(StoreError) as refused:
        KioskHere.in_folder(stolen)
    assert refused.value.code == "store.key_missing"


def test_the_kiosk_cannot_open_what_it_has_sealed(here: KioskHere, hub: Hub) -> None:
    sending = sync_services(here.house).sending
    sealed = [read(raw) for raw in sending.sealed(sending.all_waiting(limit=9))]
    assert len(sealed) == 2
    with here.house.open_work() as work:
        identity = work.identity.get()
    assert identity is not None
    for secret in (identity.signing_secret, identity.opening_secret):
        key = OpeningKey.from_secret(secret)
        assert [key.open(one.sealed, one.info) for one in sealed] == [None, None]
    for one in sealed:
        assert hub.keys.sealing.open(one.sealed, one.info) is not None
        assert b"BUDI" not in one.encode()


def held(hub: Hub) -> dict[str, list[Any]]:
    """Everything that the hub holds, apart from what it has heard when."""
    return {
        table: sorted(row[0] for row in hub.rows(f"SELECT t::text FROM {table} t")) for table in HELD.split()
    }


def said_again(message: HttpMessage, port: int) -> bytes:
    """The status of the answer to a request that is sent once more, byte for byte."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(message.raw)
        return line.recv(4096)[9:12]


def test_a_whole_conversation_said_again_changes_nothing(
    here: KioskHere, hub: Hub, served: RunningHub
) -> None:
    port = int(served.url.rpartition(":")[2])
    with (
        Proxy([port], heard=[]) as proxy,
        closing(KioskHere.in_folder(Path(here.config.store.dir).parent.parent / "k2", "K2")) as other,
    ):
        other.enrol(served.code("K2", training=True), proxy.url)
        registration = other.register(3)
        other.sync()
        hub.decide()
        other.sync()
        assert other.states() == {registration.reference: State.ACCEPTED}
        before = held(hub)
        assert proxy.heard is not None
        conversation = list(proxy.heard)
        random.Random(3).shuffle(conversation)
        paths = {one.raw.split()[1].split(b"?")[0] for one in conversation}
        assert paths >= {b"/v1/enrol", b"/v1/envelopes", b"/v1/inbox", b"/v1/status"}
        statuses = [said_again(one, port) for one in conversation]
        assert held(hub) == before
        signed = [
            status
            for one, status in zip(conversation, statuses, strict=True)
            if b"/v1/enrol" not in one.raw[:40]
        ]
        assert set(signed) == {b"409"}
        other.sync()
        assert other.states() == {registration.reference: State.ACCEPTED}
