"""Filling in a form: which rows are asked, what stands in them already, what holds a person at one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kiosk.domain import entry
from kiosk.domain.draft import Draft
from kiosk.domain.flow import Flow, Step
from kiosk.domain.form import ADDRESS_PATHS, MEMBER_KEYS
from kiosk.domain.rulebook import Rulebook, Settings
from kiosk.domain.segments import KnownPeople
from tests.builders import TODAY, a_baby, a_draft, a_family, a_member, a_nik, a_participant, a_rulebook

NOBODY = KnownPeople()
PBPU = KnownPeople((a_participant("PBPU", head=True),))
MOTHER = a_participant("PBI_JK", date(1995, 6, 6), "P", 902, name="RINA")
NO_NIK = {"members[1].no_nik": "yes"}


def flow(draft: Draft, known: KnownPeople = NOBODY, rules: Rulebook | None = None) -> Flow:
    return Flow(draft, rules or a_rulebook(), known)


def of(*members: dict[str, Any], **answers: str | None) -> Draft:
    changed = {path.replace("__", "."): raw for path, raw in answers.items()}
    return a_draft(a_family(members=list(members)), changed)


def codes_at(
    path: str, draft: Draft, known: KnownPeople = NOBODY, rules: Rulebook | None = None
) -> list[str]:
    return [problem.code for problem in entry.problems_at(path, draft, rules or a_rulebook(), known)]


# Rows


def test_the_login_is_asked_only_where_somebody_on_the_card_is_known() -> None:
    draft = a_draft()
    assert entry.rows(Step.KK, flow(draft)) == ("kk", "captcha")
    assert entry.rows(Step.KK, flow(draft, PBPU)) == ("kk", "login", "captcha")
    assert entry.rows(Step.KK, flow(Draft("id", "now"), PBPU)) == ("kk", "captcha")
    dead = KnownPeople((a_participant(status="deceased"),))
    assert entry.rows(Step.KK, flow(draft, dead)) == ("kk", "captcha")


def test_the_first_member_also_gives_the_address_and_the_facility() -> None:
    draft = a_draft()
    keys = [f"members[0].{key}" for key in MEMBER_KEYS if key != "mother_nik"]
    assert entry.rows(Step.MEMBERS, flow(draft)) == (*keys, *ADDRESS_PATHS, "fktp")
    assert entry.rows(Step.MEMBERS, flow(draft), 1) == tuple(path.replace("0", "1") for path in keys)


def test_a_baby_without_nik_is_asked_for_its_mother_next() -> None:
    rows = entry.rows(Step.MEMBERS, flow(a_draft(answers=NO_NIK)), 1)
    assert rows[:3] == ("members[1].nik", "members[1].mother_nik", "members[1].name")


def test_the_nik_is_typed_twice_where_the_place_wants_it() -> None:
    careful = a_rulebook(settings=Settings(confirm_nik=True))
    assert entry.rows(Step.MEMBERS, flow(a_draft(), rules=careful))[:2] == (
        "members[0].nik",
        "members[0].nik_again",
    )
    baby = entry.rows(Step.MEMBERS, flow(a_draft(answers=NO_NIK), rules=careful), 1)
    assert "members[1].nik_again" not in baby


def test_the_other_steps() -> None:
    whole = flow(a_draft())
    assert entry.rows(Step.CLASS, whole) == ("class", "bank.name", "bank.account", "bank.owner")
    assert entry.rows(Step.CONTACT, whole) == ("contact.phone", "contact.email", "otp")
    assert entry.rows(Step.CONSENT, whole) == ("consent.guardian", "consent.accepted")
    assert entry.rows(Step.CONSENT, flow(of(a_member()))) == ("consent.accepted",)
    for step in (Step.TERMS, Step.REVIEW, Step.ACCOUNT):
        assert entry.rows(step, whole) == ()


# Short answers


@pytest.mark.parametrize(
    ("path", "raw", "kk", "meant"),
    [
        ("address.region", "1001", "9901010101200012", "9901011001"),
        ("address.region", " 1001 ", "990101 010120 0012", "9901011001"),
        ("address.region", "1001", "99010", "1001"),
        ("address.region", "9901011001", "9901010101200012", "9901011001"),
        ("address.region", "melati", "9901010101200012", "melati"),
        ("address.region", "", "9901010101200012", ""),
        ("address.postcode", "1001", "9901010101200012", "1001"),
    ],
)
def test_four_digits_of_a_village_stand_in_the_district_of_the_card(
    path: str, raw: str, kk: str, meant: str
) -> None:
    assert entry.expanded(path, raw, a_draft(answers={"kk": kk})) == meant


@pytest.mark.parametrize(
    ("path", "typed", "taken"),
    [
        ("members[1].religion", "", "islam"),
        ("members[1].name", "siti", "siti SANTOSO"),
        ("members[1].name", "", ""),
        ("members[2].name", "agus", "agus AMINAH"),
        ("members[0].nik", "", "990101"),
        ("members[1].nik", "", "990101"),
        ("members[1].nik", "99", ""),
        ("members[0].religion", "", ""),
        ("address.street", "", ""),
        ("kk", "", ""),
    ],
)
def test_f6_takes_over_from_the_member_before(path: str, typed: str, taken: str) -> None:
    assert entry.same_as_before(path, a_draft(), typed) == taken


def test_f6_takes_the_district_from_the_card_after_a_baby_without_nik() -> None:
    draft = a_draft(answers={"members[1].nik": None, "kk": " 990102 0101200012"})
    assert entry.same_as_before("members[2].nik", draft) == "990102"


def test_f6_completes_every_row_but_a_nik() -> None:
    assert entry.same_completes("members[1].religion")
    assert not entry.same_completes("members[1].nik")
    assert not entry.same_completes("kk")


def test_one_name_alone_gives_no_family_name() -> None:
    assert (
        entry.same_as_before("members[1].name", of(a_member(name="SUKARNO"), a_member("wife")), "siti") == ""
    )


# Suggestions


def suggested(path: str, draft: Draft, known: KnownPeople = NOBODY) -> str:
    return entry.suggestion(path, flow(draft, known), "99010001")


def of_nik(relation: str | None, born: date, sex: str = "L", serial: int = 9) -> dict[str, Any]:
    """A member of whom only the NIK (and perhaps the relation) has been typed."""
    typed = {"nik": a_nik(born, sex, serial)}
    return typed | ({"relation": relation} if relation else {})


def test_the_nik_tells_the_birth_date_and_the_sex() -> None:
    draft = of(of_nik(None, date(1983, 3, 15), "P"))
    assert suggested("members[0].birth_date", draft) == "15-03-1983"
    assert suggested("members[0].sex", draft) == "P"
    assert suggested("members[0].sex", of({"nik": "99"})) == ""
    assert suggested("members[0].birth_date", of({"nik": "99"})) == ""


@pytest.mark.parametrize(
    ("others", "born", "sex", "known", "relation"),
    [
        ((), date(1980, 8, 12), "L", NOBODY, "head"),
        ((), date(1980, 8, 12), "L", PBPU, ""),
        (("head",), date(1983, 3, 15), "P", NOBODY, "wife"),
        (("head",), date(1983, 3, 15), "L", NOBODY, ""),
        (("head",), date(2012, 3, 15), "P", NOBODY, "child"),
        (("head", "wife"), date(1983, 3, 15), "P", NOBODY, ""),
        (("head", "wife"), date(2012, 3, 15), "L", NOBODY, "child"),
        (("head",), date(1950, 3, 15), "P", NOBODY, "wife"),
        (("wife",), date(1983, 3, 15), "L", NOBODY, ""),
    ],
)
def test_a_relation_is_guessed_from_age_and_sex(
    others: tuple[str, ...], born: date, sex: str, known: KnownPeople, relation: str
) -> None:
    family = [
        a_member(other, sex="L" if other == "head" else "P", serial=at) for at, other in enumerate(others, 1)
    ]
    draft = of(*family, of_nik(None, born, sex))
    assert suggested(f"members[{len(others)}].relation", draft, known) == relation


@pytest.mark.parametrize(
    ("key", "member", "value"),
    [
        ("marital", of_nik("wife", date(1983, 3, 15), "P"), "married"),
        ("marital", of_nik("child", date(2012, 3, 15)) | {"birth_date": "2012-03-15"}, "single"),
        ("marital", of_nik("child", date(1999, 3, 15)) | {"birth_date": "1999-03-15"}, ""),
        ("religion", of_nik("child", date(2012, 3, 15)), "islam"),
        ("occupation", of_nik("child", date(2012, 3, 15)), "pelajar/mahasiswa"),
        ("occupation", of_nik("child", date(2024, 3, 15)), "belum/tidak bekerja"),
        ("occupation", of_nik("child", date(1999, 3, 15)), ""),
        ("birth_place", of_nik("child", date(2012, 3, 15)), ""),
    ],
)
def test_what_age_and_relation_suggest(key: str, member: dict[str, Any], value: str) -> None:
    assert suggested(f"members[1].{key}", of(a_member(), member)) == value


def test_the_mother_of_a_child_is_the_one_woman_who_can_be() -> None:
    wife = a_member("wife", date(1983, 3, 15), "P", 2)
    child = of_nik("child", date(2012, 3, 15))
    assert suggested("members[2].mother_name", of(a_member(), wife, child)) == "SITI AMINAH"
    assert suggested("members[1].mother_name", of(a_member("head", sex="P"), child)) == "SITI AMINAH"
    assert (
        suggested("members[3].mother_name", of(a_member(), wife, dict(wife, nik=a_nik(TODAY, "P")), child))
        == ""
    )
    assert suggested("members[1].mother_name", of(a_member(), of_nik("parent", date(1950, 1, 1)))) == ""


def test_a_baby_without_nik_is_named_after_its_mother() -> None:
    baby = a_baby(TODAY, MOTHER.nik, name=None, relation=None)
    known = KnownPeople((MOTHER,))
    assert suggested("members[0].name", of(baby), known) == "BAYI NYONYA RINA"
    assert suggested("members[0].relation", of(baby), known) == "child"
    assert suggested("members[0].mother_name", of(baby), known) == "RINA"
    wife = a_member("wife", date(1983, 3, 15), "P", 2)
    mine = a_baby(TODAY, wife["nik"], name=None)
    assert suggested("members[2].name", of(a_member(), wife, mine)) == "BAYI NYONYA SITI AMINAH"
    assert suggested("members[2].mother_nik", of(a_member(), wife, mine)) == wife["nik"]


def test_what_the_family_is_suggested() -> None:
    draft = a_draft()
    assert suggested("login", draft) == "none"
    assert suggested("fktp", draft) == "99010001"
    assert suggested("bank.owner", draft) == "BUDI SANTOSO"
    assert suggested("consent.guardian", draft) == "BUDI SANTOSO"
    assert suggested("consent.guardian", of(a_member("child", date(2012, 3, 12)))) == ""
    assert suggested("bank.owner", a_draft({})) == suggested("kk", draft) == ""


def test_every_suggestion_is_a_good_answer_of_its_row() -> None:
    draft = a_draft()
    way = flow(draft)
    for member in range(draft.member_count):
        for path in entry.rows(Step.MEMBERS, way, member):
            raw = entry.suggestion(path, way, "99010001")
            if raw:
                assert codes_at(path, draft.with_answers({path: raw})) == []


# Problems at a row


def test_a_good_family_holds_nobody_at_any_row() -> None:
    draft = a_draft()
    for step in (Step.KK, Step.MEMBERS, Step.CLASS, Step.CONTACT, Step.CONSENT):
        for path in entry.rows(step, flow(draft)):
            if path not in {"captcha", "otp"}:
                assert codes_at(path, draft) == []


@pytest.mark.parametrize(
    ("path", "answers", "expected"),
    [
        ("members[0].nik", {"members[0].nik": "123"}, ["nik.length"]),
        ("members[0].nik", {"members[0].nik": ""}, ["nik.missing"]),
        ("members[0].birth_date", {"members[0].birth_date": "13-08-1980"}, ["nik.birth_date_mismatch"]),
        ("members[0].nik", {"members[0].birth_date": "13-08-1980"}, []),
        ("members[0].sex", {"members[0].sex": "P"}, ["nik.sex_mismatch"]),
        ("members[1].relation", {"members[1].relation": "head"}, ["family.two_heads"]),
        ("members[2].birth_date", {"members[2].birth_date": "12-03-1912"}, ["birth_date.very_old"]),
        ("members[2].birth_date", {"members[2].birth_date": "12-03-1960"}, ["nik.birth_date_mismatch"]),
        ("members[1].nik", {"members[1].nik": a_nik(date(1980, 8, 12))}, ["nik.duplicate_in_family"]),
        ("address.region", {"address.region": "9901019999"}, ["region.unknown"]),
        ("fktp", {"fktp": ""}, ["fktp.missing"]),
        ("contact.email", {"contact.email": ""}, ["email.missing"]),
        ("members[1].birth_place", {"members[1].birth_place": ""}, []),
        ("members[1].birth_date", {**NO_NIK, "members[1].nik": ""}, ["newborn.nik_required"]),
        ("members[1].nik", {**NO_NIK, "members[1].nik": ""}, []),
    ],
)
def test_what_holds_a_person_at_a_row(path: str, answers: dict[str, str], expected: list[str]) -> None:
    assert codes_at(path, a_draft(answers=answers)) == expected


def test_an_optional_e_mail_may_stay_blank_but_not_wrong() -> None:
    lenient = a_rulebook(settings=Settings(email_required=False))
    assert codes_at("contact.email", a_draft(answers={"contact.email": " "}), rules=lenient) == []
    assert codes_at("contact.email", a_draft(answers={"contact.email": "budi"}), rules=lenient) == [
        "email.format"
    ]


def test_a_person_who_is_known_already_is_told_at_the_nik() -> None:
    nik = a_nik(date(1980, 8, 12))
    for known in (
        KnownPeople(registered=frozenset({nik})),
        KnownPeople((a_participant(nik=nik),)),
        KnownPeople(by_nik=(a_participant(nik=nik),)),
    ):
        assert codes_at("members[0].nik", a_draft(), known) == ["nik.already_registered"]
        assert codes_at("members[1].nik", a_draft(), known) == []


def test_every_problem_at_a_row_names_that_row() -> None:
    draft = a_draft(answers={"members[0].birth_date": "13-08-1980", "members[0].sex": "P"})
    for key in MEMBER_KEYS:
        path = f"members[0].{key}"
        assert all(problem.field == path for problem in entry.problems_at(path, draft, a_rulebook(), NOBODY))
