"""Judges a family: the order of the questions that a counter, a file and the hub ask alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain

from kiosk.domain.family import Family
from kiosk.domain.fields import Problem, one_problem_a_field
from kiosk.domain.registration import Decision
from kiosk.domain.rulebook import Rulebook
from kiosk.domain.segments import KnownPeople, assess, refused


def judged(
    family: Family, problems: tuple[Problem, ...], known: Callable[[], KnownPeople], rules: Rulebook
) -> Decision:
    """What becomes of a family and what was found wrong when it was read.

    `known` is asked only where nothing of that blocks. The decision holds all problems, one a field.
    """
    if any(problem.blocks for problem in problems):
        return refused(problems)
    decision = assess(family, known(), rules)
    return replace(decision, problems=joined(problems, decision.problems))


def joined(*found: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems from several sources as one list: one a field, errors before warnings."""
    return one_problem_a_field(chain.from_iterable(found))
