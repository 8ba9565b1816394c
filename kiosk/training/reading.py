"""Reads a scenario strictly: what is unknown, missing or cannot happen is refused with file, line and key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from kiosk.domain import entry
from kiosk.domain.directory import Participant
from kiosk.domain.draft import Draft, split_member_path
from kiosk.domain.family import NO_NIK, read_answer
from kiosk.domain.fields import Problem, Refusal
from kiosk.domain.flow import Flow
from kiosk.domain.form import FAMILY_PATHS, MEMBER_KEYS, spec_for
from kiosk.domain.identifiers import is_digits
from kiosk.domain.rulebook import Rulebook
from kiosk.errors import KioskError
from kiosk.services.answering import answers_of
from kiosk.services.clerk import decision_on
from kiosk.services.family_lines import Line
from kiosk.services.importing import participant_of
from kiosk.training.lines import Path as KeyPath
from kiosk.training.lines import line_of, lines_of_keys
from kiosk.training.scenario import (
    LEVELS,
    REGISTERED,
    TURNED_AWAY,
    Difficulty,
    Kind,
    RulesOn,
    Scenario,
    numbers_in,
    plain_values,
)

FIRST_YEAR = 2021
WIDEST, LONGEST_PAPER, LONGEST_TEXT = 76, 60, 600
"""Columns and lines of a paper that fit a screen; characters of a sentence."""

_KEYS = frozenset(
    {"title", "level", "today", "paper", "says", "wants", "ends", "refused_with"}
    | {"difficulty", "expected", "known"}
)
_KEYS_OF: Mapping[Kind, tuple[str, ...]] = {
    Kind.NAME_DIFFERS: ("field", "paper"),
    Kind.NEWBORN_WITHOUT_NIK: (),
    Kind.HEAD_ELSEWHERE: (),
    Kind.OTP_NEVER_COMES: (),
    Kind.POWER_CUT: ("after",),
    Kind.HUB_REFUSES: ("field", "first", "code"),
    Kind.ASKS_FOR_OTHER: ("number",),
}
_FIELD = {Kind.NAME_DIFFERS: "field", Kind.POWER_CUT: "after", Kind.HUB_REFUSES: "field"}
_VALUE = {Kind.NAME_DIFFERS: "paper", Kind.HUB_REFUSES: "first", Kind.ASKS_FOR_OTHER: "number"}
_CODE = re.compile(r"[a-z_]+\.[a-z_]+")


@dataclass(frozen=True)
class _Place:
    """Names the file and the line of a key in what is refused."""

    file: Path
    lines: dict[KeyPath, int]

    def refuse(self, path: KeyPath, says: str) -> NoReturn:
        name = ""
        for part in path:
            name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
        raise KioskError("scenario.file", f"{self.file}, line {line_of(path, self.lines)}: {name} {says}")


@dataclass(frozen=True)
class _Table:
    """One table of the file, asked for its keys one by one."""

    values: Mapping[str, Any]
    path: KeyPath
    place: _Place

    def only(self, known: frozenset[str]) -> None:
        for key in self.values:
            if key not in known:
                self.place.refuse((*self.path, key), "is unknown")

    def refuse(self, key: str, says: str) -> NoReturn:
        self.place.refuse((*self.path, key), says)

    def take(self, key: str, kind: type, called: str) -> Any:
        if key not in self.values:
            self.refuse(key, "is missing")
        if type(self.values[key]) is not kind:
            self.refuse(key, f"must be {called}")
        return self.values[key]

    def text(self, key: str, default: str | None = None) -> str:
        if default is not None and key not in self.values:
            return default
        text = str(self.take(key, str, "text in quotes")).strip()
        if not text:
            self.refuse(key, "is empty")
        if not text.isprintable() or len(text) > LONGEST_TEXT:
            self.refuse(key, f"must be one line of at most {LONGEST_TEXT} printable characters")
        return text

    def tables(self, key: str) -> list[_Table]:
        rows = self.values.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.refuse(key, f"must be tables, each under [[{key}]]")
        return [_Table(row, (*self.path, key, at), self.place) for at, row in enumerate(rows)]


def scenario_in(table: Mapping[str, Any], file: Path, text: str, rules_on: RulesOn) -> Scenario:
    """The scenario that a file's text holds; raises KioskError `scenario.file`."""
    top = _Table(table, (), _Place(file, lines_of_keys(text)))
    top.only(_KEYS)
    today = top.take("today", date, "a day: YYYY-MM-DD without quotes")
    if not FIRST_YEAR <= today.year < 2100:
        top.refuse("today", f"must be a day from {FIRST_YEAR} on")
    rules = rules_on(today)
    level = top.take("level", int, "a whole number")
    if level not in LEVELS:
        top.refuse("level", f"must be one of {', '.join(map(str, LEVELS))}")
    ends = top.text("ends", REGISTERED)
    if ends not in {REGISTERED, TURNED_AWAY}:
        top.refuse("ends", f"must be {REGISTERED} or {TURNED_AWAY}")
    scenario = Scenario(
        id=file.stem,
        title=top.text("title"),
        level=level,
        today=today,
        paper=_paper(top),
        says=_says(top),
        wants=top.text("wants"),
        expected=_expected(top, rules),
        known=tuple(_participant(row, rules) for row in top.tables("known")),
        difficulties=tuple(_difficulty(row) for row in top.tables("difficulty")),
        ends=ends,
        refused_with=top.text("refused_with", "" if ends == REGISTERED else None),
    )
    scenario = _with_guardian(scenario, rules)
    _check_family(top, scenario, rules)
    _check_paper(top, scenario, rules)
    kinds: list[Kind] = []
    for at, one in enumerate(scenario.difficulties):
        row = _Table(top.values["difficulty"][at], ("difficulty", at), top.place)
        if one.kind in kinds:
            row.refuse("kind", "is there twice")
        kinds.append(one.kind)
        _CHECKS[one.kind](row, one, scenario, rules)
    return scenario


