"""What the hub refused, in plain words: cards on the first screen, and the sentence where it is mended."""

from __future__ import annotations

import re

from kiosk.domain.draft import split_member_path
from kiosk.domain.fields import Problem
from kiosk.domain.form import spec_for
from kiosk.services.mending import Card
from screens.context import Context
from screens.display import initials
from screens.frame import cut, fit
from screens.view import Line, Span

LINES = 2
"""How many lines a card takes."""

_WIDTH = 72
_UNFILLED = re.compile(r"\{\w*\}")
"""What a sentence needs and another program did not give."""


def why(context: Context, problem: Problem, other_reference: str = "") -> str:
    """The sentence for a refusal: which answer, what is wrong with it, and where else the family stands."""
    return context.t("screen.mend.refused", why=reason(context, problem, other_reference))


def reason(context: Context, problem: Problem, other_reference: str = "") -> str:
    """Which answer is wrong and how; what this program has no words for by its code."""
    if is_taken := _names_other(problem, other_reference):
        says = context.t("screen.mend.taken", other=other_reference)
    elif context.language.has(f"problem.{problem.code}"):
        says = _UNFILLED.sub("...", context.say(problem))
    else:
        says = context.t("screen.mend.unknown", code=problem.code)
    where = _place(context, problem.field)
    says = f"{where}: {says}" if where else says
    if other_reference and not is_taken:
        says += "\n" + context.t("screen.mend.other", other=other_reference)
    return says


def _names_other(problem: Problem, other_reference: str) -> bool:
    """Whether the problem is that somebody is registered there, which the sentence then says itself."""
    return bool(other_reference) and problem.code == "nik.already_registered"


def _place(context: Context, path: str) -> str:
    member = split_member_path(path)
    try:
        name = context.t(f"field.{spec_for(path).key}")
    except KeyError:
        return ""
    return f"{context.t('screen.mend.member', number=member[0] + 1)}, {name}" if member else name


def card_lines(context: Context, number: int, card: Card) -> list[Line]:
    """One card: number to be typed, reference, whose, how far; below what is wrong."""
    people = context.t("screen.people", count=card.people)
    note = ""
    if card.other_reference and not _names_other(card.problem, card.other_reference):
        note = context.t("screen.mend.same", other=card.other_reference)
    if card.begun_at:
        at = context.services.standings.local(card.begun_at)
        note = context.t("screen.mend.begun", at=at)
    first = f"   {number:>2} {card.reference:13} {fit(initials(card.name), 18)} {people:9} {cut(note, 30)}"
    says = reason(context, card.problem, card.other_reference).split("\n")[0]
    if card.more:
        says = f"{cut(says, _WIDTH - 5)} (+{card.more})"
    return [(Span(first, "value"),), (Span("      "), Span(cut(says, _WIDTH), "warn"))]
