"""The perfect trainee: the fewest keys that play a scenario to its right end, in the parts between cuts."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.domain.rulebook import Rulebook
from kiosk.errors import KioskError
from kiosk.services.clerk import ENTER, FINISH, NEXT, Clerk, NotTypeable, Pages, Stroke, typed
from kiosk.services.ports import Randomness
from kiosk.training.scenario import REGISTERED, Kind, Scenario

_FIRST_OF_THE_LIST = (*typed("1"), Stroke(ENTER))
"""Opens the one draft, or the one card, that the first screen of a run has."""


def perfect_parts(
    scenario: Scenario,
    rules: Rulebook,
    *,
    default_facility: str = "",
    pages: Pages | None = None,
    randomness: Randomness | None = None,
) -> list[list[Stroke]]:
    """The keys of a scenario from the first screen to its end: one part, or one before and one after a cut.

    `randomness` is what the run draws captcha and code from; without it their keys are placeholders. Raises
    NotTypeable where the form would not take an answer.
    """
    clerk = Clerk(
        scenario.draft_at_first(rules),
        rules,
        scenario.known_for,
        may_send=lambda _phone: scenario.planted(Kind.OTP_NEVER_COMES) is None,
        default_facility=default_facility,
        pages=pages or Pages(),
        randomness=randomness,
    )
    cut = scenario.planted(Kind.POWER_CUT)
    parts: list[list[Stroke]] = [[]]
    for path, strokes in _until_the_end(scenario, clerk):
        parts[-1] += strokes
        if cut is not None and path == cut.field:
            parts.append(list(_FIRST_OF_THE_LIST))
    refused = scenario.planted(Kind.HUB_REFUSES)
    if refused is not None:
        mender = Clerk(scenario.draft(rules), rules, scenario.known_for)
        mender.draft = clerk.as_stored()
        parts[-1] += [Stroke(FINISH), *_FIRST_OF_THE_LIST, *mender.change(refused.field), Stroke(NEXT)]
    return parts


def perfect_keys(
    scenario: Scenario,
    rules: Rulebook,
    *,
    default_facility: str = "",
    pages: Pages | None = None,
    randomness: Randomness | None = None,
) -> list[Stroke]:
    """The keys of all parts in a row."""
    parts = perfect_parts(
        scenario, rules, default_facility=default_facility, pages=pages, randomness=randomness
    )
    return [stroke for part in parts for stroke in part]


def refuse_what_cannot_be_typed(scenario: Scenario, rules: Rulebook) -> None:
    """Raises KioskError `scenario.file` where the form would hold even the perfect trainee."""
    try:
        perfect_keys(scenario, rules)
    except NotTypeable as stopped:
        problem = stopped.problem
        told = f"{scenario.id}: the form does not take {problem.field} ({problem.code})"
        raise KioskError("scenario.file", told) from None


def _until_the_end(scenario: Scenario, clerk: Clerk) -> Iterator[tuple[str, tuple[Stroke, ...]]]:
    """To the receipt; a family that is turned away leaves once the form has told why."""
    code = "" if scenario.ends == REGISTERED else scenario.refused_with
    told = False
    for path, strokes in clerk.answers():
        yield path, strokes
        where = [problem.field for problem in clerk.flow.problems if code and problem.code == code]
        # What is wrong with a baby is said in its row at once, all else where the page would be left.
        told = told or bool(where)
        if told and (path == "" or where[0].endswith(".nik")):
            yield "", (Stroke(FINISH),)
            return
