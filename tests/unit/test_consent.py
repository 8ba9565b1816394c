"""A consent holds for the people and the class that it was given to, and for nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kiosk.domain.consent import consent_holds, consented_to
from kiosk.domain.flow import Fact, Step
from tests.builders import a_family, a_member, a_nik, read
from tests.unit.test_flow import complete, flow

BORN = date(1980, 8, 12)
WIFE = a_member("wife", date(1983, 3, 15), "P", 2)
CHILD = a_member("child", date(2012, 3, 12), "L", 3, name="AGUS SANTOSO")


def holds(*members: dict[str, Any], **changes: Any) -> bool:
    """Whether the consent of the example family still holds for these members."""
    given = consented_to(read(a_family())[0])
    return consent_holds(given, read(a_family(members=list(members), **changes))[0])


@pytest.mark.parametrize(
    "head",
    [
        a_member(),
        a_member(religion="hindu", marital="divorced", birth_place="BOGOR"),
        a_member(nik=a_nik(BORN, serial=41)),
        a_member(name="BUDI SANTOSA"),
        a_member(birth_date="1980-08-13"),
    ],
)
def test_the_same_person_corrected_is_the_same_person(head: dict[str, Any]) -> None:
    assert holds(head, WIFE, CHILD)
    assert holds(CHILD, head, WIFE)


@pytest.mark.parametrize(
    "members",
    [
        (a_member(), WIFE),
        (a_member(), WIFE, CHILD, a_member("child", date(2015, 1, 1), "P", 4, name="DEWI")),
        (a_member(), WIFE, a_member("child", date(2015, 1, 1), "P", 4, name="DEWI")),
        (a_member(nik=a_nik(BORN, serial=41), name="HADI"), WIFE, CHILD),
        (a_member(), a_member(relation="wife"), CHILD),
        (),
    ],
)
def test_another_person_is_not(members: tuple[dict[str, Any], ...]) -> None:
    assert not holds(*members)


def test_nor_is_another_class() -> None:
    assert not holds(a_member(), WIFE, CHILD, **{"class": 3})


@pytest.mark.parametrize(
    "given", ["", "x", "[]", "null", "7", '{"class": 2}', '{"class": 2, "people": [3, [], ""]}']
)
def test_what_cannot_be_read_holds_for_nobody(given: str) -> None:
    assert not consent_holds(given, read(a_family())[0])


def test_two_alike_without_a_number_are_two() -> None:
    twin = {
        "relation": "child",
        "nik": None,
        "sex": "P",
        "birth_date": "2026-11-10",
        "name": "BAYI NYONYA SITI",
    }
    one = read(a_family(members=[a_member(), twin]))[0]
    two = read(a_family(members=[a_member(), twin, twin]))[0]
    assert consent_holds(consented_to(two), two)
    assert not consent_holds(consented_to(one), two)
    assert not consent_holds(consented_to(two), one)


def test_a_draft_whose_consent_no_longer_holds_lacks_it() -> None:
    whole = complete()
    given = {Fact.CONSENTED: consented_to(flow(whole).family)}
    assert flow(whole.with_facts(given)).problems == ()
    third_class = complete(a_family(**{"class": 3})).with_facts(given)
    assert [problem.code for problem in flow(third_class).problems_of(Step.CONSENT)] == ["consent.missing"]