def _paper(top: _Table) -> str:
    paper = str(top.take("paper", str, "text in quotes")).expandtabs(4).strip("\n")
    lines = [line.rstrip() for line in paper.split("\n")]
    if not paper.strip() or len(lines) > LONGEST_PAPER:
        top.refuse("paper", f"must have 1 to {LONGEST_PAPER} lines")
    for line in lines:
        if len(line) > WIDEST or (line and not line.isprintable()):
            top.refuse("paper", f"must have lines of at most {WIDEST} printable characters: {line[:20]!r}")
    return "\n".join(lines)


def _says(top: _Table) -> tuple[str, ...]:
    says = top.take("says", list, "a list of sentences")
    for sentence in says:
        if not (isinstance(sentence, str) and sentence.strip() and sentence.isprintable()):
            top.refuse("says", "must be a list of sentences")
        if len(sentence) > LONGEST_TEXT:
            top.refuse("says", f"must have sentences of at most {LONGEST_TEXT} characters")
    if not says:
        top.refuse("says", "is empty")
    return tuple(says)


def _expected(top: _Table, rules: Rulebook) -> dict[str, Any]:
    """The family file, with the consent that it needs and leaves out."""
    family = plain_values(top.take("expected", dict, "a family under [expected]"))
    consent = family.get("consent")
    given = consent if isinstance(consent, dict) else {}
    return {**family, "consent": {"terms": rules.terms_version, "accepted": True, **given}}


def _with_guardian(scenario: Scenario, rules: Rulebook) -> Scenario:
    """Whoever the form would take to consent for the children, where the file names nobody."""
    consent = scenario.expected["consent"]
    draft = scenario.draft(rules)
    flow = Flow(draft, rules, scenario.known_for(draft, rules))
    if consent.get("guardian") or not any(person.is_minor(rules) for person in flow.family.members):
        return scenario
    guardian = entry.suggestion("consent.guardian", flow) or None
    return replace(scenario, expected={**scenario.expected, "consent": {**consent, "guardian": guardian}})


def _participant(row: _Table, rules: Rulebook) -> Participant:
    for key in row.values:
        if not isinstance(row.values[key], str | int | bool | date):
            row.refuse(key, "must be text, a number, a day, true or false")
    try:
        return participant_of(Line(1, json.dumps(row.values, default=str).encode()), rules)
    except Refusal as refusal:
        key = refusal.code.partition(".")[0]
        row.refuse(key if key in row.values else "", f"is refused: {refusal.code}")


def _difficulty(row: _Table) -> Difficulty:
    name = row.text("kind")
    if name not in list(Kind):
        row.refuse("kind", f"must be one of {', '.join(Kind)}")
    kind = Kind(name)
    row.only(frozenset({"kind", "why", *_KEYS_OF[kind]}))
    for key in _KEYS_OF[kind]:
        row.text(key)
    return Difficulty(
        kind=kind,
        field=row.text(_FIELD[kind]) if kind in _FIELD else "",
        value=row.text(_VALUE[kind]) if kind in _VALUE else "",
        code=row.text("code", ""),
        why=row.text("why", ""),
    )


# What cannot happen.


def _key_path(field: str) -> KeyPath:
    """Where the answer at a path of a family file stands in the scenario."""
    found = split_member_path(field)
    inside: KeyPath = ("members", *found) if found else tuple(field.split("."))
    whole = re.fullmatch(r"members\[(\d+)\]", field)
    return ("expected", *(("members", int(whole[1])) if whole else inside))


def _check_family(top: _Table, scenario: Scenario, rules: Rulebook) -> None:
    shape = answers_of(scenario.expected)[1]
    draft = scenario.draft(rules)
    problems = shape or decision_on(draft, rules, scenario.known_for(draft, rules)).problems
    blocking = [problem for problem in problems if problem.blocks]
    if scenario.ends == TURNED_AWAY and not shape:
        codes = {problem.code for problem in blocking}
        if scenario.refused_with not in codes:
            told = ", ".join(sorted(codes)) or "nothing"
            top.refuse("refused_with", f"does not happen; what happens is {told}")
    elif blocking:
        _refuse_problem(top, blocking[0])


