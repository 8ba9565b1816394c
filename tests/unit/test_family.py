# ruff: noqa: E501
"""A family read from its answers: what is between the members, and what comes out again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.family import as_family_file, main_member, read_family
from kiosk.domain.fields import tidy
from kiosk.domain.form import FAMILY_PATHS, MEMBER_KEYS
from kiosk.domain.rulebook import Settings
from tests.builders import TODAY, a_baby, a_draft, a_family, a_member, a_nik, a_rulebook, codes, read

head, wife = a_member(), a_member("wife", date(1983, 3, 15), "P", 2)
Problems = set[tuple[str, str]]


def problems_of(*members: dict[str, Any], **changes: Any) -> Problems:
    return {(p.field, p.code) for p in read(a_family(members=list(members), **changes))[1]}


def test_a_good_family_has_no_problem_and_all_its_values() -> None:
    family, problems = read(a_family())
    assert problems == ()
    assert (family.kk, family.login, family.care_class) == ("9901010101200012", "none", 2)
    assert family.niks == (
        a_nik(date(1980, 8, 12)),
        a_nik(date(1983, 3, 15), "P", 2),
        a_nik(date(2012, 3, 12), "L", 3),
    )
    assert family.members[1].birth_date == date(1983, 3, 15)
    assert family.values["contact.phone"] == "+6281234567890"
    assert family.values["consent.accepted"] is True


def test_nobody_is_no_family() -> None:
    assert problems_of() == {("members", "family.empty")}


def test_nothing_at_all_reports_every_required_answer_once() -> None:
    _, problems = read({})
    assert codes(problems) == {
        "kk.missing", "family.empty", "address.missing", "fktp.missing", "phone.missing", "email.missing", "consent.missing",
    }  # fmt: skip
    assert len({problem.field for problem in problems}) == len(problems)


def test_an_empty_member_misses_what_is_on_the_family_card() -> None:
    assert {code for field, code in problems_of({"birth_place": "JAKARTA"}) if field.startswith("members[0]")} == {
        "nik.missing", "name.missing", "relation.missing", "birth_date.missing", "sex.missing", "marital.missing",
        "religion.missing",
    }  # fmt: skip


def test_the_same_nik_twice_is_told_at_the_second() -> None:
    twin = dict(wife, relation="child", nik=head["nik"])
    assert ("members[1].nik", "nik.duplicate_in_family") in problems_of(head, twin)
    assert ("members[0].nik", "nik.duplicate_in_family") not in problems_of(head, twin)


def test_two_babies_without_nik_are_not_the_same_person() -> None:
    baby = a_baby(TODAY, wife["nik"])
    assert problems_of(head, wife, baby, dict(baby, name="BAYI DUA")) == set()


def test_a_second_head_is_told_at_the_second() -> None:
    assert problems_of(head, dict(wife, relation="head")) == {("members[1].relation", "family.two_heads")}


@pytest.mark.parametrize(
    ("relation", "born", "warns"),
    [
        ("child", date(1980, 8, 13), False),
        ("child", date(1980, 8, 12), True),
        ("grandchild", date(1970, 1, 1), True),
        ("parent", date(1980, 8, 12), True),
        ("parent", date(1980, 8, 11), False),
        ("parent_in_law", date(1990, 1, 1), True),
        ("wife", date(1950, 1, 1), False),
        ("other_kin", date(1990, 1, 1), False),
    ],
)
def test_children_are_younger_and_parents_older_than_the_head(relation: str, born: date, warns: bool) -> None:  # noqa: FBT001
    for members in ((head, a_member(relation, born, "P", 9)), (a_member(relation, born, "P", 9), head)):
        at = members.index(head) ^ 1
        assert problems_of(*members) == (
            {(f"members[{at}].birth_date", "family.age_order")} if warns else set()
        )


def test_a_nik_that_says_otherwise_only_warns_and_says_one_thing() -> None:
    other_day = dict(head, birth_date="1980-08-13")
    other_sex = dict(head, sex="P")
    both = dict(head, birth_date="1980-08-13", sex="P")
    assert problems_of(other_day) == {("members[0].nik", "nik.birth_date_mismatch")}
    assert problems_of(other_sex) == {("members[0].nik", "nik.sex_mismatch")}
    assert problems_of(both) == {("members[0].nik", "nik.birth_date_mismatch")}
    assert not any(problem.blocks for problem in read(a_family(members=[both]))[1])


def test_the_two_digits_of_the_year_in_a_nik_fit_either_century() -> None:
    old = a_member("parent", date(1926, 1, 5), "P", 8, nik="9901014501260008")
    assert problems_of(dict(old, birth_date="1926-01-05")) == set()
    assert problems_of(dict(old, birth_date="2026-01-05"), login="none") == set()


def test_a_facility_elsewhere_warns() -> None:
    rules = a_rulebook(training=False)
    place = {"street": "Jl. Melati 4", "region": "3173051001", "postcode": "10510"}
    member = a_member(nik="3173051208800003")
    real = a_family(kk="3173052107200012", members=[member], address=place, fktp="0114U163")
    assert {(p.field, p.code) for p in read(real, rules)[1]} == {("fktp", "fktp.other_regency")}
    assert problems_of(head, fktp="99010001") == set()
    assert problems_of(head, fktp="09020107") == set(), "a list without the regency says nothing"
    assert problems_of(head, fktp="0114U163") == {("fktp", "fktp.unknown")}


def test_practice_and_real_places_do_not_mix() -> None:
    real = {"street": "Jl. Melati 4", "region": "3173051001", "postcode": "10510"}
    assert problems_of(head, address=real) == {("address.region", "region.unknown")}


@pytest.mark.parametrize("blank", ["", "  ", "\u200b"])
def test_an_answer_that_only_the_outcome_asks_for_may_be_blank(blank: str) -> None:
    paths = ("class", "bank.name", "bank.account", "bank.owner")
    _, problems = read_family(a_draft(answers=dict.fromkeys(paths, blank)), a_rulebook())
    assert problems == ()


@pytest.mark.parametrize("blank", [None, "", " "])
def test_an_e_mail_is_asked_for_where_the_place_wants_one(blank: str | None) -> None:
    draft = a_draft(answers={"contact.email": blank})
    assert codes(read_family(draft, a_rulebook())[1]) == {"email.missing"}
    lenient = a_rulebook(settings=Settings(email_required=False))
    assert read_family(draft, lenient)[1] == ()
    wrong = a_draft(answers={"contact.email": "budi@"})
    assert codes(read_family(wrong, lenient)[1]) == {"email.format"}


@pytest.mark.parametrize(
    ("relations", "main"),
    [
        (("child", "wife", "head"), 2),
        (("child", "husband", "parent"), 1),
        (("parent", "child", "child"), 1),
        (("other_kin", "servant"), 0),
        (("child_in_law",), 0),
    ],
)
def test_the_peserta_utama_is_head_spouse_child_other(relations: tuple[str, ...], main: int) -> None:
    members = [a_member(relation, date(1980, 1, 1), "P", at + 1) for at, relation in enumerate(relations)]
    found = main_member(read(a_family(members=members))[0].members)
    assert found is not None
    assert found.index == main
    assert main_member([]) is None


def test_a_family_file_comes_back_as_it_was_understood() -> None:
    family, _ = read(a_family(members=[head, wife, a_baby(TODAY, wife["nik"])]))
    again = as_family_file(family, "v1")
    assert read(again)[0] == family
    assert again["members"][2]["nik"] is None
    assert again["members"][2]["mother_nik"] == wife["nik"]
    assert "mother_nik" not in again["members"][0]
    assert as_family_file(read(a_family(bank=None, **{"class": None}))[0], "v1")["bank"] is None


member_answers = st.dictionaries(st.sampled_from([*MEMBER_KEYS, "no_nik"]), st.text(max_size=20))


@given(
    st.dictionaries(st.sampled_from(list(FAMILY_PATHS)), st.text(max_size=20)),
    st.lists(member_answers, max_size=3),
)
def test_no_answers_make_the_reader_fail(given_once: dict[str, str], members: list[dict[str, str]]) -> None:
    by_member = {f"members[{at}].{key}": raw for at, one in enumerate(members) for key, raw in one.items()}
    draft = a_draft({}, given_once | by_member)
    family, problems = read_family(draft, a_rulebook())
    assert len(family.members) == draft.member_count
    assert len({problem.field for problem in problems}) == len(problems)
    assert all(tidy(draft.answer(path)) for path in family.values)
