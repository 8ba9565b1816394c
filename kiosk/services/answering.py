"""A family file read into the answers of a draft, as if each had been typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kiosk.domain.draft import Draft, member_path
from kiosk.domain.family import NO_NIK
from kiosk.domain.fields import Problem, one_problem_a_field
from kiosk.domain.form import FAMILY_PATHS, MEMBER_KEYS, SPECS

GROUPS = ("address", "bank", "contact", "consent")
TERMS = "consent.terms"
MOST_MEMBERS = 100
"""More people on one family card are refused before they are read: no such card is known (own choice)."""

_LONGEST = 2_000
_GROUP_KEYS: Mapping[str, tuple[str, ...]] = {
    group: tuple(path.partition(".")[2] for path in (*FAMILY_PATHS, TERMS) if path.startswith(f"{group}."))
    for group in GROUPS
}
_TOP_KEYS = (*(path for path in FAMILY_PATHS if "." not in path), *GROUPS, "members")

# A number has no leading zeros, so an account, a facility's code or a date would lose some without a word.
_TEXT_ONLY = frozenset({"account", "fktp", "birth_date", "name", "birth_place", "mother_name", "street"}) | {
    "owner",
    "email",
    "guardian",
}


def answers_of(family: Mapping[str, Any]) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """The raw answers by path of a family file, and what is wrong with its shape.

    Problems are `key.unknown` (a key that no family file has) and `key.type` (text, number or list where
    another is wanted); a wrong one gives no answer. The answer `consent.terms` is the version agreed to.
    """
    answers: dict[str, str] = {}
    problems: list[Problem] = []
    for path, value in _flat(family, problems):
        text = _text(path, value)
        if text is None:
            problems.append(Problem(path, "key.type"))
        elif text:
            answers[path] = text
    return answers, one_problem_a_field(problems)


def filled(draft: Draft, answers: Mapping[str, str], terms_version: str) -> Draft:
    """`draft` with a file's answers; without agreement to the terms of today there is no consent."""
    given = dict(answers)
    if given.pop(TERMS, "").strip() != terms_version:
        given.pop("consent.accepted", None)
    return draft.with_answers(given)


def _flat(family: Mapping[str, Any], problems: list[Problem]) -> Iterator[tuple[str, Any]]:
    """Every value of the file by its path; what has no place goes to `problems`."""
    for key, value in family.items():
        if key not in _TOP_KEYS:
            problems.append(Problem(_shown(key), "key.unknown"))
        elif key == "members":
            yield from _members(value, problems)
        elif key in GROUPS:
            yield from _group(key, value, _GROUP_KEYS[key], problems)
        else:
            yield key, value


def _group(
    path: str, value: Any, known: tuple[str, ...], problems: list[Problem]
) -> Iterator[tuple[str, Any]]:
    if value is None:
        return
    if not isinstance(value, Mapping):
        problems.append(Problem(path, "key.type"))
        return
    for key, inner in value.items():
        if key in known:
            yield f"{path}.{key}", inner
        else:
            problems.append(Problem(f"{path}.{_shown(key)}", "key.unknown"))


def _members(value: Any, problems: list[Problem]) -> Iterator[tuple[str, Any]]:
    if value is None:
        return
    if not isinstance(value, list) or len(value) > MOST_MEMBERS:
        problems.append(Problem("members", "key.type"))
        return
    for index, member in enumerate(value):
        if not isinstance(member, Mapping):
            problems.append(Problem(f"members[{index}]", "key.type"))
            continue
        yield from _group(f"members[{index}]", member, MEMBER_KEYS, problems)
        if not member.get("nik") and member.get("mother_nik"):
            yield member_path(index, NO_NIK), "yes"


def _text(path: str, value: Any) -> str | None:
    """A value as it would be typed; "" for none, None where its type cannot be an answer."""
    key = FAMILY_PATHS.get(path) or path.rpartition(".")[2]
    if value is None:
        return ""
    if isinstance(value, bool):
        return ("yes" if value else "no") if key == "accepted" else None
    if isinstance(value, int) and key in SPECS and key not in _TEXT_ONLY and 0 <= value < 10**18:
        return str(value)
    if isinstance(value, str) and len(value) <= _LONGEST:
        return value
    return None


def _shown(key: str) -> str:
    return key if len(key) <= 60 else key[:59] + "…"
