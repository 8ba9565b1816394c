"""Records are decided once, for good, and told truthfully; what cannot be decided blocks nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from kiosk.domain.directory import Participant
from kiosk.hub import answers, deciding, judging
from kiosk.hub.database import transaction
from kiosk.hub.keys import SEAL
from kiosk.hub.participants import put as put_participants
from kiosk.sync.content import Content
from tests.hub.judged import RECEIVED_MS, Sender, a_record, record_id, with_family, with_member
from tests.hub.placed import NOW, Hub


def states(hub: Hub) -> dict[UUID, str]:
    return {row.record: row.state for row in hub.rows("SELECT record, state FROM registration")}


def errors_in(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(one["field"], one["code"]) for one in told["problems"] if one["severity"] == "error"]


def nik_of(record: Content, index: int = 0) -> str:
    return str(record.family["members"][index]["nik"])


def with_nik_of(record: Content, other: Content) -> Content:
    return with_member(record, 0, nik=nik_of(other))


# Accepted and refused.


def test_a_good_family_is_accepted_and_its_kiosk_is_told(hub: Hub) -> None:
    kiosk, record = hub.kiosk(), a_record(1, people=4)
    id_ = hub.put(kiosk, record)
    assert hub.decide() == 1
    assert states(hub) == {id_: "accepted"}
    [told] = hub.told(kiosk)
    assert (told["record"], told["version"], told["decision"]) == (str(id_), 1, "accepted")
    assert told["reference"] == record.reference
    assert told["premium_total"] == record.premium_total
    assert (told["judged_on"], told["at"]) == ("2026-11-22", "2026-11-23T03:00:00.000+00:00")
    [envelope] = hub.rows("SELECT * FROM envelope")
    assert (envelope.decision, envelope.decided_at, told["hash"]) == ("accepted", NOW, envelope.hash.hex())
    assert len(hub.rows("SELECT * FROM member WHERE live")) == 4
    assert hub.decide() == 0


def test_a_bad_answer_is_refused_by_field_and_code(hub: Hub) -> None:
    kiosk = hub.kiosk()
    id_ = hub.put(kiosk, with_member(a_record(1, people=2), 1, name="R2D2"))
    hub.decide()
    assert states(hub) == {id_: "refused"}
    [told] = hub.told(kiosk)
    assert told["decision"] == "refused"
    assert errors_in(told) == [("members[1].name", "name.characters")]
    assert hub.rows("SELECT * FROM member") == []


def test_the_database_names_nobody(hub: Hub) -> None:
    kiosk, record = hub.kiosk(), a_record(1, people=3)
    hub.put(kiosk, record)
    hub.decide()
    for table in ("registration", "member", "inbox", "audit", "envelope", "quarantine"):
        for row in hub.rows(f"SELECT t.*, t::text AS whole FROM {table} AS t"):
            held = b"".join(bytes(one) for one in row if isinstance(one, bytes)) + row.whole.encode()
            assert nik_of(record).encode() not in held
            assert str(record.family["members"][0]["name"]).encode() not in held


def test_every_decision_is_written_down_with_its_codes(hub: Hub) -> None:
    kiosk = hub.kiosk()
    good = hub.put(kiosk, a_record(1, codes=("fktp.other_regency",)))
    bad = hub.put(kiosk, with_family(a_record(2, codes=("fktp.other_regency",)), **{"class": 9}))
    hub.decide()
    lines = hub.rows("SELECT who, action, subject, codes FROM audit ORDER BY action")
    assert [tuple(line) for line in lines] == [
        ("decider", "record.accepted", f"{good}/1", ""),
        ("decider", "record.refused", f"{bad}/1", "class.choice fktp.other_regency"),
    ]


# The same people twice.


def test_who_is_registered_at_another_kiosk_is_refused_with_both_references(hub: Hub) -> None:
    one, other = hub.kiosk("K1"), hub.kiosk("K2")
    first, second = a_record(1, "K1", people=2), a_record(2, "K2", people=3)
    hub.put(one, first)
    hub.decide()
    late = hub.put(other, with_member(second, 2, nik=nik_of(first, 1)))
    hub.decide()
    assert states(hub)[late] == "refused"
    [told] = hub.told(other)
    assert told["other_reference"] == first.reference
    assert told["reference"] == second.reference
    assert errors_in(told) == [("members[2].nik", "nik.already_registered")]
    assert {"reference": first.reference} in [one["params"] for one in told["problems"]]


def test_of_two_in_one_batch_the_first_that_came_is_accepted(hub: Hub) -> None:
    one, other = hub.kiosk("K1"), hub.kiosk("K2")
    first = a_record(1, "K1", people=2)
    late = hub.put(other, with_nik_of(a_record(2, "K2"), first), received_ms=RECEIVED_MS + 1)
    early = hub.put(one, first)
    assert hub.decide() == 1
    assert hub.decide() == 1
    assert states(hub) == {early: "accepted", late: "refused"}


def test_a_refused_family_holds_no_number(hub: Hub) -> None:
    one, other = hub.kiosk("K1"), hub.kiosk("K2")
    bad = with_family(a_record(1, "K1", people=2), **{"class": 9})
    refused = hub.put(one, bad)
    hub.decide()
    accepted = hub.put(other, with_nik_of(a_record(2, "K2"), bad))
    hub.decide()
    assert states(hub) == {refused: "refused", accepted: "accepted"}


def test_a_participant_of_an_extract_is_not_registered_again(hub: Hub) -> None:
    kiosk, record = hub.kiosk(), a_record(1, people=1)
    person = Participant(
        nik_of(record), "0001234567890", "BUDI", date(1980, 8, 12), "3173052107200012", "PBPU", "active", 2
    )
    with transaction(hub.engine) as session:
        put_participants(session, [person], hub.keys, NOW)
    hub.put(kiosk, record)
    hub.decide()
    assert errors_in(hub.told(kiosk)[0]) == [("members[0].nik", "nik.already_registered")]


# Versions.


def test_a_mended_version_is_accepted(hub: Hub) -> None:
    kiosk, record = hub.kiosk(), a_record(1, people=2)
    id_ = hub.put(kiosk, with_family(record, **{"class": 9}))
    hub.decide()
    # Another No. KK, so it lies in another part of the tables.
    mended = with_family(record, kk="3173052107200012")
    hub.put(kiosk, mended, id_=str(id_), version=2)
    hub.decide()
    [row] = hub.rows("SELECT record, version, state FROM registration")
    assert tuple(row) == (id_, 2, "accepted")
    assert [one["decision"] for one in hub.told(kiosk)] == ["refused", "accepted"]


def test_an_accepted_record_cannot_be_changed(hub: Hub) -> None:
    kiosk, record = hub.kiosk(), a_record(1, people=2)
    id_ = hub.put(kiosk, record)
    hub.decide()
    hub.put(kiosk, with_member(record, 0, name="SOMEBODY ELSE"), id_=str(id_), version=2)
    hub.decide()
    [row] = hub.rows("SELECT version, state FROM registration")
    assert tuple(row) == (1, "accepted")
    told = hub.told(kiosk)[-1]
    assert (told["version"], told["decision"]) == (2, "refused")
    assert [one["code"] for one in told["problems"]] == ["record.accepted"]
    assert len(hub.rows("SELECT * FROM member WHERE live")) == 2


def test_only_the_newest_version_counts(hub: Hub) -> None:
    kiosk, record = hub.kiosk(), a_record(1, people=2)
    id_ = hub.put(kiosk, record, received_ms=RECEIVED_MS + 5)
    hub.put(kiosk, record, id_=str(id_), version=2)
    assert hub.decide() == 1
    assert hub.decide() == 1
    [row] = hub.rows("SELECT version, state FROM registration")
    assert tuple(row) == (2, "accepted")
    first, second = hub.told(kiosk)
    assert [one["code"] for one in first["problems"]] == ["record.superseded"]
    assert (second["version"], second["decision"]) == (2, "accepted")


def test_an_older_version_that_comes_late_changes_nothing(hub: Hub) -> None:
    kiosk, record = hub.kiosk(), a_record(1, people=2)
    id_ = hub.put(kiosk, with_family(record, **{"class": 9}), version=2)
    hub.decide()
    hub.put(kiosk, record, id_=str(id_), version=1)
    hub.decide()
    [row] = hub.rows("SELECT version, state FROM registration")
    assert tuple(row) == (2, "refused")


def test_one_record_id_at_two_kiosks_is_two_records(hub: Hub) -> None:
    one, other = hub.kiosk("K1"), hub.kiosk("K2")
    hub.put(one, a_record(1, "K1"), id_=record_id(9))
    hub.put(other, a_record(2, "K2"), id_=record_id(9))
    hub.decide()
    assert [row.state for row in hub.rows("SELECT state FROM registration")] == ["accepted", "accepted"]


# What a person has to look at.


def aside(hub: Hub) -> list[tuple[str, str]]:
    return [tuple(row) for row in hub.rows("SELECT status, code FROM quarantine ORDER BY n")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": 7}, "envelope.kind"),
        ({"hub_key": bytes(8)}, "envelope.hub_key"),
        ({"content_hash": bytes(32)}, "envelope.hash"),
        ({"schema": 9}, "content.schema"),
        ({"shard": bytes(2)}, "envelope.shard"),
        ({"training": True}, "envelope.kiosk"),
    ],
)
def test_what_cannot_be_opened_is_set_aside_and_blocks_nobody(
    hub: Hub, changes: dict[str, Any], code: str
) -> None:
    kiosk = hub.kiosk()
    hub.put(kiosk, a_record(1), **changes)
    good = hub.put(kiosk, a_record(2), received_ms=RECEIVED_MS + 1)
    assert hub.decide() == 2
    assert states(hub) == {good: "accepted"}
    assert aside(hub) == [("aside", code)]
    assert len(hub.told(kiosk)) == 1
    assert hub.decide() == 0


def test_a_row_that_says_otherwise_than_its_envelope_is_set_aside(hub: Hub) -> None:
    kiosk = hub.kiosk()
    hub.put(kiosk, a_record(1))
    with transaction(hub.engine) as session:
        session.connection().exec_driver_sql("UPDATE envelope SET record = gen_random_uuid()")
    hub.decide()
    assert aside(hub) == [("aside", "envelope.header")]


def test_a_baby_whose_mother_nobody_knows_is_for_a_person(hub: Hub) -> None:
    kiosk = hub.kiosk()
    hub.put(kiosk, a_record(1, people=1, outcome="newborn"))
    hub.decide()
    assert aside(hub) == [("aside", "outcome.unproven")]
    assert hub.told(kiosk) == []


def test_a_fault_of_the_program_in_one_record_stops_no_other(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk = hub.kiosk()
    real = judging.read_record

    def faulty(content: Content, *rest: Any) -> Any:
        if content.reference.startswith("K1-0002"):
            raise ZeroDivisionError
        return real(content, *rest)

    monkeypatch.setattr(deciding, "read_record", faulty)
    for seed in (1, 2, 3):
        hub.put(kiosk, a_record(seed - 1), received_ms=RECEIVED_MS + seed)
    assert hub.decide() == 3
    assert aside(hub) == [("aside", "record.failed")]
    assert sorted(states(hub).values()) == ["accepted", "accepted"]


def test_a_record_that_cannot_be_written_down_stops_no_other(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a batch fails as a whole, each is tried alone."""
    kiosk = hub.kiosk()
    real = answers._registration_row

    def faulty(case: Any, *rest: Any) -> dict[str, Any]:
        row = real(case, *rest)
        return row | {"outcome": "\0"} if row["reference"].startswith("K1-0002") else row

    monkeypatch.setattr(answers, "_registration_row", faulty)
    for seed in (1, 2, 3):
        hub.put(kiosk, a_record(seed - 1), received_ms=RECEIVED_MS + seed)
    assert hub.decide() == 3
    assert aside(hub) == [("aside", "record.failed")]
    assert sorted(states(hub).values()) == ["accepted", "accepted"]
    assert len(hub.told(kiosk)) == 2


