"""What the domain must be told about the world: the day, the tables of the field, regions and facilities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol


class Regions(Protocol):
    """Looks up the Ministry of Home Affairs' region codes (2, 4, 6 or 10 digits)."""

    def name(self, code: str) -> str | None: ...
    def exists(self, code: str) -> bool: ...
    def path(self, code: str) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Facility:
    """A first-level health facility (FKTP) that a family can choose."""

    code: str
    name: str
    kind: str = ""
    regency: str = ""
    address: str = ""


class Facilities(Protocol):
    """Looks up a facility by its code."""

    def find(self, code: str) -> Facility | None: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a code table: the stored value, the code that is typed, its labels by language."""

    value: str
    code: str
    labels: Mapping[str, str]
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChoiceTable:
    """The entries of one code table in their official order, found by value, code, label or alias."""

    name: str
    choices: tuple[Choice, ...]
    _by_word: Mapping[str, Choice] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, name: str, choices: Iterable[Choice]) -> ChoiceTable:
        ordered = tuple(choices)
        words: dict[str, Choice] = {}
        for choice in ordered:
            for word in (choice.value, choice.code, *choice.labels.values(), *choice.aliases):
                words.setdefault(folded(word), choice)
        return cls(name, ordered, words)

    def find(self, raw: str) -> Choice | None:
        """The entry that `raw` names by value, code, label or alias, whatever its case; None if none does."""
        return self._by_word.get(folded(raw))

    def value(self, value: str) -> Choice:
        """The entry with exactly this stored value; KeyError if the table has none."""
        for choice in self.choices:
            if choice.value == value:
                return choice
        raise KeyError(value)


def folded(text: str) -> str:
    """`text` in one case with single spaces, hyphens and underscores read as spaces."""
    return " ".join(text.casefold().replace("_", " ").replace("-", " ").split())


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank through which the premium is paid and drawn: its virtual-account prefix has five digits."""

    name: str
    va_prefix: str


@dataclass(frozen=True, slots=True)
class Premium:
    """What a member of a class pays a month in whole rupiah, from `valid_from` on."""

    care_class: int
    valid_from: date
    member_pays: int
    gross: int
    aid: int = 0


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """How one segment of participants is treated at a kiosk."""

    key: str
    pays_at_kiosk: bool
    may_add: str
    newborn_here: bool
    newborn_refer: str | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers that the rules use: days, months and years as their names say."""

    first_payment_day: int
    last_payment_day: int
    newborn_days: int
    newborn_months: int
    very_old_years: int
    adult_years: int
    name_length: int
    account_min: int
    account_max: int


@dataclass(frozen=True, slots=True)
class Settings:
    """What a place decides for itself where JKN leaves it open."""

    email_required: bool = True
    autodebit_class_3: bool = True
    confirm_nik: bool = False


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything a rule may ask about the world, fixed for one day and one profile."""

    today: date
    training: bool
    regions: Regions
    facilities: Facilities
    choices: Mapping[str, ChoiceTable]
    banks: tuple[Bank, ...]
    premiums: tuple[Premium, ...]
    segments: Mapping[str, SegmentRule]
    limits: Limits
    terms_version: str = "v1"
    settings: Settings = Settings()

    def bank(self, name: str) -> Bank:
        """The bank with this stored name; KeyError if there is none."""
        for bank in self.banks:
            if bank.name == name:
                return bank
        raise KeyError(name)
