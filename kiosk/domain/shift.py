"""A turn of one person at the counter, and the report of a day that a supervisor signs."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.domain.identifiers import parse_reference


@dataclass(frozen=True, slots=True)
class ClassTotal:
    """Families, people and monthly premium of one class; class 0 are those who pay no premium here."""

    care_class: int
    families: int
    people: int
    premium: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Receipt numbers of one kiosk that no receipt has, from `first` to `last`."""

    kiosk: str
    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class DayReport:
    """What was done since the last report that was signed.

    `families`, `people`, `classes` and `premium_total` are of what was registered and still stands; `voided`
    were registered in the same time and taken back, `voided_earlier` before it. `numbers` receipt numbers
    were given: those of the families, the voided and the gaps; the last to the registration at the place
    `last`. Of all in the store `waiting` wait to be sent, `refused` to be mended, and `unfinished` drafts to
    be finished. `shifts` are the turns that it covers, `at` is when it was made; it is `doubtful` where the
    clock was in doubt meanwhile.
    """

    shifts: tuple[int, ...]
    staff: tuple[str, ...]
    began: str
    at: str
    families: int
    people: int
    classes: tuple[ClassTotal, ...]
    premium_total: int
    voided: int
    voided_earlier: int
    waiting: int
    refused: int
    unfinished: int
    numbers: int
    gaps: tuple[Gap, ...] = ()
    last: int = 0
    doubtful: bool = False

    @property
    def adds_up(self) -> bool:
        """Whether its numbers agree with one another."""
        return (
            self.families == sum(one.families for one in self.classes)
            and self.people == sum(one.people for one in self.classes)
            and self.premium_total == sum(one.premium for one in self.classes)
            and self.numbers == self.families + self.voided + sum(gap.count for gap in self.gaps)
        )


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's turn: `after` is the place of the last registration before the day it belongs to.

    `ended` is empty while it runs; `handed_to` names who took over. `signed_by` and `report` stand in the
    turn with which a day ended, `day_closed` in every turn of a day that was signed.
    """

    number: int
    staff: str
    began: str
    after: int
    ended: str = ""
    handed_to: str = ""
    signed_by: str = ""
    day_closed: bool = False
    report: DayReport | None = None

    @property
    def is_running(self) -> bool:
        return not self.ended


def gaps_between(references: list[str]) -> tuple[Gap, ...]:
    """The numbers left out in references that were given one after another, kiosk by kiosk."""
    last: dict[str, int] = {}
    found: list[Gap] = []
    for text in references:
        reference = parse_reference(text)
        if reference is None:
            continue
        before = last.get(reference.kiosk)
        if before is not None and reference.number > before + 1:
            found.append(Gap(reference.kiosk, before + 1, reference.number - 1))
        last[reference.kiosk] = reference.number
    return tuple(found)
