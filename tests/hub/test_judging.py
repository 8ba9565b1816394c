"""The hub opens what it can, and judges by the rules of the counter with what it knows itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kiosk.domain.directory import Participant
from kiosk.domain.identifiers import Reference
from kiosk.domain.registration import Outcome
from kiosk.domain.segments import KnownPeople
from kiosk.errors import KioskError
from kiosk.hub.judging import Judgement, Verdict, judge, judging_day, overtaken, read_record
from kiosk.hub.opening import ClosedError, opened
from kiosk.sync import envelope
from kiosk.sync.content import Content
from kiosk.sync.keys import OpeningKey
from tests.hub.judged import RECEIVED_MS, Sender, a_record, rules, with_family, with_member
from tests.sync.samples import TODAY

HUB, OLD_KEY = OpeningKey.generate(), OpeningKey.generate()
OPENERS = {HUB.id: HUB, OLD_KEY.id: OLD_KEY}
SENDER = Sender(HUB.public)


def judged(
    record: Content, known: KnownPeople | None = None, holders: dict[str, str] | None = None
) -> Judgement:
    day = judging_day(record, RECEIVED_MS, rules(), training=False)
    reading = read_record(record, rules().on(day, training=False), rules().terms)
    return judge(reading, known or KnownPeople(), holders or {})


def codes(judgement: Judgement, *, severity: str = "error") -> dict[str, str]:
    return {one.field: one.code for one in judgement.problems if one.severity == severity}


# Opening.


@pytest.mark.parametrize("key", [HUB, OLD_KEY])
def test_what_was_sealed_to_any_of_its_keys_is_opened(key: OpeningKey) -> None:
    record = a_record(1)
    assert opened(Sender(key.public).seal(record), OPENERS).content == record


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": 7}, "envelope.kind"),
        ({"hub_key": bytes(8)}, "envelope.hub_key"),
        ({"hub_key": OLD_KEY.id}, "envelope.sealed"),
        ({"content_hash": bytes(32)}, "envelope.hash"),
        ({"shard": bytes(2)}, "envelope.shard"),
        ({"kiosk": "K2"}, "envelope.kiosk"),
        ({"schema": 9}, "content.schema"),
    ],
)
def test_a_header_that_its_content_does_not_bear_out_is_for_a_person(
    changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(KioskError) as found:
        opened(SENDER.seal(a_record(1), **changes), OPENERS)
    assert found.value.code == code


def test_a_reference_of_practice_is_taken_from_practice_alone() -> None:
    practised = a_record(1, reference=str(Reference("L", 1)))
    assert opened(SENDER.seal(practised, training=True), OPENERS).content == practised
    changed: tuple[dict[str, Any], ...] = ({}, {"kiosk": "L"})
    for changes in changed:
        with pytest.raises(ClosedError, match=r"envelope\.kiosk"):
            opened(SENDER.seal(practised, **changes), OPENERS)


@pytest.mark.parametrize("value", [None, 7, ["1"], "K1-0001-AA"])
def test_content_with_another_form_is_no_content(value: Any) -> None:
    with pytest.raises(KioskError, match=r"content\.unreadable"):
        opened(SENDER.seal(a_record(1, reference=value)), OPENERS)


def test_a_changed_envelope_does_not_open() -> None:
    raw = bytearray(SENDER.seal(a_record(1)))
    raw[-70] ^= 1  # inside what is sealed
    with pytest.raises(ClosedError, match=r"envelope\.sealed"):
        opened(bytes(raw), OPENERS)


# The verdict.


@pytest.mark.parametrize("seed", range(40))
def test_a_good_family_is_accepted_as_the_kiosk_decided(seed: int) -> None:
    record = a_record(seed)
    found = judged(record)
    decision = found.decision
    assert found.accepted
    assert codes(found) == {}
    assert {one.code for one in found.problems} <= {"fktp.other_regency", "family.age_order", "kk.date"}
    assert (decision.outcome, decision.segment) == (Outcome.NEW_FAMILY, "PBPU")
    assert (decision.people, decision.premium_total) == (record.people, record.premium_total)


def test_every_answer_is_checked_again() -> None:
    record = with_member(a_record(3, people=3), 1, nik="3173059999800003", name="R2D2", sex="X")
    found = judged(with_family(record, **{"class": 9}))
    assert found.verdict is Verdict.REFUSED
    assert codes(found) == {
        "members[1].nik": "nik.date",
        "members[1].name": "name.characters",
        "members[1].sex": "sex.choice",
        "class": "class.choice",
    }


def test_a_key_that_no_family_has_is_refused_by_its_name() -> None:
    assert codes(judged(with_family(a_record(3), pet="cat")))["pet"] == "key.unknown"


def test_no_practice_number_becomes_real() -> None:
    record = with_member(a_record(3, people=1), 0, nik="9901011208800003")
    assert codes(judged(record)) == {"members[0].nik": "nik.training_only"}


def test_warnings_that_the_receipt_has_are_not_told_again() -> None:
    record = a_record(2, codes=("fktp.other_regency",))
    assert judged(record).problems == ()
    assert [one.code for one in judged(a_record(2, codes=())).problems] == ["fktp.other_regency"]


def test_where_the_hub_decides_otherwise_its_figures_count_and_are_told() -> None:
    found = judged(a_record(2, premium_total=1, pay_from="2026-01-01", segment="BP"))
    assert found.accepted
    assert found.decision.premium_total != 1
    assert {"premium.changed", "window.changed", "outcome.changed"} <= {one.code for one in found.problems}


def test_terms_that_nobody_knows_here_are_for_a_person() -> None:
    record = with_family(a_record(1), consent={"terms": "v9", "accepted": True, "guardian": None})
    with pytest.raises(ClosedError, match=r"terms\.unknown"):
        judged(record)


def test_no_consent_is_no_registration() -> None:
    record = with_family(a_record(1), consent={"terms": "v1", "accepted": False, "guardian": None})
    assert codes(judged(record)) == {"consent.accepted": "consent.missing"}


# Who is registered already.


def test_a_nik_of_another_registration_is_named_with_its_reference() -> None:
    record = a_record(4, people=3)
    nik = record.family["members"][2]["nik"]
    found = judged(record, holders={nik: "K2-0007-XX"})
    assert codes(found) == {"members[2].nik": "nik.already_registered"}
    assert found.problems[-1].params == {"reference": "K2-0007-XX"}
    assert found.other_reference == "K2-0007-XX"


def test_a_family_that_another_was_faster_than_is_told_who() -> None:
    found = overtaken({3: "K2-0007-XX", 1: "K3-0001-XX"})
    assert codes(found) == {
        "members[1].nik": "nik.already_registered",
        "members[3].nik": "nik.already_registered",
    }
    assert found.other_reference == "K3-0001-XX"


def mother(kk: str, segment: str = "PBI_JK") -> Participant:
    return Participant(
        "3173055503830011", "0001234567890", "SITI", date(1983, 3, 15), kk, segment, "active", 3
    )


_FOR_THE_BABY = {"terms": "v1", "accepted": True, "guardian": "SITI"}


def a_baby(**member: Any) -> Content:
    record = a_record(5, people=1)
    baby = {
        **record.family["members"][0],
        "nik": None,
        "name": "BAYI SITI",
        "relation": "child",
        "marital": "single",
        "birth_date": "2026-11-10",
        "mother_name": "SITI",
    }
    changed = with_family(
        record, members=[baby | member], consent=_FOR_THE_BABY, **{"class": None, "bank": None}
    )
    return _as_newborn(changed)


def _as_newborn(record: Content) -> Content:
    return replace(
        record,
        outcome="newborn",
        segment="PBI_JK",
        care_class=3,
        premium_per_person=None,
        premium_total=None,
        pay_from=None,
        pay_until=None,
    )


@pytest.mark.parametrize("member", [{}, {"mother_nik": "3173055503830011"}])
def test_a_baby_without_nik_is_known_by_its_mother(member: dict[str, str]) -> None:
    record = a_baby(**member)
    found = judged(record, KnownPeople((mother(record.family["kk"]),)))
    assert codes(found) == {}
    assert found.decision.outcome is Outcome.NEWBORN


def test_a_baby_whose_mother_the_hub_has_never_heard_of_is_for_a_person() -> None:
    with pytest.raises(ClosedError, match=r"outcome\.unproven"):
        judged(a_baby())


def test_a_participant_of_the_extract_is_registered_already() -> None:
    record = a_record(6, people=2)
    who = record.family["members"][1]
    person = Participant(
        who["nik"], "0001234567890", who["name"], date(1990, 1, 1), "3173052107200012", "PBPU", "active", 2
    )
    found = judged(record, KnownPeople((), (person,)))
    assert codes(found) == {"members[1].nik": "nik.already_registered"}
    assert found.other_reference is None


# The day.


@pytest.mark.parametrize(
    ("named", "taken"),
    [
        ("2026-11-22", "2026-11-22"),
        ("2026-11-24", "2026-11-24"),  # its morning in the east is the evening before at the hub
        ("2026-11-26", "2026-11-23"),
        ("2036-02-07", "2026-11-23"),
        ("1970-01-01", "2026-11-23"),
        ("2025-10-01", "2026-11-23"),
        ("2025-12-01", "2025-12-01"),
        ("no day", "2026-11-23"),
    ],
)
def test_the_day_is_that_of_the_kiosk_unless_it_cannot_be(named: str, taken: str) -> None:
    record = a_record(1, judged_on=named)
    assert judging_day(record, RECEIVED_MS, rules(), training=False).isoformat() == taken


def test_practice_has_its_own_days() -> None:
    record = a_record(1, judged_on="2031-05-05")
    assert judging_day(record, RECEIVED_MS, rules(), training=True) == date(2031, 5, 5)
    record = a_record(1, judged_on="1999-05-05")
    assert judging_day(record, RECEIVED_MS, rules(), training=True) == date(2026, 11, 23)


@pytest.mark.parametrize("named", ["1970-01-01", "2036-02-07"])
def test_a_clock_in_doubt_blocks_nobody(named: str) -> None:
    assert judged(a_record(7, judged_on=named)).accepted


def test_a_child_born_after_the_day_by_which_it_is_judged_is_refused() -> None:
    record = with_member(a_record(8, people=3), 2, birth_date="2026-12-24")
    assert codes(judged(record))["members[2].birth_date"] == "birth_date.future"


def test_the_rules_of_a_day_are_made_once() -> None:
    assert rules().on(TODAY, training=False) is rules().on(TODAY, training=False)
    assert rules().on(TODAY, training=True).training


def test_the_samples_lie_where_their_number_belongs() -> None:
    record = a_record(1)
    header = envelope.read(SENDER.seal(record)).header
    assert header.shard == envelope.shard_of(record.family["kk"])
