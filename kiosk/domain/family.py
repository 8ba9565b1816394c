"""A family read from its answers: members, relations, and who stands for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kiosk.domain.draft import Draft, member_path
from kiosk.domain.fields import Cleaned, Problem, one_problem_a_field, tidy
from kiosk.domain.form import FAMILY_PATHS, MEMBER_KEYS, SPECS, spec_for
from kiosk.domain.identifiers import nik_birth_date, nik_sex
from kiosk.domain.parsers import age_on, months_after
from kiosk.domain.rulebook import Rulebook

NO_NIK = "no_nik"
"""The member's answer that says "this baby has no NIK yet"; any text in it means yes."""


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the family, as far as the answers are good: None where an answer is missing or wrong."""

    index: int
    nik: str | None
    name: str | None
    relation: str | None
    birth_date: date | None
    sex: str | None
    birth_place: str | None = None
    marital: str | None = None
    religion: str | None = None
    occupation: str | None = None
    mother_name: str | None = None
    mother_nik: str | None = None
    without_nik: bool = False

    def path(self, key: str) -> str:
        return member_path(self.index, key)

    def is_minor(self, rules: Rulebook) -> bool:
        born = self.birth_date
        return born is not None and age_on(born, rules.today) < rules.limits.adult_years

    def days_old(self, today: date) -> int | None:
        return None if self.birth_date is None else (today - self.birth_date).days

    def is_baby(self, rules: Rulebook) -> bool:
        """Up to 28 days old, or up to three months old and without a NIK."""
        born = self.birth_date
        if born is None:
            return False
        if self.without_nik:
            return rules.today <= months_after(born, rules.limits.newborn_months)
        return (rules.today - born).days <= rules.limits.newborn_days


@dataclass(frozen=True, slots=True)
class Family:
    """A family's answers as values, by the paths of a family file; `values` lacks what is wrong."""

    members: tuple[Member, ...]
    values: Mapping[str, Any]

    @property
    def kk(self) -> str:
        return str(self.values.get("kk", ""))

    @property
    def login(self) -> str:
        return str(self.values.get("login") or "none")

    @property
    def care_class(self) -> int | None:
        found = self.values.get("class")
        return int(found) if found is not None else None

    @property
    def niks(self) -> tuple[str, ...]:
        return tuple(member.nik for member in self.members if member.nik)


def read_answer(draft: Draft, path: str, rules: Rulebook) -> Cleaned:
    """The value at `path`, cleaned by its spec."""
    return spec_for(path).clean(draft.answer(path), rules, path)


def read_member(draft: Draft, index: int, rules: Rulebook) -> tuple[Member, tuple[Problem, ...]]:
    """One member and what is wrong with each of their answers, taken alone."""
    return _member_of(draft.member(index), index, rules)


def _member_of(answers: Mapping[str, str], index: int, rules: Rulebook) -> tuple[Member, tuple[Problem, ...]]:
    without_nik = bool(answers.get(NO_NIK))
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for key in MEMBER_KEYS:
        if key == "nik" and without_nik:
            continue
        cleaned = SPECS[key].clean(answers.get(key, ""), rules, member_path(index, key))
        values[key] = cleaned.value
        problems.extend(cleaned.problems)
    member = Member(index=index, nik=values.pop("nik", None), without_nik=without_nik, **values)
    problems.extend(_against_nik(member, rules))
    return member, tuple(problems)


def _against_nik(member: Member, rules: Rulebook) -> Iterator[Problem]:
    """A NIK is not reissued when a date is corrected, so a mismatch can be right: it only warns."""
    if member.nik is None:
        return
    born = nik_birth_date(member.nik, rules.today)
    same_in_nik = (
        born is not None
        and member.birth_date is not None
        and (
            (born.year % 100, born.month, born.day)
            == (member.birth_date.year % 100, member.birth_date.month, member.birth_date.day)
        )
    )
    if member.birth_date is not None and not same_in_nik:
        yield Problem(member.path("nik"), "nik.birth_date_mismatch", "warning")
    if member.sex is not None and nik_sex(member.nik) != member.sex:
        yield Problem(member.path("nik"), "nik.sex_mismatch", "warning")


