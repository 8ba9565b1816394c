# ruff: noqa: E501 - a family a line
"""Who may register whom: families, what the directory knows of them, and what the rules say of it.

The expectations come from the contract and from the help page of Mobile JKN, not from the code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest

from kiosk.domain.directory import Participant
from kiosk.domain.family import read_family
from kiosk.domain.registration import Decision
from kiosk.domain.rulebook import Rulebook, Settings
from kiosk.domain.segments import KnownPeople, assess, family_route, refused
from tests.builders import TODAY, a_baby, a_draft, a_family, a_member, a_nik, a_participant, a_rulebook, read

Members = Sequence[Mapping[str, Any]]
NEW, ADDED, BORN, NO = "new_family", "added_members", "newborn", "refused"
OTHER_KK = "9901010101200099"

MOTHER_BORN = date(1995, 6, 6)
MOTHER_NIK = a_nik(MOTHER_BORN, "P", 902)

man = a_member()
woman = a_member("wife", date(1983, 3, 15), "P", 2)
boy = a_member("child", date(2012, 3, 12), "L", 3)
grown = a_member("child", date(2001, 3, 12), "L", 4)
twin = a_member("child", date(2001, 3, 12), "P", 8)
child_head = a_member("head", date(2010, 1, 1), "L", 9)
lone_wife_older = a_member("wife", date(1979, 1, 1), "P", 5)
granny = a_member("parent_in_law", date(1950, 2, 2), "P", 6)
uncle = a_member("other_kin", date(1948, 2, 2), "L", 7)


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def baby(
    days: int = 10, *, nik: bool = False, mother: str | None = MOTHER_NIK, **changes: Any
) -> dict[str, Any]:
    return a_baby(days_ago(days), mother, nik=nik, **changes)


def on_kk(*segments: str, heads: bool = True, **changes: Any) -> tuple[Participant, ...]:
    """One man a segment, the first of them head of the card."""
    return tuple(
        a_participant(segment, serial=900 + 10 * at, head=heads and at == 0, **changes)
        for at, segment in enumerate(segments)
    )


def mother(segment: str, **changes: Any) -> Participant:
    return a_participant(segment, MOTHER_BORN, "P", 902, **({"name": "SITI AMINAH"} | changes))


@dataclass(frozen=True)
class Case:
    """A family, who is known on its card, and what must come of it."""

    name: str
    members: Members
    outcome: str
    people: tuple[Participant, ...] = ()
    login: str = "none"
    segment: str | None = None
    main: str | None = None
    errors: frozenset[str] = frozenset()
    warnings: frozenset[str] = frozenset()
    refer: str | None = None
    price: int | None = None
    asks: bool = False
    family: Mapping[str, Any] = field(default_factory=dict)
    elsewhere: tuple[Participant, ...] = ()
    registered: frozenset[str] = frozenset()


def new(name: str, members: Members, *, main: Mapping[str, Any], **given: Any) -> Case:
    return Case(name, members, NEW, segment="PBPU", main=main["nik"], price=100_000, asks=True, **given)


def added(name: str, members: Members, segment: str, people: tuple[Participant, ...], **given: Any) -> Case:
    given = {"main": people[0].nik, "price": 100_000 if segment in {"PBPU", "BP"} else None} | given
    return Case(name, members, ADDED, people, segment=segment, **given)


def born(name: str, members: Members, people: tuple[Participant, ...], **given: Any) -> Case:
    return Case(
        name, members, BORN, people, segment="PBI_JK", **({"main": people[0].nik if people else None} | given)
    )


def no(name: str, members: Members, *errors: str, refer: str | None = None, **given: Any) -> Case:
    return Case(name, members, NO, errors=frozenset(errors), refer=refer, **given)


PBI, PEMDA, PPU, TNI, BU = "PBI_JK", "PD_PEMDA", "PPU_PN", "PPU_TNI_POLRI", "PPU_BU"
LATE, HERE, UNKNOWN = frozenset({"newborn.late"}), "newborn.not_here", "newborn.mother_unknown"

CASES = (
    # Nobody on the card is known: the whole family, PBPU, with class and bank.
    new("nobody known", (man, woman, boy), main=man),
    new("nobody known, signed in elsewhere", (man, woman, boy), main=man, login="other"),
    new("nobody known, says head's account", (man, woman, boy), main=man, login="head"),
    new("head comes last", (boy, woman, man), main=man),
    new("one person, the head", (man,), main=man),
    no("nobody known and no head", (woman, boy), "family.no_head"),
    new("head has died and is not on the form", (man, boy), main=man, people=on_kk("PBPU", status="deceased")),
    # One segment on the card.
    added("PBPU", (boy,), "PBPU", on_kk("PBPU")),
    added("PBPU, other account", (woman, boy), "PBPU", on_kk("PBPU"), login="other"),
    added("PBPU, head's account", (boy,), "PBPU", on_kk("PBPU"), login="head"),
    added("PBPU, two people of it", (boy,), "PBPU", on_kk("PBPU", "PBPU")),
    added("PBPU, nobody marked head: the oldest", (boy,), "PBPU", on_kk("PBPU", heads=False)),
    added("BP", (boy,), "BP", on_kk("BP")),
    new("PPU_PN, no account", (grown,), main=grown, people=on_kk(PPU)),
    new("PPU_PN, other account", (grown,), main=grown, people=on_kk(PPU), login="other"),
    added("PPU_PN, head's account", (boy,), PPU, on_kk(PPU), login="head"),
    added("PPU_BU, head's account", (boy,), BU, on_kk(BU), login="head"),
    added("PPU_TNI_POLRI, head's account", (boy,), TNI, on_kk(TNI), login="head"),
    added("BP_PN, head's account", (boy,), "BP_PN", on_kk("BP_PN"), login="head"),
    new("BP_PN, no account", (grown,), main=grown, people=on_kk("BP_PN")),
    no("PBI, head's account, adult", (grown,), "family.not_here", refer="dinsos", people=on_kk(PBI), login="head"),
    no("PD Pemda, head's account", (woman,), "family.not_here", refer="dinsos", people=on_kk(PEMDA), login="head"),
    new("PBI, no account, adult: a PBPU family", (grown,), main=grown, people=on_kk(PBI)),
    new("PD Pemda, other account", (grown,), main=grown, people=on_kk(PEMDA), login="other"),
    # Several segments on the card.
    new("PBPU and PBI, no account", (woman, boy), main=woman, people=on_kk("PBPU", PBI)),
    new("PPU and PBPU, other account", (woman, boy), main=woman, people=on_kk(BU, "PBPU"), login="other"),
    added("PBPU head with PBI on the card, head's account", (boy,), "PBPU", on_kk("PBPU", PBI), login="head"),
    added("PPU head with PBPU on the card, head's account", (boy,), BU, on_kk(BU, "PBPU"), login="head"),
    no("PBI head with PPU, head's account", (woman,), "family.not_here", refer="dinsos",
       people=on_kk(PBI, BU), login="head"),
    added("the dead do not count as a segment", (boy,), "PBPU",
          (*on_kk("PBPU"), a_participant(BU, serial=950, status="deceased"))),
    # Peserta utama of a new PBPU family on a mixed card.
    new("head first", (woman, man, granny), main=man, people=on_kk(BU, PBI)),
    new("spouse before child", (grown, woman, granny), main=woman, people=on_kk(BU, PBI)),
    new("two wives: the oldest", (woman, lone_wife_older), main=lone_wife_older, people=on_kk(BU, PBI)),
    new("oldest child before older kin", (boy, grown, granny), main=grown, people=on_kk(BU, PBI)),
    new("oldest of the others", (granny, uncle), main=uncle, people=on_kk(BU, PBI)),
    new("born the same day: first on the card", (twin, grown), main=twin, people=on_kk(BU)),
    # Newborns by the mother's segment.
    born("PBI, without NIK", (baby(),), (mother(PBI, head=True),)),
    born("PBI, with NIK", (baby(nik=True),), (mother(PBI, head=True),)),
    born("PBI, mother known by name on the card", (baby(nik=True, mother=None, mother_name="siti aminah"),),
         (mother(PBI, head=True),)),
    born("PBI, born today", (baby(0),), (mother(PBI, head=True),)),
    born("PBI, 28 days", (baby(28),), (mother(PBI, head=True),)),
    born("PBI, 28 days with NIK", (baby(28, nik=True),), (mother(PBI, head=True),)),
    born("PBI, 29 days without NIK is late", (baby(29),), (mother(PBI, head=True),), warnings=LATE),
    born("PBI, three months to the day", (a_baby(date(2026, 8, 22), MOTHER_NIK),), (mother(PBI, head=True),),
         warnings=LATE),
    no("PBI, three months and a day without NIK", (a_baby(date(2026, 8, 21), MOTHER_NIK),), "newborn.nik_required",
       refer="dukcapil", people=(mother(PBI),)),
    new("PBI, 29 days with NIK is no newborn any more", (man, baby(29, nik=True)), main=man, people=(mother(PBI),)),
    born("PBI twins", (baby(), baby(9, name="BAYI NYONYA SITI DUA")), (mother(PBI, head=True),)),
    born("PBI, father PPU on the same card", (baby(),), (mother(PBI, head=True), *on_kk(BU, heads=False)),
         login="other"),
    born("PBI, mother on another card", (baby(),), (), elsewhere=(mother(PBI, kk=OTHER_KK),), main=MOTHER_NIK),
    no("PBI, mother suspended", (baby(),), HERE, refer="dinsos", people=(mother(PBI, status="suspended"),)),
    no("PBI, mother has died", (baby(),), HERE, refer="dinsos", people=(mother(PBI, status="deceased"),)),
    no("PBI baby and an adult", (baby(), grown), "family.not_here", refer="dinsos", people=(mother(PBI),)),
    no("PD Pemda, without NIK", (baby(),), HERE, refer="dinsos", people=(mother(PEMDA),)),
    no("PD Pemda, with NIK", (baby(nik=True),), HERE, refer="dinsos", people=(mother(PEMDA),)),
    *(no(f"{key}, {'with' if nik else 'without'} NIK, login {login}", (baby(nik=nik),), HERE, refer="employer",
         people=(mother(key, head=True),), login=login)
      for key in (PPU, TNI, BU) for nik, login in ((False, "none"), (True, "none"), (True, "head"))),
    no("PBPU, without NIK", (baby(),), HERE, refer="pandawa", people=(mother("PBPU"),)),
    no("BP, without NIK, head's account", (baby(),), HERE, refer="pandawa", people=(mother("BP"),), login="head"),
    added("PBPU, with NIK", (baby(nik=True),), "PBPU", (mother("PBPU", head=True),)),
    added("BP, with NIK", (baby(nik=True),), "BP", (mother("BP", head=True),)),
    added("PBPU mother on a mixed card, with NIK", (baby(nik=True),), "PBPU",
          (mother("PBPU"), *on_kk(BU)), main=MOTHER_NIK),
    added("baby and brother to PBPU", (baby(nik=True), boy), "PBPU", (mother("PBPU", head=True),)),
    no("mother unknown", (baby(),), UNKNOWN, refer="branch"),
    no("mother unknown on a PBPU card", (baby(),), UNKNOWN, refer="branch", people=on_kk("PBPU")),
    no("mother registers now", (man, woman, baby(mother=woman["nik"])), HERE, refer="pandawa"),
    new("mother registers now, baby with NIK", (man, woman, baby(nik=True, mother=woman["nik"])), main=man),
    no("grown-up without NIK", (man, a_baby(date(1990, 1, 1), MOTHER_NIK)), "newborn.nik_required", refer="dukcapil"),
    # NIKs that are known already.
    no("known on the card", (man, boy), "nik.already_registered",
       people=(replace(on_kk("PBPU")[0], nik=boy["nik"]),)),
    no("known elsewhere", (man, boy), "nik.already_registered", elsewhere=(a_participant(nik=man["nik"], kk=OTHER_KK),)),
    no("dead in the directory", (man,), "nik.already_registered",
       elsewhere=(a_participant(nik=man["nik"], status="deceased"),)),
    no("registered at this kiosk", (man, boy), "nik.already_registered", registered=frozenset({boy["nik"]})),
    # What the outcome asks for or has no room for.
    no("class to a PPU family", (boy,), "class.not_applicable", people=on_kk(PPU), login="head", family={"class": 1}),
    no("another class to a PBPU family", (boy,), "class.not_applicable", people=on_kk("PBPU"), family={"class": 1}),
    added("the family's own class", (boy,), "PBPU", on_kk("PBPU"), family={"class": 2}),
    no("class to a newborn", (baby(),), "class.not_applicable", people=(mother(PBI),), family={"class": 1}),
    no("no class", (man,), "class.missing", family={"class": None}),
    no("no bank", (man,), "bank.missing", "account.missing", "account.owner_missing", family={"bank": None}),
    no("bank without account", (man,), "account.missing", family={"bank": {"name": "BRI", "owner": "BUDI"}}),
    # Children alone.
    no("children alone", (boy,), "consent.guardian_missing", people=on_kk("PBPU"), family={"consent": {"terms": "v1",
       "accepted": True}}),
    new("a minor at the head, with a guardian", (child_head,), main=child_head),
)  # fmt: skip


def file_of(case: Case) -> dict[str, Any]:
    """The family file: class and bank only where they are asked for, and always a guardian."""
    asked = {} if case.asks or not (case.people or case.outcome == BORN) else {"class": None, "bank": None}
    given = (
        {"consent": {"terms": "v1", "accepted": True, "guardian": "BUDI SANTOSO"}} | asked | dict(case.family)
    )
    return a_family(login=case.login, members=[dict(one) for one in case.members], **given)


def decided(family: Mapping[str, Any], known: KnownPeople, rules: Rulebook | None = None) -> Decision:
    """What a submission makes of a family: its own problems first, then the rules."""
    rules = rules or a_rulebook()
    read_as, problems = read(family, rules)
    return refused(problems) if any(p.blocks for p in problems) else assess(read_as, known, rules)


def of_severity(decision: Decision, severity: str) -> set[str]:
    return {problem.code for problem in decision.problems if problem.severity == severity}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_becomes_of_a_family(case: Case) -> None:
    known = KnownPeople(case.people, case.elsewhere, case.registered)
    decision = decided(file_of(case), known)
    assert (decision.outcome, decision.refer_to) == (case.outcome, case.refer)
    assert of_severity(decision, "error") == case.errors
    assert of_severity(decision, "warning") == case.warnings
    assert (decision.segment, decision.main_member) == (case.segment, case.main)
    total = None if case.price is None else case.price * len(case.members)
    assert (decision.premium_per_person, decision.premium_total) == (case.price, total)
    assert (decision.pay_from is None, decision.pay_until is None) == (total is None, total is None)
    if case.outcome == NO:
        assert decision.people == 0
    else:
        assert decision.people == len(case.members)


def test_the_table_is_long_and_names_each_family_once() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)


def test_added_members_pay_to_the_card_of_the_family() -> None:
    head = a_participant(head=True, card="0001112223334")
    joined = decided(a_family(members=[grown], **{"class": None, "bank": None}), KnownPeople((head,)))
    assert (joined.family_card, joined.outcome) == ("0001112223334", ADDED)


def test_a_new_family_has_no_card_yet() -> None:
    assert decided(a_family(), KnownPeople()).family_card is None


@pytest.mark.parametrize(("care_class", "price"), [(1, 150_000), (2, 100_000), (3, 35_000)])
def test_the_family_pays_by_its_class(care_class: int, price: int) -> None:
    decision = decided(a_family(**{"class": care_class}), KnownPeople())
    assert (decision.care_class, decision.premium_per_person) == (care_class, price)
    assert decision.premium_total == 3 * price
    assert (decision.pay_from, decision.pay_until) == (date(2026, 12, 6), date(2026, 12, 22))


@pytest.mark.parametrize("care_class", [1, 2, 3])
def test_only_class_three_may_go_without_a_bank_and_only_where_the_place_says_so(care_class: int) -> None:
    family = a_family(**{"class": care_class, "bank": None})
    missing = {"bank.missing", "account.missing", "account.owner_missing"}
    lenient = a_rulebook(settings=Settings(autodebit_class_3=False))
    assert of_severity(decided(family, KnownPeople()), "error") == missing
    assert of_severity(decided(family, KnownPeople(), lenient), "error") == (
        set() if care_class == 3 else missing
    )


def test_a_newborn_of_a_paying_family_pays_at_once_until_the_28th_day() -> None:
    paying = mother("PBPU", head=True)
    family = a_family(members=[baby(10, nik=True)], **{"class": None, "bank": None})
    decision = decided(family, KnownPeople((paying,)))
    assert (decision.pay_from, decision.pay_until) == (TODAY, TODAY + timedelta(days=18))
    assert decision.family_card == paying.card


def test_a_baby_without_nik_and_without_a_mother_goes_to_the_branch() -> None:
    draft = a_draft(a_family(members=[man, baby(mother=None)]), {"members[1].no_nik": "yes"})
    family, problems = read_family(draft, a_rulebook())
    assert problems == ()
    decision = assess(family, KnownPeople(), a_rulebook())
    assert (of_severity(decision, "error"), decision.refer_to) == ({UNKNOWN}, "branch")


def test_people_without_a_class_in_the_directory_get_no_price() -> None:
    head = a_participant(head=True, care_class=None)
    decision = decided(a_family(members=[grown], **{"class": None, "bank": None}), KnownPeople((head,)))
    assert (decision.outcome, decision.premium_total) == (ADDED, None)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_screens_ask_for_a_class_exactly_where_the_outcome_has_one(case: Case) -> None:
    known = KnownPeople(case.people, case.elsewhere, case.registered)
    family, _ = read(file_of(case))
    asked = family_route(family, known, a_rulebook()).asks_class()
    if case.outcome != NO:
        assert asked is (case.outcome == NEW)


def test_a_half_typed_family_can_be_assessed() -> None:
    """The screens ask what would become of a family while it is still being typed."""
    rules = a_rulebook()
    for people in ((), on_kk("PBPU"), on_kk(PBI, BU), (mother(PBI),)):
        for answers in ({}, {"members[0].nik": "99"}, {"members[0].no_nik": "yes"}, {"login": "head"}):
            family, _ = read_family(a_draft({}, dict(answers)), rules)
            assert isinstance(assess(family, KnownPeople(people), rules), Decision)
