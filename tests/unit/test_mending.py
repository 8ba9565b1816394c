"""Mending a refusal: the same registration again as a draft, and that as its next version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kiosk.domain.consent import consented_to
from kiosk.domain.draft import Draft
from kiosk.domain.fields import Problem
from kiosk.domain.flow import Fact, Flow, Step, fingerprint
from kiosk.domain.registration import Registration, State
from kiosk.errors import KioskError, StaleDraftError, StoreError
from kiosk.randomness import SystemRandomness
from kiosk.services.drafts import Drafts
from kiosk.services.membership import Membership
from kiosk.services.mending import REVIEW, Mending, draft_of, is_unchanged, place_to_mend
from kiosk.services.registration import Registrar
from kiosk.services.sync_ports import HubDecision
from tests.builders import a_baby, a_draft, a_family, a_member, a_nik, a_participant, a_rulebook
from tests.unit.fakes import FakeClock, FakeRandomness, FakeStore

RULES = a_rulebook()
PHONE = "+6281234567890"
CHILD_NIK = "members[2].nik"
REFUSED = (Problem(CHILD_NIK, "nik.already_registered", params={"reference": "K2-0007-QQ"}),)
RIGHT_NIK = a_nik(date(2012, 3, 12), "L", 33)


class Kiosk:
    """The services of one kiosk on a store in memory, and a hub that refuses."""

    def __init__(self) -> None:
        self.store, self.clock = FakeStore(), FakeClock()
        with self.store() as work:
            work.cards.lease("0009900000001", 3, demo=True)
            work.commit()
        chance = FakeRandomness()
        self.saved = 0
        self.drafts = Drafts(self.store, self.clock, SystemRandomness())
        self.membership = Membership(self.store)
        self.registrar = Registrar(self.store, self.clock, chance, kiosk_id="K1")
        self.mending = Mending(self.store, self.store, self.clock, chance, after=self._count)

    def _count(self) -> None:
        self.saved += 1

    def register(self, family: Mapping[str, Any] | None = None, *, source: str = "screen") -> Registration:
        draft = replace(self.drafts.start(), answers=a_draft(family).answers, facts={Fact.VERIFIED: PHONE})
        done = self.registrar.submit(draft, RULES, source=source)
        assert done.registration is not None
        return done.registration

    def set(self, registration: Registration, **changes: Any) -> Registration:
        changed = replace(registration, **changes)
        with self.store() as work:
            work.registrations.replace(changed)
            work.commit()
        return changed

    def refuse(self, registration: Registration, *problems: Problem, other: str = "") -> Registration:
        told = HubDecision(
            registration.id, registration.version, "refused", "", "2026-11-23T10:41:00+07:00", problems, other
        )
        with self.store() as work:
            work.decisions.put(told)
            work.commit()
        return self.set(registration, state=State.NEEDS_FIX, state_at=told.decided_at)

    def refused(self, family: Mapping[str, Any] | None = None) -> Registration:
        return self.refuse(self.register(family), *REFUSED, other="K2-0007-QQ")

    def mend(self, registration: Registration, **answers: str | None) -> Draft:
        """Opens it, changes answers, and reviews what came of it."""
        draft = self.mending.open(registration.reference, RULES).draft
        draft = draft.with_answers(answers)
        return self.drafts.save(draft.with_facts({Fact.REVIEWED: fingerprint(draft)}))

    def flow(self, draft: Draft) -> Flow:
        return Flow(draft, RULES, self.membership.known_for(draft, RULES))

    def stored(self, registration: Registration) -> Registration:
        found = self.store.state.registrations[registration.reference]
        assert found.id == registration.id
        return found


@pytest.fixture
def kiosk() -> Kiosk:
    return Kiosk()


# Opening.


@pytest.mark.parametrize(
    "family",
    [
        a_family(),
        a_family(**{"class": 3}, login="other"),
        a_family(members=[a_member(occupation="nelayan", mother_name="SRI", birth_place="BOGOR")]),
        a_family(contact={"phone": "081234567890", "email": "b@example.org"}),
    ],
)
def test_the_draft_of_a_registration_reads_as_the_registration(
    kiosk: Kiosk, family: Mapping[str, Any]
) -> None:
    registration = kiosk.refuse(kiosk.register(family), *REFUSED)
    submitted = kiosk.mending.submit(kiosk.mend(registration), RULES).registration
    assert submitted is not None
    assert submitted.family == registration.family
    assert submitted.decision == registration.decision


def test_it_is_opened_at_the_field_that_the_hub_named(kiosk: Kiosk) -> None:
    opened = kiosk.mending.open(kiosk.refused().reference, RULES)
    assert opened.draft.at == CHILD_NIK
    assert opened.problems == REFUSED
    assert opened.other_reference == "K2-0007-QQ"
    assert opened.begun_at == ""
    flow = kiosk.flow(opened.draft)
    assert flow.may_show(Step.MEMBERS)
    assert [(problem.field, problem.code) for problem in flow.problems] == [("review", "review.missing")]


def test_nothing_is_stored_of_what_was_only_looked_at(kiosk: Kiosk) -> None:
    registration = kiosk.refused()
    commits = kiosk.store.commits
    kiosk.mending.open(registration.reference, RULES)
    assert kiosk.store.commits == commits
    assert kiosk.store.state.drafts == {}


@pytest.mark.parametrize(
    ("problems", "place"),
    [
        ([], REVIEW),
        ([Problem("kk", "kk.date", "warning"), Problem("fktp", "fktp.unknown")], "fktp"),
        (
            [Problem("members[9].nik", "nik.length"), Problem("contact.email", "email.format")],
            "contact.email",
        ),
        ([Problem("members", "family.no_head")], "members"),
        ([Problem("", "record.accepted")], REVIEW),
        ([Problem("[/]\x1b", "x"), Problem("members[0].shoes", "x"), Problem("otp", "x")], REVIEW),
    ],
)
def test_a_place_that_no_form_has_leads_to_the_review(problems: list[Problem], place: str) -> None:
    assert place_to_mend(problems, a_draft()) == place


def test_what_somebody_has_begun_is_gone_on_with(kiosk: Kiosk) -> None:
    registration = kiosk.refused()
    saved = kiosk.mend(registration, **{"contact.email": "baru@example.org"})
    again = kiosk.mending.open(registration.reference, RULES)
    assert again.draft == saved
    assert again.begun_at == saved.saved_at != ""
    assert [card.begun_at for card in kiosk.mending.cards(limit=9)] == [saved.saved_at]


def test_two_who_opened_it_do_not_write_over_each_other(kiosk: Kiosk) -> None:
    registration = kiosk.refused()
    one = kiosk.mending.open(registration.reference, RULES).draft
    other = kiosk.mending.open(registration.reference, RULES).draft
    kiosk.drafts.save(one.with_answers({CHILD_NIK: RIGHT_NIK}))
    with pytest.raises(StaleDraftError):
        kiosk.drafts.save(other.with_answers({"fktp": "99010001"}))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": State.SENT}, "mend.decided"),
        ({"state": State.ACCEPTED}, "mend.decided"),
        ({"state": State.LAPSED}, "mend.decided"),
        ({"state": State.SUBMITTED, "version": 2}, "mend.done"),
        ({"purged_at": "2026-12-24"}, "mend.purged"),
    ],
)
def test_what_cannot_be_mended_any_more_is_refused_in_one_word(
    kiosk: Kiosk, changes: dict[str, Any], code: str
) -> None:
    registration = kiosk.refused()
    draft = kiosk.mend(registration, **{CHILD_NIK: RIGHT_NIK})
    before = kiosk.set(registration, **changes)
    with pytest.raises(KioskError, match=code):
        kiosk.mending.open(registration.reference, RULES)
    with pytest.raises(KioskError, match=code):
        kiosk.mending.submit(draft, RULES)
    assert kiosk.stored(registration) == before
    assert kiosk.store.state.drafts == {}, "a draft without a use holds personal data"
    assert kiosk.store.state.audit[-1].codes == (code,)


def test_an_unknown_reference_is_no_crash(kiosk: Kiosk) -> None:
    with pytest.raises(KioskError, match=r"mend\.purged"):
        kiosk.mending.open("K1-0099-AA", RULES)


def test_a_draft_is_taken_up_only_while_it_has_a_use(kiosk: Kiosk) -> None:
    registration = kiosk.refused()
    draft = kiosk.mend(registration)
    kiosk.mending.take_up(draft)
    assert draft.id in kiosk.store.state.drafts
    kiosk.set(registration, state=State.ACCEPTED)
    with pytest.raises(KioskError, match=r"mend\.decided"):
        kiosk.mending.take_up(draft)
    assert kiosk.store.state.drafts == {}


# What is proved stays proved.


def test_otp_is_asked_again_only_where_the_phone_changed(kiosk: Kiosk) -> None:
    draft = kiosk.mending.open(kiosk.refused().reference, RULES).draft
    assert kiosk.flow(draft).is_complete(Step.CONTACT)
    other = kiosk.flow(draft.with_answers({"contact.phone": "081399998888"}))
    assert [problem.code for problem in other.problems_of(Step.CONTACT)] == ["otp.missing"]


def test_an_unproved_phone_is_not_asked_for_a_code_either(kiosk: Kiosk) -> None:
    registration = kiosk.refuse(kiosk.set(kiosk.register(), verified_phone=False), *REFUSED)
    draft = kiosk.mend(registration)
    assert kiosk.flow(draft).is_complete(Step.CONTACT)
    done = kiosk.mending.submit(draft, RULES).registration
    assert done is not None
    assert not done.verified_phone
    assert "otp.unverified" in {problem.code for problem in done.decision.problems}


def test_other_terms_are_read_and_agreed_to_again(kiosk: Kiosk) -> None:
    rules = replace(RULES, terms_version="v2")
    draft = kiosk.mending.open(kiosk.refused().reference, rules).draft
    flow = Flow(draft, rules, kiosk.membership.known_for(draft, rules))
    assert flow.first_incomplete() is Step.TERMS
    assert not flow.is_complete(Step.CONSENT)


def test_a_baby_without_a_nik_stays_one(kiosk: Kiosk) -> None:
    mother = a_participant("PBI_JK", date(1995, 5, 5), "P", head=True)
    with kiosk.store() as work:
        work.directory.put([mother])
        work.commit()
    born = kiosk.register(
        a_family(members=[a_baby(date(2026, 11, 10), mother.nik)], **{"class": None}, bank=None)
    )
    done = kiosk.mending.submit(kiosk.mend(kiosk.refuse(born, *REFUSED)), RULES).registration
    assert done is not None
    assert done.family == born.family
    assert done.virtual_accounts == {}


# Submitting.


def test_it_becomes_the_next_version_of_the_same_registration(kiosk: Kiosk) -> None:
    registration = kiosk.refused()
    kiosk.clock.advance(86_400)
    done = kiosk.mending.submit(kiosk.mend(registration, **{CHILD_NIK: RIGHT_NIK}), RULES, who="siti")
    mended = kiosk.stored(registration)
    assert done.registration == mended
    assert (mended.version, mended.state, mended.state_at) == (2, State.SUBMITTED, "")
    assert mended.family["members"][2]["nik"] == RIGHT_NIK
    assert mended.card == registration.card == "0009900000001"
    assert mended.virtual_accounts == registration.virtual_accounts
    assert mended.demo_card
    assert (mended.created, mended.reference) == (registration.created, registration.reference)
    state = kiosk.store.state
    first, second = state.outbox[registration.id, 1], state.outbox[registration.id, 2]
    assert first.key != second.key
    assert second.queued_at == kiosk.clock.now().wall
    assert state.drafts == {}
    line = state.audit[-1]
    assert (line.action, line.subject, line.who) == ("registration.mended", registration.reference, "siti")
    assert line.fields == (CHILD_NIK,)
    assert kiosk.saved == 1


def test_a_second_refusal_is_mended_again(kiosk: Kiosk) -> None:
    registration = kiosk.refused()
    once = kiosk.mending.submit(kiosk.mend(registration, **{CHILD_NIK: RIGHT_NIK}), RULES).registration
    assert once is not None
    again = kiosk.refuse(once, Problem("fktp", "fktp.unknown"))
    opened = kiosk.mending.open(registration.reference, RULES)
    assert (opened.draft.at, opened.draft.answer(CHILD_NIK)) == ("fktp", RIGHT_NIK)
    twice = kiosk.mending.submit(kiosk.mend(again), RULES).registration
    assert twice is not None
    assert twice.version == 3
    assert sorted(version for _, version in kiosk.store.state.outbox) == [1, 2, 3]


def test_nothing_of_it_is_stored_where_the_store_fails(kiosk: Kiosk) -> None:
    registration = kiosk.refused()
    draft = kiosk.mend(registration, **{CHILD_NIK: RIGHT_NIK})
    kiosk.store.broken = True
    with pytest.raises(StoreError):
        kiosk.mending.submit(draft, RULES)
    assert kiosk.stored(registration) == registration
    assert kiosk.store.state.drafts[draft.id] == draft
    assert (registration.id, 2) not in kiosk.store.state.outbox
    assert kiosk.saved == 0


def test_what_another_saved_meanwhile_is_not_submitted_unseen(kiosk: Kiosk) -> None:
    registration = kiosk.refused()
    draft = kiosk.mend(registration, **{CHILD_NIK: RIGHT_NIK})
    kiosk.drafts.save(draft.with_answers({"contact.email": "lain@example.org"}))
    with pytest.raises(StaleDraftError):
        kiosk.mending.submit(draft, RULES)
    assert kiosk.stored(registration) == registration


def test_of_two_who_submit_the_second_is_told(kiosk: Kiosk) -> None:
    draft = kiosk.mend(kiosk.refused(), **{CHILD_NIK: RIGHT_NIK})
    kiosk.mending.submit(draft, RULES)
    with pytest.raises(KioskError, match=r"mend\.done"):
        kiosk.mending.submit(draft, RULES)


def test_the_rules_are_the_same(kiosk: Kiosk) -> None:
    registration = kiosk.refused()
    other = kiosk.register(a_family(kk="9901010101200099", members=[a_member(serial=50)]))
    draft = kiosk.mend(registration, **{CHILD_NIK: other.family["members"][0]["nik"]})
    done = kiosk.mending.submit(draft, RULES)
    assert done.registration is None
    assert [problem.code for problem in done.decision.problems if problem.blocks] == [
        "nik.already_registered"
    ]
    assert kiosk.stored(registration) == registration


@pytest.mark.parametrize(
    "answers",
    [
        {"class": "3"},
        {"members[2].nik": None, "members[2].name": "DEWI", "members[2].birth_date": "2010-01-01"},
    ],
)
def test_others_or_another_class_need_consent_again(kiosk: Kiosk, answers: dict[str, str | None]) -> None:
    changed = {path: raw or a_nik(date(2010, 1, 1), "L", 8) for path, raw in answers.items()}
    draft = kiosk.mend(kiosk.refused(), **changed)
    assert not kiosk.flow(draft).is_complete(Step.CONSENT)
    done = kiosk.mending.submit(draft, RULES)
    assert [problem.code for problem in done.decision.problems] == ["consent.missing"]


def test_a_family_that_joins_another_gets_its_number_and_no_longer_its_own(kiosk: Kiosk) -> None:
    registration = kiosk.refused()
    head = a_participant("PBPU", head=True, card="0001111111111")
    with kiosk.store() as work:
        work.directory.put([head])
        work.commit()
    draft = kiosk.mend(registration, **{"class": None, CHILD_NIK: RIGHT_NIK, "bank.name": None})
    draft = draft.with_facts({Fact.CONSENTED: consent_of(kiosk, draft)})
    done = kiosk.mending.submit(kiosk.drafts.save(draft), RULES).registration
    assert done is not None
    assert done.card == "0001111111111"
    assert not done.demo_card
    back = kiosk.refuse(done, *REFUSED)
    with kiosk.store() as work:
        work.directory.put([replace(head, kk="9901010101209999")])
        work.commit()
    draft = kiosk.mend(
        back, **{"class": "2", "bank.name": "BRI", "bank.account": "123456789012", "bank.owner": "BUDI"}
    )
    draft = draft.with_facts({Fact.CONSENTED: consent_of(kiosk, draft)})
    alone = kiosk.mending.submit(kiosk.drafts.save(draft), RULES).registration
    assert alone is not None
    assert alone.card == "0009900000002", "the number of the other family is not its own"


def consent_of(kiosk: Kiosk, draft: Draft) -> str:
    return consented_to(kiosk.flow(draft).family)


def test_a_number_that_was_to_follow_is_given_now(kiosk: Kiosk) -> None:
    with kiosk.store() as work:
        while work.cards.take() is not None:
            pass
        work.commit()
    registration = kiosk.refused()
    assert registration.card is None
    with kiosk.store() as work:
        work.cards.lease("0009900000101", 1, demo=True)
        work.commit()
    done = kiosk.mending.submit(kiosk.mend(registration), RULES).registration
    assert done is not None
    assert done.card == "0009900000101"


# Cards.


def test_cards_tell_what_is_wrong_newest_first(kiosk: Kiosk) -> None:
    first = kiosk.refused()
    other = kiosk.register(a_family(kk="9901010101200099", members=[a_member(serial=50, name="WATI")]))
    kiosk.refuse(
        other,
        Problem("fktp", "fktp.unknown"),
        Problem("kk", "kk.length"),
        Problem("kk", "kk.date", "warning"),
    )
    kiosk.register(a_family(kk="9901010101200077", members=[a_member(serial=60)]))
    newest, oldest = kiosk.mending.cards(limit=9)
    assert (newest.name, newest.problem.code, newest.more) == ("WATI", "fktp.unknown", 1)
    assert (oldest.reference, oldest.other_reference) == (first.reference, "K2-0007-QQ")
    assert kiosk.mending.count() == 2
    assert len(kiosk.mending.cards(limit=1)) == 1


def test_a_refusal_without_a_reason_is_a_card_all_the_same(kiosk: Kiosk) -> None:
    kiosk.refuse(kiosk.register())
    (card,) = kiosk.mending.cards(limit=9)
    assert card.problem == Problem("", "hub.refused")


def test_what_was_changed_is_seen(kiosk: Kiosk) -> None:
    registration = kiosk.refused()
    draft = draft_of(registration, RULES)
    assert is_unchanged(draft)
    assert not is_unchanged(draft.with_answers({CHILD_NIK: RIGHT_NIK}))
