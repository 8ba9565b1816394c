"""The way through the eight steps: always derived from the answers, never further than they carry."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.draft import Draft
from kiosk.domain.flow import Fact, Flow, Step, fingerprint, step_of
from kiosk.domain.form import FAMILY_PATHS, MEMBER_KEYS
from kiosk.domain.registration import Outcome
from kiosk.domain.rulebook import Settings
from kiosk.domain.segments import KnownPeople
from tests.builders import TODAY, a_baby, a_draft, a_family, a_member, a_nik, a_participant, a_rulebook, codes

PHONE = "+6281234567890"
NOBODY = KnownPeople()
PBPU = KnownPeople((a_participant("PBPU", head=True),))
MOTHER = a_participant("PBI_JK", date(1995, 6, 6), "P", 902, head=True)
DONE = {Fact.TERMS: "v1", Fact.CAPTCHA: "passed", Fact.VERIFIED: PHONE}


def complete(family: dict[str, Any] | None = None, **answers: str | None) -> Draft:
    draft = a_draft(family, {path.replace("__", "."): raw for path, raw in answers.items()}, DONE)
    return draft.with_facts({Fact.REVIEWED: fingerprint(draft)})


def flow(draft: Draft, known: KnownPeople = NOBODY) -> Flow:
    return Flow(draft, a_rulebook(), known)


def test_a_new_draft_begins_at_the_terms() -> None:
    new = flow(Draft("id", "now"))
    assert new.first_incomplete() is Step.TERMS
    assert [step for step in Step if new.may_show(step)] == [Step.TERMS]
    assert new.previous(Step.TERMS) is None


def test_the_steps_are_those_of_mobile_jkn() -> None:
    assert [step.number for step in Step] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert list(Step) == ["terms", "kk", "members", "class", "contact", "review", "consent", "account"]


def test_a_complete_draft_may_show_every_step_in_order() -> None:
    whole = flow(complete())
    assert whole.problems == ()
    assert whole.first_incomplete() is Step.ACCOUNT
    assert whole.steps == tuple(Step)
    assert all(whole.may_show(step) for step in Step)
    assert [whole.next(step) for step in Step] == [*list(Step)[1:], Step.ACCOUNT]
    assert [whole.previous(step) for step in Step] == [None, *list(Step)[:-1]]


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ("kk", Step.KK),
        ("members[0].nik", Step.MEMBERS),
        ("members[2].religion", Step.MEMBERS),
        ("address.postcode", Step.MEMBERS),
        ("fktp", Step.MEMBERS),
        ("class", Step.CLASS),
        ("bank.account", Step.CLASS),
        ("contact.phone", Step.CONTACT),
        ("contact.email", Step.CONTACT),
        ("consent.accepted", Step.CONSENT),
    ],
)
def test_a_missing_answer_bars_every_later_step(path: str, step: Step) -> None:
    draft = a_draft(answers={path: None}, facts=DONE)
    gap = flow(draft.with_facts({Fact.REVIEWED: fingerprint(draft)}))
    assert gap.first_incomplete() is step
    assert [one for one in Step if gap.may_show(one)] == [one for one in Step if one.number <= step.number]
    assert gap.next(Step.TERMS) is min(Step.KK, step, key=lambda one: one.number)
    assert gap.next(Step.REVIEW).number <= step.number
    assert not gap.is_complete(step)


@pytest.mark.parametrize(
    ("fact", "step", "code"),
    [
        (Fact.TERMS, Step.TERMS, "terms.missing"),
        (Fact.CAPTCHA, Step.KK, "captcha.missing"),
        (Fact.VERIFIED, Step.CONTACT, "otp.missing"),
        (Fact.REVIEWED, Step.REVIEW, "review.missing"),
    ],
)
def test_a_missing_fact_bars_every_later_step(fact: str, step: Step, code: str) -> None:
    gap = flow(complete().with_facts({fact: None}))
    assert (gap.first_incomplete(), codes(gap.problems)) == (step, {code})


def test_new_terms_have_to_be_agreed_to_again() -> None:
    newer = replace(a_rulebook(), terms_version="v2")
    assert Flow(complete(), newer, NOBODY).first_incomplete() is Step.TERMS


def test_an_edit_after_the_review_demands_another() -> None:
    draft = complete()
    for path in ("members[1].religion", "contact.email", "fktp", "class", "members[0].birth_place"):
        edited = flow(draft.with_answers({path: {"class": "3", "fktp": "99010002"}.get(path, "hindu")}))
        assert "review.missing" in codes(edited.problems), path
        assert not edited.may_show(Step.CONSENT), path
    assert flow(draft.with_answers({"consent.guardian": "IBU RT"})).problems == ()
    back = draft.with_answers({"class": "3"}).with_answers({"class": "2"})
    assert flow(back).problems == (), "the same answers were reviewed already"


def test_another_phone_has_to_be_verified_again() -> None:
    changed = flow(complete().with_answers({"contact.phone": "081234567891"}))
    assert changed.first_incomplete() is Step.CONTACT
    assert "otp.missing" in codes(changed.problems)
    respelt = complete(contact__phone="+62 812-3456-7890")
    assert flow(respelt).problems == ()


def test_a_phone_that_could_not_be_verified_only_warns() -> None:
    draft = complete().with_facts({Fact.VERIFIED: None, Fact.UNVERIFIED: PHONE})
    assert [(p.code, p.severity) for p in flow(draft).problems] == [("otp.unverified", "warning")]
    assert flow(draft).first_incomplete() is Step.ACCOUNT


def test_added_members_are_asked_for_no_class() -> None:
    grown = a_member("child", date(2001, 3, 12), "L", 4)
    joined = flow(complete(a_family(members=[grown], bank=None, **{"class": None})), PBPU)
    assert Step.CLASS not in joined.steps
    assert joined.problems == ()
    assert (joined.next(Step.MEMBERS), joined.previous(Step.CONTACT)) == (Step.CONTACT, Step.MEMBERS)
    assert not joined.may_show(Step.CLASS)
    assert joined.decision.outcome is Outcome.ADDED_MEMBERS


def test_a_newborn_in_pbi_is_asked_for_no_class() -> None:
    family = a_family(members=[a_baby(TODAY, MOTHER.nik)], bank=None, **{"class": None})
    baby = flow(complete(family), KnownPeople((MOTHER,)))
    assert Step.CLASS not in baby.steps
    assert (baby.problems, baby.decision.outcome) == ((), Outcome.NEWBORN)


def test_an_answer_to_a_step_that_no_longer_applies_does_not_trap_the_family() -> None:
    """A class was given, then another No. KK or login made the family one that has a class already."""
    grown = a_member("child", date(2001, 3, 12), "L", 4)
    draft = complete(a_family(members=[grown], **{"class": 1}))
    joined = flow(draft, PBPU)
    assert joined.problems == ()
    assert joined.first_incomplete() is Step.ACCOUNT
    assert joined.settled.answer("class") == joined.settled.answer("bank.name") == ""
    assert joined.draft.answer("class") == "1", "nothing typed is lost while the form is open"
    assert flow(draft).settled is draft


def test_a_refusal_of_the_rules_is_shown_where_it_can_be_mended() -> None:
    grown = a_member("child", date(2001, 3, 12), "L", 4)
    pbi = KnownPeople((a_participant("PBI_JK", head=True),))
    draft = complete(a_family(members=[grown], login="head", bank=None, **{"class": None}))
    assert [p.code for p in flow(draft, pbi).problems_of(Step.MEMBERS)] == ["family.not_here"]
    twice = KnownPeople(registered=frozenset({a_nik(date(1980, 8, 12))}))
    assert [p.field for p in flow(complete(), twice).problems_of(Step.MEMBERS)] == ["members[0].nik"]
    boy = a_member("child", date(2012, 3, 12), "L", 3)
    alone = flow(complete(a_family(members=[boy], bank=None, **{"class": None})), PBPU)
    assert [p.code for p in alone.problems_of(Step.CONSENT)] == ["consent.guardian_missing"]


def test_every_path_and_every_fact_belongs_to_a_step() -> None:
    steps = {path: step_of(path) for path in (*FAMILY_PATHS, *(f"members[0].{key}" for key in MEMBER_KEYS))}
    assert {path for path, step in steps.items() if step is Step.KK} == {"kk", "login"}
    assert [step_of(path) for path in ("terms", "captcha", "members", "otp", "review")] == [
        Step.TERMS,
        Step.KK,
        Step.MEMBERS,
        Step.CONTACT,
        Step.REVIEW,
    ]


def test_the_fingerprint_sees_every_answer_but_the_consent() -> None:
    draft = a_draft()
    seen = {fingerprint(draft.with_answers({path: "x"})) for path in FAMILY_PATHS if "consent" not in path}
    assert (
        len(seen | {fingerprint(draft)}) == len([path for path in FAMILY_PATHS if "consent" not in path]) + 1
    )
    assert fingerprint(draft.with_answers({"consent.accepted": None})) == fingerprint(draft)


known_people = st.sampled_from(
    [
        NOBODY,
        PBPU,
        KnownPeople((MOTHER,)),
        KnownPeople((MOTHER, *PBPU.on_kk)),
        KnownPeople(registered=frozenset({"1"})),
    ]
)
some_paths = st.sampled_from(
    [*FAMILY_PATHS, *(f"members[{at}].{key}" for at in (0, 1) for key in (*MEMBER_KEYS, "no_nik"))]
)
some_facts = st.dictionaries(
    st.sampled_from([*DONE, Fact.REVIEWED, Fact.UNVERIFIED]), st.sampled_from(["v1", "passed", PHONE])
)


@given(
    st.dictionaries(some_paths, st.one_of(st.none(), st.text(max_size=6))),
    some_facts,
    known_people,
    st.booleans(),
)
def test_no_answers_lead_past_a_problem_or_to_a_dead_end(
    answers: dict[str, str | None],
    facts: dict[str, str],
    known: KnownPeople,
    lenient: bool,  # noqa: FBT001
) -> None:
    rules = a_rulebook(settings=Settings(email_required=not lenient, autodebit_class_3=not lenient))
    way = Flow(a_draft(answers=answers, facts=facts), rules, known)
    here = way.first_incomplete()
    assert here in way.steps
    assert all(way.is_complete(step) for step in way.steps if step.number < here.number)
    assert here is Step.ACCOUNT or way.problems_of(here)
    for step in way.steps:
        assert way.may_show(way.next(step))
        before = way.previous(step)
        assert before is None or before.number < step.number
    if here is Step.ACCOUNT:
        assert not way.decision.refused