# Classes, clocks, keys.


def test_practice_is_judged_as_practice_and_apart_from_real_data(hub: Hub) -> None:
    real, practice = hub.kiosk("K1"), hub.kiosk("K1", training=True)
    hub.put(real, a_record(1, people=1))
    hub.put(practice, a_record(1, people=1))
    hub.decide()
    [told] = hub.told(practice)
    assert told["decision"] == "refused"
    assert {one["code"] for one in told["problems"]} >= {"nik.not_training", "kk.not_training"}
    assert hub.told(real)[0]["decision"] == "accepted"


@pytest.mark.parametrize("named", ["1970-01-01", "2036-02-07"])
def test_a_clock_in_doubt_blocks_nobody(hub: Hub, named: str) -> None:
    kiosk = hub.kiosk()
    hub.put(kiosk, a_record(1, judged_on=named), trusted=False)
    hub.decide()
    [told] = hub.told(kiosk)
    assert (told["decision"], told["judged_on"]) == ("accepted", "2026-11-23")
    assert (told["pay_from"], told["pay_until"]) == ("2026-12-07", "2026-12-23")
    assert "window.changed" in {one["code"] for one in told["problems"]}


def test_what_was_sealed_to_an_older_key_is_decided(hub: Hub) -> None:
    kiosk = hub.kiosk()
    hub.put(kiosk, a_record(1))
    hub.key_file.rotate(SEAL)
    new = Sender(hub.keys.sealing.public, "K1", kiosk.sender.key)
    hub.put_raw(kiosk, new.seal(a_record(2)))
    assert hub.decide() == 2
    assert sorted(states(hub).values()) == ["accepted", "accepted"]


