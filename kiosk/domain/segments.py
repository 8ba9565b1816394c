"""Who may register whom, in which segment, and with which of the three outcomes.

The order of the questions is that of the help page "Administrasi Kepesertaan JKN" of Mobile JKN, with the
newborn rules of Perpres 82/2018 art. 16; where neither decides, this program's choice is marked (own).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from kiosk.domain.directory import Participant
from kiosk.domain.draft import split_member_path
from kiosk.domain.family import Family, Member, guardian_missing, main_member
from kiosk.domain.fields import Problem, one_problem_a_field
from kiosk.domain.form import BANK_PATHS, spec_for
from kiosk.domain.premium import newborn_window, payment_window, per_person
from kiosk.domain.registration import Decision, Outcome
from kiosk.domain.rulebook import Rulebook, SegmentRule

NEW_FAMILY_SEGMENT = "PBPU"
_CLASS_III = 3


@dataclass(frozen=True, slots=True)
class KnownPeople:
    """What is known of a family before it registers.

    `on_kk` are the participants on its No. KK, `by_nik` those with the NIK of a member or a mother,
    `registered` the NIKs that this kiosk has already registered.
    """

    on_kk: tuple[Participant, ...] = ()
    by_nik: tuple[Participant, ...] = ()
    registered: frozenset[str] = frozenset()

    def person(self, nik: str | None) -> Participant | None:
        return next((person for person in (*self.by_nik, *self.on_kk) if person.nik == nik), None)

    def living_on_kk(self) -> tuple[Participant, ...]:
        return tuple(person for person in self.on_kk if person.lives)

    def segments_on_kk(self) -> tuple[str, ...]:
        """The segments on the KK, each once, in the order of the extract."""
        return tuple(dict.fromkeys(person.segment for person in self.living_on_kk()))

    def head(self, segment: str = "") -> Participant | None:
        """The head on the KK (of one segment, where named); the oldest where nobody is marked as head."""
        people = [person for person in self.living_on_kk() if segment in {"", person.segment}]
        heads = [person for person in people if person.head]
        return min(heads or people, key=lambda person: person.birth_date, default=None)


@dataclass(frozen=True, slots=True)
class Route:
    """Which outcome a family is heading for, before all its answers are there."""

    outcome: Outcome
    segment: str
    family_class: int | None = None
    head: Participant | None = None

    def asks_class(self) -> bool:
        """Class and bank are asked of a new family alone: added members follow the peserta utama."""
        return self.outcome is Outcome.NEW_FAMILY


def route_for(login: str, known: KnownPeople, rules: Rulebook) -> Route:
    """The outcome that login and directory lead to, newborns aside."""
    new_family = Route(Outcome.NEW_FAMILY, NEW_FAMILY_SEGMENT)
    segments = known.segments_on_kk()
    if not segments:
        return new_family
    if login == "head":
        return _route_into(known.head(), rules)
    only = rules.segments[segments[0]] if len(segments) == 1 else None
    if only is not None and only.may_add == "always":
        return _route_into(known.head(only.key), rules)
    return new_family


def _route_into(head: Participant | None, rules: Rulebook) -> Route:
    if head is None:
        return Route(Outcome.NEW_FAMILY, NEW_FAMILY_SEGMENT)
    outcome = Outcome.REFUSED if rules.segments[head.segment].may_add == "never" else Outcome.ADDED_MEMBERS
    return Route(outcome, head.segment, head.care_class, head)


def family_route(family: Family, known: KnownPeople, rules: Rulebook) -> Route:
    """Where this family goes: newborns alone go with their mother, all others as `route_for` says."""
    babies = tuple(_babies(family, known, rules))
    return _route_of_babies(family, babies, known) or route_for(family.login, known, rules)


def _route_of_babies(family: Family, babies: Sequence[_Baby], known: KnownPeople) -> Route | None:
    if not babies or len(babies) != len(family.members):
        return None
    mother = babies[0].mother
    if mother is None:
        return None
    head = known.head(mother.segment) or mother
    if all(baby.here for baby in babies):
        return Route(Outcome.NEWBORN, mother.segment, mother.care_class, head)
    if all(baby.joins for baby in babies) and mother in known.on_kk:
        return Route(Outcome.ADDED_MEMBERS, mother.segment, head.care_class, head)
    return None


def assess(family: Family, known: KnownPeople, rules: Rulebook) -> Decision:
    """What becomes of a family whose answers are good one by one; a refusal says why and where to go."""
    babies = tuple(_babies(family, known, rules))
    problems = [*_already_registered(family, known), *(found for baby in babies for found in baby.problems)]
    nobody_left = _are_all_refused(family, problems)
    route = family_route(family, known, rules)
    not_here = route.outcome is Outcome.REFUSED or (
        route.outcome is not Outcome.NEWBORN and any(baby.here for baby in babies)
    )
    if not_here:
        problems.append(Problem("members", "family.not_here", params={"refer_to": "dinsos"}))
    if not nobody_left and not not_here:
        problems.extend(_asked_by_route(family, route, known, rules))
        if guardian_missing(family, rules):
            problems.append(Problem("consent.guardian", "consent.guardian_missing"))
    found = one_problem_a_field(problems)
    if any(problem.blocks for problem in found):
        return refused(found)
    return _decided(family, route, found, rules)


def _are_all_refused(family: Family, problems: Sequence[Problem]) -> bool:
    """True where no member is left to register, so that asking for a class or a guardian would mislead."""
    refused_ones = {
        found[0] for problem in problems if problem.blocks and (found := split_member_path(problem.field))
    }
    return bool(family.members) and refused_ones >= {member.index for member in family.members}


def refused(problems: Sequence[Problem]) -> Decision:
    """The refusal for these problems, with the office that the first of them points to."""
    offices = (
        _REFER.get(problem.code, problem.params.get("refer_to")) for problem in problems if problem.blocks
    )
    office = next((str(office) for office in offices if office), None)
    return Decision(Outcome.REFUSED, tuple(problems), refer_to=office)


_REFER = {"newborn.nik_required": "dukcapil", "newborn.mother_unknown": "branch"}


def _already_registered(family: Family, known: KnownPeople) -> Iterator[Problem]:
    for member in family.members:
        if member.nik and (member.nik in known.registered or known.person(member.nik) is not None):
            yield Problem(member.path("nik"), "nik.already_registered")


@dataclass(frozen=True, slots=True)
class _Baby:
    """A newborn of the family, the mother where she is known, and what is wrong.

    One of a mother in PBI JK is registered `here` as newborn, one with a NIK whose mother pays for herself
    `joins` her family.
    """

    member: Member
    mother: Participant | None
    here: bool = False
    joins: bool = False
    problems: tuple[Problem, ...] = ()


def _babies(family: Family, known: KnownPeople, rules: Rulebook) -> Iterator[_Baby]:
    for member in family.members:
        if not member.is_baby(rules):
            continue
        mother = _mother(member, known)
        if mother is None:
            if member.without_nik:
                yield _Baby(member, None, problems=(_unknown_mother(family, member),))
            continue
        rule = rules.segments[mother.segment]
        if rule.newborn_here and mother.active:
            yield _Baby(member, mother, here=True, problems=tuple(_late(member, rules)))
        elif member.without_nik or rule.may_add != "always":
            yield _Baby(member, mother, problems=(_not_here(member, rule),))
        else:
            yield _Baby(member, mother, joins=True)


def _mother(member: Member, known: KnownPeople) -> Participant | None:
    if member.mother_nik:
        return known.person(member.mother_nik)
    names = [p for p in known.living_on_kk() if member.mother_name and p.name.upper() == member.mother_name]
    return names[0] if names else None


def _unknown_mother(family: Family, member: Member) -> Problem:
    """A mother who registers with the same family makes it a PBPU family, whose babies need their NIK."""
    if member.mother_nik and member.mother_nik in family.niks:
        return Problem(member.path("nik"), "newborn.not_here", params={"refer_to": "pandawa"})
    return Problem(member.path("mother_nik"), "newborn.mother_unknown")


def _not_here(member: Member, rule: SegmentRule) -> Problem:
    # A PBI JK mother who is not active has to be reinstated by the social office first (own).
    return Problem(
        member.path("nik"), "newborn.not_here", params={"refer_to": rule.newborn_refer or "dinsos"}
    )


def _late(member: Member, rules: Rulebook) -> Iterator[Problem]:
    days = member.days_old(rules.today)
    if days is not None and days > rules.limits.newborn_days:
        params = {"days": days, "limit": rules.limits.newborn_days}
        yield Problem(member.path("birth_date"), "newborn.late", "warning", params)


def _asked_by_route(family: Family, route: Route, known: KnownPeople, rules: Rulebook) -> Iterator[Problem]:
    """What this outcome demands or has no room for: a head, a class, a bank."""
    given = family.care_class
    if not route.asks_class():
        if route.outcome is not Outcome.REFUSED and given is not None and given != route.family_class:
            yield Problem("class", "class.not_applicable")
        return
    if family.members and not known.living_on_kk() and not any(m.relation == "head" for m in family.members):
        yield Problem("members", "family.no_head")
    if given is None:
        yield Problem("class", "class.missing")
    if needs_bank(given, rules):
        yield from missing_bank(family)


def needs_bank(care_class: int | None, rules: Rulebook) -> bool:
    """Whether a family of this class pays by autodebit; class III need not where the place says so."""
    return care_class != _CLASS_III or rules.settings.autodebit_class_3


def missing_bank(family: Family) -> Iterator[Problem]:
    """The answers that a premium by autodebit still needs."""
    for path in BANK_PATHS:
        if not family.values.get(path):
            yield Problem(path, spec_for(path).missing or f"{spec_for(path).key}.missing")


def _decided(family: Family, route: Route, warnings: Iterable[Problem], rules: Rulebook) -> Decision:
    people = len(family.members)
    asks = route.asks_class()
    main = main_member(family.members) if asks else None
    decision = Decision(
        route.outcome,
        tuple(warnings),
        segment=route.segment,
        main_member=main.nik if main else route.head.nik if route.head else None,
        care_class=family.care_class if asks else route.family_class,
        people=people,
    )
    if not rules.segments[route.segment].pays_at_kiosk or decision.care_class is None:
        return decision
    price = per_person(rules, decision.care_class)
    first, last = _window(family, rules)
    return replace(
        decision,
        premium_per_person=price,
        premium_total=price * people,
        pay_from=first,
        pay_until=last,
        family_card=None if asks or route.head is None else route.head.card,
    )


def _window(family: Family, rules: Rulebook) -> tuple[date, date]:
    born = [member.birth_date for member in family.members if member.birth_date and member.is_baby(rules)]
    if born and len(born) == len(family.members):
        return newborn_window(rules.today, min(born), rules.limits)
    return payment_window(rules.today, rules.limits)
