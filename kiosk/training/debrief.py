"""What a trainee is told after a run: the points, each difference, and why it matters."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.domain.draft import split_member_path
from kiosk.domain.form import spec_for
from kiosk.language import Language
from kiosk.training.score import Deduction, Score


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that cost points: what it was, and why it matters."""

    points: int
    what: str
    why: str


def remarks(score: Score, language: Language) -> list[Remark]:
    """What is to be said of each deduction, in its order."""
    return [Remark(one.points, _what(one, language), _why(one, language)) for one in score.deductions]


def headline(title: str, score: Score, language: Language) -> str:
    """The points in one line."""
    return language.text("training.points", title=title, points=score.points, full=score.full)


def debrief_lines(title: str, score: Score, language: Language) -> list[str]:
    """The whole debrief as lines of text."""
    lines = [headline(title, score, language)]
    for one in remarks(score, language):
        lines += [f"-{one.points:<3} {one.what}", f"     {one.why}"]
    return lines if score.deductions else [*lines, language.text("training.perfect")]


def _what(one: Deduction, language: Language) -> str:
    empty = language.text("training.empty")
    place = place_of(one.field, language) if one.code == "field" else ""
    return language.text(
        f"training.lost.{one.code}", place=place, wanted=one.wanted or empty, got=one.got or empty
    )


def _why(one: Deduction, language: Language) -> str:
    if one.why:
        return one.why
    if one.code == "field":
        return language.text(f"training.why.{spec_for(one.field).key}")
    if one.code == "phone.unverified":
        return language.text("training.why.unverified")
    return language.text(f"training.why.{one.code.partition('.')[0]}")


def place_of(path: str, language: Language) -> str:
    """The answer at a path as a person calls it."""
    label = language.text(f"field.{spec_for(path).key}")
    member = split_member_path(path)
    if member is None:
        return label
    return language.text("training.member", number=member[0] + 1, field=label)
