"""What a run of a scenario is worth: every difference from the expected record, and what each one costs."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kiosk.domain.family import as_family_file, read_family
from kiosk.domain.form import spec_for
from kiosk.domain.rulebook import Rulebook
from kiosk.resources import data_dir
from kiosk.services.clerk import BACKSPACE, DELETE, ENTER, LATER, NEXT, SAME, Stroke
from kiosk.training.differences import Difference, differences
from kiosk.training.scenario import TURNED_AWAY, Kind, Scenario

OTHER_DATA, REVEALED = "other_data", "revealed"
"""The slips against somebody's privacy, as `[slip]` of the marks names them."""

_ANSWERS = frozenset({ENTER, LATER, NEXT, SAME})
_TAKES_BACK = frozenset({BACKSPACE, DELETE})


@dataclass(frozen=True, slots=True)
class Marks:
    """What each mistake costs, as `scoring.toml` has it by section and key."""

    table: Mapping[str, Any]

    @property
    def full(self) -> int:
        return int(self.table["full"])

    def cost(self, section: str, key: str) -> int:
        """The cost of one mistake; that of `other` where the key is not named."""
        costs: Mapping[str, int] = self.table[section]
        return int(costs[key] if key in costs else costs["other"])

    def over(self, section: str, excess: float, each: str = "each") -> int:
        """The cost of so much beyond what is free: for each begun portion, up to the most."""
        rule = self.table[section]
        return int(min(math.ceil(max(excess, 0) / rule[each]) * rule["cost"], rule["most"]))


@cache
def marks(file: Path | None = None) -> Marks:
    """The marks as shipped, or those of a file."""
    path = file or data_dir() / "training" / "scoring.toml"
    return Marks(tomllib.loads(path.read_text("utf-8")))


@dataclass(frozen=True, slots=True)
class Par:
    """The fewest keys for a scenario, and the seconds that they take by the keystroke-level model."""

    keys: int
    seconds: float
    corrections: int = 0
    """Keys that take something back which even the fewest have: a suggestion deleted, a name mended."""


def par_of(strokes: list[Stroke], rated: Marks | None = None) -> Par:
    """The par that the perfect clerk's keys set: K for each key, M for each answer."""
    klm = (rated or marks()).table["klm"]
    answers = sum(stroke.name in _ANSWERS for stroke in strokes)
    seconds = round(len(strokes) * klm["key"] + answers * klm["mental"], 1)
    return Par(len(strokes), seconds, sum(stroke.name in _TAKES_BACK for stroke in strokes))


@dataclass(frozen=True, slots=True)
class Performance:
    """What a trainee did: the registered family as a family file, None for none, and how it came about.

    `corrections` counts keys that take back and answers that were changed; `seconds` run from the first key
    to the last that counts, by the monotonic clock. `versions` counts what was sent, `saw_refusal` says
    whether the form told why the family is turned away.
    """

    family: Mapping[str, Any] | None = None
    verified_phone: bool = False
    keys: int = 0
    corrections: int = 0
    seconds: float = 0.0
    slips: tuple[str, ...] = ()
    versions: int = 1
    saw_refusal: bool = True


@dataclass(frozen=True, slots=True)
class Deduction:
    """One thing that cost points.

    `code` names it (`field`, `member.missing`, `keys`, `slip.other_data`, ...), `field` is the path of the
    answer, `wanted` and `got` are what was expected and what came. `why` is the trainer's own word on it.
    """

    code: str
    points: int
    field: str = ""
    wanted: str = ""
    got: str = ""
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Score:
    """The points of a run and what took the others; deductions may add up to more than there was."""

    points: int
    full: int
    deductions: tuple[Deduction, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "points": self.points,
            "full": self.full,
            "deductions": [one.as_dict() for one in self.deductions],
        }


def read_score(told: Mapping[str, Any]) -> Score:
    """The score that `as_dict` told."""
    return Score(told["points"], told["full"], tuple(Deduction(**one) for one in told["deductions"]))


def score(
    scenario: Scenario, done: Performance, par: Par, rules: Rulebook, rated: Marks | None = None
) -> Score:
    """Rates a run by the marks."""
    rated = rated or marks()
    found = tuple(one for one in _deductions(scenario, done, par, rules, rated) if one.points)
    return Score(max(rated.full - sum(one.points for one in found), 0), rated.full, found)


def _deductions(
    scenario: Scenario, done: Performance, par: Par, rules: Rulebook, rated: Marks
) -> Iterator[Deduction]:
    if scenario.ends == TURNED_AWAY:
        if done.family is not None:
            code = "registration.not_turned_away"
            yield Deduction(code, rated.cost("registration", "not_turned_away"), wanted=scenario.refused_with)
        elif not done.saw_refusal:
            yield Deduction("registration.missing", rated.cost("registration", "missing"))
    elif done.family is None:
        yield Deduction("registration.missing", rated.cost("registration", "missing"))
    else:
        planted = scenario.planted(Kind.HUB_REFUSES)
        if planted is not None and done.versions < 2:
            cost = rated.cost("registration", "unmended")
            yield Deduction("registration.unmended", cost, field=planted.field, why=planted.why)
        expected = as_family_file(read_family(scenario.draft(rules), rules)[0], rules.terms_version)
        for one in differences(expected, done.family):
            yield _of_difference(one, scenario, rated)
        if not done.verified_phone and scenario.planted(Kind.OTP_NEVER_COMES) is None:
            yield Deduction("phone.unverified", rated.cost("phone", "unverified"), field="contact.phone")
    yield from _of_effort(done, par, rated)
    for slip in done.slips:
        planted = scenario.planted(Kind.ASKS_FOR_OTHER) if slip == OTHER_DATA else None
        yield Deduction(f"slip.{slip}", rated.cost("slip", slip), why=planted.why if planted else "")


def _of_difference(one: Difference, scenario: Scenario, rated: Marks) -> Deduction:
    why = next((each.why for each in scenario.difficulties if each.field == one.field and each.why), "")
    if one.is_member:
        baby = scenario.planted(Kind.NEWBORN_WITHOUT_NIK)
        kind = "missing" if one.wanted else "extra"
        why = baby.why if baby and one.wanted else why
        return Deduction(f"member.{kind}", rated.cost("member", kind), one.field, one.wanted, one.got, why)
    return Deduction(
        "field", rated.cost("field", spec_for(one.field).key), one.field, one.wanted, one.got, why
    )


def _of_effort(done: Performance, par: Par, rated: Marks) -> Iterator[Deduction]:
    keys = rated.table["keys"]
    over = done.keys - par.keys * (1 + keys["free_percent"] / 100)
    yield Deduction("keys", rated.over("keys", over), wanted=str(par.keys), got=str(done.keys))
    free = par.corrections + rated.table["corrections"]["free"]
    points = rated.over("corrections", done.corrections - free)
    yield Deduction("corrections", points, wanted=str(free), got=str(done.corrections))
    percent = done.seconds / par.seconds * 100 - 100 if par.seconds else 0.0
    points = rated.over("time", percent - rated.table["time"]["free_percent"], "each_percent")
    yield Deduction("time", points, wanted=str(math.ceil(par.seconds)), got=str(math.ceil(done.seconds)))