def read_family(draft: Draft, rules: Rulebook) -> tuple[Family, tuple[Problem, ...]]:
    """The family and every problem that needs no directory: one a field, errors before warnings.

    Class, bank and head depend on the outcome and are asked for by `segments.assess`.
    """
    optional = _ASKED_BY_OUTCOME if rules.settings.email_required else {*_ASKED_BY_OUTCOME, "contact.email"}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for path in FAMILY_PATHS:
        if path in optional and not tidy(draft.answer(path)):
            continue
        cleaned = read_answer(draft, path, rules)
        problems.extend(cleaned.problems)
        if cleaned.value is not None:
            values[path] = cleaned.value
    members = []
    for index, answers in enumerate(draft.members()):
        member, found = _member_of(answers, index, rules)
        members.append(member)
        problems.extend(found)
    problems.extend(shape_problems(members, rules))
    problems.extend(facility_problems(values, rules))
    return Family(tuple(members), values), one_problem_a_field(problems)


_ASKED_BY_OUTCOME = frozenset({"class", "bank.name", "bank.account", "bank.owner"})


def shape_problems(members: Sequence[Member], rules: Rulebook) -> Iterator[Problem]:
    """What is wrong between the members: nobody, the same NIK twice, two heads, ages that cannot be."""
    if not members:
        yield Problem("members", "family.empty")
    seen: set[str] = set()
    heads = 0
    for member in members:
        if member.nik is not None and member.nik in seen:
            yield Problem(member.path("nik"), "nik.duplicate_in_family")
        seen.add(member.nik or "")
        heads += member.relation == "head"
        if member.relation == "head" and heads > 1:
            yield Problem(member.path("relation"), "family.two_heads")
    yield from _age_order(members)
    for member in members:
        if member.without_nik and member.birth_date is not None and not member.is_baby(rules):
            yield Problem(member.path("nik"), "newborn.nik_required")


_YOUNGER = frozenset({"child", "grandchild"})
_OLDER = frozenset({"parent", "parent_in_law"})


def _age_order(members: Sequence[Member]) -> Iterator[Problem]:
    head = next((member for member in members if member.relation == "head" and member.birth_date), None)
    if head is None or head.birth_date is None:
        return
    for member in members:
        born = member.birth_date
        if born is None:
            continue
        child_older = member.relation in _YOUNGER and born <= head.birth_date
        parent_younger = member.relation in _OLDER and born >= head.birth_date
        if child_older or parent_younger:
            yield Problem(member.path("birth_date"), "family.age_order", "warning")


def facility_problems(values: Mapping[str, Any], rules: Rulebook) -> Iterator[Problem]:
    """Warns about a facility outside the regency of the address."""
    facility = rules.facilities.find(str(values.get("fktp", "")))
    region = str(values.get("address.region", ""))
    if facility is None or not region or not facility.regency:
        return
    here = {region[:4], (rules.regions.name(region[:4]) or "").casefold()}
    if facility.regency.casefold() not in here:
        yield Problem("fktp", "fktp.other_regency", "warning")


def main_member(members: Sequence[Member]) -> Member | None:
    """The peserta utama: head, else spouse, else oldest child, else the oldest other; then the KK's order."""
    for relations in (("head",), ("wife", "husband"), ("child",)):
        found = [member for member in members if member.relation in relations]
        if found:
            return _oldest(found)
    return _oldest(members) if members else None


def _oldest(members: Sequence[Member]) -> Member:
    return min(members, key=lambda member: (member.birth_date or date.max, member.index))


def guardian_missing(family: Family, rules: Rulebook) -> bool:
    """True where only children are registered and nobody is named who consents for them (UU PDP art. 25)."""
    if family.values.get("consent.guardian"):
        return False
    children = [member for member in family.members if member.is_minor(rules)]
    return (
        bool(children)
        and len(children) == len(family.members)
        and not all(member.mother_nik for member in children)
    )


def as_family_file(family: Family, terms_version: str) -> dict[str, Any]:
    """The family in the shape of a family file, with values instead of what was typed."""
    values = family.values
    return {
        "kk": family.kk,
        "login": family.login,
        "address": {
            key: values.get(f"address.{key}") for key in ("street", "rt", "rw", "region", "postcode")
        },
        "members": [_member_as_file(member) for member in family.members],
        "class": family.care_class,
        "fktp": values.get("fktp"),
        "bank": {key: values.get(f"bank.{key}") for key in ("name", "account", "owner")}
        if values.get("bank.name")
        else None,
        "contact": {key: values.get(f"contact.{key}") for key in ("phone", "email")},
        "consent": {
            "terms": terms_version,
            "accepted": bool(values.get("consent.accepted")),
            "guardian": values.get("consent.guardian"),
        },
    }


def _member_as_file(member: Member) -> dict[str, Any]:
    row: dict[str, Any] = {
        key: getattr(member, key)
        for key in MEMBER_KEYS
        if key not in {"birth_date", "mother_nik"} or (key == "mother_nik" and member.mother_nik)
    }
    row["birth_date"] = member.birth_date.isoformat() if member.birth_date else None
    return row
