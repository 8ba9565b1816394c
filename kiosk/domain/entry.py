"""How a form is filled in: which rows are asked in which order, and what stands in them already.

Screens draw these rows and the perfect clerk of `kiosk keys` types into them, so both know the same form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from kiosk.domain.draft import Draft, member_path, split_member_path
from kiosk.domain.family import (
    NO_NIK,
    Member,
    facility_problems,
    main_member,
    read_answer,
    read_member,
    shape_problems,
)
from kiosk.domain.fields import Problem, one_problem_a_field, tidy
from kiosk.domain.flow import Flow, Step
from kiosk.domain.form import ADDRESS_PATHS, BANK_PATHS, MEMBER_KEYS, spec_for
from kiosk.domain.identifiers import digits_only, is_digits, nik_birth_date, nik_sex
from kiosk.domain.parsers import age_on
from kiosk.domain.rulebook import Rulebook
from kiosk.domain.segments import KnownPeople, needs_bank

NIK_AGAIN = "nik_again"
"""The row in which the last four digits of a NIK are typed a second time; it is never stored."""

CAPTCHA = "captcha"
CODE = "otp"

_MENDED = frozenset(
    {"name", "mother_name", "birth_place", "street", "email", "owner", "guardian", "occupation"}
)


def is_mended(path: str) -> bool:
    """True for an answer in which a letter is put right; any other is shorter to type anew."""
    return spec_for(path).key in _MENDED


def rows(step: Step, flow: Flow, member: int = 0) -> tuple[str, ...]:
    """The paths asked on a step, in order; on the members step those of one member."""
    if step is Step.KK:
        asks_login = bool(flow.known.living_on_kk()) and bool(flow.draft.answer("kk"))
        return ("kk", "login", CAPTCHA) if asks_login else ("kk", CAPTCHA)
    if step is Step.MEMBERS:
        return member_rows(flow.draft, member, flow.rules)
    if step is Step.CLASS:
        return ("class", *BANK_PATHS)
    if step is Step.CONTACT:
        return ("contact.phone", "contact.email", CODE)
    if step is Step.CONSENT:
        asks_guardian = any(person.is_minor(flow.rules) for person in flow.family.members)
        return ("consent.guardian", "consent.accepted") if asks_guardian else ("consent.accepted",)
    return ()


def member_rows(draft: Draft, index: int, rules: Rulebook) -> tuple[str, ...]:
    """The rows of one member; the first also gives the address and the facility for all."""
    without_nik = bool(draft.answer(member_path(index, NO_NIK)))
    asks_mother = without_nik or _nik_of_newborn(draft, index, rules)
    keys = [key for key in MEMBER_KEYS if key != "mother_nik" or asks_mother]
    if rules.settings.confirm_nik and not without_nik:
        keys.insert(1, NIK_AGAIN)
    own = tuple(member_path(index, key) for key in keys)
    return (*own, *ADDRESS_PATHS, "fktp") if index == 0 else own


def _nik_of_newborn(draft: Draft, index: int, rules: Rulebook) -> bool:
    """True for a NIK of somebody in the first 28 days, whose mother decides where they are registered."""
    nik = read_answer(draft, member_path(index, "nik"), rules).value
    born = nik_birth_date(str(nik), rules.today) if nik else None
    return born is not None and (rules.today - born).days <= rules.limits.newborn_days


def expanded(path: str, raw: str, draft: Draft) -> str:
    """What a short answer stands for: four digits of a village stand in the district of the KK."""
    if path != "address.region":
        return raw
    code, kk = digits_only(raw.strip()), digits_only(draft.answer("kk").strip())
    return kk[:6] + code if len(code) == 4 and is_digits(code) and len(kk) == 16 else raw


def same_as_before(path: str, draft: Draft, typed: str = "") -> str:
    """What F6 puts into the row: the answer of the member before.

    In a name it adds that member's last name to what is typed; in a NIK the six digits of the district.
    Returns "" where there is nothing to take over.
    """
    found = split_member_path(path)
    if found is None:
        return ""
    index, key = found
    if key == "nik":
        source = draft.answer(member_path(index - 1, "nik")) or draft.answer("kk")
        return digits_only(source.strip())[:6] if not typed.strip() else ""
    if index == 0:
        return ""
    before = draft.answer(member_path(index - 1, key))
    if key == "name":
        words = before.split()
        return f"{typed.strip()} {words[-1]}" if len(words) > 1 and typed.strip() else ""
    return before


def has_same(path: str, draft: Draft, typed: str) -> bool:
    """True where F6 has something to give; in a name it waits for the first name to be typed."""
    of_name = path.endswith(".name")
    return bool(same_as_before(path, draft, typed if typed.strip() or not of_name else "-"))


def has_list(path: str) -> bool:
    """True for a row whose answer can be taken from a list: a code table, the villages, the facilities."""
    if path in {CAPTCHA, CODE} or path.endswith(NIK_AGAIN):
        return False
    return path in _PLACES or spec_for(path).choices is not None


_PLACES = frozenset({"address.region", "fktp"})


def same_completes(path: str) -> bool:
    """True where F6 also accepts the answer; a NIK still needs its other digits."""
    found = split_member_path(path)
    return found is not None and found[1] != "nik"


def suggestion(path: str, flow: Flow, default_facility: str = "") -> str:
    """The raw answer that stands in an unanswered row, to be accepted or typed over; "" for none."""
    found = split_member_path(path)
    if found is not None:
        suggest = _FOR_MEMBER.get(found[1])
        return suggest(flow, found[0]) if suggest else ""
    if path == "login":
        return "none"
    if path == "fktp":
        return default_facility
    if path == "bank.owner" and flow.draft.answer("bank.name"):
        main = main_member(flow.family.members)
        return main.name or "" if main else ""
    if path == "consent.guardian":
        adults = [person for person in flow.family.members if not person.is_minor(flow.rules)]
        main = main_member(adults)
        return main.name or "" if main else ""
    return ""


def _day(day: date) -> str:
    return day.strftime("%d-%m-%Y")


def _nik(flow: Flow, index: int) -> str | None:
    value = read_answer(flow.draft, member_path(index, "nik"), flow.rules).value
    return str(value) if value else None


def _birth_date(flow: Flow, index: int) -> str:
    nik = _nik(flow, index)
    born = nik_birth_date(nik, flow.rules.today) if nik else None
    return _day(born) if born else ""


def _sex(flow: Flow, index: int) -> str:
    nik = _nik(flow, index)
    return nik_sex(nik) if nik else ""


def _member(flow: Flow, index: int) -> Member:
    return read_member(flow.draft, index, flow.rules)[0]


def _others(flow: Flow, index: int) -> list[Member]:
    return [member for member in flow.family.members if member.index != index]


def _age(flow: Flow, index: int) -> int | None:
    born = _member(flow, index).birth_date
    if born is None and (nik := _nik(flow, index)):
        born = nik_birth_date(nik, flow.rules.today)
    return age_on(born, flow.rules.today) if born else None


def _relation(flow: Flow, index: int) -> str:
    others = _others(flow, index)
    head = next((member for member in others if member.relation == "head"), None)
    if flow.draft.answer(member_path(index, NO_NIK)):
        return "child"
    if head is None:
        return "" if others or flow.known.living_on_kk() else "head"
    age, head_age = _age(flow, index), _age(flow, head.index)
    if age is None or head_age is None:
        return ""
    married = any(member.relation in {"wife", "husband"} for member in others)
    sex = _member(flow, index).sex or _sex(flow, index)
    if not married and age >= flow.rules.limits.adult_years and head_age - age < 15 and sex != head.sex:
        return "wife" if sex == "P" else "husband"
    return "child" if head_age - age >= 15 else ""


def _marital(flow: Flow, index: int) -> str:
    member = _member(flow, index)
    if member.relation in {"wife", "husband"}:
        return "married"
    return "single" if member.is_minor(flow.rules) else ""


def _religion(flow: Flow, index: int) -> str:
    return flow.draft.answer(member_path(index - 1, "religion")) if index else ""


def _occupation(flow: Flow, index: int) -> str:
    age = _age(flow, index)
    if age is None or age >= flow.rules.limits.adult_years:
        return ""
    code = "1" if age < 6 else "3"
    found = flow.rules.choices["occupation"].find(code)
    return found.value if found else ""


def _mother(flow: Flow, index: int) -> Member | None:
    if _member(flow, index).relation != "child":
        return None
    parents = [m for m in _others(flow, index) if m.relation in {"head", "wife"} and m.sex == "P"]
    return parents[0] if len(parents) == 1 else None


def _mother_name(flow: Flow, index: int) -> str:
    mother = _mother(flow, index)
    if mother is not None:
        return mother.name or ""
    known = flow.known.person(_member(flow, index).mother_nik)
    return known.name if known else ""


def _mother_nik(flow: Flow, index: int) -> str:
    women = [m for m in _others(flow, index) if m.relation in {"head", "wife"} and m.sex == "P"]
    return women[0].nik or "" if len(women) == 1 else ""


def _name(flow: Flow, index: int) -> str:
    """A newborn without a NIK is named after the mother (Kompas 2024-11-25)."""
    member = _member(flow, index)
    if not member.without_nik or not member.mother_nik:
        return ""
    known = flow.known.person(member.mother_nik)
    mine = next((other for other in _others(flow, index) if other.nik == member.mother_nik), None)
    name = known.name if known else mine.name if mine else None
    return f"BAYI NYONYA {name}" if name else ""


_FOR_MEMBER: Mapping[str, Callable[[Flow, int], str]] = {
    "name": _name,
    "relation": _relation,
    "birth_date": _birth_date,
    "sex": _sex,
    "marital": _marital,
    "religion": _religion,
    "occupation": _occupation,
    "mother_name": _mother_name,
    "mother_nik": _mother_nik,
}

_SHOWN_AT = {
    "nik.birth_date_mismatch": "birth_date",
    "nik.sex_mismatch": "sex",
    "newborn.nik_required": "birth_date",
}


def may_stay_blank(path: str, draft: Draft, rules: Rulebook) -> bool:
    """True for an answer that the settings of this place do not ask of this family: e-mail, or bank."""
    if path == "contact.email":
        return not rules.settings.email_required
    return path in BANK_PATHS and not needs_bank(read_answer(draft, "class", rules).value, rules)


def problems_at(path: str, draft: Draft, rules: Rulebook, known: KnownPeople) -> tuple[Problem, ...]:
    """What is wrong with the answer at `path` now, also against the answers around it; at most one problem.

    An error keeps the person at the row, a warning asks to look again and lets pass the second time.
    """
    found = split_member_path(path)
    blank = not tidy(draft.answer(path))
    problems = list(read_answer(draft, path, rules).problems)
    if blank and may_stay_blank(path, draft, rules):
        problems = []
    if blank and found is not None and found[1] == "nik" and draft.answer(member_path(found[0], NO_NIK)):
        problems = []
    if found is not None and not any(problem.blocks for problem in problems):
        index, key = found
        member, alone = read_member(draft, index, rules)
        members = [read_member(draft, other, rules)[0] for other in range(draft.member_count)]
        around = [*alone, *shape_problems(members, rules)]
        problems.extend(p for p in around if _shown_at(p, index) == path and p not in problems)
        taken = member.nik in known.registered or known.person(member.nik) is not None
        if key == "nik" and member.nik and taken:
            problems.append(Problem(path, "nik.already_registered"))
    elif path == "fktp":
        region = read_answer(draft, "address.region", rules).value
        code = read_answer(draft, path, rules).value
        problems.extend(facility_problems({"fktp": code, "address.region": region}, rules))
    return one_problem_a_field(Problem(path, p.code, p.severity, p.params) for p in problems)


def _shown_at(problem: Problem, index: int) -> str:
    key = _SHOWN_AT.get(problem.code)
    return member_path(index, key) if key and problem.field == member_path(index, "nik") else problem.field
