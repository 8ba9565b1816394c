"""A scenario: what lies before a trainee, what goes wrong on the way, and what has to be registered."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from kiosk.domain.directory import Participant
from kiosk.domain.draft import Draft
from kiosk.domain.family import read_answer
from kiosk.domain.identifiers import digits_only
from kiosk.domain.rulebook import Rulebook
from kiosk.domain.segments import KnownPeople
from kiosk.errors import KioskError
from kiosk.services.answering import answers_of, filled
from kiosk.services.membership import niks_of

LEVELS = (1, 2, 3)
NO_SCENARIOS = frozenset({"scoring", "lessons"})
"""Names of the files that lie beside the scenarios and are none."""

REGISTERED, TURNED_AWAY = "registered", "turned_away"


class Kind(StrEnum):
    """What can be planted in a scenario; the program itself acts those that are more than words."""

    NAME_DIFFERS = "name_differs"
    NEWBORN_WITHOUT_NIK = "newborn_without_nik"
    HEAD_ELSEWHERE = "head_elsewhere"
    OTP_NEVER_COMES = "otp_never_comes"
    POWER_CUT = "power_cut"
    HUB_REFUSES = "hub_refuses"
    ASKS_FOR_OTHER = "asks_for_other"


@dataclass(frozen=True, slots=True)
class Difficulty:
    """One planted difficulty.

    `field` is the answer that it is about: whose name differs, after which the power goes, which the hub
    refuses. `value` is the wrong name, the answer that is refused with `code`, or the number of somebody
    else that is asked for. `why` is what the trainer has to say about it afterwards.
    """

    kind: Kind
    field: str = ""
    value: str = ""
    code: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One exercise. `expected` is a family file, `known` are the participants that the kiosk knows.

    `ends` is `registered`, or `turned_away` where the rules refuse the family with `refused_with`.
    """

    id: str
    title: str
    level: int
    today: date
    paper: str
    says: tuple[str, ...]
    wants: str
    expected: Mapping[str, Any]
    known: tuple[Participant, ...] = ()
    difficulties: tuple[Difficulty, ...] = ()
    ends: str = REGISTERED
    refused_with: str = ""

    def planted(self, kind: Kind) -> Difficulty | None:
        """The difficulty of this kind; None where there is none."""
        return next((one for one in self.difficulties if one.kind is kind), None)

    def draft(self, rules: Rulebook) -> Draft:
        """The answers that a perfect trainee has given in the end."""
        return filled(Draft(self.id, ""), answers_of(self.expected)[0], rules.terms_version)

    def draft_at_first(self, rules: Rulebook) -> Draft:
        """The answers that are right before the hub has refused one of them."""
        refused = self.planted(Kind.HUB_REFUSES)
        draft = self.draft(rules)
        return draft.with_answers({refused.field: refused.value}) if refused else draft

    def known_for(self, draft: Draft, rules: Rulebook) -> KnownPeople:
        """Who of the known people a draft is about."""
        kk, niks = read_answer(draft, "kk", rules).value, niks_of(draft, rules)
        return KnownPeople(
            on_kk=tuple(person for person in self.known if kk and person.kk == kk),
            by_nik=tuple(person for person in self.known if person.nik in niks),
        )


RulesOn = Callable[[date], Rulebook]
"""Gives the rules of a day in practice."""


def read_scenario(file: Path, rules_on: RulesOn) -> Scenario:
    """The scenario in a file, whose name is its id.

    Raises KioskError `scenario.file` naming file, line and key, for whatever in it cannot be played.
    """
    from kiosk.training.reading import scenario_in  # noqa: PLC0415 - the strict part, for files alone

    try:
        text = file.read_text("utf-8-sig")
        table = tomllib.loads(text)
    except OSError as error:
        raise KioskError("scenario.file", f"{file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KioskError("scenario.file", f"{file}: {error}") from None
    return scenario_in(table, file, text, rules_on)


def find_scenarios(folders: Iterable[Path]) -> dict[str, Path]:
    """The files of scenarios by id, sorted by it; a later folder goes before an earlier one."""
    files = [file for folder in folders for file in folder.glob("*.toml") if file.is_file()]
    found = {file.stem: file for file in files if file.stem not in NO_SCENARIOS}
    return dict(sorted(found.items()))


def plain_values(table: Any) -> Any:
    """A table of TOML as a file of JSON would hold it: days as ISO text."""
    return json.loads(json.dumps(table, default=str))


def numbers_in(text: str) -> str:
    """The digits of a text in a row, as numbers are looked for in it."""
    return digits_only("".join(text.split()))
