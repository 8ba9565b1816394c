"""A registration under way: the answers exactly as they were typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

_MEMBER = re.compile(r"members\[(\d+)\]\.(\w+)")


def member_path(index: int, key: str) -> str:
    """The path of a member's field: `members[1].nik` for the second member."""
    return f"members[{index}].{key}"


def split_member_path(path: str) -> tuple[int, str] | None:
    """The member's index and the field's key of `members[1].nik`; None for a path of the family."""
    match = _MEMBER.fullmatch(path) if path.startswith("members[") else None
    return (int(match[1]), match[2]) if match else None


def _frozen(values: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(values))


@dataclass(frozen=True, slots=True)
class Draft:
    """The answers of one family by path, what has been proved beside them, and where the person is.

    `answers` holds raw text by path as in a family file (`kk`, `members[0].nik`, `contact.phone`).
    `facts` holds what the program established: a captcha solved, a phone verified, a screen's state.
    `at` is the path of the field where the person stopped; `revision` counts the saves.
    """

    id: str
    started_at: str
    answers: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    at: str = ""
    revision: int = 0
    saved_at: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "answers", _frozen(self.answers))
        object.__setattr__(self, "facts", _frozen(self.facts))

    def answer(self, path: str) -> str:
        return self.answers.get(path, "")

    def fact(self, name: str) -> str:
        return self.facts.get(name, "")

    def with_answers(self, changes: Mapping[str, str | None]) -> Draft:
        """This draft with `changes` laid over its answers; None takes an answer away."""
        return replace(self, answers=_frozen(_laid_over(self.answers, changes)))

    def with_facts(self, changes: Mapping[str, str | None]) -> Draft:
        """This draft with `changes` laid over its facts; None takes a fact away."""
        return replace(self, facts=_frozen(_laid_over(self.facts, changes)))

    def moved_to(self, path: str) -> Draft:
        return replace(self, at=path)

    @property
    def member_count(self) -> int:
        """How many members have at least one answer; indexes run without gaps."""
        indexes = {found[0] for path in self.answers if (found := split_member_path(path))}
        return max(indexes) + 1 if indexes else 0

    def member(self, index: int) -> Mapping[str, str]:
        """The raw answers of one member by field key."""
        return {
            found[1]: raw
            for path, raw in self.answers.items()
            if (found := split_member_path(path)) and found[0] == index
        }

    def members(self) -> tuple[Mapping[str, str], ...]:
        """The raw answers of every member in their order; one without answers among others is empty."""
        found: dict[int, dict[str, str]] = {}
        for path, raw in self.answers.items():
            place = split_member_path(path)
            if place:
                found.setdefault(place[0], {})[place[1]] = raw
        return tuple(found.get(index, {}) for index in range(max(found, default=-1) + 1))

    def without_member(self, index: int) -> Draft:
        """This draft with one member taken out and the later ones moved up."""
        answers: dict[str, str] = {}
        for path, raw in self.answers.items():
            found = split_member_path(path)
            if found is None or found[0] < index:
                answers[path] = raw
            elif found[0] > index:
                answers[member_path(found[0] - 1, found[1])] = raw
        return replace(self, answers=_frozen(answers))


def _laid_over(base: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    merged = dict(base)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = value
    return merged