# Card numbers.


def cards(hub: Hub) -> list[tuple[int, UUID]]:
    return [tuple(row) for row in hub.rows("SELECT number, record FROM card ORDER BY number")]


def lease(hub: Hub, kiosk: int, first: int, count: int) -> None:
    with Session(hub.engine) as session, session.begin():
        session.connection().exec_driver_sql(
            "INSERT INTO lease VALUES (gen_random_uuid(), %s, gen_random_uuid(), %s, %s, false, 'leased',"
            " now(), '', '', '')",
            (kiosk, first, count),
        )


def test_a_number_of_the_kiosks_own_block_is_confirmed(hub: Hub) -> None:
    kiosk = hub.kiosk()
    lease(hub, kiosk.n, 1000, 10)
    id_ = hub.put(kiosk, a_record(1, card="0000000001009"))
    hub.decide()
    assert hub.told(kiosk)[0]["card"] == "confirmed"
    assert cards(hub) == [(1009, id_)]
    assert [row.card for row in hub.rows("SELECT card FROM registration")] == ["0000000001009"]


@pytest.mark.parametrize("card", ["0000000001010", "0000000000999", None])
def test_any_other_gets_one_of_the_hub(hub: Hub, card: str | None) -> None:
    hub.numbers("0001000000000")
    kiosk, other = hub.kiosk("K1"), hub.kiosk("K2")
    lease(hub, kiosk.n, 1000, 10)
    lease(hub, other.n, 1010, 10)
    id_ = hub.put(kiosk, a_record(1, card=card))
    hub.decide()
    [told] = hub.told(kiosk)
    assert (told["card"], told["card_due"], told["card_demo"]) == ("0001000000000", False, False)
    assert cards(hub) == [(1000000000, id_)]


