"""Sticks at the hub: the same record once whichever way it came, and a strange stick refused by name."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from kiosk.domain.registration import State
from kiosk.errors import CarrierError, KioskError
from kiosk.hub.callers import CallerBook
from kiosk.hub.carrying import Delivered
from kiosk.hub.database import transaction
from kiosk.hub.events import EventLog
from kiosk.hub.intake import NETWORK, take_in
from kiosk.hub.keys import SIGN, KeyFile
from kiosk.hub.kiosks import revoke
from kiosk.hub.working import decide_forever
from kiosk.sync import usb
from kiosk.sync.canonical import from_text
from kiosk.sync.carrying import Imported
from kiosk.sync.envelope import joined
from kiosk.sync.keys import SigningKey
from kiosk.sync.parcel import ANSWERS, EXPORT, Manifest, Part
from kiosk.sync.usb import Contents
from tests.hub.conftest import Command
from tests.hub.placed import EPOCH, NOW, Hub
from tests.hub.travelling import NOW_MS, Traveller, a_traveller


@pytest.fixture
def traveller(tmp_path: Path, hub: Hub) -> Iterator[Traveller]:
    with a_traveller(tmp_path, hub) as found:
        yield found


def held(hub: Hub) -> int:
    (row,) = hub.rows("SELECT count(*) AS found FROM envelope")
    return int(row.found)


def test_a_family_goes_out_and_its_decision_comes_back_by_stick(traveller: Traveller, hub: Hub) -> None:
    traveller.register(3)
    assert traveller.carrying.export(traveller.stick).envelopes == 3
    first = traveller.to_hub()
    assert (first.items, first.messages, first.refused, first.codes) == ({"received": 3}, 0, (), ())
    assert traveller.carrying.take(traveller.stick) == Imported(parcels=1, receipts=3)
    assert traveller.states() == [State.SENT] * 3
    assert hub.decide() == 3
    again = traveller.to_hub()
    assert (again.items, again.messages) == ({"duplicate": 3}, 3)
    assert usb.numbers(traveller.folder, ANSWERS) == [2]
    assert traveller.carrying.take(traveller.stick).messages == 3
    assert traveller.states() == [State.ACCEPTED] * 3
    assert held(hub) == 3
    assert [row.carrier for row in hub.rows("SELECT carrier FROM envelope")] == ["stick"] * 3


def test_the_same_record_by_both_ways_is_there_once(traveller: Traveller, hub: Hub) -> None:
    traveller.register(2)
    traveller.carrying.export(traveller.stick)
    waiting = traveller.sending.all_waiting(limit=9)
    caller = CallerBook(hub.engine).find(traveller.placed.sender.key.id)
    assert caller is not None
    with transaction(hub.engine) as session:
        batch = traveller.sending.sealed(waiting[:1])
        (item,) = take_in(session, caller, batch, hub.keys, carrier=NETWORK, now_ms=NOW_MS)
    assert item.status == "received"
    assert traveller.to_hub().items == {"duplicate": 1, "received": 1}
    assert traveller.carrying.take(traveller.stick).receipts == 2
    assert held(hub) == 2
    with transaction(hub.engine) as session:
        batch = traveller.sending.sealed(waiting)
        items = take_in(session, caller, batch, hub.keys, carrier=NETWORK, now_ms=NOW_MS)
    assert [item.status for item in items] == ["duplicate"] * 2


def test_the_same_stick_twice_changes_nothing(traveller: Traveller, hub: Hub) -> None:
    traveller.register(2)
    traveller.carrying.export(traveller.stick)
    traveller.to_hub()
    one = traveller.parcel(ANSWERS).read(traveller.parcel(ANSWERS).manifest.parts[0])
    assert traveller.to_hub().items == {"duplicate": 2}
    other = traveller.parcel(ANSWERS).read(traveller.parcel(ANSWERS).manifest.parts[0])
    assert other == one.replace(b'"received"', b'"duplicate"')
    assert held(hub) == 2


def test_answers_name_the_parcels_that_they_answer(traveller: Traveller) -> None:
    traveller.register()
    traveller.carrying.export(traveller.stick)
    traveller.to_hub()
    assert traveller.answers() == {"answers": [traveller.parcel().manifest.digest.hex()]}


def test_a_kiosk_without_a_network_gets_card_numbers(traveller: Traveller, hub: Hub) -> None:
    hub.numbers(training=True)
    wanted = {"lease": str(uuid4()), "epoch": str(EPOCH), "want": 20, "left": 0, "next": []}
    traveller.told["blocks"] = wanted
    traveller.carrying.export(traveller.stick)
    assert traveller.to_hub().numbers == 20
    assert traveller.to_hub().numbers == 20
    assert traveller.carrying.take(traveller.stick).codes == ()
    assert traveller.house.queries.cards_left() == 20
    traveller.carrying.take(traveller.stick)
    assert traveller.house.queries.cards_left() == 20
    assert [row.count for row in hub.rows("SELECT count FROM lease")] == [20]


def test_a_stick_of_an_earlier_life_takes_no_numbers_away(traveller: Traveller, hub: Hub) -> None:
    hub.numbers(training=True)
    traveller.told["blocks"] = {"lease": str(uuid4()), "epoch": str(EPOCH), "want": 20}
    traveller.carrying.export(traveller.stick)
    late = traveller.stick.parent / "late"
    traveller.stick.rename(late)
    traveller.stick.mkdir()
    traveller.told["blocks"] = {"lease": str(uuid4()), "epoch": str(uuid4()), "want": 20}
    traveller.carrying.export(traveller.stick)
    assert traveller.to_hub().numbers == 20
    (found,) = traveller.desk.take(late)
    assert (found.numbers, found.codes) == (0, ("kiosk.epoch",))
    assert [row.state for row in hub.rows("SELECT state FROM lease")] == ["leased"]


STATUS: dict[str, Any] = {
    "waiting": 3,
    "drift_ms": None,
    "version": "0.1.0",
    "profile": "training",
    "cards_left": 7,
    "audit_head": "ab" * 32,
    "epoch": str(EPOCH),
}


def test_what_a_stick_tells_of_the_kiosk_is_kept_as_of_old(traveller: Traveller, hub: Hub) -> None:
    """Numbers are taken back only from a kiosk that has told of them just now: a stick never has."""
    traveller.told["status"] = STATUS
    traveller.carrying.export(traveller.stick)
    traveller.to_hub()
    (row,) = hub.rows("SELECT waiting, cards_left, reported_at, read_to FROM kiosk_status")
    assert (row.waiting, row.cards_left, row.read_to) == (3, 7, 0)
    assert (NOW - row.reported_at).total_seconds() > 3600


@pytest.mark.parametrize(
    ("told", "codes"),
    [
        ({"status": {}, "blocks": None}, ("status.malformed",)),
        ({"status": [], "blocks": 1}, ("status.malformed", "blocks.malformed")),
        (
            {"status": STATUS | {"waiting": -1}, "blocks": {"lease": "x"}},
            ("status.malformed", "blocks.malformed"),
        ),
        ({"status": None, "blocks": None, "cursor": "x", "trusts": 7}, ()),
        ({"cursor": -1}, ()),
        ({}, ()),
    ],
)
def test_strange_words_of_a_kiosk_hold_nothing_up(
    traveller: Traveller, told: dict[str, Any], codes: tuple[str, ...]
) -> None:
    traveller.register()
    traveller.told = told
    traveller.carrying.export(traveller.stick)
    found = traveller.to_hub()
    assert (found.items, found.codes) == ({"received": 1}, codes)


def test_any_changed_byte_of_a_parcel_is_refused_by_name_and_nothing_is_lost(
    traveller: Traveller, hub: Hub
) -> None:
    traveller.register()
    traveller.carrying.export(traveller.stick)
    for file in sorted(traveller.parcel().folder.iterdir()):
        good = file.read_bytes()
        for place in range(0, len(good), 7):
            file.write_bytes(good[:place] + bytes((good[place] ^ 4,)) + good[place + 1 :])
            found = traveller.to_hub()
            assert len(found.refused) == 1, f"{file.name}, byte {place}"
            assert found.refused[0][0].startswith(str(traveller.folder))
            assert found.items == {}
        file.write_bytes(good)
    assert held(hub) == 0
    assert usb.numbers(traveller.folder, ANSWERS) == []
    assert traveller.to_hub().items == {"received": 1}


def refused(traveller: Traveller) -> list[str]:
    return [code for one in traveller.desk.take(traveller.stick) for _, code in one.refused]


def test_a_kiosk_that_is_not_known_is_named_and_others_go_on(
    traveller: Traveller, hub: Hub, tmp_path: Path
) -> None:
    stranger = SigningKey.generate()

    def manifest(number: int, parts: tuple[Part, ...]) -> Manifest:
        return Manifest(EXPORT, "ZZ", True, number, NOW_MS, stranger.id, parts)  # noqa: FBT003

    usb.write_parcel(traveller.stick, [], manifest, stranger, kiosk="ZZ", kind=EXPORT)
    traveller.register()
    traveller.carrying.export(traveller.stick)
    with a_traveller(tmp_path, hub, name="K2", stick=traveller.stick) as other:
        other.register(2)
        other.carrying.export(other.stick)
        found = traveller.desk.take(traveller.stick)
    assert [(one.kiosk, one.items) for one in found if one.items] == [
        ("K1", {"received": 1}),
        ("K2", {"received": 2}),
    ]
    (last,) = [one for one in found if one.refused]
    assert last == Delivered(
        "ZZ", refused=((str(traveller.stick / "kiosk-ZZ" / "export-000001"), "stick.unknown_kiosk"),)
    )


def test_a_revoked_kiosk_is_named_and_nothing_of_it_taken(traveller: Traveller, hub: Hub) -> None:
    traveller.register()
    traveller.carrying.export(traveller.stick)
    with transaction(hub.engine) as session:
        revoke(session, "K1", training=True, who="test")
    assert refused(traveller) == ["kiosk.revoked"]
    assert held(hub) == 0


def test_a_parcel_that_says_it_is_of_the_other_class_or_kiosk_is_refused(
    traveller: Traveller, hub: Hub
) -> None:
    key = traveller.placed.sender.key
    for name, training in (("K1", False), ("K9", True)):

        def manifest(
            number: int, parts: tuple[Part, ...], name: str = name, *, real: bool = training
        ) -> Manifest:
            return Manifest(EXPORT, name, real, number, NOW_MS, key.id, parts)

        usb.write_parcel(traveller.stick, [], manifest, key, kiosk=name, kind=EXPORT)
    assert refused(traveller) == ["stick.class", "stick.other_kiosk"]
    assert held(hub) == 0


def test_practice_in_a_real_kiosks_parcel_is_refused_item_by_item(traveller: Traveller, hub: Hub) -> None:
    traveller.register()
    practice = traveller.sending.sealed(traveller.sending.all_waiting(limit=1))
    real = hub.kiosk("K1")
    write_batch(traveller, real.sender.key, joined([*practice, b"no envelope"]), 2, training=False)
    (found,) = traveller.desk.take(traveller.stick)
    assert found.items == {"refused": 1, "malformed": 1}
    rows = hub.rows("SELECT status, code, carrier FROM quarantine ORDER BY n")
    assert [tuple(row) for row in rows] == [
        ("refused", "kiosk.class", "stick"),
        ("malformed", "envelope.malformed", "stick"),
    ]
    assert held(hub) == 0


def write_batch(
    traveller: Traveller, key: SigningKey, data: bytes, count: int, *, training: bool = True
) -> None:
    def manifest(number: int, parts: tuple[Part, ...]) -> Manifest:
        return Manifest(EXPORT, "K1", training, number, NOW_MS, key.id, parts)

    files = [
        Contents("envelopes-0001.bin", data, count),
        Contents("notes-0001.bin", b"of a later program", 9),
    ]
    usb.write_parcel(traveller.stick, files, manifest, key, kiosk="K1", kind=EXPORT)


@pytest.mark.parametrize(("data", "count"), [(b"\xff", 1), (joined([b"a"]), 2), (joined([b"a", b"b"]), 1)])
def test_a_signed_parcel_that_is_no_batch_is_refused(traveller: Traveller, data: bytes, count: int) -> None:
    write_batch(traveller, traveller.placed.sender.key, data, count)
    assert refused(traveller) == ["parcel.malformed"]


def test_an_answer_to_what_was_not_taken_sets_it_aside(traveller: Traveller, hub: Hub) -> None:
    (one,) = traveller.register()
    traveller.carrying.export(traveller.stick)
    with transaction(hub.engine) as session:
        session.execute(text("UPDATE kiosk SET name = 'K1' WHERE n = :n"), {"n": traveller.placed.n})
    other = traveller.placed.sender.seal(record_of(hub), id_=one.id)
    hub.put_raw(traveller.placed, other)
    assert traveller.to_hub().items == {"conflict": 1}
    assert traveller.carrying.take(traveller.stick) == Imported(parcels=1, put_off=1)
    assert traveller.states() == [State.SUBMITTED]
    assert held(hub) == 1


def record_of(hub: Hub) -> Any:
    from tests.hub.judged import a_record  # noqa: PLC0415 - here alone

    del hub
    return a_record(5)


def test_a_stick_that_fails_at_the_hub_costs_nothing(
    traveller: Traveller, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    traveller.register(2)
    traveller.carrying.export(traveller.stick)

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(CarrierError, match=r"stick\.full"):
            traveller.to_hub()
    assert held(hub) == 2
    assert traveller.to_hub().items == {"duplicate": 2}
    assert traveller.carrying.take(traveller.stick).receipts == 2


def test_answers_are_signed_by_the_newest_key_that_the_kiosk_knows(traveller: Traveller, hub: Hub) -> None:
    traveller.register()
    traveller.carrying.export(traveller.stick)
    old = hub.keys.signer
    hub.key_file.rotate(SIGN)
    assert hub.keys.signer.id != old.id
    traveller.to_hub()
    assert traveller.parcel(ANSWERS).manifest.key == old.id
    done = traveller.carrying.take(traveller.stick)
    assert (done.parcels, done.receipts, done.codes) == (1, 0, ("receipt.unknown_key",))


def test_a_stick_with_nothing_on_it_says_so(traveller: Traveller) -> None:
    with pytest.raises(KioskError, match=r"stick\.empty"):
        traveller.desk.take(traveller.stick)
    with pytest.raises(CarrierError, match=r"stick\.absent"):
        traveller.desk.take(traveller.stick / "nowhere")
    (traveller.stick / "kiosk-K1").mkdir()
    assert traveller.desk.take(traveller.stick) == []


def test_strange_folders_are_named_and_passed_over(traveller: Traveller, hub: Hub) -> None:
    traveller.register()
    traveller.carrying.export(traveller.stick)
    (traveller.stick / "kiosk-A1").symlink_to(traveller.folder)
    (traveller.stick / "kiosk-A2").mkdir()
    (traveller.stick / "kiosk-A2" / "export-000001").symlink_to(traveller.parcel().folder)
    (traveller.stick / "kiosk-A3").write_text("a file")
    (traveller.folder / "export-000009").mkdir()
    found = traveller.desk.take(traveller.stick)
    assert [code for one in found for _, code in one.refused] == [
        "parcel.strange",
        "parcel.strange",
        "parcel.strange",
        "parcel.missing",
    ]
    assert held(hub) == 1


def test_many_are_taken_in_and_answered_in_several_parts(
    traveller: Traveller, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.hub.carrying.TOGETHER", 2)
    told: list[tuple[int, int]] = []
    traveller.register(5)
    traveller.carrying.export(traveller.stick)
    (found,) = traveller.desk.take(traveller.stick, lambda done, total: told.append((done, total)))
    assert found.items == {"received": 5}
    assert told == [(2, 5), (4, 5), (5, 5)]
    assert hub.decide() == 5
    traveller.to_hub()
    names = [part.name for part in traveller.parcel(ANSWERS).manifest.parts]
    assert names == [f"{kind}-{n:04d}.json" for kind in ("receipts", "messages") for n in (1, 2, 3)]
    done = traveller.carrying.take(traveller.stick)
    assert (done.receipts, done.messages) == (5, 5)


def test_who_took_a_stick_in_is_written_down(traveller: Traveller, hub: Hub) -> None:
    traveller.register()
    traveller.carrying.export(traveller.stick)
    traveller.to_hub()
    rows = hub.rows("SELECT who, action, subject FROM audit")
    assert ("test", "stick.taken", "K1 training") in [tuple(row) for row in rows]


# The command.


@pytest.fixture
def at_the_hub(tmp_path: Path, engine: Engine, command: Command) -> Iterator[Traveller]:  # noqa: ARG001
    """A traveller to a hub whose key file is where its commands look for it."""
    hub = Hub(engine, KeyFile(tmp_path / ".config" / "kiosk" / "hub.keys"))
    with a_traveller(tmp_path, hub) as found:
        yield found


def test_the_command_takes_a_stick_in_and_says_what_came(at_the_hub: Traveller, command: Command) -> None:
    at_the_hub.register(2)
    at_the_hub.carrying.export(at_the_hub.stick)
    code, out, err = command("import", str(at_the_hub.stick), "--wait", "0")
    assert (code, err) == (0, "")
    heads, line = out.splitlines()
    assert heads.split("  ")[0] == "kiosk"
    answers = at_the_hub.folder / "answers-000001"
    assert line.split() == ["K1", "practice", "2", "0", "0", "0", "0", str(answers)]
    code, out, _ = command("import", str(at_the_hub.stick), "--json", "--wait", "0")
    (told,) = json.loads(out)
    assert (code, told["items"], told["messages"]) == (0, {"duplicate": 2}, 0)


def test_the_command_waits_for_decisions(at_the_hub: Traveller, command: Command) -> None:
    at_the_hub.register(2)
    at_the_hub.carrying.export(at_the_hub.stick)
    stop = threading.Event()
    hub = at_the_hub.hub
    worker = threading.Thread(
        target=decide_forever, args=(hub.engine, hub.desk, stop, EventLog(io.StringIO()))
    )
    worker.start()
    try:
        code, out, _ = command("import", str(at_the_hub.stick), "--json", "--wait", "60")
    finally:
        stop.set()
        worker.join()
    assert (code, json.loads(out)[0]["messages"]) == (0, 2)
    at_the_hub.carrying.take(at_the_hub.stick)
    assert at_the_hub.states() == [State.ACCEPTED] * 2


def test_the_command_names_what_it_refuses(at_the_hub: Traveller, command: Command) -> None:
    at_the_hub.register()
    at_the_hub.carrying.export(at_the_hub.stick)
    file = at_the_hub.parcel().folder / "envelopes-0001.bin"
    file.write_bytes(file.read_bytes()[:-1])
    code, out, err = command("import", str(at_the_hub.stick))
    assert (code, len(out.splitlines())) == (1, 1)
    assert "kiosk K1: this file was changed or written by half" in err
    code, out, _ = command("import", str(at_the_hub.stick), "--json")
    assert (code, json.loads(out)[0]["refused"]) == (1, [{"where": str(file), "code": "parcel.hash"}])


def test_the_command_says_what_is_wrong_with_a_stick(at_the_hub: Traveller, command: Command) -> None:
    code, _, err = command("import", str(at_the_hub.stick))
    assert (code, "no kiosk has written anything there" in err) == (1, True)
    code, _, err = command("import", str(at_the_hub.stick / "nowhere"))
    assert (code, "plug the stick in" in err) == (5, True)


def test_decisions_and_blocks_say_what_the_written_format_says(traveller: Traveller, hub: Hub) -> None:
    hub.numbers(training=True)
    traveller.told["blocks"] = {"lease": str(uuid4()), "epoch": str(EPOCH), "want": 20}
    traveller.register(2)
    traveller.carrying.export(traveller.stick)
    traveller.to_hub()
    hub.decide()
    traveller.to_hub()
    parcel = traveller.parcel(ANSWERS)
    (part,) = [one for one in parcel.manifest.parts if one.name.startswith("messages")]
    page = Path(usb.__file__).with_name("FORMAT.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z]+)` \| (.+) \|$", page, re.M))
    seen = set()
    for item in json.loads(parcel.read(part))["items"]:
        told = json.loads(from_text(item["body"]))
        names = set(re.findall(r"`([a-z_]+)`", rows[item["kind"]]))
        assert set(told) <= names, item["kind"]
        seen.add(item["kind"])
    assert seen == {"block", "decision"}
