"""The commands of the people at the hub: deciding, numbers, extracts, lists, lapses, new keys."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.hub.crew import Crew
from kiosk.hub.events import EventLog
from kiosk.hub.keys import KeyFile
from kiosk.hub.working import decide_forever, rest_seconds
from tests.hub.conftest import Command
from tests.hub.judged import a_record, with_family
from tests.hub.placed import Hub
from tests.hub.test_told import extract
from tests.unit.test_newer_premiums import NEWER

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60


def until(happened: Callable[[], bool]) -> None:
    """Waits for what another process does."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end


@pytest.fixture
def hub(tmp_path: Path, engine: object, hub: Hub, command: Command) -> Hub:  # noqa: ARG001 - its variables
    """A hub whose key file is where its commands look for it."""
    place = tmp_path / ".config" / "kiosk" / "hub.keys"
    return Hub(hub.engine, KeyFile(place))


def decisions(hub: Hub) -> int:
    return int(hub.rows("SELECT count(*) AS n FROM envelope WHERE decision = 'accepted'")[0].n)


def test_once_decides_what_waits_and_ends(hub: Hub, command: Command) -> None:
    kiosk = hub.kiosk()
    for seed in range(60):
        hub.put(kiosk, a_record(seed, people=1))
    assert command("decide", "--once") == (0, "60 decided\n", "")
    assert decisions(hub) == 60
    [line] = hub.rows("SELECT DISTINCT who FROM audit")
    assert line.who == f"decider:{os.getpid()}"


def test_numbers_are_given_to_the_hub_and_to_whoever_waits(hub: Hub, command: Command) -> None:
    kiosk = hub.kiosk()
    hub.put(kiosk, a_record(1))
    hub.decide()
    code, out, _ = command("numbers", "add", "0001000000000", "100")
    assert (code, out) == (0, "100 numbers added, 1 of them given to families that waited for one\n")
    assert hub.told(kiosk)[-1]["card"] == "0001000000000"
    code, _, err = command("numbers", "add", "0001000000050", "5")
    assert (code, "given to the hub before" in err) == (1, True)
    assert command("numbers", "add", "17", "5")[0] == 1
    assert command("numbers", "add", "0009900000001", "7", "--training", "--demo")[0] == 0
    found = json.loads(command("numbers", "list", "--json")[1])
    assert found["left"] == {"real": {"real": 99, "demo": 0}, "practice": {"real": 0, "demo": 7}}
    assert found["leases"] == []
    assert "real: 99 numbers left" in command("numbers", "list")[1]


def test_an_extract_is_sent(hub: Hub, command: Command, tmp_path: Path) -> None:
    kiosk = hub.kiosk()
    file = tmp_path / "people.jsonl"
    file.write_bytes(extract(3).read() + b'\n{"nik": "1"}\n')
    code, out, err = command("send", "directory", "--kiosk", "K1", str(file), "--json")
    assert (code, json.loads(out), err) == (1, {"sent": 3, "refused": 1}, "line 4: nik.length\n")
    assert [one.kind for one in hub.messages(kiosk)] == ["directory"]
    assert command("send", "directory", "--kiosk", "K9", str(file))[0] == 1


def test_a_list_is_sent_and_used_at_the_hub(hub: Hub, command: Command, tmp_path: Path) -> None:
    kiosks = [hub.kiosk("K1"), hub.kiosk("K2")]
    practice = hub.kiosk("K3", training=True)
    facilities = tmp_path / "list.csv"
    facilities.write_text("kode;nama;kabupaten\n12345678;Klinik Baru;3173\n")
    code, out, _ = command("send", "reference", "fktp", str(facilities))
    assert (code, out) == (0, "on its way to 2 kiosks, in 1 parts each\n")
    for kiosk in kiosks:
        assert hub.told(kiosk)[0]["list"] == "facilities"
    assert hub.told(practice) == []
    premiums = tmp_path / "premiums.toml"
    premiums.write_bytes(NEWER)
    assert command("send", "reference", "premiums", str(premiums), "--kiosk", "K1")[0] == 0
    assert [len(hub.told(kiosk)) for kiosk in kiosks] == [2, 1]
    hub.put(kiosks[1], with_family(a_record(1, "K2"), fktp="12345678"))
    hub.put(kiosks[1], a_record(2, "K2"))
    assert command("decide", "--once")[0] == 0
    told = {one["reference"]: one for one in hub.told(kiosks[1])[1:]}
    assert told[a_record(1, "K2").reference]["decision"] == "accepted"
    assert "fktp.unknown" in {one["code"] for one in told[a_record(2, "K2").reference]["problems"]}
    premiums.write_bytes(b"no list")
    code, _, err = command("send", "reference", "premiums", str(premiums))
    assert (code, "this is no such list" in err) == (1, True)
    assert command("send", "reference", "fktp", str(tmp_path / "nothing"))[0] == 2


def test_a_hub_without_a_list_takes_the_facilities_of_the_kiosks(hub: Hub, command: Command) -> None:
    kiosk = hub.kiosk()
    hub.put(kiosk, with_family(a_record(1), fktp="12345678"))
    assert command("decide", "--once")[0] == 0
    assert hub.told(kiosk)[0]["decision"] == "accepted"


