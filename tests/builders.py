"""Ready-made rulebooks, families, drafts and participants, of invented people with practice numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from kiosk.domain.directory import Participant
from kiosk.domain.draft import Draft
from kiosk.domain.family import Family, read_family
from kiosk.domain.fields import Problem
from kiosk.domain.identifiers import nik_birth_date
from kiosk.domain.rulebook import Rulebook, Settings
from kiosk.facilities import FacilityBook
from kiosk.reference import facilities_file, regions_file, rulebook
from kiosk.regions import RegionBook
from kiosk.services.answering import answers_of, filled

TODAY = date(2026, 11, 22)
DISTRICT = "990101"
KK = "9901010101200012"
_FEMALE = 40


@cache
def _books(training: bool) -> tuple[RegionBook, FacilityBook]:  # noqa: FBT001 - a cache key
    return RegionBook(regions_file(training=training)), FacilityBook([facilities_file(training=training)])


def a_rulebook(today: date = TODAY, *, training: bool = True, settings: Settings | None = None) -> Rulebook:
    """The rules as shipped, on a fixed day, in practice unless told otherwise."""
    regions, facilities = _books(training)
    return rulebook(today, training=training, regions=regions, facilities=facilities, settings=settings)


def a_nik(born: date, sex: str = "L", serial: int = 1, district: str = DISTRICT) -> str:
    """A NIK that agrees with a birth date and a sex."""
    day = born.day + (_FEMALE if sex == "P" else 0)
    return f"{district}{day:02d}{born:%m%y}{serial:04d}"


def a_member(
    relation: str = "head", born: date = date(1980, 8, 12), sex: str = "L", serial: int = 1, **changes: Any
) -> dict[str, Any]:
    """One member as in a family file; the NIK agrees with birth date and sex. None leaves a key out."""
    member: dict[str, Any] = {
        "nik": a_nik(born, sex, serial),
        "name": {"L": "BUDI SANTOSO", "P": "SITI AMINAH"}[sex],
        "relation": relation,
        "sex": sex,
        "birth_date": born.isoformat(),
        "marital": "married" if relation in {"head", "wife", "husband"} else "single",
        "religion": "islam",
    } | changes
    return {key: value for key, value in member.items() if value is not None}


def a_baby(born: date, mother_nik: str | None = None, *, nik: bool = False, **changes: Any) -> dict[str, Any]:
    """A girl just born, with or without a NIK."""
    own = a_nik(born, "P", 77) if nik else None
    baby = a_member("child", born, "P", nik=own, mother_nik=mother_nik, name="BAYI NYONYA SITI") | changes
    return {key: value for key, value in baby.items() if value is not None}


def a_family(**changes: Any) -> dict[str, Any]:
    """A family file of a man, his wife and their child; a change of None leaves a key out."""
    family: dict[str, Any] = {
        "kk": KK,
        "login": "none",
        "address": {
            "street": "Jl. Melati 4",
            "rt": "003",
            "rw": "007",
            "region": "9901011001",
            "postcode": "99999",
        },
        "members": [
            a_member(),
            a_member("wife", date(1983, 3, 15), "P", 2),
            a_member("child", date(2012, 3, 12), "L", 3, name="AGUS SANTOSO"),
        ],
        "class": 2,
        "fktp": "99010001",
        "bank": {"name": "BRI", "account": "123456789012", "owner": "BUDI SANTOSO"},
        "contact": {"phone": "081234567890", "email": "budi@example.org"},
        "consent": {"terms": "v1", "accepted": True, "guardian": None},
    } | changes
    return {key: value for key, value in family.items() if value is not None}


def a_draft(
    family: Mapping[str, Any] | None = None,
    answers: Mapping[str, str | None] | None = None,
    facts: Mapping[str, str] | None = None,
) -> Draft:
    """A draft holding a family file's answers, with `answers` by path laid over them."""
    raw, problems = answers_of(a_family() if family is None else family)
    assert not problems, problems
    empty = Draft(id="0198f2c0-0000-7000-8000-000000000001", started_at="2026-11-22T09:00:00.000+07:00")
    return filled(empty, raw, "v1").with_answers(answers or {}).with_facts(facts or {})


def read(family: Mapping[str, Any], rules: Rulebook | None = None) -> tuple[Family, tuple[Problem, ...]]:
    """A family file as values and problems."""
    return read_family(a_draft(family), rules or a_rulebook())


def a_participant(
    segment: str = "PBPU", born: date = date(1975, 5, 5), sex: str = "L", serial: int = 901, **changes: Any
) -> Participant:
    """One line of the participants' extract, on the family card of `a_family`."""
    nik = a_nik(born, sex, serial)
    assert nik_birth_date(nik, TODAY) == born, "a two-digit year of another century"
    line: dict[str, Any] = {
        "nik": nik,
        "card": f"00{serial:011d}",
        "name": {"L": "HADI WIJAYA", "P": "RINA WIJAYA"}[sex],
        "birth_date": born,
        "kk": KK,
        "segment": segment,
        "status": "active",
        "care_class": 2 if segment in {"PBPU", "BP"} else 3,
        "fktp": "99010001",
    }
    return Participant(**(line | changes))


def codes(problems: tuple[Problem, ...]) -> set[str]:
    """The codes of the problems, whatever their fields."""
    return {problem.code for problem in problems}
