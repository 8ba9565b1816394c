"""The eight steps of a registration and the way through them, derived from the draft."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from kiosk.domain.consent import consent_holds
from kiosk.domain.draft import Draft, split_member_path
from kiosk.domain.family import Family, read_answer, read_family
from kiosk.domain.fields import Problem, one_problem_a_field
from kiosk.domain.form import ADDRESS_PATHS, BANK_PATHS
from kiosk.domain.registration import Decision
from kiosk.domain.rulebook import Rulebook
from kiosk.domain.segments import KnownPeople, Route, assess, family_route


class Step(StrEnum):
    """A step of Mobile JKN's registration, in its order."""

    TERMS = "terms"
    KK = "kk"
    MEMBERS = "members"
    CLASS = "class"
    CONTACT = "contact"
    REVIEW = "review"
    CONSENT = "consent"
    ACCOUNT = "account"

    @property
    def number(self) -> int:
        return list(Step).index(self) + 1


class Fact:
    """The names of what a draft records beside its answers."""

    TERMS = "terms"
    CAPTCHA = "captcha"
    VERIFIED = "verified_phone"
    UNVERIFIED = "unverified_phone"
    REVIEWED = "reviewed"
    MENDS = "mends"
    """Which version of a refused registration the draft mends; the registration has the draft's id."""
    OPENED_AS = "opened_as"
    """The fingerprint of a mended draft as it was refused."""
    CONSENTED = "consented"
    """What the consent that stands in a mended draft was given to."""
    CONSENT_SECONDS = "consent_seconds"
    """For how many whole seconds the consent was on the screen."""
    COMES_FROM = "comes_from"
    """The kiosk that still has the draft of which this is a copy, and the revision that was copied."""


def again_fact(nik: str) -> str:
    """The fact that the last four digits of this NIK were typed a second time."""
    return f"again.{nik}"


def step_of(path: str) -> Step:
    """The step on which the answer at `path` is asked."""
    if split_member_path(path) or path in {"members", "fktp", *ADDRESS_PATHS}:
        return Step.MEMBERS
    if path in {"class", *BANK_PATHS}:
        return Step.CLASS
    for prefix, step in (("contact.", Step.CONTACT), ("consent.", Step.CONSENT)):
        if path.startswith(prefix):
            return step
    return {"terms": Step.TERMS, "review": Step.REVIEW, "otp": Step.CONTACT}.get(path, Step.KK)


def fingerprint(draft: Draft) -> str:
    """A short hash of what a reviewer has seen: every answer but those of the consent page."""
    shown = {path: raw for path, raw in draft.answers.items() if not path.startswith("consent.")}
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Flow:
    """The way of one draft through the steps; nothing of it is stored."""

    draft: Draft
    rules: Rulebook
    known: KnownPeople

    @cached_property
    def route(self) -> Route:
        """Where login, directory and newborns lead this family."""
        return family_route(self._as_typed[0], self.known, self.rules)

    @cached_property
    def settled(self) -> Draft:
        """The draft to submit: without answers to a step that no longer applies."""
        if self.route.asks_class():
            return self.draft
        return self.draft.with_answers(dict.fromkeys(("class", *BANK_PATHS)))

    @cached_property
    def _as_typed(self) -> tuple[Family, tuple[Problem, ...]]:
        return read_family(self.draft, self.rules)

    @cached_property
    def _read(self) -> tuple[Family, tuple[Problem, ...]]:
        return self._as_typed if self.settled is self.draft else read_family(self.settled, self.rules)

    @property
    def family(self) -> Family:
        return self._read[0]

    @cached_property
    def decision(self) -> Decision:
        """What would become of the family as it stands now."""
        return assess(self.family, self.known, self.rules)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps that apply to this draft, in order."""
        return tuple(step for step in Step if step is not Step.CLASS or self.route.asks_class())

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem of the draft, one a field."""
        answers = [*self._read[1], *self.decision.problems, *self._facts_missing()]
        return one_problem_a_field(answers)

    def problems_of(self, step: Step) -> tuple[Problem, ...]:
        """The problems that belong to one step."""
        return tuple(problem for problem in self.problems if step_of(problem.field) is step)

    def is_complete(self, step: Step) -> bool:
        return not any(problem.blocks for problem in self.problems_of(step))

    def first_incomplete(self) -> Step:
        """The step where the family has to go on; the last one when nothing is missing."""
        return next((step for step in self.steps if not self.is_complete(step)), Step.ACCOUNT)

    def may_show(self, step: Step) -> bool:
        """A step can be shown when every step before it is complete."""
        return step in self.steps and step.number <= self.first_incomplete().number

    def next(self, step: Step) -> Step:
        """The step after `step`, or the first incomplete one where that comes earlier."""
        later = next((other for other in self.steps if other.number > step.number), Step.ACCOUNT)
        return min(later, self.first_incomplete(), key=lambda found: found.number)

    def previous(self, step: Step) -> Step | None:
        """The step before `step`; None at the first."""
        return next((other for other in reversed(self.steps) if other.number < step.number), None)

    def _facts_missing(self) -> Iterator[Problem]:
        draft = self.draft
        if draft.fact(Fact.TERMS) != self.rules.terms_version:
            yield Problem("terms", "terms.missing")
        if draft.fact(Fact.CAPTCHA) != "passed":
            yield Problem("captcha", "captcha.missing")
        if self.rules.settings.confirm_nik:
            for member in self.family.members:
                if member.nik and not draft.fact(again_fact(member.nik)):
                    yield Problem(member.path("nik_again"), "nik.again_missing")
        phone = read_answer(draft, "contact.phone", self.rules).value
        if phone and phone not in {draft.fact(Fact.VERIFIED), draft.fact(Fact.UNVERIFIED)}:
            yield Problem("otp", "otp.missing")
        elif phone and phone != draft.fact(Fact.VERIFIED):
            yield Problem("otp", "otp.unverified", "warning")
        given = draft.fact(Fact.CONSENTED)
        if given and not consent_holds(given, self.family):
            yield Problem("consent.accepted", "consent.missing")
        if draft.fact(Fact.REVIEWED) != fingerprint(draft):
            yield Problem("review", "review.missing")