def _refuse_problem(top: _Table, problem: Problem) -> NoReturn:
    top.place.refuse(_key_path(problem.field), f"is refused: {problem.code}")


def _check_paper(top: _Table, scenario: Scenario, rules: Rulebook) -> None:
    """The numbers that are expected can be read somewhere."""
    told = numbers_in(scenario.paper) + "".join(map(numbers_in, scenario.says))
    draft = scenario.draft(rules)
    paths = ["kk", *(f"members[{index}].nik" for index in range(draft.member_count))]
    for path in paths:
        number = str(read_answer(draft, path, rules).value or "")
        if number and number not in told:
            top.place.refuse(_key_path(path), "stands neither on the paper nor in what is said")


def _answered(row: _Table, key: str, field: str, draft: Draft) -> None:
    found = split_member_path(field)
    known = found[1] in MEMBER_KEYS if found else field in FAMILY_PATHS
    if not known or not draft.answer(field):
        row.refuse(key, f"is no answer of the expected family: {field}")


def _check_name(row: _Table, one: Difficulty, scenario: Scenario, rules: Rulebook) -> None:
    draft = scenario.draft(rules)
    _answered(row, "field", one.field, draft)
    if not one.field.endswith((".name", ".mother_name", ".owner")):
        row.refuse("field", "must be a name")
    told = " ".join((scenario.paper, *scenario.says)).upper()
    right = draft.answer(one.field).upper()
    if one.value.upper() not in scenario.paper.upper() or one.value.upper() == right:
        row.refuse("paper", "must be another name than the expected one, and stand on the paper")
    if right not in told:
        row.refuse("field", f"has a name that is told nowhere: {right}")


def _check_newborn(row: _Table, _one: Difficulty, scenario: Scenario, rules: Rulebook) -> None:
    draft = scenario.draft(rules)
    if not any(member.get(NO_NIK) for member in draft.members()):
        row.refuse("kind", "needs an expected member with mother_nik and without nik")


def _check_head(row: _Table, _one: Difficulty, scenario: Scenario, rules: Rulebook) -> None:
    kk = read_answer(scenario.draft(rules), "kk", rules).value
    heads = [one for one in scenario.known if one.kk == kk and one.head and one.segment not in {"PBPU", "BP"}]
    if not heads:
        row.refuse("kind", "needs a [[known]] head on this kk in a segment other than PBPU")


def _check_code(_row: _Table, _one: Difficulty, _scenario: Scenario, _rules: Rulebook) -> None:
    """A code that never comes fits every family."""


def _check_cut(row: _Table, one: Difficulty, scenario: Scenario, rules: Rulebook) -> None:
    _answered(row, "after", one.field, scenario.draft(rules))
    if one.field.startswith("consent."):
        row.refuse("after", "must come before the consent")


def _check_refusal(row: _Table, one: Difficulty, scenario: Scenario, rules: Rulebook) -> None:
    draft = scenario.draft(rules)
    _answered(row, "field", one.field, draft)
    if one.field in {"kk", "login"} or one.field.startswith("consent."):
        row.refuse("field", "cannot be mended after a refusal")
    first = spec_for(one.field).clean(one.value, rules, one.field)
    if first.value is None or first.value == read_answer(draft, one.field, rules).value:
        row.refuse("first", "must be a good answer, and another than the expected one")
    before = scenario.draft_at_first(rules)
    refused = [p for p in decision_on(before, rules, scenario.known_for(before, rules)).problems if p.blocks]
    if refused:
        row.refuse("first", f"is refused by the kiosk already: {refused[0].code}")
    if not _CODE.fullmatch(one.code):
        row.refuse("code", "must be the code of a problem, such as nik.already_registered")
    if scenario.ends != REGISTERED:
        row.refuse("kind", f"needs a family that is {REGISTERED}")


def _check_other(row: _Table, one: Difficulty, scenario: Scenario, rules: Rulebook) -> None:
    number = numbers_in(one.value)
    if len(number) != 16 or not is_digits(number) or not number.startswith("99"):
        row.refuse("number", "must be a NIK or No. KK of practice: 16 digits from 99 on")
    draft = scenario.draft(rules)
    own = {str(read_answer(draft, "kk", rules).value), *niks_of_members(draft, rules)}
    if number in own:
        row.refuse("number", "belongs to the family itself")


def niks_of_members(draft: Draft, rules: Rulebook) -> set[str]:
    """The NIKs of the family itself."""
    paths = (f"members[{index}].nik" for index in range(draft.member_count))
    return {str(value) for path in paths if (value := read_answer(draft, path, rules).value)}


_CHECKS: Mapping[Kind, Callable[[_Table, Difficulty, Scenario, Rulebook], None]] = {
    Kind.NAME_DIFFERS: _check_name,
    Kind.NEWBORN_WITHOUT_NIK: _check_newborn,
    Kind.HEAD_ELSEWHERE: _check_head,
    Kind.OTP_NEVER_COMES: _check_code,
    Kind.POWER_CUT: _check_cut,
    Kind.HUB_REFUSES: _check_refusal,
    Kind.ASKS_FOR_OTHER: _check_other,
}