def test_unpaid_families_lapse(hub: Hub, command: Command, tmp_path: Path) -> None:
    kiosk = hub.kiosk()
    records = [a_record(seed, judged_on="2026-11-01") for seed in range(3)]
    for record in records:
        hub.put(kiosk, record)
    hub.decide()
    first, second, third = (record.reference for record in records)
    named, paid = tmp_path / "named", tmp_path / "paid"
    named.write_text(f"{first}\n\n")
    paid.write_text(f"{second.lower()}\n")
    assert command("lapse", str(named))[:2] == (0, "1 registrations have lapsed\n")
    code, out, err = command("lapse", str(named), "--json")
    assert (code, json.loads(out)) == (1, {"lapsed": 0, "refused": 1})
    assert err == f"{first}: record.not_accepted\n"
    assert command("lapse", "--due", "2027-01-01", "--paid", str(paid))[:2] == (
        0,
        "1 registrations have lapsed\n",
    )
    states = {row.reference: row.state for row in hub.rows("SELECT reference, state FROM registration")}
    assert states == {first: "lapsed", second: "accepted", third: "lapsed"}
    named.write_text("no reference\n")
    assert command("lapse", str(named))[0] == 2
    assert command("lapse")[0] == 2
    assert command("lapse", str(paid), "--due", "2027-01-01")[0] == 2


def test_new_keys_are_announced_and_used_when_they_are_known(hub: Hub, command: Command) -> None:
    kiosk = hub.kiosk()
    assert command("rotate", "--finish")[0] == 1
    with hub.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE kiosk SET enrolled_at = now() - interval '1 day'")
    code, out, _ = command("rotate")
    assert (code, out.splitlines()[0]) == (0, "1 kiosks are told of new keys; 1 have not read of them yet")
    assert [one.kind for one in hub.messages(kiosk)] == ["keys"]
    before = hub.keys.signer.id
    code, _, err = command("rotate", "--finish")
    assert (code, "have not read of the new keys" in err, hub.keys.signer.id == before) == (1, True, True)
    assert command("rotate", "--finish", "--leave-behind")[0] == 0
    assert hub.keys.signer.id != before


def test_a_worker_without_its_database_says_so(command: Command) -> None:
    code, _, err = command("decide", "--database", "postgresql://127.0.0.1:1/x?connect_timeout=1")
    assert (code, "cannot be reached" in err) == (4, True)


# Workers as processes.


@pytest.fixture
def environment(tmp_path: Path, database: str) -> dict[str, str]:
    return {
        "HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "DATABASE_URL": database
    }  # fmt: skip


WORKER = [sys.executable, "-m", "kiosk", "hub", "decide"]


@pytest.fixture
def crew(hub: Hub, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    hub.keys  # noqa: B018 - made before two workers make them
    monkeypatch.chdir(ROOT)
    with Crew(WORKER, environment, 2, EventLog()) as found:
        yield found


def test_workers_beside_the_hub_decide_are_started_anew_and_end_with_it(hub: Hub, crew: Crew) -> None:
    kiosk = hub.kiosk()
    hub.put(kiosk, a_record(1))
    until(lambda: decisions(hub) == 1)
    first = crew.numbers
    for number in first:
        os.kill(number, signal.SIGKILL)
    hub.put(kiosk, a_record(2))
    until(lambda: decisions(hub) == 2)
    assert set(crew.numbers) != set(first)


def test_a_worker_that_is_told_to_stop_finishes_and_ends_with_0(
    hub: Hub, environment: dict[str, str]
) -> None:
    kiosk = hub.kiosk()
    for seed in range(40):
        hub.put(kiosk, a_record(seed, people=1))
    with subprocess.Popen(
        WORKER, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as worker:
        until(lambda: decisions(hub) > 0)
        worker.terminate()
        out, err = worker.communicate(timeout=PATIENCE)
    assert (worker.returncode, "Traceback" in err) == (0, False)
    assert json.loads(out.splitlines()[-1])["event"] == "stopped"
    assert len(hub.told(kiosk)) == decisions(hub)


def test_a_worker_ends_with_the_one_that_started_it(hub: Hub, environment: dict[str, str]) -> None:
    hub.keys  # noqa: B018
    with subprocess.Popen(
        WORKER,
        cwd=ROOT,
        env=environment | {"KIOSK_HUB_PARENT": "1"},  # which did not start it
        stdout=subprocess.PIPE,
    ) as worker:
        worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 0


# A database that goes away.


def test_a_worker_waits_for_a_database_that_is_away(hub: Hub) -> None:
    kiosk = hub.kiosk()
    hub.put(kiosk, a_record(1))
    rests: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            rests.append(timeout or 0)
            if len(rests) == 1:
                # The server ends the session of the worker while it rests.
                with hub.engine.connect() as connection:
                    connection.exec_driver_sql(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                    )
                hub.put(kiosk, a_record(2))
            if len(rests) > 5:
                self.set()
            return self.is_set()

    assert decide_forever(hub.engine, hub.desk, Stop(), EventLog()) == 2
    assert decisions(hub) == 2


def test_rests_grow_and_have_a_limit() -> None:
    assert all(0 <= rest_seconds(failures) <= 0.2 * 2**failures for failures in range(1, 8))
    assert all(rest_seconds(1000) <= 30 for _ in range(50))