def test_a_number_that_was_given_twice_is_confirmed_once(hub: Hub) -> None:
    hub.numbers()
    kiosk = hub.kiosk()
    lease(hub, kiosk.n, 1000, 10)
    for seed in (1, 2):
        hub.put(kiosk, a_record(seed, card="0000000001001"), received_ms=RECEIVED_MS + seed)
    hub.put(kiosk, a_record(3, card="0000000001001"), received_ms=RECEIVED_MS + 3)
    hub.decide(most=2)
    hub.decide(most=2)
    given = [one["card"] for one in hub.told(kiosk)]
    assert given.count("confirmed") == 1
    assert sorted(given)[:2] == ["0001000000000", "0001000000001"]


def test_where_none_is_left_the_number_follows_later(hub: Hub) -> None:
    kiosk = hub.kiosk()
    hub.put(kiosk, a_record(1, card="0000000001001"))
    hub.decide()
    [told] = hub.told(kiosk)
    assert (told["decision"], told["card"], told["card_due"]) == ("accepted", "none", True)


def test_the_card_of_the_family_stays(hub: Hub) -> None:
    kiosk, record = hub.kiosk(), a_record(1, people=2)
    kk = record.family["kk"]
    head = Participant(
        "3173051208800003", "0001234567890", "BUDI", date(1960, 8, 12), kk, "PBPU", "active", 2
    )
    with transaction(hub.engine) as session:
        put_participants(session, [head], hub.keys, NOW)
    joins = with_family(record, login="head", **{"class": None, "bank": None})
    hub.put(kiosk, joins)
    hub.decide()
    [told] = hub.told(kiosk)
    assert (told["decision"], told["outcome"], told["class"]) == ("accepted", "added_members", 2)
    assert told["card"] == "0001234567890"
    assert cards(hub) == []
