"""The lessons: exercises done on the real pages, each with the keys that a perfect trainee presses."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from kiosk.domain import entry
from kiosk.domain.draft import Draft
from kiosk.domain.family import read_answer
from kiosk.domain.flow import Fact, Flow, Step, fingerprint
from kiosk.domain.rulebook import Rulebook
from kiosk.domain.segments import KnownPeople
from kiosk.errors import KioskError
from kiosk.resources import data_dir
from kiosk.services.answering import answers_of, filled

HOME, TERMS, REVIEW = "home", "terms", "review"
"""Places to begin that are no rows."""

_TAP = re.compile(r"<([a-z_]+)>|(.)")


@dataclass(frozen=True, slots=True)
class Tap:
    """One key: what it means, and the character of a `text` key."""

    key: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is so when an exercise is done; all that is named must hold, and one without any is read.

    `page` is the kind of page on top, `row` the row with the cursor, `answer` a path whose stored answer
    reads as `value`, `key` the key pressed last, `tone` how the page's message sounds.
    """

    page: str = ""
    row: str = ""
    answer: str = ""
    value: str = ""
    key: str = ""
    tone: str = ""

    @property
    def is_read(self) -> bool:
        """Nothing is to be done; Enter goes on."""
        return self == Goal()


@dataclass(frozen=True, slots=True)
class Exercise:
    """One thing to do: the name of its text, the goal, and the keys that reach it."""

    name: str
    goal: Goal
    keys: tuple[Tap, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """Exercises that belong together, from the row where it starts; `blocked` keys are held back."""

    id: str
    minutes: int
    starts: str
    blocked: tuple[str, ...]
    exercises: tuple[Exercise, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """All lessons in order, on one invented family, as on one day and with repeatable captchas and codes."""

    today: date
    seed: int
    family: Mapping[str, Any]
    lessons: tuple[Lesson, ...]

    @property
    def minutes(self) -> int:
        return sum(lesson.minutes for lesson in self.lessons)


def taps(text: str) -> tuple[Tap, ...]:
    """The keys of `13<enter>`: what stands in angle brackets is a key by its meaning, the rest is typed."""
    return tuple(Tap(key) if key else Tap("text", character) for key, character in _TAP.findall(text))


@cache
def course(file: Path | None = None) -> Course:
    """The lessons as shipped, or those of a file; raises KioskError `lesson.file` naming what is wrong."""
    path = file or data_dir() / "training" / "lessons.toml"
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        lessons = tuple(_lesson(one) for one in table["lessons"])
        return Course(table["today"], table["seed"], table["family"], lessons)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KioskError("lesson.file", f"{path}: {error}") from None


def _lesson(table: Mapping[str, Any]) -> Lesson:
    exercises = tuple(_exercise(one) for one in table["exercises"])
    return Lesson(table["id"], table["minutes"], table["starts"], tuple(table.get("blocked", ())), exercises)


def _exercise(table: Mapping[str, Any]) -> Exercise:
    parts = {part.name for part in fields(Goal)}
    unknown = set(table) - parts - {"name", "keys"}
    if unknown:
        raise ValueError(f"{table.get('name')}: unknown {', '.join(sorted(unknown))}")
    goal = Goal(**{name: str(value) for name, value in table.items() if name in parts})
    return Exercise(table["name"], goal, taps(table.get("keys", "<enter>" if goal.is_read else "")))


def draft_before(row: str, family: Mapping[str, Any], draft: Draft, rules: Rulebook) -> Draft:
    """`draft` with the family's answers to every row before `row`, and where it goes on.

    What is proved on the way there (the terms, a captcha, a code, the review) is proved. Raises ValueError
    for a row that this family does not come to.
    """
    wanted = filled(draft, answers_of(family)[0], rules.terms_version)
    kept = draft.with_facts({Fact.TERMS: rules.terms_version})
    for path in _rows(wanted, rules):
        if path == row:
            return kept.moved_to(row)
        if path == entry.CAPTCHA:
            kept = kept.with_facts({Fact.CAPTCHA: "passed"})
        elif path == entry.CODE:
            phone = read_answer(wanted, "contact.phone", rules).value
            kept = kept.with_facts({Fact.VERIFIED: str(phone)})
        elif path == REVIEW:
            kept = kept.with_facts({Fact.REVIEWED: fingerprint(kept)})
        else:
            kept = kept.with_answers({path: wanted.answer(path) or None})
    raise ValueError(f"{row}: no such row")


def _rows(wanted: Draft, rules: Rulebook) -> Iterator[str]:
    flow = Flow(wanted, rules, KnownPeople())
    for step in Step:
        if step is Step.MEMBERS:
            for member in range(wanted.member_count):
                yield from entry.rows(step, flow, member)
        elif step is Step.REVIEW:
            yield REVIEW
        else:
            yield from entry.rows(step, flow)
