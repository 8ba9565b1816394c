"""Judges a record: the rules of the counter, with what the hub knows, on the day that the kiosk went by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from kiosk.domain.draft import Draft, member_path, split_member_path
from kiosk.domain.family import NO_NIK, Family, read_family
from kiosk.domain.fields import Problem
from kiosk.domain.registration import Decision, Outcome
from kiosk.domain.rulebook import Rulebook
from kiosk.domain.segments import KnownPeople
from kiosk.hub.opening import ClosedError
from kiosk.services.answering import TERMS, answers_of, filled
from kiosk.services.judging import joined, judged
from kiosk.sync.content import Content

LONGEST_WAY = timedelta(days=400)
"""How long a record may be on its way before the day that it names is in doubt."""

_EASTERNMOST = timedelta(hours=9)
_AHEAD = timedelta(days=1)
_ALREADY = "nik.already_registered"


class Verdict(StrEnum):
    """What a decision says: it becomes one, or it has to be mended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of both classes of kiosks by day, and the versions of the terms that may be agreed to.

    Before `first_day` no premium is known.
    """

    real: Rulebook
    practice: Rulebook
    terms: frozenset[str]
    first_day: date
    _by_day: dict[tuple[date, bool], Rulebook] = field(default_factory=dict, repr=False, compare=False)

    def on(self, day: date, *, training: bool) -> Rulebook:
        """The rules of one day; those of a day are made once."""
        found = self._by_day.get((day, training))
        if found is None:
            found = replace(self.practice if training else self.real, today=day)
            self._by_day[(day, training)] = found
        return found


@dataclass(frozen=True, slots=True)
class Reading:
    """A record's family with what is wrong with it alone, and the rules it is judged by."""

    content: Content
    family: Family
    problems: tuple[Problem, ...]
    rules: Rulebook

    @property
    def niks(self) -> frozenset[str]:
        """Every NIK that has to be looked up, the mothers' among them."""
        found = (nik for member in self.family.members for nik in (member.nik, member.mother_nik))
        return frozenset(nik for nik in found if nik)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the hub makes of a record: the verdict, what the kiosk is told of it, and the decision behind it.

    `other_reference` is the registration that already holds a NIK of the family.
    """

    verdict: Verdict
    problems: tuple[Problem, ...]
    decision: Decision
    other_reference: str | None = None

    @property
    def accepted(self) -> bool:
        return self.verdict is Verdict.ACCEPTED


def judging_day(content: Content, received_ms: int, rules: Rules, *, training: bool) -> date:
    """The day by whose rules the record is judged: the kiosk's, unless its clock cannot have been right.

    A day after the record came, or longer before than `LONGEST_WAY`, is replaced by that on which it came; so
    a clock in doubt blocks nobody. Practice has its own days.
    """
    came = datetime.fromtimestamp(received_ms / 1000, UTC) + _EASTERNMOST
    latest = (came + _AHEAD).date()
    try:
        day = date.fromisoformat(content.judged_on)
    except ValueError:
        return came.date()
    possible = training or came.date() - LONGEST_WAY <= day <= latest
    return day if possible and day >= rules.first_day else came.date()


def read_record(content: Content, rules: Rulebook, terms: frozenset[str]) -> Reading:
    """The family of a record, read by the same specs as if it were typed.

    Raises ClosedError `terms.unknown` where it agreed to terms that are not known here.
    """
    agreed = _terms_of(content.family)
    if agreed not in terms:
        raise ClosedError("terms.unknown")
    answers, shape = answers_of(content.family)
    # Nobody typed a record: a NIK left out is a baby without one, however the mother is named.
    answers |= {member_path(index, NO_NIK): "yes" for index in _without_nik(content.family)}
    draft = filled(Draft("", ""), answers, agreed)
    family, problems = read_family(draft, rules)
    return Reading(content, family, joined(shape, problems), rules)


def _terms_of(family: Mapping[str, Any]) -> str:
    consent = family.get("consent")
    return str(consent.get(TERMS.partition(".")[2])) if isinstance(consent, Mapping) else ""


def _without_nik(family: Mapping[str, Any]) -> list[int]:
    members = family.get("members")
    people = members if isinstance(members, list) else []
    return [index for index, one in enumerate(people) if isinstance(one, Mapping) and one.get("nik") is None]


def judge(reading: Reading, known: KnownPeople, holders: Mapping[str, str]) -> Judgement:
    """The hub's judgement of a family; `holders` are the references under which NIKs are registered.

    Raises ClosedError `outcome.unproven` where the kiosk joined the family to participants that the hub knows
    nothing of: then neither yes nor no would be true.
    """
    content = reading.content
    if _rests_on_others(content) and not known.on_kk and not known.by_nik:
        raise ClosedError("outcome.unproven")
    known = replace(known, registered=frozenset(holders))
    decision = judged(reading.family, reading.problems, lambda: known, reading.rules)
    if decision.refused:
        return _refused(reading.family, decision, holders)
    changes = joined(_changes(content, decision))
    new = tuple(problem for problem in decision.problems if problem.code not in content.codes)
    return Judgement(Verdict.ACCEPTED, joined(changes, new), decision)


def _rests_on_others(content: Content) -> bool:
    return content.outcome in {Outcome.ADDED_MEMBERS, Outcome.NEWBORN}


def _refused(family: Family, decision: Decision, holders: Mapping[str, str]) -> Judgement:
    other = None
    problems = []
    for problem in decision.problems:
        holder = _holder(family, problem, holders)
        other = other or holder
        params = {**problem.params, "reference": holder} if holder else problem.params
        problems.append(replace(problem, params=params))
    return Judgement(Verdict.REFUSED, tuple(problems), decision, other)


def _holder(family: Family, problem: Problem, holders: Mapping[str, str]) -> str | None:
    place = split_member_path(problem.field)
    if problem.code != _ALREADY or place is None:
        return None
    return holders.get(family.members[place[0]].nik or "")


def overtaken(taken: Mapping[int, str]) -> Judgement:
    """The refusal of a family that another one was faster than: `taken` are references by member."""
    problems = tuple(
        Problem(member_path(index, "nik"), _ALREADY, params={"reference": reference})
        for index, reference in sorted(taken.items())
    )
    decision = Decision(Outcome.REFUSED, problems)
    return Judgement(Verdict.REFUSED, problems, decision, taken[min(taken)])


def _changes(content: Content, decision: Decision) -> list[Problem]:
    """Where the hub decided otherwise than the receipt says: its word counts, and the kiosk is told."""
    found = []
    if (decision.outcome.value, decision.segment) != (content.outcome, content.segment):
        found.append(Problem("members", "outcome.changed", "warning"))
    if decision.premium_total != content.premium_total:
        found.append(Problem("class", "premium.changed", "warning"))
    if (_iso(decision.pay_from), _iso(decision.pay_until)) != (content.pay_from, content.pay_until):
        found.append(Problem("time", "window.changed", "warning"))
    return found


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
