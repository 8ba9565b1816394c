"""What the hub tells kiosks beside decisions: lapses, numbers that follow, extracts, lists, new keys."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from sqlmodel import Session

from kiosk.domain.directory import Participant
from kiosk.errors import KioskError
from kiosk.hub.database import transaction
from kiosk.hub.keys import NEXT, KeyFile
from kiosk.hub.lapsing import Ending, Outcome, lapse, overdue
from kiosk.hub.messages import Addressee, Letter, NoKeyError, addressee, all_active, post
from kiosk.hub.numbers_due import give_due_numbers
from kiosk.hub.participants import find
from kiosk.hub.rotating import activate, announce, unread
from kiosk.hub.sending import BYTES_IN_A_PART, PEOPLE_IN_A_PART, Sender, send_directory, send_reference
from kiosk.resources import data_dir
from kiosk.services.importing import Taken
from kiosk.sync.canonical import from_text
from tests.hub.judged import RECEIVED_MS, a_record, rules, with_family, with_member
from tests.hub.judged import Sender as Sealer
from tests.hub.placed import NOW, Hub, Placed
from tests.sync.samples import TODAY


def now() -> datetime:
    return NOW


def sent_to(hub: Hub, kiosk: Placed, kind: str) -> list[Mapping[str, Any]]:
    return [one.payload(kiosk.opener) or {} for one in hub.messages(kiosk) if one.kind == kind]


# Lapses.


def ending(hub: Hub) -> Ending:
    return Ending(hub.engine, lambda: hub.keys, "desk", now)


def test_an_unpaid_family_lapses_and_may_register_anew(hub: Hub) -> None:
    kiosk, other = hub.kiosk("K1"), hub.kiosk("K2")
    record = a_record(1, people=2)
    id_ = hub.put(kiosk, record)
    hub.decide()
    assert list(lapse(ending(hub), [record.reference])) == [Outcome(record.reference)]
    [told] = sent_to(hub, kiosk, "lapsed")
    assert (told["record"], told["version"], told["reference"]) == (str(id_), 1, record.reference)
    assert told["hash"] == hub.told(kiosk)[0]["hash"]
    assert [row.state for row in hub.rows("SELECT state FROM registration")] == ["lapsed"]
    hub.put(other, with_member(a_record(2, "K2"), 0, nik=record.family["members"][0]["nik"]))
    hub.decide()
    assert hub.told(other)[0]["decision"] == "accepted"
    [line] = hub.rows("SELECT who, subject FROM audit WHERE action = 'record.lapsed'")
    assert tuple(line) == ("desk", f"{id_}/1")


def test_what_cannot_lapse_is_said_by_its_code(hub: Hub) -> None:
    kiosk = hub.kiosk()
    good, bad = a_record(1), with_family(a_record(2), **{"class": 9})
    for one in (good, bad):
        hub.put(kiosk, one)
    hub.decide()
    wanted = [good.reference, bad.reference, "K9-0001-XX", good.reference]
    assert {one.reference: one.code for one in lapse(ending(hub), wanted)} == {
        good.reference: "",
        bad.reference: "record.not_accepted",
        "K9-0001-XX": "reference.unknown",
    }
    assert [one.code for one in lapse(ending(hub), [good.reference])] == ["record.not_accepted"]
    assert len(sent_to(hub, kiosk, "lapsed")) == 1


def test_a_lapsed_record_stays_lapsed(hub: Hub) -> None:
    kiosk, record = hub.kiosk(), a_record(1)
    id_ = hub.put(kiosk, record)
    hub.decide()
    list(lapse(ending(hub), [record.reference]))
    hub.put(kiosk, record, id_=str(id_), version=2)
    hub.decide()
    assert [row.state for row in hub.rows("SELECT state FROM registration")] == ["lapsed"]
    assert hub.told(kiosk)[-1]["problems"][0]["code"] == "record.accepted"


def test_the_overdue_are_found_by_their_last_day(hub: Hub) -> None:
    kiosk = hub.kiosk()
    for seed, day in ((1, "2026-11-01"), (2, "2026-11-20"), (3, "2026-11-21")):
        hub.put(kiosk, a_record(seed, judged_on=day))
    hub.decide()
    assert list(overdue(ending(hub), date(2026, 12, 21))) == [a_record(seed).reference for seed in (1, 2)]
    assert list(overdue(ending(hub), date(2026, 12, 1))) == []


# Numbers that follow.


def test_families_that_wait_for_a_number_get_it_when_there_are_some(hub: Hub) -> None:
    kiosk = hub.kiosk()
    for seed in (1, 2, 3):
        hub.put(kiosk, a_record(seed), received_ms=RECEIVED_MS + seed)
        hub.decide()
    hub.numbers("0001000000000", 2)
    options: dict[str, Any] = {"training": False, "who": "desk", "now": now}
    assert give_due_numbers(hub.engine, lambda: hub.keys, **options) == 2
    told = hub.told(kiosk)
    assert [one["card"] for one in told[3:]] == ["0001000000000", "0001000000001"]
    first = {one["record"]: one for one in told[:3]}
    for after in told[3:]:
        before = first[after["record"]]
        same = ("record", "version", "hash", "decision", "at", "reference")
        assert [before[key] for key in same] == [after[key] for key in same]
        assert (before["card_due"], after["card_due"]) == (True, False)
    hub.numbers("0001000000002", 5)
    assert give_due_numbers(hub.engine, lambda: hub.keys, **options) == 1
    assert give_due_numbers(hub.engine, lambda: hub.keys, **options) == 0
    assert len({row.card for row in hub.rows("SELECT card FROM registration")}) == 3


# Extracts of participants.


def extract(count: int) -> io.BytesIO:
    lines = []
    for number in range(count):
        nik = f"317305120880{number + 1:04d}"
        lines.append(
            json.dumps(
                {"nik": nik, "card": f"{number:013d}", "name": "BUDI", "birth_date": "1980-08-12",
                 "kk": "3173052107200012", "segment": "PBPU", "status": "active", "class": 2}
            )
        )  # fmt: skip
    return io.BytesIO("\n".join(lines).encode())


def sender(hub: Hub) -> Sender:
    return Sender(hub.engine, lambda: hub.keys, "desk", now)


def to_kiosk(hub: Hub, name: str = "K1") -> Addressee:
    with transaction(hub.engine) as session:
        return addressee(session, name, training=False)


def test_an_extract_goes_sealed_in_parts_and_the_hub_judges_by_it(hub: Hub) -> None:
    kiosk = hub.kiosk()
    count = PEOPLE_IN_A_PART + 50
    taken = list(
        send_directory(sender(hub), to_kiosk(hub), extract(count), rules().on(TODAY, training=False))
    )
    assert taken == [Taken(number) for number in range(1, count + 1)]
    messages = hub.messages(kiosk)
    assert [one.is_sealed for one in messages] == [True, True]
    assert not any(b"BUDI" in one.body for one in messages)
    parts = sent_to(hub, kiosk, "directory")
    lines = [
        json.loads(line)
        for part in parts
        for line in zstandard.ZstdDecompressor().decompress(from_text(part["data"])).splitlines()
    ]
    assert (len(lines), lines[0]["nik"], len({part["batch"] for part in parts})) == (
        count,
        "3173051208800001",
        1,
    )
    with transaction(hub.engine) as session:
        found = find(session, ["3173051208800001"], [], hub.keys)
    assert found.by_nik["3173051208800001"] == Participant(
        "3173051208800001",
        "0000000000000",
        "BUDI",
        date(1980, 8, 12),
        "3173052107200012",
        "PBPU",
        "active",
        2,
    )
    record = with_member(a_record(1, people=1), 0, nik="3173051208800001")
    hub.put(kiosk, record)
    hub.decide()
    assert hub.told(kiosk)[-1]["decision"] == "refused"


def test_a_line_that_is_no_participant_is_left_out_with_its_code(hub: Hub) -> None:
    hub.kiosk()
    stream = io.BytesIO(b'{"nik": "1"}\n\nno json\n' + extract(1).read())
    taken = send_directory(sender(hub), to_kiosk(hub), stream, rules().on(TODAY, training=False))
    assert {one.line: one.code for one in taken} == {1: "nik.length", 3: "file.line", 4: ""}


def test_nothing_is_sealed_for_a_kiosk_that_has_no_key(hub: Hub) -> None:
    kiosk = hub.kiosk()
    with transaction(hub.engine) as session:
        session.connection().exec_driver_sql("UPDATE kiosk SET key = NULL")
    with pytest.raises(NoKeyError, match=r"inbox\.no_key"):
        list(send_directory(sender(hub), to_kiosk(hub), extract(1), rules().on(TODAY, training=False)))
    assert hub.messages(kiosk) == []
    assert hub.rows("SELECT * FROM participant") == []


def test_a_kiosk_that_nobody_enrolled_is_unknown(hub: Hub) -> None:
    with pytest.raises(KioskError, match=r"kiosk\.unknown"):
        to_kiosk(hub, "K9")


# Lists.


def put_together(parts: list[Mapping[str, Any]]) -> bytes:
    ordered = sorted(parts, key=lambda part: part["part"])
    return b"".join(zstandard.ZstdDecompressor().decompress(from_text(one["data"])) for one in ordered)


def test_a_list_goes_to_every_kiosk_in_parts(hub: Hub) -> None:
    kiosks = [hub.kiosk("K1"), hub.kiosk("K2")]
    rows = "".join(f"{code:08d},Klinik {code * code},klinik,3173,Jl. {code}\n" for code in range(3000))
    data = ("code,name,kind,regency,address\n" + rows).encode()
    with transaction(hub.engine) as session:
        to = all_active(session)
    parts = send_reference(sender(hub), to, "facilities", data)
    assert parts == -(-len(data) // BYTES_IN_A_PART) == 3
    for kiosk in kiosks:
        told = sent_to(hub, kiosk, "reference")
        assert put_together(told) == data
        assert {(one["list"], one["parts"]) for one in told} == {("facilities", 3)}


def test_new_premiums_go_as_they_are(hub: Hub) -> None:
    kiosk = hub.kiosk()
    data = (data_dir() / "premiums.toml").read_bytes()
    assert send_reference(sender(hub), [to_kiosk(hub)], "premiums", data) == 1
    assert put_together(sent_to(hub, kiosk, "reference")) == data


# New keys.


def enrolled(hub: Hub, name: str = "K1", at: datetime = NOW - timedelta(days=1)) -> Placed:
    kiosk = hub.kiosk(name)
    with transaction(hub.engine) as session:
        values = (at, kiosk.n)
        session.connection().exec_driver_sql("UPDATE kiosk SET enrolled_at = %s WHERE n = %s", values)
    return kiosk


def has_read(hub: Hub, kiosk: Placed, number: int) -> None:
    with transaction(hub.engine) as session:
        session.connection().exec_driver_sql(
            "INSERT INTO kiosk_status (kiosk, seen_at, read_to) VALUES (%s, now(), %s)", (kiosk.n, number)
        )


def test_new_keys_are_told_by_the_old_and_used_when_everybody_knows(hub: Hub) -> None:
    one, other = enrolled(hub, "K1"), enrolled(hub, "K2")
    old = hub.keys
    assert announce(hub.engine, hub.key_file, who="desk", now=NOW) == 2
    assert hub.keys.signer.id == old.signer.id
    [told] = sent_to(hub, one, "keys")
    assert [(key["id"], key["state"]) for key in told["signing"]][1:] == [(old.signer.id.hex(), "active")]
    assert [key["state"] for key in told["sealing"]] == ["next", "active"]
    assert {message.key for message in hub.messages(one)} == {old.signer.id}
    has_read(hub, one, 1)
    assert unread(hub.engine, hub.key_file) == ["K2"]
    with pytest.raises(KioskError, match=r"keys\.unread: K2"):
        activate(hub.engine, hub.key_file, who="desk", now=now)
    has_read(hub, other, 1)
    activate(hub.engine, hub.key_file, who="desk", now=now)
    assert hub.keys.signer.id.hex() == told["signing"][0]["id"]
    assert not hub.keys.announced
    # What was sealed to either key is still opened, and answered by the new one.
    hub.put(one, a_record(1))
    new = Sealer(bytes.fromhex(told["sealing"][0]["public"]), "K1", one.sender.key)
    hub.put_raw(one, new.seal(a_record(2)))
    assert hub.decide() == 2
    assert [message.key for message in hub.messages(one)][1:] == [hub.keys.signer.id] * 2


def test_new_keys_can_be_used_without_those_who_never_come(hub: Hub) -> None:
    enrolled(hub)
    announce(hub.engine, hub.key_file, who="desk", now=NOW)
    activate(hub.engine, hub.key_file, who="desk", now=now, leave_behind=True)
    assert [one.state for one in hub.keys.all] == ["old", "old", "active", "active"]


def test_announcing_again_tells_only_whom_it_has_not_told(hub: Hub) -> None:
    enrolled(hub, "K1")
    assert announce(hub.engine, hub.key_file, who="desk", now=NOW) == 1
    next_ids = [one.id for one in hub.keys.all if one.state == NEXT]
    late = enrolled(hub, "K2")
    enrolled(hub, "K3", at=NOW + timedelta(seconds=1))  # told when it enrolled
    assert announce(hub.engine, hub.key_file, who="desk", now=NOW + timedelta(hours=1)) == 1
    assert len(sent_to(hub, late, "keys")) == 1
    assert [one.id for one in hub.keys.all if one.state == NEXT] == next_ids
    assert unread(hub.engine, hub.key_file) == ["K1", "K2"]


def test_keys_that_were_made_but_not_told_of_are_not_used(hub: Hub) -> None:
    """The program was stopped between making the keys and telling of them."""
    enrolled(hub)
    hub.key_file.announce()
    with pytest.raises(KioskError, match=r"keys\.not_announced"):
        activate(hub.engine, hub.key_file, who="desk", now=now, leave_behind=True)
    assert announce(hub.engine, hub.key_file, who="desk", now=NOW) == 1


def test_nothing_is_used_that_was_not_announced(hub: Hub) -> None:
    with pytest.raises(KioskError, match=r"keys\.not_announced"):
        activate(hub.engine, hub.key_file, who="desk", now=now)


def test_two_that_announce_at_once_make_one_pair_of_keys(tmp_path: Path) -> None:
    files = [KeyFile(tmp_path / "hub.keys") for _ in range(2)]
    for one in files:
        one.current()
    assert {tuple(key.id for key in one.announce().all) for one in files} == {
        tuple(key.id for key in files[0].current().all)
    }
    assert len(files[0].current().all) == 4


# Numbers without gaps.


def test_a_message_that_is_undone_leaves_no_gap(hub: Hub) -> None:
    kiosk = hub.kiosk()
    to = to_kiosk(hub)
    with Session(hub.engine) as session:
        post(session, [Letter(to, "decision", {"a": 1})], hub.keys.signer, NOW)
        session.rollback()
    with transaction(hub.engine) as session:
        post(session, [Letter(to, "decision", {"b": number}) for number in range(3)], hub.keys.signer, NOW)
    assert hub.told(kiosk) == [{"b": 0}, {"b": 1}, {"b": 2}]
